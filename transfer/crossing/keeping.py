"""The states of a file's digests as they pass whole chunks, for whoever goes on with the file."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from threading import Condition

from transfer import digests as digesting
from transfer.computed import Kept
from transfer.digests import Hash
from transfer.model import CHUNK, Delivery

EVERY = (8, 64)
"""Beside the last two chunks, the last multiple of so many: a server that has lost what it had in
memory holds less than it acknowledged.
"""


class Keeping:
    """Told by the threads that digest, asked by the one that sends."""

    def __init__(self, delivery: Delivery, names: Iterable[str], at: int) -> None:
        """The digests have come to `at`, by states of `delivery.kept` or from its first byte."""
        self._delivery = delivery
        self._reached: dict[str, float] = dict.fromkeys(names, at)
        self._states: dict[int, dict[str, str]] = {
            kept.at: dict(kept.states)
            for kept in delivery.kept
            if kept.at <= at and digesting.fits(kept, delivery)
        }
        self._change = Condition()

    def passed(self, name: str, at: int, value: Hash) -> None:
        """The digest of that name has come to `at`."""
        with self._change:
            if at % CHUNK == 0:
                self._states.setdefault(at, {})[name] = value.state()
            self._reached[name] = at
            self._change.notify_all()

    def ended(self, name: str) -> None:
        """The digest of that name will come no further."""
        with self._change:
            self._reached[name] = inf
            self._change.notify_all()

    def before(self, proven: int) -> tuple[Kept, ...]:
        """The states to keep when so many bytes are acknowledged, once every digest has come there.

        It has been handed the chunks already: what this waits for is its processor time.
        """
        last = proven // CHUNK
        with self._change:
            self._change.wait_for(lambda: min(self._reached.values()) >= last * CHUNK)
            worth = {last, last - 1, *((last - 1) // every * every for every in EVERY)}
            self._states = {
                at: states
                for at, states in self._states.items()
                if at > proven or at // CHUNK in worth
            }
            return tuple(
                digesting.keep(self._delivery, at, states)
                for at, states in sorted(self._states.items())
                if 0 < at <= proven and states.keys() >= self._reached.keys()
            )
