"""What a connection has found out about its server beside the port's words, for people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """`server` is what it says that it is, `address` the one that answered, `round_trip` TCP's and
    `answer` that of one request, both in seconds. `until` is the end of its certificate.
    """

    server: str
    address: str
    round_trip: float
    answer: float
    algorithms: str
    features: tuple[str, ...]
    until: datetime | None = None


@runtime_checkable
class Telling(Protocol):
    """A Remote that tells; it may ask its server once. Raises what `Remote` raises."""

    def told(self) -> Told: ...
