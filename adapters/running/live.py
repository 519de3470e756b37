"""Values that a reload replaces while others read them; who wants them to stay takes a copy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar, overload

Key = TypeVar("Key")
Value = TypeVar("Value")


class LiveMap(Mapping[Key, Value]):
    """A mapping that becomes another one in one step, for all threads."""

    def __init__(self, now: Mapping[Key, Value]) -> None:
        self._now = dict(now)

    def become(self, new: Mapping[Key, Value]) -> None:
        self._now = dict(new)

    def __getitem__(self, key: Key) -> Value:
        return self._now[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._now)

    def __len__(self) -> int:
        return len(self._now)


class LiveList(Sequence[Value]):
    """A sequence that becomes another one in one step, for all threads."""

    def __init__(self, now: Sequence[Value]) -> None:
        self._now = tuple(now)

    def become(self, new: Sequence[Value]) -> None:
        self._now = tuple(new)

    @overload
    def __getitem__(self, index: int) -> Value: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Value, ...]: ...

    def __getitem__(self, index: int | slice) -> Value | tuple[Value, ...]:
        return self._now[index]

    def __iter__(self) -> Iterator[Value]:
        # Those of one moment: by indices a shorter one would end in the middle.
        return iter(self._now)

    def __len__(self) -> int:
        return len(self._now)
