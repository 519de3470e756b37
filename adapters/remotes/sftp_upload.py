"""Writing one file over SFTP: many requests under way, each of them acknowledged by its number."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from struct import pack

from paramiko import Message
from paramiko.sftp import CMD_CLOSE, CMD_WRITE

from adapters.remotes.sftp_errors import BAD_MESSAGE, UNSUPPORTED
from adapters.remotes.sftp_wire import RefusedError, Wire, check, text
from adapters.remotes.ssh import Line
from transfer.errors import FerryError

WINDOW = 4 * 1024 * 1024
"""Most bytes under way without an acknowledgement: 100 MB/s at 40 ms round trip."""
REQUESTS = 128
"""Most requests under way, for servers that take 32 KiB at a time."""
SLOWEST_DISK = 10 * 1024 * 1024
"""Bytes a second that a server is expected to bring to its disk when asked to sync."""
FSYNC = "fsync@openssh.com"

Explain = Callable[[RefusedError, str], FerryError]
"""Makes the error that says why the server refused to do something."""


class SftpUpload:
    """Bytes under way are not kept: after an error the file starts over."""

    def __init__(self, line: Line, wire: Wire, path: str, handle: bytes, explain: Explain) -> None:
        self._line = line
        self._wire = wire
        self._path = path
        self._handle = text(handle)
        self._explain = explain
        self._closed = False
        self._sent = 0
        self._acknowledged = 0
        self._requests = 0
        self._under_way = 0
        self._refused: RefusedError | None = None

    def write(self, data: bytes) -> int:
        view = memoryview(data)
        with self._line.speaking(self._path):
            for start in range(0, len(view), self._wire.request):
                # The answers that are still under way are taken by finish or abandon.
                if self._refused:
                    break
                self._post(view[start : start + self._wire.request])
                self._listen()
        self._raise_refusal("write to")
        return self._acknowledged

    def finish(self) -> None:
        with self._line.speaking(self._path):
            while self._requests:
                self._wire.listen()
        self._raise_refusal("write to")
        if FSYNC in self._wire.extensions:
            patience = self._line.destination.timeout + self._sent / SLOWEST_DISK
            self._do("sync", self._sync, patience)
        # Network file systems may tell of a full disk or quota no earlier than here.
        self._do("close", self._close)

    def abandon(self) -> None:
        if self._closed:
            return
        with suppress(FerryError, RefusedError), self._line.speaking(self._path):
            self._close()

    def _post(self, block: memoryview) -> None:
        size = len(block)

        # Answers may come in any order, so each request keeps its own size.
        def answered(kind: int, body: Message) -> None:
            self._requests -= 1
            self._under_way -= size
            try:
                check(kind, body)
            except RefusedError as refused:
                self._refused = self._refused or refused
            else:
                self._acknowledged += size

        head = self._handle + pack(">QI", self._sent, size)
        self._wire.post(CMD_WRITE, head, block, answered=answered)
        self._sent += size
        self._requests += 1
        self._under_way += size

    def _listen(self) -> None:
        """Take the answers that are there; wait for one only while the window is full."""
        while self._requests and (self._wire.ready or self._full):
            self._wire.listen()

    @property
    def _full(self) -> bool:
        return self._under_way >= WINDOW or self._requests >= REQUESTS

    def _sync(self) -> None:
        try:
            self._wire.extended(FSYNC, self._handle)
        except RefusedError as refused:
            # Some file systems cannot sync; OpenSSH passes their EINVAL on as "bad message".
            if refused.status not in (UNSUPPORTED, BAD_MESSAGE):
                raise

    def _close(self) -> None:
        self._closed = True
        self._wire.ask(CMD_CLOSE, self._handle)

    def _do(self, doing: str, ask: Callable[[], None], patience: float | None = None) -> None:
        try:
            with self._line.speaking(self._path, patience):
                ask()
        except RefusedError as refused:
            self._refused = refused
        self._raise_refusal(doing)

    def _raise_refusal(self, doing: str) -> None:
        if self._refused is not None:
            raise self._explain(self._refused, doing) from self._refused
