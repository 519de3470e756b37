"""What an FTP server can show of a stored file: its own hashes, and the bytes themselves."""

from __future__ import annotations

import hashlib
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from posixpath import dirname

from adapters.remotes.ftp.control import RefusedError
from adapters.remotes.ftp.errors import UNKNOWN_COMMAND, code_of, failure
from adapters.remotes.ftp.login import Features
from adapters.remotes.ftp.session import Session
from adapters.remotes.ftp.upload import PARTING_WORDS
from transfer.crossing.verify import STRONGEST
from transfer.errors import Code, FerryError

PIECE = 256 * 1024
SLOWEST_HASH = 50 * 1024 * 1024
"""Bytes a second that a server is expected to hash."""
# By the name that HASH uses (draft-bryan-ftpext-hash), strongest first.
ALGORITHMS = {"SHA-512": "sha512", "SHA-256": "sha256", "SHA-1": "sha1", "MD5": "md5"}
ASKED = frozenset({"SHA-256", "MD5"})
"""What verify asks for: the first of STRONGEST that was computed here and is offered there."""
COMMANDS = {
    "sha512": ("XSHA512",),
    "sha256": ("XSHA256",),
    "sha1": ("XSHA1", "XSHA"),
    "md5": ("XMD5", "MD5"),
}


def digests(features: Features) -> frozenset[str]:
    """By hashlib's names: what the server offers to compute; CRC32 is none of them."""
    named = {name for name, verbs in COMMANDS.items() if any(verb in features for verb in verbs)}
    return frozenset(named | set(_hashes(features)))


def park(session: Session) -> None:
    """Before bytes go out: the server must not hash them on their way.

    ProFTPD's mod_digest does so with the algorithm that is chosen then, and answers with that
    later, whatever its disk holds. Where no other one can be had, it is asked in a new session.
    """
    hashes = _hashes(session.features)
    if not hashes:
        return
    now = session.hashing or _chosen(session.features)
    asked = hashes.get(_asked(session), "")
    other = _other(session.features, asked)
    if other and now in ("", asked):
        # Who refuses goes on with what he had.
        with suppress(RefusedError):
            session.ask("OPTS", f"HASH {other}")
            now = session.hashing = other
    session.hashed.add(now)


def _asked(session: Session) -> str:
    """What verify will ask for, by hashlib's name."""
    ours = session.destination.digests
    return next(
        (name for name in STRONGEST if name in ours and name in _hashes(session.features)), ""
    )


def _listed(features: Features) -> list[str]:
    return [word.strip("* ").upper() for word in features.get("HASH", "").split(";")]


def _other(features: Features, name: str) -> str:
    """Another one that HASH offers, best one that nobody asks for; empty where there is none."""
    others = [word for word in _listed(features) if word and word != name]
    return next((word for word in others if word not in ASKED), others[0] if others else "")


def _chosen(features: Features) -> str:
    """What the server has chosen by itself, empty when it does not say."""
    words = features.get("HASH", "").split(";")
    return next((word.strip("* ").upper() for word in words if "*" in word), "")


def _hashes(features: Features) -> dict[str, str]:
    """What HASH offers: hashlib's name and the server's; the asterisk marks the chosen one."""
    return {ALGORITHMS[word]: word for word in _listed(features) if word in ALGORITHMS}


