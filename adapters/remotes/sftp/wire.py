"""SFTP version 3 over a channel: numbered requests, and answers that find their request by number.

Packets are those of draft-ietf-secsh-filexfer-02 and of OpenSSH's PROTOCOL file. paramiko's own
client is not used: it drops the server's extensions and status codes, and its pipelined mode
forgets the errors of the last requests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from struct import Struct, pack
from time import monotonic
from typing import TYPE_CHECKING, cast

from paramiko.sftp import (
    CMD_ATTRS,
    CMD_EXTENDED,
    CMD_EXTENDED_REPLY,
    CMD_HANDLE,
    CMD_INIT,
    CMD_STATUS,
    CMD_VERSION,
    SFTP_OK,
)

from adapters.remotes.sftp.answer import Answer
from adapters.remotes.sftp.stride import Stride
from adapters.remotes.ssh import bulk
from adapters.remotes.ssh.line import GarbledError
from adapters.remotes.watchdog import Watchdog

if TYPE_CHECKING:
    from paramiko import Channel

VERSION = 3
LONGEST_PACKET = 256 * 1024
"""Bytes of a packet that OpenSSH's programs accept."""
SMALL_REQUEST = 32 * 1024
"""Bytes of one write that every server takes; larger ones have corrupted files on some."""
LARGEST_REQUEST = 255 * 1024
"""Bytes of one write that OpenSSH takes, as its limits@openssh.com says."""
LEAST_WINDOW = 1024 * 1024
"""Bytes. OpenSSH's SSH window is 2 MiB; who runs into its end costs the server a quarter more CPU
(measured on loopback: 0.96 s a GiB against 0.78).
"""
LARGEST_WINDOW = 8 * 1024 * 1024
FASTEST = 200 * 1000 * 1000
"""Bytes a second that the window is made for."""
OVERHEAD = 1024
"""Bytes of a packet beside its data: the longest handle is 256, OpenSSH itself counts so many."""
MANY = 2**63
LIMITS = "limits@openssh.com"
HAS_SIZE = 1
LENGTH, HEAD = Struct(">I"), Struct(">IBI")
"""Of a packet; the head is length, kind and number of a request."""

Answered = Callable[[int, Answer], None]
"""Called with the kind of the answer and its body, past the request's number."""


