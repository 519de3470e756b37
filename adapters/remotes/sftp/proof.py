"""What an SFTP server can show of the bytes that it stored: its own hash, and the bytes themselves.

The hash is the extension `check-file` of draft-ietf-secsh-filexfer-extensions-00, section 3, which
ProFTPD's mod_sftp has and OpenSSH has not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from struct import pack

from paramiko.sftp import CMD_CLOSE, CMD_LSTAT, CMD_OPEN, CMD_STAT

from adapters.remotes.sftp.answer import Answer
from adapters.remotes.sftp.entry import READ, is_regular, listed, names_in, written
from adapters.remotes.sftp.errors import UNSUPPORTED
from adapters.remotes.sftp.reading import Reading
from adapters.remotes.sftp.wire import RefusedError, Wire, size_of, text
from adapters.remotes.ssh.line import Line, software
from transfer.errors import FerryError

CHECK_FILE = "check-file"
CHECK_FILE_NAME = "check-file-name"
SILENT = "mod_sftp"
"""Software that answers the request, if its `SFTPExtensions` allow, without having offered it."""
ALGORITHMS = frozenset({"md5", "sha1", "sha224", "sha256", "sha384", "sha512"})
"""The draft's names, which are hashlib's too."""
WHOLE = pack(">QQI", 0, 0, 0)
"""From the first byte, to the end of the file, in one block."""
SLOWEST_HASH = 10 * 1024 * 1024
"""Bytes a second that a server is expected to read and hash."""

Explain = Callable[[str, RefusedError, str], FerryError]
"""Makes the error that says why the server refused to do something with a path."""


class SftpProof:
    """Port `Proof`. Its verbs may be mixed with those of the Remote, also while `read` is going."""

    def __init__(
        self, line: Line, wire: Wire, explain: Explain, lacks: Callable[[str], bool]
    ) -> None:
        self._line = line
        self._wire = wire
        self._explain = explain
        self._lacks = lacks
        offers = {CHECK_FILE, CHECK_FILE_NAME} & wire.extensions.keys()
        self._hashes = bool(offers) or software(line).startswith(SILENT)

    @property
    def algorithms(self) -> frozenset[str]:
        """As offered: the first of our own files tells whether it is true. A question about
        something else ends the session on some servers (MySecureShell, of a directory).
        """
        return ALGORITHMS if self._hashes else frozenset()

    def digest(self, path: str, algorithm: str) -> str | None:
        try:
            with self._line.speaking(path):
                size = size_of(self._wire.attributes(CMD_STAT, text(path.encode()))) or 0
            patience = self._line.destination.timeout + size / SLOWEST_HASH
            with self._line.speaking(path, patience):
                return _hash_in(self._check_file(path.encode(), algorithm), algorithm, size)
        except RefusedError as refused:
            self._hashes = self._hashes and refused.status != UNSUPPORTED
            return None

    def read(self, path: str, start: int, length: int) -> Iterator[bytes]:
        handle = self._open(path)
        reading = Reading(self._wire, handle, start, length)
        try:
            while not reading.over:
                # Time between two pieces is the caller's, so the watch does not span the yield.
                with self._line.fetching(path):
                    piece = reading.piece()
                if piece:
                    yield piece
        except RefusedError as refused:
            raise self._explain(path, refused, "show") from refused
        finally:
            with suppress(FerryError, RefusedError), self._line.speaking(path):
                self._wire.ask(CMD_CLOSE, handle)

    def regular(self, path: str) -> bool:
        with self._line.speaking(path):
            return is_regular(self._wire, path)

    def standing(self, path: str) -> str | None:
        with suppress(RefusedError), self._line.speaking(path):
            return listed(self._wire, path)
        return None

    def lacks(self, path: str) -> bool:
        with self._line.speaking(path):
            return self._lacks(path)

    def names(self, folder: str) -> list[str]:
        try:
            with self._line.speaking(folder):
                return names_in(self._wire, folder)
        except RefusedError as refused:
            raise self._explain(folder, refused, "list") from refused

    def modified(self, path: str) -> datetime | None:
        with suppress(RefusedError), self._line.speaking(path):
            return written(self._wire.attributes(CMD_LSTAT, text(path.encode())))
        return None

    def _check_file(self, path: bytes, algorithm: str) -> Answer:
        asked = text(path), text(algorithm.encode()), WHOLE
        return self._wire.extended(CHECK_FILE_NAME, *asked, reply=True)

    def _open(self, path: str) -> bytes:
        try:
            with self._line.speaking(path):
                return text(self._wire.handle(CMD_OPEN, text(path.encode()), READ))
        except RefusedError as refused:
            raise self._explain(path, refused, "show") from refused


def _hash_in(answer: Answer, algorithm: str, size: int) -> str | None:
    """The hash as hex, None when the answer is not of that algorithm or is not to be believed."""
    said = answer.get_string()
    if said == CHECK_FILE.encode():
        said = answer.get_string()
    value, empty = answer.get_remainder(), hashlib.new(algorithm, usedforsecurity=False)
    if said.decode(errors="replace") != algorithm or len(value) != empty.digest_size:
        return None
    # Old versions of ProFTPD hash nothing at all and say so in good faith (its issue 1439).
    return None if size and value == empty.digest() else value.hex()
