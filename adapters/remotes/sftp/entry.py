"""What stands under a name on an SFTP server: of which kind it is, and how the server lists it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from posixpath import basename, dirname, join
from stat import S_IFMT, S_ISREG
from struct import pack

from paramiko.sftp import (
    CMD_CLOSE,
    CMD_LSTAT,
    CMD_NAME,
    CMD_OPEN,
    CMD_OPENDIR,
    CMD_READDIR,
    SFTP_FLAG_READ,
)

from adapters.remotes.sftp.answer import Answer
from adapters.remotes.sftp.wire import HAS_SIZE, RefusedError, Wire, text

HAS_OWNER, HAS_MODE, HAS_TIMES, HAS_MORE = 2, 4, 8, 0x80000000
"""Flags of attributes (draft-ietf-secsh-filexfer-02, section 5)."""
MOST_NAMES = 50_000
"""Entries of a directory that are looked through."""
READ = pack(">II", SFTP_FLAG_READ, 0)


def is_regular(wire: Wire, path: str) -> bool:
    """LSTAT, for a link is no file of its own. Who shows no type is asked to open it as a
    directory, and then as a file.
    """
    name = text(path.encode())
    try:
        mode = _mode(wire.attributes(CMD_LSTAT, name))
    except RefusedError:
        return False
    if S_IFMT(mode):
        return S_ISREG(mode)
    return not _opens(wire, CMD_OPENDIR, name) and _opens(wire, CMD_OPEN, name, READ)


def listed(wire: Wire, path: str) -> str | None:
    """The path as its directory lists it; None when it does not, or is too long to look through."""
    wanted, like = basename(path), None
    for name in _names(wire, dirname(path)):
        if name == wanted:
            return path
        if name.casefold() == wanted.casefold():
            like = join(dirname(path), name)
    return like


def names_in(wire: Wire, folder: str) -> list[str]:
    """Of a directory. Raises RefusedError where it may not be read."""
    return [name for name in _names(wire, folder) if name not in (".", "..")]


def _names(wire: Wire, folder: str) -> Iterator[str]:
    """Raises RefusedError where the directory may not be read."""
    seen = 0
    with _handle(wire, CMD_OPENDIR, text(folder.encode())) as handle:
        while seen < MOST_NAMES:
            try:
                answer = wire.ask(CMD_READDIR, handle, expect=CMD_NAME)
            except RefusedError:
                return
            for _ in range(answer.get_int()):
                seen += 1
                yield answer.get_string().decode(errors="surrogateescape")
                answer.get_string()
                _mode(answer)


def written(attributes: Answer) -> datetime | None:
    """When that was last, None where the server does not show it."""
    flags = attributes.get_int()
    before = 8 * bool(flags & HAS_SIZE) + 8 * bool(flags & HAS_OWNER) + 4 * bool(flags & HAS_MODE)
    attributes.get_bytes(before)
    if not flags & HAS_TIMES:
        return None
    _accessed, modified = attributes.get_int(), attributes.get_int()
    return datetime.fromtimestamp(modified, UTC)


@contextmanager
def _handle(wire: Wire, kind: int, *fields: bytes) -> Iterator[bytes]:
    handle = text(wire.handle(kind, *fields))
    try:
        yield handle
    finally:
        wire.ask(CMD_CLOSE, handle)


def _opens(wire: Wire, kind: int, *fields: bytes) -> bool:
    try:
        with _handle(wire, kind, *fields):
            return True
    except RefusedError:
        return False


def _mode(attributes: Answer) -> int:
    """The permissions, 0 where the server shows none; reads the attributes to their end."""
    flags = attributes.get_int()
    attributes.get_bytes(8 * bool(flags & HAS_SIZE) + 8 * bool(flags & HAS_OWNER))
    mode = attributes.get_int() if flags & HAS_MODE else 0
    attributes.get_bytes(8 * bool(flags & HAS_TIMES))
    for _ in range(2 * attributes.get_int() if flags & HAS_MORE else 0):
        attributes.get_string()
    return mode
