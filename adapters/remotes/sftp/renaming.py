"""Renaming over SFTP: in one step of the server's, and true about which of two owners won.

Version 3 leaves open what a plain rename does to a name that is taken: OpenSSH refuses, others
replace, and the banner is the SSH server's, which may have another SFTP program behind it. So we
look right before, every time, and by a new session where this one may see what is past; within that
one round trip the server is the only guard.

`hardlink@openssh.com` refuses a taken name everywhere, and is not used: a link leaves the temp
where it is. After a crash a temp that is still there would prove nothing any more, and a file that
the partner took at once would be sent twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from paramiko.sftp import CMD_EXTENDED, CMD_LSTAT, CMD_RENAME

from adapters.remotes.sftp.batch import Asking, Request, caught, run
from adapters.remotes.sftp.errors import UNSUPPORTED, failure
from adapters.remotes.sftp.sight import Sight
from adapters.remotes.sftp.wire import RefusedError, Wire, text
from adapters.remotes.ssh.line import Line
from transfer.errors import Code, FerryError

POSIX_RENAME = "posix-rename@openssh.com"


class Explain(Protocol):
    def __call__(
        self, path: str, refused: RefusedError, doing: str, taken: str | None
    ) -> FerryError: ...


class Renaming:
    """`exists` tells whether anything has a name, `explain` why the server refused."""

    def __init__(
        self, line: Line, wire: Wire, sight: Sight, exists: Callable[[str], bool], explain: Explain
    ) -> None:
        self._line = line
        self._wire = wire
        self._sight = sight
        self._exists = exists
        self._explain = explain
        self.replaces = POSIX_RENAME in wire.extensions
        self._unknown = False

    def one(self, old: str, new: str, *, replace: bool) -> bool:
        plain = self._is_plain(replace=replace)
        # Not within the watch: the other session has its own.
        taken = bool(plain and self._sight.afresh([new]))
        with self._line.speaking(new):
            if taken or (plain and self._exists(new)):
                if not self._exists(old):
                    return False
                code = Code.REMOTE_NO_REPLACE if replace else Code.REMOTE_EXISTS
                raise failure(self._line.destination, code, f"rename {old} to", new)
            # Of two owners who rename the same file the server lets one win; no look beforehand
            # may decide that.
            try:
                self._wire.ask(*self._request(old, new, plain=plain))
            except RefusedError as refused:
                if not self._is_unknown(refused, plain=plain):
                    return self._judge(old, new, refused, plain=plain)
            else:
                return True
        return self.one(old, new, replace=replace)

    def many(self, pairs: Sequence[tuple[str, str]], *, replace: bool) -> list[bool | FerryError]:
        plain = self._is_plain(replace=replace)
        taken = self._sight.afresh([new for _, new in pairs]) if plain else frozenset()
        tasks = {pair: self._task(*pair, plain=plain) for pair in pairs if pair[1] not in taken}
        with self._line.speaking():
            run(self._wire, tasks.values())
        return [
            caught(partial(self._outcome, *pair, tasks.get(pair), replace=replace, plain=plain))
            for pair in pairs
        ]

    def _task(self, old: str, new: str, *, plain: bool) -> Asking:
        request = self._request(old, new, plain=plain)
        if not plain:
            return Asking(self._wire, *request)
        return Asking(self._wire, CMD_LSTAT, text(new.encode()), then=request)

    def _outcome(
        self, old: str, new: str, task: Asking | None, *, replace: bool, plain: bool
    ) -> bool:
        if task is None or task.stopped or self._is_unknown(task.refused, plain=plain):
            # Taken, or the server does not say: that is looked into for this one alone.
            return self.one(old, new, replace=replace)
        return self._judge(old, new, task.refused, plain=plain)

    def _is_unknown(self, refused: RefusedError | None, *, plain: bool) -> bool:
        """Whether the server offers posix-rename and does not know it; it is not asked again.

        `replaces` stays: how a file is to be replaced is not changed in the middle of that.
        """
        unknown = not plain and refused is not None and refused.status == UNSUPPORTED
        self._unknown = self._unknown or unknown
        return unknown

    def _is_plain(self, *, replace: bool) -> bool:
        return not (replace and self.replaces) or self._unknown

    def _request(self, old: str, new: str, *, plain: bool) -> Request:
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
