"""Renaming over SFTP: in one step of the server's, and true about which of two owners won."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from paramiko.sftp import CMD_EXTENDED, CMD_RENAME

from adapters.remotes.sftp_batch import Asking, caught, run
from adapters.remotes.sftp_errors import failure
from adapters.remotes.sftp_wire import RefusedError, Wire, text
from adapters.remotes.ssh import Line, software
from transfer.errors import Code, FerryError

POSIX_RENAME = "posix-rename@openssh.com"
GUARDING = ("OpenSSH", "mod_sftp")
"""Software whose plain rename refuses a name that is taken: sftp-server.c of OpenSSH renames by
link and unlink, ProFTPD's mod_sftp looks first. Version 3 of SFTP leaves it open, and others
replace; who is not named here is not trusted.
"""


class Explain(Protocol):
    def __call__(
        self, path: str, refused: RefusedError, doing: str, taken: str | None
    ) -> FerryError: ...


class Renaming:
    """`exists` tells whether anything has a name, `explain` why the server refused."""

    def __init__(
        self, line: Line, wire: Wire, exists: Callable[[str], bool], explain: Explain
    ) -> None:
        self._line = line
        self._wire = wire
        self._exists = exists
        self._explain = explain
        self.guards = software(line).startswith(GUARDING)
        self.replaces = POSIX_RENAME in wire.extensions

    def one(self, old: str, new: str, *, replace: bool) -> bool:
        plain = not (replace and self.replaces)
        with self._line.speaking(new):
            # Some servers' plain rename replaces an existing file, so it is not asked to try.
            if plain and not self._is_safe(replace=replace) and self._exists(new):
                if not self._exists(old):
                    return False
                code = Code.REMOTE_NO_REPLACE if replace else Code.REMOTE_EXISTS
                raise failure(self._line.destination, code, f"rename {old} to", new)
            # Of two owners who rename the same file the server lets one win; no look beforehand
            # may decide that.
            try:
                self._wire.ask(*self._request(old, new, plain=plain))
            except RefusedError as refused:
                return self._judge(old, new, refused, plain=plain)
        return True

    def many(self, pairs: Sequence[tuple[str, str]], *, replace: bool) -> list[bool | FerryError]:
        plain = not (replace and self.replaces)
        if plain and not self._is_safe(replace=replace):
            return [caught(partial(self.one, *pair, replace=replace)) for pair in pairs]
        tasks = [Asking(self._wire, *self._request(*pair, plain=plain)) for pair in pairs]
        with self._line.speaking():
            run(self._wire, tasks)
        return [
            caught(partial(self._judge, *pair, task.refused, plain=plain))
            for pair, task in zip(pairs, tasks, strict=True)
        ]

    def _is_safe(self, *, replace: bool) -> bool:
        """Whether a plain rename may be asked for without looking first."""
        return self.guards and not replace

    def _request(self, old: str, new: str, *, plain: bool) -> tuple[int, *tuple[bytes, ...]]:
        names = text(old.encode()), text(new.encode())
        if plain:
            return CMD_RENAME, *names
        return CMD_EXTENDED, text(POSIX_RENAME.encode()), *names

    def _judge(self, old: str, new: str, refused: RefusedError | None, *, plain: bool) -> bool:
        """What the answer means: False when `old` is absent. Raises why it was refused."""
        if refused is None:
            return True
        with self._line.speaking(new):
            if not self._exists(old):
                return False
        taken = new if plain else None
        raise self._explain(new, refused, f"rename {old} to", taken) from refused