class FtpProof:
    def __init__(self, session: Session) -> None:
        self._session = session

    def digest(self, path: str, algorithm: str) -> str | None:
        """None also for the hash of nothing when the file has bytes: old ProFTPDs answer that."""
        size = self._session.size(path)
        if size is None:
            return None
        self._afresh(algorithm)
        try:
            said = self._ask(path, algorithm, size)
        except RefusedError:
            return None
        empty = hashlib.new(algorithm, usedforsecurity=False)
        # The name stands in some replies, and may look like a hash itself.
        words = said.replace(path, " ")
        found = re.findall(
            rf"(?<![0-9a-f])[0-9a-f]{{{empty.digest_size * 2}}}(?![0-9a-f])", words.lower()
        )
        if len(found) != 1 or (size and found[0] == empty.hexdigest()):
            return None
        return str(found[0])

    def _afresh(self, algorithm: str) -> None:
        """In a session that has seen no bytes, where they may have been hashed on their way."""
        name = _hashes(self._session.features).get(algorithm)
        if name and self._session.hashed & {name, ""}:
            self._session.again()

    def _ask(self, path: str, algorithm: str, size: int) -> str:
        """Raises RefusedError."""
        session = self._session
        with session.line.speaking(path, session.destination.timeout + size / SLOWEST_HASH):
            name = _hashes(session.features).get(algorithm)
            other = _other(session.features, name) if name else ""
            if name and other:
                session.line.control.ask("OPTS", f"HASH {name}")
                try:
                    return session.line.control.ask("HASH", path)
                finally:
                    session.hashing = name
                    with suppress(RefusedError):
                        session.line.control.ask("OPTS", f"HASH {other}")
                        session.hashing = other
            for verb in COMMANDS.get(algorithm, ()):
                if verb in session.features:
                    return session.line.control.ask(verb, path)
        return ""

    def read(self, path: str, start: int, length: int) -> Iterator[bytes]:
        """One transfer; the server is told to stop when enough has come."""
        if length <= 0:
            return
        data, before = self._begin(path, start)
        try:
            for piece in self._pieces(data, path, before + length):
                if len(piece) > before:
                    yield piece[before:]
                before = max(before - len(piece), 0)
            # At the end of the file the transfer ends in peace; before it some servers hang up.
            self._receive(data, path, 1)
        finally:
            self._end(path)

    def _begin(self, path: str, start: int) -> tuple[socket.socket, int]:
        """The stream, and how many of its bytes lie before `start`: all, where REST is unknown."""
        try:
            try:
                return self._session.stream("RETR", path, start or None), 0
            except RefusedError as refused:
                if not start or refused.code not in UNKNOWN_COMMAND:
                    raise
                return self._session.stream("RETR", path), start
        except RefusedError as refused:
            code = code_of(refused, path)
            code = None if code is Code.REMOTE_NO_DIRECTORY else code
            raise failure(self._session.destination, code, "read", path, refused) from refused

    def regular(self, path: str) -> bool:
        return self._session.is_file(path)

    def lacks(self, path: str) -> bool:
        return self._session.lacks(dirname(path))

    def standing(self, path: str) -> str | None:
        return self._session.standing(path)

    def names(self, folder: str) -> list[str]:
        return self._session.names(folder)

    def modified(self, path: str) -> datetime | None:
        """MDTM, in UTC, perhaps with fractions of a second (RFC 3659, section 3)."""
        try:
            said = self._session.ask("MDTM", path) if "MDTM" in self._session.features else ""
            return datetime.strptime(said[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        except (RefusedError, ValueError):
            return None

    def _pieces(self, data: socket.socket, path: str, length: int) -> Iterator[bytes]:
        left = length
        while left > 0:
            piece = self._receive(data, path, min(PIECE, left))
            if not piece:
                return
            left -= len(piece)
            yield piece

    def _receive(self, data: socket.socket, path: str, most: int) -> bytes:
        with self._session.line.fetching(path):
            try:
                return data.recv(most)
            except ssl.SSLEOFError:
                # No farewell; whether enough has come is the reader's to judge.
                return b""

    def _end(self, path: str) -> None:
        """The reply is 226 after the end of the file, 426 or 451 before it: all the same here."""
        line = self._session.line
        if line.over:
            return
        line.let_go()
        with suppress(FerryError, RefusedError), line.speaking(path, PARTING_WORDS):
            line.control.answer()
        if line.over:
            # pure-ftpd hangs up, or says nothing more, after a transfer that was given up.
            with suppress(FerryError):
                self._session.again()
