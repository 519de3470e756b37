"""Servers that partners run besides OpenSSH, ProFTPD and vsftpd, each started as its pages say.

They differ in what the drafts leave open, and in what they get wrong; docs/partners.md says how.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import ClassVar, Self

from tests.servers import UNPACKED, absent, need
from tests.servers.openssh import PATIENCE, is_root
from tests.servers.ports import free_port

CHECKOUT = Path(__file__).parents[2]
# Root passes over the modes of files; without this capability it meets them as others do.
MEEK = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--inh-caps", "-all")


class Foreign:
    """A context manager. `root` is the directory to deliver to, `seen` what a client calls it.

    `host_key` is the fingerprint of an SFTP server.
    """

    host = "127.0.0.1"
    username, password = "ferry", "open-sesame-42"
    protocol: ClassVar[str] = "sftp"
    greeting: ClassVar[bytes] = b"SSH-"
    tls = None

    def command(self) -> Sequence[str]:
        """What is run, in `home`, with `root` and `port` to serve."""
        raise NotImplementedError

    def environment(self) -> Mapping[str, str]:
        return {"HOME": str(self.home), "PYTHONPATH": str(CHECKOUT)}

    def __enter__(self) -> Self:
        self.home = Path(tempfile.mkdtemp(prefix="foreign-"))
        self.root = self.home / "files"
        self.root.mkdir()
        self.port = free_port()
        try:
            self.host_key = self._make_key() if self.protocol == "sftp" else ""
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        if hasattr(self, "_process"):
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(PATIENCE)
        shutil.rmtree(self.home)

    @property
    def seen(self) -> str:
        """Most of them show nothing but the directory."""
        return ""

    def settle(self) -> None:
        """Wait until the files of finished uploads lie in `root`."""

    @property
    def log(self) -> str:
        return (self.home / "log").read_text(errors="replace")

    def _make_key(self) -> str:
        """In PEM, which all of them read, under the names that they look for."""
        path = self.home / "host"
        keygen = need("ssh-keygen")
        make = [keygen, "-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f", str(path)]
        subprocess.run(make, check=True)
        shown = subprocess.run(
            [keygen, "-lf", path], check=True, capture_output=True, text=True
        ).stdout
        for end in ("", ".pub"):
            shutil.copy(f"{path}{end}", self.home / f"ssh_host_rsa_key{end}")
        return shown.split()[1]

    def _start(self) -> None:
        meek = MEEK if is_root() else ()
        with (self.home / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [*meek, *self.command()],
                cwd=self.home,
                env=os.environ | self.environment(),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + PATIENCE
        while not self._greets():
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError(f"{type(self).__name__} does not start: {self.log}")
            time.sleep(0.05)

    def _greets(self) -> bool:
        with suppress(OSError), closing(socket.create_connection((self.host, self.port), 5)) as up:
            return up.recv(len(self.greeting)) == self.greeting
        return False


class Ftp(Foreign):
    protocol = "ftp"
    greeting = b"220"


class Program(Foreign):
    """One of tests/servers/programs."""

    program: ClassVar[str]

    def command(self) -> Sequence[str]:
        module = f"tests.servers.programs.{self.program}"
        where = (str(self.home), str(self.port), self.username, self.password)
        return [sys.executable, "-W", "ignore", "-m", module, *where]


class AsyncSsh(Program):
    program = "asyncssh_sftp"


class TwistedSftp(Program):
    program = "twisted_sftp"

    @property
    def seen(self) -> str:
        return str(self.root)


class TwistedFtp(Ftp, Program):
    program = "twisted_ftp"


class Pyftpdlib(Ftp, Program):
    """Debian's, because PyPI has no wheel of it and the locks take nothing else."""

    program = "pyftpdlib_ftp"

    def environment(self) -> Mapping[str, str]:
        return with_pyftpdlib(super().environment(), self.home)


class Aioftp(Ftp, Program):
    program = "aioftp_ftp"


