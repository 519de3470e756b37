"""What upload, proof and remote share: one login, and the commands that all of them need."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from posixpath import basename, dirname, join
from select import POLLIN, poll
from time import monotonic

from adapters.log import Log
from adapters.remotes.dial import plain
from adapters.remotes.ftp import tls
from adapters.remotes.ftp.control import RefusedError
from adapters.remotes.ftp.errors import UNKNOWN_COMMAND, code_of, failure, is_long
from adapters.remotes.ftp.line import LINE_ERRORS
from adapters.remotes.ftp.login import Opened
from adapters.remotes.told import Told
from adapters.remotes.words import unnamed
from transfer.destination import Destination
from transfer.errors import Code, FerryError

ABSENT = frozenset({450, 550, 553})
NOT_ABSENCE = (Code.REMOTE_DENIED, Code.REMOTE_DROPPED, Code.REMOTE_FAILED, Code.REMOTE_FULL)
VAGUE = frozenset({550, 553})
FOR_A_WHILE = 450
"""Of a file that is busy as of one that is not there (RFC 959, section 4.2.2)."""
UNEXPLAINED = frozenset({450, 451})
"""What some say of anything that fails: aioftp of a directory that is not there."""
ABSENT_FOR_GOOD = 550
NOT_CONTINUED = frozenset({425, 426, 522})
"""Codes with which servers refuse a data connection that is not of the control's TLS session."""
VERDICT = 0.2
"""Seconds that such a refusal is waited for, at least; a server that is far away gets longer."""
ALIVE = "200"
"""The reply to NOOP (RFC 959, section 5.4), and to nothing that moves or names a file."""
UNASKED = re.compile(r"not (allowed|supported|implemented|enabled)|disabled")
"""What some say of SIZE itself, by the code for a file that is not there."""
NUMBER = re.compile(r"\d{1,19}")
GLOB = frozenset("*?[]{}\\")
MLST_SIZE = re.compile(r"(?:^|[\s;])size=(\d{1,19});", re.IGNORECASE)
LIST_SIZE = re.compile(r"^-\S+\s+\d+\s+\S+\s+\S+\s+(\d{1,19})\s")
MLST_TYPE = re.compile(r"(?:^|[\s;])type=([^;]+);", re.IGNORECASE)
PIECE = 256 * 1024
LISTING = 16 * 1024 * 1024
"""Bytes that a listing may have."""

log = Log()
Reopen = Callable[[ssl.TLSVersion | None], Opened]
"""Connects and logs in, with TLS no later than the given version."""


Turn = Callable[[Callable[[], Opened]], Opened]
"""Waits for who is logging in at that address already, then calls what logs in."""


def _at_once(login: Callable[[], Opened]) -> Opened:
    return login()


class _NotContinuedError(Exception):
    """The data connection was refused, as it seems for its TLS session."""


def _entry(lines: list[str], path: str) -> str | None:
    """The line of a listing that is about the path."""
    name = basename(path)
    return next((one for one in lines if one == name or one.endswith((f" {name}", path))), None)


