# Run by `unshare` in new namespaces: makes this host's files the lower side of a root of its own,
# and becomes its PID 1. $1 is an empty folder, $2 one that both sides see (as /srv).
set -e
mount --make-rprivate /
mount -t tmpfs -o size=1g tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
root=$1/root
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t sysfs sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mount --bind "$2" "$root/srv"
# Seen from both sides by a plain path: SQLite resolves links, and /proc/N/root is one to it.
mkdir -m 700 "$2/private"
mkdir -p "$root/var/lib/private"
mount --bind "$2/private" "$root/var/lib/private"
# What is about the machine, which is not ours.
for unit in systemd-udevd.service systemd-udevd-control.socket systemd-udevd-kernel.socket \
  systemd-udev-trigger.service systemd-logind.service dbus.service dbus.socket \
  systemd-timesyncd.service systemd-tmpfiles-setup-dev.service timers.target paths.target \
  systemd-networkd.service systemd-resolved.service systemd-random-seed.service \
  systemd-sysctl.service systemd-modules-load.service systemd-journal-flush.service \
  systemd-update-utmp.service systemd-hwdb-update.service ldconfig.service \
  systemd-binfmt.service systemd-firstboot.service systemd-sysusers.service dev-hugepages.mount \
  dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount \
  sys-fs-fuse-connections.mount proc-sys-fs-binfmt_misc.automount systemd-remount-fs.service
do
  ln -sfn /dev/null "$root/etc/systemd/system/$unit"
done
: >"$root/etc/fstab"
printf '[Unit]\nRequires=basic.target\nAfter=basic.target\n' >"$root/etc/systemd/system/lab.target"
cd "$root"
mkdir .old
pivot_root . .old
umount -l /.old
rmdir /.old
# Without this no credential is seen by the service that it is handed to.
mount --make-rshared /
cd /
export container=lab
exec /usr/lib/systemd/systemd --system --unit=lab.target --show-status=no