class Rclone(Foreign):
    """`rclone serve`, by default as it comes: nothing is kept on its disk, so nothing can seek."""

    cache: ClassVar[str] = "off"

    def command(self) -> Sequence[str]:
        own = ("--config", "/dev/null", "--cache-dir", str(self.home / "cache"))
        who = ("--user", self.username, "--pass", self.password)
        # A write out of turn is refused after a second each: a busy machine makes many of that.
        soon = ("--vfs-write-wait", "100ms")
        where = ("--addr", f"{self.host}:{self.port}")
        how = ("--vfs-cache-mode", self.cache, *where, *soon, *who)
        key = ("--key", str(self.home / "host")) if self.protocol == "sftp" else ()
        return [need("rclone"), *own, "serve", self.protocol, str(self.root), *how, *key]


class RcloneCached(Rclone):
    """With a cache on its disk, from which the store gets each file after its close."""

    cache = "writes"

    def command(self) -> Sequence[str]:
        return [*super().command(), "--vfs-write-back", "0s"]

    def settle(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while any(self._owed()):
            if time.monotonic() > deadline:
                raise RuntimeError(f"rclone does not write to its store: {self.log}")
            time.sleep(0.01)

    def _owed(self) -> Iterator[bool]:
        """Of each file that the cache knows, whether the store has not got it yet."""
        for about in (self.home / "cache" / "vfsMeta").rglob("*"):
            # It is written anew, and goes, while we look.
            with suppress(OSError):
                # What the store denies is owed for ever.
                if about.is_file() and "locked" not in about.parts:
                    yield b'"Dirty": false' not in about.read_bytes()


class RcloneFtp(Ftp, Rclone):
    pass


class RcloneFtpCached(Ftp, RcloneCached):
    pass


class Copyparty(Foreign):
    switches: ClassVar[Sequence[str]] = ("--sftp-pw", "--sftp-hostk", ".", "--sftp")

    def command(self) -> Sequence[str]:
        everything = f"{self.root}::rwmd,{self.username}"
        quiet = ("-q", "--no-thumb", "--no-mtag-ff", "-p", str(free_port()), "-i", self.host)
        account = ("-a", f"{self.username}:{self.password}", "-v", everything)
        return [need("copyparty"), *quiet, *account, *self.switches, str(self.port)]


class CopypartyFtp(Ftp, Copyparty):
    """Its FTP is pyftpdlib's, with rules of its own."""

    switches = ("--ftp",)

    def environment(self) -> Mapping[str, str]:
        return with_pyftpdlib(super().environment(), self.home)


def with_pyftpdlib(environment: Mapping[str, str], home: Path) -> Mapping[str, str]:
    """Debian's copy on the path, and nothing else of Debian's."""
    place = "usr/lib/python3/dist-packages/pyftpdlib"
    found = next((top / place for top in (UNPACKED, Path("/")) if (top / place).is_dir()), None)
    if found is None:
        absent("python3-pyftpdlib")
    link = home / "pyftpdlib"
    if not link.is_symlink():
        link.symlink_to(found)
    return {**environment, "PYTHONPATH": f"{environment['PYTHONPATH']}{os.pathsep}{home}"}


class Erlang(Foreign):
    """The ssh application of Erlang/OTP."""

    def command(self) -> Sequence[str]:
        start = f"""
            {{ok, _}} = application:ensure_all_started(ssh),
            {{ok, _}} = ssh:daemon({{127,0,0,1}}, {self.port}, [
              {{system_dir, "{self.home}"}},
              {{user_passwords, [{{"{self.username}", "{self.password}"}}]}},
              {{subsystems, [ssh_sftpd:subsystem_spec([{{root, "{self.root}"}}])]}}])."""
        return [str(_erts() / "bin/erlexec"), "-noshell", "-eval", start]

    def environment(self) -> Mapping[str, str]:
        own = {"ROOTDIR": str(_erts().parent), "BINDIR": str(_erts() / "bin")}
        return {**super().environment(), **own, "EMU": "beam", "PROGNAME": "erl"}


def _erts() -> Path:
    """Where Erlang's run time lies, unpacked or installed."""
    for place in (UNPACKED / "usr/lib/erlang", Path("/usr/lib/erlang")):
        if any(place.glob("lib/ssh-*")):
            return next(place.glob("erts-*"))
    return Path(need("erlang-ssh"))
