"""The fields of an answer, read as paramiko's Message reads them, in a quarter of the time.

A batch of small files has seven answers a file, most of which are one number.
"""

from __future__ import annotations

from struct import Struct

INT, INT64 = Struct(">I"), Struct(">Q")
MOST_ZEROS = 1024 * 1024
"""Bytes up to which what is not there is read as zeros; many servers leave out what says nothing.
"""


class Answer:
    """From the byte `at` of a packet on."""

    __slots__ = ("_at", "_packet")

    def __init__(self, packet: bytes, at: int = 0) -> None:
        self._packet = packet
        self._at = at

    def get_int(self) -> int:
        end = self._at + 4
        if end > len(self._packet):
            return int.from_bytes(self.get_bytes(4), "big")
        number: int = INT.unpack_from(self._packet, self._at)[0]
        self._at = end
        return number

    def get_int64(self) -> int:
        number: int = INT64.unpack(self.get_bytes(8))[0]
        return number

    def get_string(self) -> bytes:
        return self.get_bytes(self.get_int())

    def get_bytes(self, count: int) -> bytes:
        taken = self._packet[self._at : self._at + count]
        self._at += len(taken)
        if len(taken) < count < MOST_ZEROS:
            return taken + bytes(count - len(taken))
        return taken

    def get_remainder(self) -> bytes:
        """What is behind, without going on."""
        return self._packet[self._at :]
