"""What is worth knowing for a while: so many things at most, each for so long."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Remembered(Generic[Value]):
    """The latest `most` things, each for `seconds`; `now` counts seconds. For all threads."""

    def __init__(
        self, most: int, seconds: float, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = most
        self._seconds = seconds
        self._now = now
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[float, Value]] = OrderedDict()

    def keep(self, key: Hashable, value: Value) -> None:
        """From now on; the oldest gives way to it."""
        with self._lock:
            self._kept[key] = (self._now() + self._seconds, value)
            self._kept.move_to_end(key)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def get(self, key: Hashable) -> Value | None:
        """None when it is not known, or not any more."""
        with self._lock:
            until, value = self._kept.get(key, (0.0, None))
            return value if self._now() < until else None
