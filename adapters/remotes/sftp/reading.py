"""Reading a range of a file over SFTP: many requests under way, the pieces handed out in order."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from struct import pack

from paramiko.sftp import CMD_DATA, CMD_READ, SFTP_EOF

from adapters.remotes.sftp.answer import Answer
from adapters.remotes.sftp.wire import RefusedError, Wire, check
from adapters.remotes.ssh.line import GarbledError

REQUESTS = 64
"""Most reads under way, for servers that give 32 KiB at a time."""


@dataclass
class Piece:
    """Bytes that were asked for; `missing` of them, from `place`, have not come yet."""

    place: int
    missing: int
    parts: list[bytes] = field(default_factory=list)


class Reading:
    """The bytes of the file behind `handle` (an SSH string), fewer than `length` at its end."""

    def __init__(self, wire: Wire, handle: bytes, start: int, length: int) -> None:
        self._wire = wire
        self._handle = handle
        self._next = start
        self._end = start + length
        self._pieces: deque[Piece] = deque()
        self._refused: RefusedError | None = None

    @property
    def over(self) -> bool:
        return self._next >= self._end and not self._pieces

    def piece(self) -> bytes:
        """Wait for the next piece; empty past the end of the file. Raises RefusedError."""
        self._ask_ahead()
        while self._pieces[0].missing:
            self._wire.listen()
            if self._refused:
                raise self._refused
        return b"".join(self._pieces.popleft().parts)

    def _ask_ahead(self) -> None:
        size = self._wire.answer
        most = max(1, min(REQUESTS, self._wire.window // size))
        while self._next < self._end and len(self._pieces) < most:
            piece = Piece(self._next, min(size, self._end - self._next))
            self._next += piece.missing
            self._pieces.append(piece)
            self._ask(piece)

    def _ask(self, piece: Piece) -> None:
        place = pack(">QI", piece.place, piece.missing)
        self._wire.post(CMD_READ, self._handle, place, answered=lambda *it: self._take(piece, *it))

    def _take(self, piece: Piece, kind: int, body: Answer) -> None:
        try:
            check(kind, body)
        except RefusedError as refused:
            self._end_at(piece, refused)
            return
        data = body.get_string() if kind == CMD_DATA else b""
        if not 0 < len(data) <= piece.missing:
            raise GarbledError(f"{len(data)} bytes where {piece.missing} were asked for")
        piece.parts.append(data)
        piece.place += len(data)
        piece.missing -= len(data)
        # A server may give less than it was asked for, wherever it likes.
        if piece.missing:
            self._ask(piece)

    def _end_at(self, piece: Piece, refused: RefusedError) -> None:
        piece.missing = 0
        if refused.status == SFTP_EOF:
            self._end = min(self._end, piece.place)
        else:
            self._refused = self._refused or refused
