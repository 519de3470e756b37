#!/usr/bin/env bash
# ProFTPD puts the name that it was asked about in front of its reason, in the same line of a refusal.
#
# RFC 959 leaves the words behind the code to the server, and clients that must tell a full disk from a missing
# right, both 550 or 553, read those words. ProFTPD's "550 NAME: No such file or directory" (SIZE, RNFR, DELE, STOR)
# lets the name take part in that: a file called quota.csv or "permission denied.csv" is refused in words that look
# like a full quota or a missing right. Who reads reasons has to take out the name first.
# Seen: Debian 12's proftpd-core 1.3.8+dfsg-4+deb12u5 with Python's own ftplib.
set -euo pipefail
version='1.3.8+dfsg-4+deb12u5'
work=$(mktemp -d)
trap '[ ! -s "$work/pid" ] || kill "$(cat "$work/pid")" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"

mkdir deb root
(cd deb
 for package in "proftpd-core=$version" libhiredis0.14 libmemcached11 \
   libmemcachedutil2 libhashkit2 libpcre2-posix3; do
   apt-get -qq -o APT::Sandbox::User=root download "$package"
 done
 for deb in *.deb; do dpkg -x "$deb" .; done)
LD_LIBRARY_PATH=$(echo "$work"/deb/usr/lib/*-linux-gnu)
export LD_LIBRARY_PATH

port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
# Of the password "password": SHA-512 crypt, with a salt that is public here.
secret=$(python3 -W ignore -c 'import crypt; print(crypt.crypt("password", "$6$finding$"))')
(umask 077; echo "ferry:$secret:$(id -u):$(id -g)::$work/root:/bin/sh" > passwd)
cat > config <<CONFIG
ServerName finding
ServerType standalone
DefaultAddress 127.0.0.1
Port $port
UseIPv6 off
User $(id -un)
Group $(id -gn)
ControlsEngine off
PidFile $work/pid
ScoreboardFile none
DelayEngine off
WtmpLog off
UseReverseDNS off
AuthOrder mod_auth_file.c
AuthUserFile $work/passwd
RequireValidShell off
RootLogin on
SystemLog $work/log
CONFIG
deb/usr/sbin/proftpd --nodaemon --config "$work/config" 2>errors &
for _ in $(seq 100); do [ -s pid ] && break; sleep 0.1; done

seen=$(python3 -W ignore - "$port" <<'PY'
import ftplib
import sys

with ftplib.FTP() as line:
    line.connect("127.0.0.1", int(sys.argv[1]), 30)
    line.login("ferry", "password")
    line.voidcmd("TYPE I")
    for asked in ("SIZE quota.csv", "RNFR permission denied.csv", "STOR full/disk.csv"):
        try:
            print(line.sendcmd(asked))
        except ftplib.error_perm as error:
            print(f"{asked}: {error}")
PY
)
echo "proftpd-core $version, asked about three files of which none is there:"
echo "$seen"
grep -q '^SIZE quota.csv: 550 quota.csv: ' <<<"$seen"
grep -q '^RNFR permission denied.csv: 550 permission denied.csv: ' <<<"$seen"
grep -q '^STOR full/disk.csv: 55[03] full/disk.csv: ' <<<"$seen"
