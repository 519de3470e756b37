"""Remotes that do something of the test's before the engine renames or connects again, or after it
has closed a file; and those that are in a hurry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from transfer.destination import Destination
from transfer.ports import Remote, Remotes, Upload


class Meddling:
    """The Remotes port over another one. `before` runs once, before the first rename and with
    its names; `between` once, before the next connection after that.
    """

    def __init__(
        self,
        remotes: Remotes,
        before: Callable[[str, str], object],
        between: Callable[[], object] = lambda: None,
    ) -> None:
        self._remotes = remotes
        self._before = [before]
        self._between = [between]
        self.protocols = remotes.protocols

    def connect(self, destination: Destination, *, beside: Remote | None = None) -> Any:
        if not self._before and self._between:
            self._between.pop()()
        return _Meddled(self._remotes.connect(destination, beside=beside), self._before)


class Hurried:
    """The Remotes port over another one, with short times for as long as a fault is `coming`:
    afterwards a busy machine may take its time, for nothing hangs any more.
    """

    def __init__(
        self, remotes: Remotes, coming: Callable[[], object], timeout: float, connect_timeout: float
    ) -> None:
        self._remotes = remotes
        self._coming = coming
        self._times: dict[str, Any] = {"timeout": timeout, "connect_timeout": connect_timeout}
        self.protocols = remotes.protocols

    def connect(self, destination: Destination, *, beside: Remote | None = None) -> Remote:
        if self._coming():
            destination = replace(destination, **self._times)
        return self._remotes.connect(destination, beside=beside)


class _Meddled:
    def __init__(self, remote: Remote, before: list[Callable[[str, str], object]]) -> None:
        self._remote = remote
        self._before = before

    def __getattr__(self, name: str) -> Any:
        return getattr(self._remote, name)

    def rename(self, old: str, new: str, *, replace: bool) -> bool:
        if self._before:
            self._before.pop()(old, new)
        return self._remote.rename(old, new, replace=replace)


class Collecting:
    """The Remotes port over another one: `take` has the path of each file as soon as it is closed,
    as a partner's software that waits for that.
    """

    def __init__(self, remotes: Remotes, take: Callable[[str], object]) -> None:
        self._remotes = remotes
        self._take = take
        self.protocols = remotes.protocols

    def connect(self, destination: Destination, *, beside: Remote | None = None) -> Any:
        return _Collected(self._remotes.connect(destination, beside=beside), self._take)


class _Collected:
    def __init__(self, remote: Remote, take: Callable[[str], object]) -> None:
        self._remote = remote
        self._take = take

    def __getattr__(self, name: str) -> Any:
        return getattr(self._remote, name)

    def create(self, path: str, *, at: int = 0) -> Any:
        return _Closing(self._remote.create(path, at=at), lambda: self._take(path))


class _Closing:
    def __init__(self, upload: Upload, take: Callable[[], object]) -> None:
        self._upload = upload
        self._take = take

    def __getattr__(self, name: str) -> Any:
        return getattr(self._upload, name)

    def finish(self, modified: datetime | None = None) -> None:
        self._upload.finish(modified)
        self._take()
