"""What comes late: some servers show a file no sooner than a while after its close."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from transfer.errors import PASSING, FerryError
from transfer.ports import Remote

Found = TypeVar("Found")

LOOKS = (0.25, 0.5, 1.0, 2.0, 2.0)
"""Seconds before each further look: stores behind a gateway have taken one, and some a few."""


def stored(
    remote: Remote,
    path: str,
    wanted: int,
    pause: Callable[[float], object],
    looks: Iterable[float] = LOOKS,
) -> int | None:
    """The size of a closed file, looked at again while it is less than it has to be.

    An iterator as `looks` is shared by several files: who waits for one waits for all.
    """
    size = remote.size(path)
    if size is not None and size >= wanted:
        return size
    for seconds in looks:
        pause(seconds)
        size = remote.size(path)
        if size is not None and size >= wanted:
            break
    return size


def standing(
    remote: Remote, path: str, wanted: int, pause: Callable[[float], object]
) -> int | None:
    """The size of a file that somebody else may have closed just now; an absent one is absent."""
    size = remote.size(path)
    return size if size is None else stored(remote, path, wanted, pause)


def read(
    look: Callable[[], tuple[int, Found]], wanted: int, pause: Callable[[float], object]
) -> Found:
    """What was found in a closed file, read again while it is short, or while somebody who looks
    into it holds it. Raises the last refusal.
    """
    for seconds in LOOKS:
        try:
            size, found = look()
        except FerryError as error:
            if error.code not in PASSING:
                raise
        else:
            if size >= wanted:
                return found
        pause(seconds)
    return look()[1]
