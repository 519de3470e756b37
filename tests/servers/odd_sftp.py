"""SFTP servers that misbehave, each in one way: by refusing, by order, by slowness, by lying."""

from __future__ import annotations

import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import paramiko
from paramiko.sftp import (
    CMD_CLOSE,
    CMD_DATA,
    CMD_EXTENDED,
    CMD_EXTENDED_REPLY,
    CMD_READ,
    CMD_WRITE,
    SFTP_FAILURE,
    SFTP_OK,
    SFTP_PERMISSION_DENIED,
)

from sandbox.remotes import SftpServer, SftpSession
from sandbox.sftp_files import File, Files

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

NO_SPACE, QUOTA = 14, 15
"""Status codes of draft-ietf-secsh-filexfer-13."""


class Odd:
    """What the server below does differently; set by a test, reset by `even`."""

    write_status = SFTP_OK
    write_fails_at = 0
    fsync_status = SFTP_OK
    longest_write = 0
    synced = 0


@contextmanager
def even() -> Iterator[None]:
    """Within it a test may change `Odd`."""
    kept = {name: value for name, value in vars(Odd).items() if not name.startswith("_")}
    for name in ("longest_write", "synced"):
        setattr(Odd, name, 0)
    try:
        yield
    finally:
        for name, value in kept.items():
            setattr(Odd, name, value)


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


class Withholding(SftpSession):
    """Keeps the answer to the first write to itself until something other than a write comes."""

    withheld: int | None = None
    writing = first = False

    def _process(self, kind: int, number: int, message: paramiko.Message) -> None:
        self.first = kind == CMD_WRITE and not self.writing
        self.writing = kind == CMD_WRITE
        late, self.withheld = (None, self.withheld) if self.writing else (self.withheld, None)
        super()._process(kind, number, message)
        if late is not None:
            super()._send_status(late, SFTP_OK)

    def _send_status(self, number: int, code: int, *_words: str) -> None:
        if self.first:
            self.withheld = number
        else:
            super()._send_status(number, code)


class WithholdingServer(SftpServer):
    session = Withholding


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


class ShuffledReads(SftpSession):
    """Holds answers to reads back and sends them in reverse, three at a time."""

    def _process(self, kind: int, number: int, message: paramiko.Message) -> None:
        self.held: list[tuple[int, paramiko.Message]] = getattr(self, "held", [])
        self.reading = kind == CMD_READ
        super()._process(kind, number, message)
        if len(self.held) >= 3 or not self.reading:
            self._release()

    def _send_packet(self, kind: int, message: paramiko.Message) -> None:
        if kind == CMD_DATA and self.reading:
            self.held.append((kind, message))
            return
        if getattr(self, "held", None):
            self._release()
        super()._send_packet(kind, message)

    def _release(self) -> None:
        held, self.held = self.held, []
        for kind, message in reversed(held):
            super()._send_packet(kind, message)


class ShuffledReadsServer(SftpServer):
    session = ShuffledReads


class Sluggish(File):
    """Writes `rate` bytes a second until it is told that the test is `over`."""

    rate: ClassVar[float] = 1024
    over: ClassVar[threading.Event]

    @classmethod
    @contextmanager
    def at(cls, rate: float) -> Iterator[threading.Event]:
        """The event that makes it quick; the next one is as slow as ever."""
        cls.over, kept, cls.rate = threading.Event(), cls.rate, rate
        try:
            yield cls.over
        finally:
            cls.over.set()
            cls.rate = kept

    def write(self, offset: int, data: ReadableBuffer) -> int:
        self.over.wait(len(memoryview(data)) / self.rate)
        return super().write(offset, data)


class SluggishFiles(Files):
    file = Sluggish


class SluggishServer(SftpServer):
    files = SluggishFiles


class Housekeeping(File):
    """Its directory is swept while it is open, as some servers do with what looks unfinished."""

    def write(self, offset: int, data: ReadableBuffer) -> int:
        Path(f"/proc/self/fd/{self.descriptor}").readlink().unlink(missing_ok=True)
        return super().write(offset, data)


class HousekeepingFiles(Files):
    file = Housekeeping


class HousekeepingServer(SftpServer):
    files = HousekeepingFiles


class Corrupting(File):
    """Flips the lowest bit of the first byte of each request."""

    def write(self, offset: int, data: ReadableBuffer) -> int:
        wrong = bytearray(data)
        wrong[0] ^= 1
        return super().write(offset, wrong)


class CorruptingFiles(Files):
    file = Corrupting


class CorruptingServer(SftpServer):
    files = CorruptingFiles


class UnmovableFiles(Files):
    """No right to rename; `status` says so in one way or another."""

    status = SFTP_PERMISSION_DENIED

    def rename(self, oldpath: str, newpath: str) -> int:  # noqa: ARG002  paramiko's signature
        return self.status

    def posix_rename(self, oldpath: str, newpath: str) -> int:  # noqa: ARG002  paramiko's
        return self.status


class VagueFiles(UnmovableFiles):
    status = SFTP_FAILURE


class UnmovableServer(SftpServer):
    files = UnmovableFiles


class VagueServer(SftpServer):
    files = VagueFiles
