"""What one delivery needs: who carries it, where to, over which connection."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from posixpath import dirname, join
from typing import Any

from transfer.computed import Kept
from transfer.destination import USUAL_SUFFIX, Destination, Mode
from transfer.errors import PASSING, FerryError, Permanent, Transient, passing
from transfer.model import CHUNK, Delivery, Transfer
from transfer.ports import Powers, Remote
from transfer.tools import Tools

PUBLISH_LEASE = 60.0
"""Seconds that the claim must still hold when a rename to the final name is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """One delivery's surroundings. `remote` is used by the thread that carries it."""

    transfer: Transfer
    destination: Destination
    remote: Remote
    tools: Tools

    def save(self, delivery: Delivery, **changes: Any) -> Delivery:
        """One conditional durable write: it fails when another epoch has taken over."""
        changed = delivery.evolve(**changes)
        self.tools.ledger.save(self.transfer, changed)
        return changed

    def note(self, delivery: Delivery, **changes: Any) -> Delivery:
        """Like `save`, but no write of its own for a file that is sent again in no time."""
        if delivery.size > CHUNK:
            return self.save(delivery, **changes)
        return delivery.evolve(**changes)

    def progress(self, delivery: Delivery, moved: int, kept: tuple[Kept, ...]) -> Delivery:
        """The bytes acknowledged so far, and what the digests were by then: lossy, so a ledger that
        does not answer stops nothing.
        """
        try:
            return self.note(delivery, moved=moved, kept=kept)
        except Transient:
            return delivery.evolve(moved=moved, kept=kept)

    @property
    def powers(self) -> Powers:
        """What the server can do, without what it was seen to refuse."""
        return self.tools.refusals.left(self.destination, self.remote.powers)

    @property
    def in_place(self) -> bool:
        """The destination grants no rename: the final name is written to directly."""
        return self.destination.mode is Mode.DIRECT

    def temp_name(self, delivery: Delivery) -> str:
        """On the final name's file system, so that the rename stays one step.

        The one that it has, where that is of this epoch: an earlier name may have been blocked.
        """
        if self.in_place:
            return delivery.final
        if delivery.temp and self._turn(delivery):
            return delivery.temp
        return self.hidden(delivery, self.transfer.mark, dirname(delivery.final))

    def other_name(self, delivery: Delivery) -> str:
        """Of the same epoch, for a temp whose name is blocked: `…e3.part` becomes `…e3-2.part`."""
        what = f"{self.transfer.mark}-{self._turn(delivery) + 1}"
        return self.hidden(delivery, what, dirname(delivery.final))

    def _turn(self, delivery: Delivery) -> int:
        """The how manieth name of this epoch its temp has; 0 for one of another epoch."""
        mine = f"{self.transfer.request.token}-{delivery.number}-{self.transfer.mark}"
        found = re.search(rf"{mine}(?:-(\d+))?(?!\d)", delivery.temp or "")
        return int(found[1] or 1) if found else 0

    def hidden(self, delivery: Delivery, what: str, directory: str, kind: str = "") -> str:
        """A name of ours that nobody picks up, in `directory` or where all of them lie."""
        names = self.destination.temp
        who = f"{self.transfer.request.token}-{delivery.number}-{what}"
        folder = join(self.destination.root, names.folder) if names.folder else directory
        return join(folder, names.named(who, kind))

    def move(self, old: str, new: str) -> bool:
        """`Remote.rename` between names of which one is ours alone: a refusal may pass."""
        try:
            return self.remote.rename(old, new, replace=False)
        except Permanent as error:
            raise _later(error) from error

    def clear(self, path: str) -> None:
        """`Remote.remove` of a name of ours: a refusal may pass."""
        try:
            self.remote.remove(path)
        except Permanent as error:
            raise _later(error) from error

    def drop(self, path: str) -> None:
        """Remove it if that can be had; a name that stays stands in the ledger for Cleanup."""
        with suppress(FerryError):
            self.remote.remove(path)


def beside_temp(temp: str, kind: str) -> str:
    """Another name of the same owner's. By the temp's own pattern: that of the destination may have
    been changed since then.
    """
    found = re.fullmatch(r"(.*-\d+-[es]\d+(?:-\d+)?(?:\.void)*)(.*)", temp, re.DOTALL)
    stem, last = found.groups() if found else (temp, "")
    return f"{stem}.{kind}{last if kind == 'void' or last != USUAL_SUFFIX else ''}"


def _later(error: Permanent) -> FerryError:
    return passing(error) if error.code in PASSING else error


def temp_of(delivery: Delivery) -> str:
    """The temp's name; there is one from UPLOADING on."""
    if delivery.temp is None:
        raise ValueError(f"delivery {delivery.number} has no temp in state {delivery.state}")
    return delivery.temp
