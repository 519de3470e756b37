"""SFTP servers that refuse in the middle, answer out of order or offer little."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import paramiko
from paramiko.sftp import CMD_CLOSE, CMD_EXTENDED, CMD_EXTENDED_REPLY, CMD_WRITE, SFTP_OK

from sandbox.remotes import SftpServer, SftpSession
from sandbox.sftp_files import File, Files

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

NO_SPACE, QUOTA = 14, 15
"""Status codes of draft-ietf-secsh-filexfer-13."""


class Odd:
    """What the server below does differently; set by a test, reset by the fixture."""

    write_status = SFTP_OK
    write_fails_at = 0
    fsync_status = SFTP_OK
    longest_write = 0
    synced = 0


class OddFile(File):
    def write(self, offset: int, data: ReadableBuffer) -> int:
        size = len(memoryview(data))
        Odd.longest_write = max(Odd.longest_write, size)
        if Odd.write_status != SFTP_OK and offset <= Odd.write_fails_at < offset + size:
            return Odd.write_status
        return super().write(offset, data)

    def fsync(self) -> int:
        Odd.synced += 1
        return Odd.fsync_status


class OddFiles(Files):
    file = OddFile

    def rename(self, oldpath: str, newpath: str) -> int:
        """Replaces, as some servers' plain rename does."""
        return int(self.posix_rename(oldpath, newpath))


class Spare(SftpSession):
    extensions: tuple[tuple[str, str], ...] = ()  # type: ignore[assignment]


class Unclosable(SftpSession):
    """Says that the quota is exceeded when a file is closed, as network file systems do."""

    def _process(self, kind: int, number: int, message: paramiko.Message) -> None:
        if kind == CMD_CLOSE:
            self._send_status(number, QUOTA)
        else:
            super()._process(kind, number, message)


class UnclosableServer(SftpServer):
    session = Unclosable


class OddServer(SftpServer):
    files = OddFiles


class SpareServer(OddServer):
    session = Spare


class Shuffled(SftpSession):
    """Holds answers to writes back and sends them in reverse, as the draft allows."""

    def _send_status(self, number: int, code: int, *_words: str) -> None:
        self.held: list[tuple[int, int]] = getattr(self, "held", [])
        self.held.append((number, code))
        if len(self.held) == 3 or not self.writing:
            for late in reversed(self.held):
                super()._send_status(*late)
            self.held.clear()

    writing = False

    def _process(self, kind: int, number: int, message: paramiko.Message) -> None:
        self.writing = kind == CMD_WRITE
        super()._process(kind, number, message)


class ShuffledServer(SftpServer):
    session = Shuffled


class Crowded(SftpSession):
    """Says by statvfs@openssh.com that `free` bytes and `names` files are left."""

    extensions = (  # type: ignore[assignment]
        *SftpSession.extensions,
        ("statvfs@openssh.com", "2"),
    )
    free, names = 0, 1

    def _process(self, kind: int, number: int, message: paramiko.Message) -> None:
        if kind == CMD_EXTENDED and b"statvfs" in message.asbytes():
            numbers = (1, 1, 10**9, self.free, self.free, 9, self.names, self.names, 0, 0, 255)
            reply = paramiko.Message()
            reply.add_int(number)
            reply.add_bytes(struct.pack(">11Q", *numbers))
            self._send_packet(CMD_EXTENDED_REPLY, reply)
        else:
            super()._process(kind, number, message)
