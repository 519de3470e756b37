"""Many small files at once over one SFTP connection: the round trips of different files overlap.

One file costs four round trips (open; write, sync and close; size; rename). With sixteen files
under way the connection is never idle, and the answers of several files come in one packet.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from paramiko.sftp import CMD_OPEN, CMD_STAT

from adapters.remotes.sftp.answer import Answer
from adapters.remotes.sftp.errors import is_said_absent
from adapters.remotes.sftp.upload import SftpUpload
from adapters.remotes.sftp.wire import RefusedError, Wire, check, size_of, text
from transfer.crossing.batch import Small
from transfer.errors import FerryError, Permanent

T = TypeVar("T")
Request = tuple[int, *tuple[bytes, ...]]
"""The kind of a request and its fields."""
AT_ONCE = 16
"""Files under way at the same time; more gain nothing (measured on loopback)."""


class Task(Protocol):
    """Something that posts requests and knows when all their answers have come."""

    @property
    def over(self) -> bool: ...

    def start(self) -> None: ...


class Storing:
    """One small file: open, then everything else at once, for a server must keep that order."""

    def __init__(
        self, wire: Wire, file: Small, how: bytes, begin: Callable[[str, bytes], SftpUpload]
    ) -> None:
        self.file = file
        self.size: int | None = None
        self.refused: tuple[RefusedError, str] | None = None
        self._wire = wire
        self._how = how
        self._begin = begin
        self._upload: SftpUpload | None = None
        self._asked = 0

    @property
    def over(self) -> bool:
        return not self._asked and (self._upload is None or self._upload.settled)

    def start(self) -> None:
        self._ask(CMD_OPEN, self._how, answered=self._opened)

    def _ask(self, kind: int, *more: bytes, answered: Callable[[int, Answer], None]) -> None:
        self._asked += 1
        self._wire.post(kind, text(self.file.path.encode()), *more, answered=answered)

    def _opened(self, kind: int, body: Answer) -> None:
        self._asked -= 1
        try:
            check(kind, body)
        except RefusedError as refused:
            self.refused = refused, "create"
            return
        self._upload = self._begin(self.file.path, body.get_string())
        self._upload.post(self.file.data, self.file.modified)
        self._ask(CMD_STAT, answered=self._sized)

    def _sized(self, kind: int, body: Answer) -> None:
        self._asked -= 1
        try:
            check(kind, body)
            self.size = size_of(body)
        except RefusedError:
            # Gone already, or a server that does not tell: the caller finds the size missing.
            self.size = None

    def judge(self) -> int | None:
        """The size on the server after the close. Raises the FerryError of a refused request."""
        if self._upload is not None:
            self._upload.raise_refusal()
        return self.size


class Asking:
    """One request with a status for an answer; with `then`, a look whether a name is free, and the
    request `then` as soon as it is. `stopped` says that it was not, or that nobody can tell.
    """

    def __init__(
        self,
        wire: Wire,
        kind: int,
        *fields: bytes,
        then: tuple[int, *tuple[bytes, ...]] | None = None,
    ) -> None:
        self.over = self.stopped = False
        self.refused: RefusedError | None = None
        self._wire, self._kind, self._fields = wire, kind, fields
        self._then = then

    def start(self) -> None:
        self._wire.post(self._kind, *self._fields, answered=self._answered)

    def _answered(self, kind: int, body: Answer) -> None:
        try:
            check(kind, body)
        except RefusedError as refused:
            self._take(refused)
        else:
            self.over, self.stopped = True, self._then is not None

    def _take(self, refused: RefusedError) -> None:
        then, self._then = self._then, None
        if then is None:
            self.over, self.refused = True, refused
        # The first field of such a request is the path, behind its length.
        elif is_said_absent(refused, self._fields[0][4:].decode()):
            kind, *fields = then
            self._wire.post(kind, *fields, answered=self._answered)
        else:
            self.over = self.stopped = True


def caught(act: Callable[[], T]) -> T | FerryError:
    """What it returns, or the Permanent that it raises."""
    try:
        return act()
    except Permanent as error:
        return error


def run(wire: Wire, tasks: Iterable[Task]) -> None:
    """Start them in order, AT_ONCE under way at a time; returns when all are over."""
    waiting, live = deque(tasks), list[Task]()
    while waiting or live:
        with wire.together():
            while waiting and len(live) < min(AT_ONCE, wire.handles):
                task = waiting.popleft()
                task.start()
                live.append(task)
        with wire.together():
            wire.listen()
            while wire.ready and not wire.idle:
                wire.listen()
        live = [task for task in live if not task.over]
