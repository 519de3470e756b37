"""A real sshd on loopback that serves SFTP only, started in 0.1 s and ended without leftovers.

As root it has a user of its own, with key and password, in a private mount namespace, so that the
host's accounts stay as they are. Unprivileged it serves the user that it runs as, by key only.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Self

from tests.servers import need
from tests.servers.ports import free_port

PASSWORD = "open sesame 42"
# crypt(3) of the password with SHA-512.
SHADOW = (
    "$6$ferrytest$03J1kcUnT.sPEkFKXRKec4M830KKQMfL.vg4zUSPxS1d"
    "aF6VApa4aSygIHbr6wC9Jh1yWlsfplMsne5G7jshy0"
)
UID = 4711
PATIENCE = 60.0
"""Seconds for what happens at once where nothing else is at work."""
AFTER = {signal.SIGSTOP: "TZX", signal.SIGCONT: "RSDZX", signal.SIGKILL: "ZX"}
"""The states of a process that the signal has reached."""
NOBODY = 65534
CONFIG = """
Port {port}
ListenAddress 127.0.0.1
PidFile none
AuthorizedKeysFile {home}/authorized_keys
StrictModes no
UsePAM {pam}
PasswordAuthentication {password}
KbdInteractiveAuthentication no
LogLevel VERBOSE
Subsystem sftp internal-sftp
ForceCommand internal-sftp
"""
# By default it drops some at random once ten have not logged in. Of this the last line counts.
CROWD = "MaxStartups 1000"
# Private copies of the account files; /run is private too where sshd's own directory is missing.
NAMESPACE = """
for file in passwd group shadow; do mount --bind "$1/$file" "/etc/$file" || exit 1; done
[ -d /run/sshd ] || { mount -t tmpfs tmpfs /run && mkdir /run/sshd; } || exit 1
[ -z "$2" ] || { mount -t tmpfs -o "size=$2,mode=777" tmpfs "$1/files"; } || exit 1
exec "$3" -D -e -f "$1/config"
"""


def is_root() -> bool:
    return os.geteuid() == 0


class OpenSSH:
    """A context manager. `root` is the directory to deliver to, `host_key` a fingerprint;
    `private_key` opens, `stranger` is a private key that does not.

    `options` are lines of sshd_config that come first and so win. `host_keys` are types of
    ssh-keygen. `capacity` (bytes, root only) puts a tmpfs of that size on `root`, which the host
    does not see. `unprivileged` runs it as nobody when the tests are root.
    """

    host = "127.0.0.1"

    def __init__(
        self,
        *,
        options: Sequence[str] = (),
        host_keys: Sequence[str] = ("ed25519",),
        capacity: int | None = None,
        unprivileged: bool = False,
    ) -> None:
        self.namespaced = is_root() and not unprivileged
        self.password = PASSWORD if self.namespaced else None
        self._options = options
        self._types = host_keys
        self._capacity = capacity
        self.uid = UID if self.namespaced else NOBODY if is_root() else os.geteuid()
        self.username = "ferry" if self.namespaced else pwd.getpwuid(self.uid).pw_name

    def __enter__(self) -> Self:
        sshd = need("sshd")
        need("ssh-keygen")
        self._home = Path(tempfile.mkdtemp(prefix="sshd-"))
        try:
            self._prepare()
            self._start(sshd)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        if hasattr(self, "_process"):
            self.kill()
            self._process.wait(PATIENCE)
        shutil.rmtree(self._home)

    @property
    def pid(self) -> int:
        """Of the listening server."""
        return self._process.pid

    @property
    def log(self) -> str:
        return (self._home / "log").read_text(errors="replace")

    def authorize(self, public_key: str) -> None:
        """One more key that opens, as a line of authorized_keys."""
        with (self._home / "authorized_keys").open("a") as keys:
            keys.write(f"{public_key.strip()}\n")

    def sessions(self) -> list[int]:
        """Process ids of the connections: what descends from the listening sshd."""
        return list(descendants(self._process.pid))

    def freeze(self) -> None:
        """Stop the connections, as a server does whose disk hangs; TCP stays up."""
        strike(self.sessions(), signal.SIGSTOP)

    def thaw(self) -> None:
        strike(self.sessions(), signal.SIGCONT)

    def drop(self) -> None:
        """Kill the connections; the listening sshd goes on."""
        strike(self.sessions(), signal.SIGKILL)

    def kill(self) -> None:
        sessions = self.sessions()
        self._process.kill()
        for pid in sessions:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _prepare(self) -> None:
        home = self._home
        home.chmod(0o755)
        self.root = home / "files"
        self.root.mkdir()
        fingerprints = [make_key(home / f"host_{kind}", kind) for kind in self._types]
        self.host_key, self.host_keys = (
            fingerprints[0],
            dict(zip(self._types, fingerprints, strict=True)),
        )
        make_key(home / "user", "ed25519")
        make_key(home / "stranger", "ed25519")
        self.private_key = (home / "user").read_text()
        self.stranger = (home / "stranger").read_text()
        shutil.copy(home / "user.pub", home / "authorized_keys")
        self.port = free_port()
        self._write_config()
        if self.namespaced:
            self._write_accounts()
        if is_root():
            _give(self.uid, self.root, *(() if self.namespaced else home.glob("host_*")))

    def _write_config(self) -> None:
        locked = self.username == "nobody"  # only PAM lets a locked account in by key
        settings = CONFIG.format(
            port=self.port,
            home=self._home,
            pam="yes" if locked else "no",
            password="yes" if self.password else "no",
        )
        keys = [f"HostKey {self._home}/host_{kind}" for kind in self._types]
        (self._home / "config").write_text("\n".join([CROWD, *self._options, *keys, settings]))

    def _write_accounts(self) -> None:
        lines = {
            "passwd": f"ferry:x:{UID}:{UID}::{self.root}:/bin/sh",
            "group": f"ferry:x:{UID}:",
            "shadow": f"ferry:{SHADOW}:19000:0:99999:7:::",
        }
        for name, line in lines.items():
            copy = self._home / name
            shutil.copy(f"/etc/{name}", copy)
            copy.write_text(f"{copy.read_text().rstrip()}\n{line}\n")

    def _start(self, sshd: str) -> None:
        if self.namespaced:
            size = str(self._capacity or "")
            inside = ["bash", "-c", NAMESPACE, "bash", str(self._home), size, sshd]
            command = ["unshare", "--mount", "--propagation", "private", *inside]
        else:
            user = [f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups"]
            become = ["setpriv", *user] if is_root() else []
            command = [*become, sshd, "-D", "-e", "-f", str(self._home / "config")]
        with (self._home / "log").open("w") as log:
            command = ["setpriv", "--pdeathsig", "KILL", *command]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        self._await()

    def _await(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self._process.poll() is None:
            with suppress(OSError), closing(self._called()) as up:
                if up.recv(4) == b"SSH-":
                    return
            time.sleep(0.01)
        raise RuntimeError(f"sshd does not start: {self.log}")

    def _called(self) -> socket.socket:
        return socket.create_connection((self.host, self.port), PATIENCE)


def make_key(path: Path, kind: str) -> str:
    """Write the pair; returns the fingerprint."""
    bits = ["-b", "3072"] if kind == "rsa" else []
    subprocess.run(["ssh-keygen", "-q", "-t", kind, *bits, "-N", "", "-f", path], check=True)
    shown = subprocess.run(["ssh-keygen", "-lf", path], check=True, capture_output=True, text=True)
    return shown.stdout.split()[1]


def _give(uid: int, *paths: Path) -> None:
    for path in paths:
        os.chown(path, uid, uid)


def strike(processes: Sequence[int], number: signal.Signals) -> None:
    """Send them the signal, and wait until it has done its work: a killed process keeps its sockets
    until the kernel gets round to it.
    """
    for pid in processes:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
    deadline = time.monotonic() + PATIENCE
    while not all(state_of(pid) in AFTER[number] for pid in processes):
        if time.monotonic() > deadline:
            raise RuntimeError(f"{number.name} has no effect on {processes}")
        time.sleep(0.001)


def state_of(pid: int) -> str:
    """The letter of proc(5), X for one that is gone."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return "X"


def descendants(pid: int) -> Iterator[int]:
    with suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            yield int(child)
            yield from descendants(int(child))