class RefusedError(Exception):
    """The server's answer to a request was a status other than OK."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"status {status}: {text}")
        self.status = status
        self.text = text


def text(value: bytes) -> bytes:
    """An SSH string: its length in four bytes, then the bytes."""
    return pack(">I", len(value)) + value


def check(kind: int, body: Answer) -> None:
    """Raises RefusedError when the answer is a status other than OK."""
    if kind == CMD_STATUS:
        status = body.get_int()
        if status != SFTP_OK:
            raise RefusedError(status, body.get_string().decode(errors="replace"))


def size_of(attributes: Answer) -> int | None:
    """The size in an ATTRS answer, None where the server does not tell it."""
    flags = attributes.get_int()
    return attributes.get_int64() if flags & HAS_SIZE else None


class Wire:
    """Requests may be under way in any number; one thread sends and listens.

    `extensions` is what the server offers, `request` the most bytes of one write that it takes,
    `answer` the most bytes of one read that it gives. `round_trip` is the least so far, in seconds:
    a busy processor makes single ones long. `window` are the bytes that may be under way without an
    acknowledgement.
    The watchdog is patted for every answer, and whoever sends or listens has a watch; `stride` goes
    by `pace` and `timeout`. Every method may raise what the channel raises (OSError), EOFError when
    the server is gone, GarbledError.
    """

    def __init__(self, channel: Channel, watchdog: Watchdog, pace: float, timeout: float) -> None:
        self._channel = channel
        self._watchdog = watchdog
        self._buffer = bytearray()
        self._at = 0
        self._held: list[bytes | memoryview] | None = None
        self._number = 0
        self._waiting: dict[int, Answered] = {}
        begin = monotonic()
        self.extensions = self._greet()
        # It includes the start of the server's SFTP program, which no later answer does.
        self.round_trip = monotonic() - begin
        self.answer, self.request = self._largest()
        self.stride = Stride(self.request, pace, timeout)
        self.window = min(max(LEAST_WINDOW, int(self.round_trip * FASTEST)), LARGEST_WINDOW)

    def close(self) -> None:
        self._channel.close()

    @property
    def ready(self) -> bool:
        """An answer, or its beginning, has come in already."""
        return self._at < len(self._buffer) or self._channel.recv_ready()

    @property
    def idle(self) -> bool:
        """Every request has its answer."""
        return not self._waiting

    def post(self, kind: int, *fields: bytes | memoryview, answered: Answered) -> None:
        """Send a request without waiting; `answered` is called while somebody listens."""
        self._send(self._head(kind, sum(map(len, fields)), answered), *fields)

    def post_bulk(self, kind: int, head: bytes, block: memoryview, *, answered: Answered) -> None:
        """The same for a request with much data, which is sent without copies where possible."""
        begin = self._head(kind, len(head) + len(block), answered)
        if self._held is not None and len(block) <= SMALL_REQUEST:
            self._send(begin, head, block)
            return
        self._flush()
        self._watchdog.demand()
        if self._sealing:
            bulk.send(self._channel, begin + head, block)
        else:
            self._send(begin, head, block)

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is posted meanwhile goes out in few pieces, the last at the end: a small request
        costs both sides more as a packet than as a request. Wait for no answer to it in between.
        """
        if self._held is not None:
            yield
            return
        self._held = []
        try:
            yield
            self._flush()
        finally:
            self._held = None

    def ask(self, kind: int, *fields: bytes | memoryview, expect: int = CMD_STATUS) -> Answer:
        """Send a request and wait for its answer, which is of the kind `expect`.

        Raises RefusedError.
        """
        answers: list[tuple[int, Answer]] = []
        begin = monotonic()
        self.post(kind, *fields, answered=lambda *answer: answers.append(answer))
        while not answers:
            self.listen()
        self.round_trip = min(self.round_trip, monotonic() - begin)
        got, body = answers[0]
        check(got, body)
        if got != expect:
            raise GarbledError(f"answer {got} to request {kind}")
        return body

    def handle(self, kind: int, *fields: bytes | memoryview) -> bytes:
        return self.ask(kind, *fields, expect=CMD_HANDLE).get_string()

    def attributes(self, kind: int, *fields: bytes | memoryview) -> Answer:
        return self.ask(kind, *fields, expect=CMD_ATTRS)

    def extended(self, name: str, *fields: bytes | memoryview, reply: bool = False) -> Answer:
        """A request of an extension; `reply` when it answers with data rather than a status."""
        expect = CMD_EXTENDED_REPLY if reply else CMD_STATUS
        return self.ask(CMD_EXTENDED, text(name.encode()), *fields, expect=expect)

    def listen(self) -> None:
        """Wait for one answer and hand it to whoever asked."""
        kind, body = self._receive()
        number = body.get_int()
        # Even an answer that refuses is a sign of life.
        self._watchdog.pat()
        try:
            answered = self._waiting.pop(number)
        except KeyError:
            raise GarbledError(f"an answer to request {number}, which was not asked") from None
        answered(kind, body)

    def _greet(self) -> dict[str, str]:
        self._send(HEAD.pack(5, CMD_INIT, VERSION))
        kind, body = self._receive()
        if kind != CMD_VERSION:
            raise GarbledError(f"answer {kind} to the greeting")
        body.get_int()
        extensions = {}
        while body.get_remainder():
            name = body.get_string().decode(errors="replace")
            extensions[name] = body.get_string().decode(errors="replace")
        return extensions

    def _largest(self) -> tuple[int, int]:
        """Bytes of one read and of one write; 0 of the server means that it has no limit.

        Each number counts for itself: a packet that is short limits what fits into it, whatever is
        said of reads and writes. `handles` that may be open at once are kept too.
        """
        self.handles = MANY
        if LIMITS not in self.extensions:
            return SMALL_REQUEST, SMALL_REQUEST
        with suppress(RefusedError):
            limits = self.extended(LIMITS, reply=True)
            packet, read, write, handles = (limits.get_int64() or MANY for _ in range(4))
            self.handles = handles
            room = max(1, packet - OVERHEAD)
            return min(read, room, LARGEST_REQUEST), min(write, room, LARGEST_REQUEST)
        return SMALL_REQUEST, SMALL_REQUEST

    def _head(self, kind: int, size: int, answered: Answered) -> bytes:
        """Of a request with so many bytes of fields."""
        self._number = number = (self._number + 1) & 0xFFFFFFFF
        self._waiting[number] = answered
        return HEAD.pack(size + 5, kind, number)

    def _send(self, *packet: bytes | memoryview) -> None:
        if self._held is None:
            self._push(b"".join(packet))
        else:
            self._held += packet

    def _flush(self) -> None:
        if self._held:
            packets = b"".join(self._held)
            self._held.clear()
            self._push(packets)

    def _push(self, packets: bytes) -> None:
        view = memoryview(packets)
        self._watchdog.demand()
        if self._sealing:
            bulk.send(self._channel, b"", view)
        else:
            # The channel takes 32 KiB at a time and slices the rest; a view makes that free.
            self._channel.sendall(cast("bytes", view))

    @property
    def _sealing(self) -> bool:
        return getattr(self._channel.get_transport().packetizer, "sealing", False)

    def _receive(self) -> tuple[int, Answer]:
        self._need(4)
        (length,) = LENGTH.unpack_from(self._buffer, self._at)
        # Words that a login script prints arrive here as an absurd length.
        if not 1 <= length <= LONGEST_PACKET:
            raise GarbledError(f"a packet of {length} bytes")
        self._need(4 + length)
        begin, self._at = self._at + 4, self._at + 4 + length
        packet = bytes(self._buffer[begin : self._at])
        return packet[0], Answer(packet, 1)

    def _need(self, count: int) -> None:
        """Wait until so many bytes are there."""
        while len(self._buffer) - self._at < count:
            self._watchdog.demand()
            data = self._channel.recv(LONGEST_PACKET)
            if not data:
                raise EOFError("the SFTP session ended")
            del self._buffer[: self._at]
            self._at = 0
            self._buffer += data
