"""How a file is opened for writing.

A program that works on a file system opens what it is asked to. Others ignore that a file must be
new, create what was to be continued, or truncate what is opened for writing alone, as fopen(3) does
with "w": Erlang's ssh does all three. They are asked to read as well, where they let us.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import pack

from paramiko.sftp import (
    CMD_OPEN,
    SFTP_FLAG_CREATE,
    SFTP_FLAG_EXCL,
    SFTP_FLAG_READ,
    SFTP_FLAG_TRUNC,
    SFTP_FLAG_WRITE,
)

from adapters.remotes.sftp.wire import RefusedError, Wire, text

NEW = (pack(">II", SFTP_FLAG_WRITE | SFTP_FLAG_CREATE | SFTP_FLAG_EXCL, 0),)
ANY = pack(">II", SFTP_FLAG_WRITE | SFTP_FLAG_CREATE | SFTP_FLAG_TRUNC, 0)
"""For a server that refuses to make sure that a file is new, and for names that are ours alone."""
_WRITING = pack(">II", SFTP_FLAG_WRITE, 0)
_READING_TOO = pack(">II", SFTP_FLAG_READ | SFTP_FLAG_WRITE, 0)
EXISTING: Mapping[bool, tuple[bytes, ...]] = {
    True: (_WRITING,),
    False: (_READING_TOO, _WRITING),
}
"""The ways to continue a file, by whether the program works on a file system."""


def opened(wire: Wire, path: str, *ways: bytes) -> bytes:
    """The handle, in the first way that the server does not refuse. Raises RefusedError."""
    *better, last = ways
    for way in better:
        try:
            return wire.handle(CMD_OPEN, text(path.encode()), way)
        except RefusedError:
            continue
    return wire.handle(CMD_OPEN, text(path.encode()), last)
