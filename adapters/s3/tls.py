"""TLS whose bytes are taken from the kernel many records at a time.

SSLSocket asks for the head and for the rest of each record of 16 KiB: 130,000 system calls a GiB.
"""

from __future__ import annotations

import socket
from io import RawIOBase
from ssl import MemoryBIO, SSLContext, SSLEOFError, SSLWantReadError, SSLZeroReturnError
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

AT_ONCE = 64 * 1024
"""Bytes that are asked for; each connection has room for twice as many. More brought nothing."""


class Tls(RawIOBase):
    """Over a connected socket, which stays the caller's; its timeout holds. Raises OSError."""

    def __init__(self, sock: socket.socket, context: SSLContext, host: str) -> None:
        self._sock = sock
        self._came, self._goes = MemoryBIO(), MemoryBIO()
        self._tls = context.wrap_bio(self._came, self._goes, server_hostname=host)
        self._block = memoryview(bytearray(AT_ONCE))
        self._over = False
        while True:
            try:
                self._tls.do_handshake()
                break
            except SSLWantReadError:
                self._receive()
        self._send()

    @property
    def pending(self) -> bool:
        """Something has come that nobody has read yet, and be it a farewell."""
        return bool(self._over or self._came.pending or self._tls.pending())

    def sendall(self, data: bytes) -> None:
        while data:
            data = data[self._tls.write(data) :]
        self._send()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """What is there, or comes next; 0 at the end, also of a line that ends without a farewell,
        as SSLSocket has it: an answer says how long it is.
        """
        view, count = memoryview(buffer), 0
        while count < len(view):
            try:
                # With a buffer it is a number, which typeshed does not know.
                got: int = self._tls.read(len(view) - count, view[count:])  # type: ignore[assignment]
            except SSLWantReadError:
                if count:
                    break
                self._receive()
                continue
            except (SSLEOFError, SSLZeroReturnError):
                got = 0
            if not got:
                # A farewell may come with the answer, and the line stay open behind it.
                self._over = True
                break
            count += got
        return count

    def _receive(self) -> None:
        # What is to be said first: at the handshake, and where the keys are renewed.
        self._send()
        count = self._sock.recv_into(self._block)
        if count:
            self._came.write(self._block[:count])
        else:
            self._came.write_eof()

    def _send(self) -> None:
        if self._goes.pending:
            self._sock.sendall(self._goes.read())