class Session:
    def __init__(self, destination: Destination, reopen: Reopen) -> None:
        self.destination = destination
        self.closed = False
        self.turn: Turn = _at_once
        self._reopen = reopen
        self._latest: ssl.TLSVersion | None = None
        self._settled = False
        self._dates: tuple[str, ...] = ("MFMT", "MDTM")
        self.lost = False
        """Whether the line went with an upload that was given up: what comes next connects anew."""
        self._enter(reopen(None))

    def _enter(self, opened: Opened) -> None:
        self.line, self.identity, self.features = opened.line, opened.identity, opened.features
        self.hashing: str | None = None
        """The algorithm of HASH that we have chosen, None as long as it is the server's own."""
        self.hashed: set[str] = set()
        """Those that were chosen while bytes went out, empty for one that nobody knows."""

    def again(self) -> None:
        """Connect once more, in its turn, where the line broke; not after `close`."""
        self.lost = False
        self.line.hang_up()
        if not self.closed:
            self._enter(self.turn(partial(self._reopen, self._latest)))

    def is_well(self, patience: float) -> bool:
        line = self.line
        if line.over or line.control.data:
            return False
        try:
            with line.speaking(patience=patience):
                line.control.ask("NOOP")
        except (FerryError, RefusedError):
            return False
        # A belated reply to an earlier command, which would put all others off by one, is no 200.
        return line.control.lastresp == ALIVE

    def told(self) -> Told:
        """With the round trip of a NOOP; a server that refuses that has answered as well."""
        begin, control = monotonic(), self.line.control
        with suppress(RefusedError):
            self.ask("NOOP", "")
        answer = monotonic() - begin
        with self.line.speaking():
            address, away = self.line.reached()
        secured = control.sock if isinstance(control.sock, ssl.SSLSocket) else None
        return Told(
            server=plain(control.welcome or ""),
            address=address,
            round_trip=away,
            answer=answer,
            algorithms=tls.agreed(secured) if secured else "",
            features=tuple(
                sorted(f"{verb} {rest}".strip() for verb, rest in self.features.items())
            ),
            until=tls.until(secured) if secured else None,
        )

    def close(self) -> None:
        if not (self.line.over or self.line.control.data):
            with suppress(FerryError, RefusedError), self.line.speaking(patience=1):
                self.line.control.putcmd("QUIT")
        self.closed = True
        self.line.hang_up()

    def _find_line(self) -> None:
        if self.lost:
            self.again()

    def ask(self, verb: str, path: str) -> str:
        """Raises RefusedError, and FerryError for a broken line."""
        self._find_line()
        with self.line.speaking(path):
            return self.line.control.ask(verb, path)

    def size(self, path: str) -> int | None:
        """Bytes, None when there is no such file: empty is told from absent.

        Some servers answer 0 for names that look like patterns, so a 0 is looked at twice there.
        """
        try:
            said = self.ask("SIZE", path)
        except RefusedError as refused:
            untold = UNASKED.search(unnamed(refused.text, path, basename(path)))
            vague = refused.code == FOR_A_WHILE and code_of(refused, path) is None
            if refused.code in UNKNOWN_COMMAND or untold or vague:
                return self._listed(path)
            self._check_absent(refused, path)
            return None
        if not NUMBER.fullmatch(said.strip()):
            return self._listed(path)
        size = int(said)
        return size or self._listed(path) if GLOB.intersection(path) else size

    def _listed(self, path: str) -> int | None:
        """The size by MLST (RFC 3659), else by LIST, else by reading the whole file.

        MLST is tried where FEAT says nothing. Some servers list nothing for an absent name, and
        some nothing for a file, as they list directories only: its directory tells.
        """
        try:
            found = self._by_mlst(path)
            if found is not None:
                return found
            lines = self._list(path)
            entry = _entry(lines, path)
            if lines and entry is None:
                raise failure(self.destination, None, "tell the size of", path)
            entry = entry or _entry(self._list(dirname(path)), path)
            if entry is None:
                return None
            size = LIST_SIZE.match(entry)
            return int(size[1]) if size else self._counted(path)
        except RefusedError as refused:
            self._check_absent(refused, path)
            return None

    def _by_mlst(self, path: str) -> int | None:
        """None where the server does not know MLST. Raises RefusedError."""
        if self.features and "MLST" not in self.features:
            return None
        try:
            said = self.ask("MLST", path)
        except RefusedError as refused:
            if refused.code in UNKNOWN_COMMAND:
                return None
            raise
        found = MLST_SIZE.search(said)
        return int(found[1]) if found else None

    def _counted(self, path: str) -> int:
        """By reading it, as tier T2 does; raises RefusedError when there is nothing to read."""
        data = self.stream("RETR", path)
        size = 0
        with self.line.fetching(path):
            while piece := data.recv(PIECE):
                size += len(piece)
            self.line.let_go()
            self.line.control.answer()
        return size

    def is_file(self, path: str) -> bool:
        """By MLST (RFC 3659, section 7.5.1); who has none enters no file as a directory."""
        with suppress(RefusedError):
            if "MLST" in self.features and (kind := MLST_TYPE.search(self.ask("MLST", path))):
                return kind[1].lower() == "file"
            return self.size(path) is not None and not self._is_directory(path)
        return False

    def standing(self, path: str) -> str | None:
        """The path as its directory lists it; None too where the list is too long to be read."""
        folder, wanted = dirname(path), basename(path)
        try:
            names = [basename(line) for line in self._list(folder, "NLST")]
        except RefusedError:
            return None
        like = [name for name in names if name.casefold() == wanted.casefold()]
        if not like:
            return None
        return path if wanted in like else join(folder, like[0])

    def names(self, folder: str) -> list[str]:
        """Of a directory; some servers refuse to list an empty one."""
        try:
            return [basename(line) for line in self._list(folder, "NLST")]
        except RefusedError as refused:
            unsaid = refused.code in ABSENT and code_of(refused, folder) is None
            if unsaid and self._is_directory(folder):
                return []
            raise self.explain(refused, "list", folder) from refused

    def _list(self, path: str, verb: str = "LIST") -> list[str]:
        data = self.stream(verb, path)
        found = b""
        with self.line.speaking(path):
            while len(found) < LISTING and (piece := data.recv(PIECE)):
                found += piece
            self.line.let_go()
            self.line.control.answer()
        return found.decode(self.line.control.encoding, errors="replace").splitlines()

    def _check_absent(self, refused: RefusedError, path: str) -> None:
        """Raises unless the refusal means that there is no such file."""
        code = code_of(refused, path)
        if code in NOT_ABSENCE or refused.code not in ABSENT:
            raise failure(self.destination, code, "tell the size of", path, refused)

    def explain(
        self, refused: RefusedError, doing: str, path: str, *, taken: Code | None = None
    ) -> FerryError:
        """Find out why, where the server did not say or says "no such file" of anything; `taken` is
        the code for a name in use.
        """
        code = code_of(refused, path)
        if code is Code.REMOTE_EXISTS and taken:
            code = taken
        if code is None and refused.code in VAGUE and not is_long(path):
            there = self._is_directory(dirname(path))
            code = Code.REMOTE_DENIED if there else Code.REMOTE_NO_DIRECTORY
        elif code is None and refused.code in UNEXPLAINED and self.lacks(dirname(path)):
            code = Code.REMOTE_NO_DIRECTORY
        elif code is Code.REMOTE_NO_DIRECTORY and self._is_directory(dirname(path)):
            code = None
        return failure(self.destination, code, doing, path, refused)

    def lacks(self, folder: str) -> bool:
        """Whether it is proven that there is no such directory: it is refused for good, and not for
        a right, while the one above it is entered.
        """
        try:
            self.ask("CWD", folder)
        except RefusedError as refused:
            above = dirname(folder)
            denied = code_of(refused, folder) is Code.REMOTE_DENIED
            absent = refused.code == ABSENT_FOR_GOOD and not denied
            return absent and above != folder and (self._is_directory(above) or self.lacks(above))
        return False

    def _is_directory(self, path: str) -> bool:
        try:
            self.ask("CWD", path)
        except RefusedError:
            return False
        return True

    def date(self, path: str, modified: datetime) -> None:
        """Where the server sets dates: MFMT, and vsftpd's MDTM with two arguments, both in UTC."""
        stamp = modified.astimezone(UTC).strftime("%Y%m%d%H%M%S")
        for verb in self._dates:
            if verb in self.features:
                with suppress(RefusedError):
                    self.ask(verb, f"{stamp} {path}")
                    self._dates = (verb,)
                    return
        self._dates = ()

    def stream(self, verb: str, path: str, rest: int | None = None) -> socket.socket:
        """Begin a transfer. Raises RefusedError, and FerryError for a broken line.

        A server that wants data connections to continue the control's TLS session, and does not
        take TLS 1.3's tickets for that, is connected to once more with TLS 1.2.
        """
        self._find_line()
        try:
            with self.line.speaking(path):
                return self._begin(verb, path, rest)
        except _NotContinuedError as error:
            log.info("remote.tls_1_2", destination=self.destination.name, reason=plain(str(error)))
        self._latest = ssl.TLSVersion.TLSv1_2
        self.again()
        with self.line.speaking(path):
            return self.line.control.stream(verb, path, rest)

    def _begin(self, verb: str, path: str, rest: int | None) -> socket.socket:
        begun = monotonic()
        try:
            data = self.line.control.stream(verb, path, rest)
            if not self._settled and isinstance(data, ssl.SSLSocket) and not data.session_reused:
                self._await_verdict(max(VERDICT, monotonic() - begun))
        except (RefusedError, *LINE_ERRORS) as error:
            if self._may_step_down(error):
                raise _NotContinuedError(str(error)) from error
            raise
        self._settled = True
        return data

    def _await_verdict(self, seconds: float) -> None:
        """Whoever insists on a continued session says so right after the handshake."""
        look = poll()
        look.register(self.line.control.wire, POLLIN)
        if look.poll(seconds * 1000):
            self.line.control.answer()

    def _may_step_down(self, error: Exception) -> bool:
        control = self.line.control
        modern = isinstance(control.sock, ssl.SSLSocket) and control.sock.version() == "TLSv1.3"
        about_data = not isinstance(error, RefusedError) or error.code in NOT_CONTINUED
        about_data = about_data and not isinstance(error, ssl.SSLCertVerificationError)
        opened = control.data is not None
        return modern and about_data and opened and not self.line.watchdog.bitten
