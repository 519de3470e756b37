"""SFTP: a Remote on any server that speaks version 3, OpenSSH above all."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from posixpath import dirname
from struct import pack
from time import monotonic

import structlog
from paramiko.sftp import (
    CMD_LSTAT,
    CMD_OPEN,
    CMD_REMOVE,
    CMD_RENAME,
    CMD_STAT,
    SFTP_FLAG_CREATE,
    SFTP_FLAG_EXCL,
    SFTP_FLAG_WRITE,
)
from paramiko.ssh_exception import SSHException

from adapters.remotes import ssh
from adapters.remotes.sftp_errors import MISSING, code_of, failure, plain
from adapters.remotes.sftp_upload import SftpUpload
from adapters.remotes.sftp_wire import GarbledError, RefusedError, Wire, size_of, text
from adapters.remotes.ssh_login import credential, log_in
from transfer.errors import Code, FerryError, Permanent
from transfer.model import Destination

POSIX_RENAME = "posix-rename@openssh.com"
STATVFS = "statvfs@openssh.com"
NEW = pack(">II", SFTP_FLAG_WRITE | SFTP_FLAG_CREATE | SFTP_FLAG_EXCL, 0)

log = structlog.get_logger()


def connect(destination: Destination, secret: Callable[[str], str]) -> SftpRemote:
    """`secret` returns the value of a secret by its name."""
    own = credential(destination, secret)
    deadline = monotonic() + destination.connect_timeout
    line = ssh.connect(destination, deadline)
    try:
        with line.speaking(patience=max(deadline - monotonic(), ssh.SHORTEST)):
            log_in(line, own)
            line.transport.set_keepalive(ssh.KEEPALIVE)
            wire = _open(line)
    except BaseException:
        # Nobody else knows of the half-made connection yet.
        line.hang_up()
        raise
    transport = line.transport
    log.debug(
        "remote.connected",
        destination=destination.name,
        host_key=line.identity,
        cipher=transport.local_cipher,
        server=transport.remote_version,
        request=wire.request,
    )
    return SftpRemote(line, wire)


def _open(line: ssh.Line) -> Wire:
    """Raises Permanent `remote.failed` when the server lets us in, but not to SFTP."""
    transport = line.transport
    try:
        channel = transport.open_session()
        channel.invoke_subsystem("sftp")
        return Wire(channel, line.watchdog.pat)
    except (EOFError, SSHException, GarbledError) as error:
        if not transport.is_active():
            raise
        where, why = ssh.name_of(line.destination), plain(str(error))
        message = f"The server of {where} offers no SFTP to {line.destination.username}: {why}."
        raise Permanent(Code.REMOTE_FAILED, message) from error


class SftpRemote:
    def __init__(self, line: ssh.Line, wire: Wire) -> None:
        self._line = line
        self._wire = wire

    @property
    def identity(self) -> str:
        return self._line.identity

    def size(self, path: str) -> int | None:
        with self._line.speaking(path):
            # STAT follows links: what counts is the file that a reader would get.
            try:
                size = size_of(self._wire.attributes(CMD_STAT, text(path.encode())))
            except RefusedError as refused:
                if refused.status in MISSING:
                    return None
                raise self._explain(path, refused, "tell the size of") from refused
        if size is None:
            raise failure(self._line.destination, Code.REMOTE_FAILED, "tell the size of", path)
        return size

    def create(self, path: str) -> SftpUpload:
        with self._line.speaking(path):
            try:
                handle = self._wire.handle(CMD_OPEN, text(path.encode()), NEW)
            except RefusedError as refused:
                raise self._explain(path, refused, "create", taken=path) from refused
        explain = partial(self._explain, path)
        return SftpUpload(self._line, self._wire, path, handle, explain)

    def rename(self, old: str, new: str, *, replace: bool) -> bool:
        with self._line.speaking(new):
            plain = not (replace and POSIX_RENAME in self._wire.extensions)
            # Some servers' plain rename replaces an existing file, so it is not asked to try.
            if plain and self._exists(new):
                if not self._exists(old):
                    return False
                code = Code.REMOTE_NO_REPLACE if replace else Code.REMOTE_EXISTS
                raise failure(self._line.destination, code, f"rename {old} to", new)
            # Of two owners who rename the same file the server lets one win; no look beforehand
            # may decide that.
            try:
                self._rename(old, new, plain=plain)
            except RefusedError as refused:
                if not self._exists(old):
                    return False
                doing = f"rename {old} to"
                raise self._explain(new, refused, doing, taken=new if plain else None) from refused
        return True

    def remove(self, path: str) -> None:
        with self._line.speaking(path):
            try:
                self._wire.ask(CMD_REMOVE, text(path.encode()))
            except RefusedError as refused:
                if refused.status not in MISSING and self._exists(path):
                    raise self._explain(path, refused, "remove") from refused

    def close(self) -> None:
        self._line.hang_up()

    def _rename(self, old: str, new: str, *, plain: bool) -> None:
        names = text(old.encode()), text(new.encode())
        if plain:
            self._wire.ask(CMD_RENAME, *names)
        else:
            self._wire.extended(POSIX_RENAME, *names)

    def _exists(self, path: str) -> bool:
        """Whether anything has that name, a dangling link included."""
        try:
            self._wire.attributes(CMD_LSTAT, text(path.encode()))
        except RefusedError as refused:
            if refused.status in MISSING:
                return False
            raise self._explain(path, refused, "look at") from refused
        return True

    def _explain(
        self, path: str, refused: RefusedError, doing: str, taken: str | None = None
    ) -> FerryError:
        """Find out why, where the server did not say; `taken` may be a name that exists already."""
        code = code_of(refused)
        with self._line.speaking(path):
            if code is Code.REMOTE_FAILED and taken and self._exists(taken):
                code = Code.REMOTE_EXISTS
            elif code is Code.REMOTE_FAILED and self._is_full(path):
                code = Code.REMOTE_FULL
        return failure(self._line.destination, code, doing, path, refused)

    def _is_full(self, path: str) -> bool:
        """Whether the file system cannot take one more request, as far as the server tells."""
        if STATVFS not in self._wire.extensions:
            return False
        try:
            directory = text(dirname(path).encode())
            answer = self._wire.extended(STATVFS, directory, reply=True)
        except RefusedError:
            return False
        _, fragment, _, _, free_blocks, files, _, free_files = (
            answer.get_int64() for _ in range(8)
        )
        return free_blocks * fragment < self._wire.request or (files > 0 and free_files == 0)
