"""What all doors share: calls to ServiceNow and files in an hour, and connections at once.

They are leased by a page that the doors keep together. Nobody writes for each call:

    calls   taken ── used for WINDOW at most ── counted for an HOUR from its end on ── forgotten
    places  taken ── renewed ── renewed ── given back, or free after a lease without a sign of life

The times are those of the wall clock, for hosts have no other in common. A host whose clock is
wrong counts too much or too little for an hour; it fences nobody.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

HOUR = 3600
WINDOW = 300
"""Seconds for which calls may be taken ahead."""
STEP = 60
"""Seconds that one line of the page stands for."""
PATIENT = 600.0
"""Seconds for which one that got no place is thought of: it asks again before."""

Result = TypeVar("Result")
Edit = Callable[[Mapping[str, Any], float], tuple[Result, Mapping[str, Any]]]
"""Given a page and the time: what is found there, and the page as it is to be; JSON all of it."""
Calls = Mapping[str, int]
"""By the second at which they are counted, as text: what was taken ahead until then."""
Places = Mapping[str, tuple[int, float]]
"""By holder: how many it has, 0 where it waits for one, and until when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """`calls` that may be made until `until`; `page` is what all doors have taken, this included.

    `until` is 0 where there was none left.
    """

    calls: int
    until: int
    page: Calls = field(default_factory=dict)

    @property
    def taken(self) -> int:
        return sum(self.page.values())

    def room_in(self, most: int, now: float) -> float:
        """Seconds until fewer than `most` calls are counted; 0 or less when there is room."""
        over = self.taken - most
        for stamp in sorted(map(int, self.page)):
            if over < 0:
                break
            over -= self.page[str(stamp)]
            if over < 0:
                return max(1.0, stamp + HOUR - now)
        return 0.0 if over < 0 else float(HOUR)


def lease_calls(page: Calls, wanted: int, most: int, now: float, back: Lease | None) -> Lease:
    """As many of the `wanted` calls as an hour of `most` has left.

    `back` is the lease before, with the calls that were not made: they are free again.
    """
    end = math.ceil((now + WINDOW) / STEP) * STEP
    counted: Counter[str] = Counter()
    for stamp, calls in page.items():
        if int(stamp) > now - HOUR:
            # What a clock that is ahead has written ages from now on.
            counted[str(min(int(stamp), end))] += calls
    if back is not None:
        unused = min(back.calls, counted[str(back.until)])
        counted[str(back.until)] -= max(0, unused)
    granted = max(0, min(wanted, most - counted.total()))
    counted[str(end)] += granted
    kept = {stamp: calls for stamp, calls in counted.items() if calls > 0}
    return Lease(calls=granted, until=end if granted else 0, page=kept)


def take_places(  # noqa: PLR0913 who asks for what, of how many, when
    page: Places, holder: str, wanted: int, most: int, *, now: float, lease: float, using: int = 0
) -> tuple[int, Places]:
    """How many of the `most` places the holder may use from now on, and the page then.

    While another one waits nobody has more than its share; what the holder is `using` beyond that
    stays counted until it asks again. `wanted` 0 gives all of them back.
    """
    others = {
        who: (count, min(until, now + max(lease, PATIENT)))
        for who, (count, until) in page.items()
        if who != holder and until > now
    }
    if wanted <= 0:
        return 0, others
    free = most - sum(count for count, _ in others.values())
    waiting = any(count == 0 for count, _ in others.values())
    share = max(1, most // (len(others) + 1)) if waiting else most
    granted = max(0, min(wanted, free, share))
    until = now + (lease if granted or using else PATIENT)
    return granted, {**others, holder: (max(granted, using), until)}
