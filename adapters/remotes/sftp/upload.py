"""Writing one file over SFTP: many requests under way, each of them acknowledged by its number."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from struct import pack
from time import monotonic

from paramiko.sftp import CMD_CLOSE, CMD_EXTENDED, CMD_FSETSTAT, CMD_WRITE

from adapters.remotes.sftp.answer import Answer
from adapters.remotes.sftp.errors import BAD_MESSAGE, UNSUPPORTED
from adapters.remotes.sftp.wire import RefusedError, Wire, check, text
from adapters.remotes.ssh.line import Line
from transfer.errors import FerryError

REQUESTS = 128
"""Most requests under way, for servers that take 32 KiB at a time."""
SLOWEST_DISK = 10 * 1024 * 1024
"""Bytes a second that a server is expected to bring to its disk when asked to sync."""
PARTING = 5.0
"""Seconds for the close of a file that was given up, and for who still writes to it to stop."""
FSYNC = "fsync@openssh.com"
UNSYNCABLE = frozenset({UNSUPPORTED, BAD_MESSAGE})
"""Some file systems cannot sync; OpenSSH passes their EINVAL on as "bad message"."""
TIMES = 8
"""The flag of ATTRS that carry the times of access and modification."""
LATEST = 2**32
"""Seconds since 1970 that the times of version 3 cannot reach: they end in 2106."""

Explain = Callable[[RefusedError, str], FerryError]
"""Makes the error that says why the server refused to do something."""


@dataclass(slots=True)
class _Block:
    size: int
    stored: bool = False


class SftpUpload:
    """Bytes under way are not kept: after an error the file starts over."""

    def __init__(self, line: Line, wire: Wire, path: str, handle: bytes, explain: Explain) -> None:
        self._line = line
        self._wire = wire
        self._path = path
        self._handle = text(handle)
        self._explain = explain
        self._closed = self._given_up = False
        self._sent = 0
        self._acknowledged = 0
        self._order: deque[_Block] = deque()
        self._requests = 0
        self._under_way = 0
        self._ending = 0
        self._refused: tuple[RefusedError, str] | None = None

    @property
    def acknowledged(self) -> int:
        return self._acknowledged

    def write(self, data: bytes | memoryview, offset: int) -> None:
        view = memoryview(data)
        with self._line.carrying(self._path):
            while view:
                self._listen()
                # The answers that are still under way are taken by finish or abandon.
                if self._refused or self._given_up:
                    break
                size = self._wire.stride.size
                self._post(view[:size], offset)
                view, offset = view[size:], offset + size
        if self._given_up:
            raise self._line.lost(EOFError("it was given up on this side"), self._path, 0)
        self.raise_refusal()

    def finish(self, modified: datetime | None = None) -> None:
        # A server must process requests for one file in the order in which they came
        # (draft-ietf-secsh-filexfer-02, section 6.1), so the last ones need not wait for the bytes.
        self.raise_refusal()
        with self._line.carrying(self._path):
            self._post_end(modified)
            while self._requests:
                self._wire.listen()
        patience = self._line.destination.timeout + self._sent / SLOWEST_DISK
        with self._line.speaking(self._path, patience):
            while self._ending:
                self._wire.listen()
        self.raise_refusal()

    def abandon(self) -> None:
        """From another thread too: a write that is under way ends with its next request."""
        if self._closed:
            return
        self._closed = self._given_up = True
        # In all: on a slow line the close would stand behind megabytes that nobody wants any more.
        with suppress(FerryError, RefusedError), self._line.parting(self._path, PARTING):
            self._wire.ask(CMD_CLOSE, self._handle)

    def post(self, data: bytes | memoryview, modified: datetime | None) -> None:
        """The whole of a small file and its end, without waiting for any answer."""
        view, size = memoryview(data), self._wire.stride.size
        for start in range(0, len(view), size):
            self._post(view[start : start + size], start)
        self._post_end(modified)

    @property
    def settled(self) -> bool:
        """Every request so far has its answer."""
        return not self._requests and not self._ending

    def _post(self, block: memoryview, offset: int) -> None:
        size = len(block)
        # Answers may come in any order; a block counts once all before it have been acknowledged.
        mine = _Block(size)
        self._order.append(mine)

        def answered(kind: int, body: Answer) -> None:
            self._requests -= 1
            self._under_way -= size
            self._wire.stride.answer(monotonic())
            mine.stored = self._judge("write to", kind, body)
            while self._order and self._order[0].stored:
                self._acknowledged += self._order.popleft().size

        if not self._requests:
            self._wire.stride.ask(monotonic())
        head = self._handle + pack(">QI", offset, size)
        self._wire.post_bulk(CMD_WRITE, head, block, answered=answered)
        self._sent += size
        self._under_way += size
        self._requests += 1

    def _listen(self) -> None:
        """Take the answers that are there; wait for one only while the window is full."""
        while self._requests and (self._wire.ready or self._full):
            self._wire.listen()

    @property
    def _full(self) -> bool:
        return self._under_way >= self._wire.window or self._requests >= REQUESTS

    def _post_end(self, modified: datetime | None) -> None:
        if FSYNC in self._wire.extensions:
            name = text(FSYNC.encode())
            self._post_last("sync", CMD_EXTENDED, name, self._handle, forgive=UNSYNCABLE)
        seconds = int(modified.timestamp()) if modified else -1
        if 0 <= seconds < LATEST:
            # Many servers give nobody the right to set times; the file is whole all the same.
            times = pack(">III", TIMES, seconds, seconds)
            self._post_last("date", CMD_FSETSTAT, self._handle, times, forgive=range(2**32))
        # Network file systems may tell of a full disk or quota no earlier than here.
        self._closed = True
        self._post_last("close", CMD_CLOSE, self._handle)

    def _post_last(
        self, doing: str, kind: int, *fields: bytes, forgive: Collection[int] = ()
    ) -> None:
        def answered(kind: int, body: Answer) -> None:
            self._ending -= 1
            self._judge(doing, kind, body, forgive)

        self._wire.post(kind, *fields, answered=answered)
        self._ending += 1

    def _judge(self, doing: str, kind: int, body: Answer, forgive: Collection[int] = ()) -> bool:
        try:
            check(kind, body)
        except RefusedError as refused:
            if refused.status not in forgive:
                self._refused = self._refused or (refused, doing)
            return False
        return True

    def raise_refusal(self) -> None:
        """Raises why the server refused a request, if it did."""
        if self._refused is not None:
            refused, doing = self._refused
            raise self._explain(refused, doing) from refused
