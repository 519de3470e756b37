"""What one delivery needs: who carries it, where to, over which connection."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from posixpath import dirname, join
from typing import Any

from transfer.destination import Destination, Mode
from transfer.errors import FerryError, Transient
from transfer.model import CHUNK, Delivery, Transfer
from transfer.names import TEMP_PREFIX
from transfer.ports import Powers, Remote
from transfer.tools import Tools


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

    def progress(self, delivery: Delivery, moved: int) -> Delivery:
        """The bytes acknowledged so far: lossy, so a ledger that does not answer stops nothing."""
        try:
            return self.note(delivery, moved=moved)
        except Transient:
            return delivery.evolve(moved=moved)

    @property
    def powers(self) -> Powers:
        """What the server can do, without what it was seen to refuse."""
        return self.tools.refusals.left(self.destination, self.remote.powers)

    @property
    def in_place(self) -> bool:
        """The destination grants no rename: the final name is written to directly."""
        return self.destination.mode is Mode.DIRECT

    def temp_name(self, delivery: Delivery) -> str:
        """In the final name's directory, so that the rename stays on one file system.

        The one that it has, where that is of this epoch: an earlier name may have been blocked.
        """
        if self.in_place:
            return delivery.final
        mine = self._hidden(delivery, f"e{self.transfer.epoch}.")
        has = delivery.temp or ""
        return has if has.startswith(mine) else f"{mine}part"

    def other_name(self, delivery: Delivery) -> str:
        """Of the same epoch, for a temp whose name is blocked: `…e3.part` becomes `…e3.2.part`."""
        mine = self._hidden(delivery, f"e{self.transfer.epoch}.")
        number = self.temp_name(delivery).removeprefix(mine).removesuffix("part").strip(".")
        return f"{mine}{int(number or 1) + 1}.part"

    def backup_name(self, delivery: Delivery) -> str:
        """Where SWAP keeps the old file; the same for every epoch, so that it is found again."""
        return self._hidden(delivery, "old")

    def drop(self, path: str) -> None:
        """Remove it if that can be had; a name that stays stands in the ledger for Cleanup."""
        with suppress(FerryError):
            self.remote.remove(path)

    def _hidden(self, delivery: Delivery, end: str) -> str:
        who = f"{self.transfer.request.token}-{delivery.number}-{end}"
        return join(dirname(delivery.final), f"{TEMP_PREFIX}{who}")


def temp_of(delivery: Delivery) -> str:
    """The temp's name; there is one from UPLOADING on."""
    if delivery.temp is None:
        raise ValueError(f"delivery {delivery.number} has no temp in state {delivery.state}")
    return delivery.temp
