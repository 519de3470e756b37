"""What `fileferry ledger` asks of a store of books: make it, look it over, bring it up to date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What a check found. `faults` are whole sentences; without one the store is good.

    `running`: a daemon works on it, None where nobody can tell. `stages` and `outcomes` count
    transfers by their words, `sizes` bytes by file or table. `oldest` is when the oldest transfer
    that is not at rest was received.
    """

    kind: str
    place: str
    version: int | None = None
    running: bool | None = None
    faults: tuple[str, ...] = ()
    stages: Mapping[str, int] = field(default_factory=dict)
    outcomes: Mapping[str, int] = field(default_factory=dict)
    unfinished: int = 0
    quarantined: int = 0
    unsent: int = 0
    oldest: datetime | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        return not self.faults


class Shelf(Protocol):
    """The place where the books stand. Raises `ledger.*` as they do."""

    def init(self) -> str:
        """Create it, or find that it is there and good; returns the sentence that says which.

        Touches nothing that is there already. Raises Permanent `ledger.unusable` when something
        else stands there.
        """

    def check(self) -> Findings:
        """Read all of it. What cannot be opened at all raises."""

    def migrate(self) -> str:
        """Bring it to the version that this FileFerry reads; returns what was done, in a sentence.

        An old version is copied first, and the sentence names the copy.
        """

    def definition(self) -> str:
        """What init creates, in the store's own language."""
