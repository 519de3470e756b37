"""Many files shared out: shards, each with a claim of its own, while nobody works on the head.

    head, epoch n: names held ─ `sharing` saved ─ shards opened ─ claim given back
    shards: claim ─ carry ─ give back, each by itself, as often as it takes
    head, epoch m > n: all shards closed, whoever has them ─ what is left is counted by the files

So each file has one owner at a time: the head's claim, or that of its one shard. With
all-or-nothing the shards stop at VERIFIED, and are opened anew to publish once all files are there.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from transfer.audit.chain import Entry
from transfer.books import Beat, Ledger, Shards
from transfer.crossing.carrying import cleared, destination_of, undelivered
from transfer.crossing.fleet import waves
from transfer.destination import Destination, Mode
from transfer.errors import ClaimLost, FerryError, Stopping, Waiting
from transfer.history import Event
from transfer.model import Delivery, DeliveryState, Sharing, Stage, Transfer
from transfer.request.options import Options
from transfer.tickets import Post
from transfer.tools import Tools

FEW = 2
"""Shards' worth of files that one function carries as well."""
STORED = (DeliveryState.VERIFIED, DeliveryState.INTENT, DeliveryState.PUBLISHED)
"""States of a file that has come as far as all have to before the first is published."""


def share_out(transfer: Transfer, tools: Tools, size: int) -> Transfer | None:
    """The head with its shards open, of `size` files each; None when it is to be carried in one.

    Raises Waiting as long as the request has to wait, ClaimLost, Stopping.
    """
    if tools.shards is None or transfer.stage is not Stage.PINNED or transfer.failure:
        return None
    try:
        sharing = _shared(transfer, tools, size)
        if sharing is None:
            return None
        cleared(transfer, undelivered(transfer, tools), tools)
    except (ClaimLost, Stopping, Waiting):
        raise
    except FerryError:
        # The step will meet it, and knows what becomes of the transfer.
        return None
    return tools.shards.open(transfer.evolve(sharing=sharing))


def gathered(transfer: Transfer, tools: Tools) -> Transfer:
    """Whoever owns the head owns all files: before it touches one it takes the shards back."""
    if transfer.sharing is None or not transfer.sharing.open or tools.shards is None:
        return transfer
    return tools.shards.close(transfer)


def _shared(transfer: Transfer, tools: Tools, size: int) -> Sharing | None:
    """None for few files, and where shards got nowhere last time: one owner finds out why."""
    options, before = Options.of(transfer.request.options), transfer.sharing
    if options.dry_run or destination_of(transfer, tools).mode is Mode.DIRECT:
        return None
    files = undelivered(transfer, tools)
    missing = [item for item in files if item.state not in STORED]
    last = not options.all_or_nothing or not missing
    files = files if last else missing
    if len(waves(files)) > 1:
        # One owner sees to it that they come one after the other.
        return None
    if len(files) <= FEW * size or _in_vain(before, transfer, len(files), last=last):
        return None
    made = Sharing(size=before.size if before else size, numbers=(), opened=transfer.epoch)
    return made.evolve(
        numbers=tuple(sorted({made.of(item.number) for item in files})),
        by=transfer.execution or "",
        last=last,
        left=len(files),
    )


def _in_vain(before: Sharing | None, transfer: Transfer, left: int, *, last: bool) -> bool:
    same = before is not None and before.by == transfer.execution and before.last is last
    return before is not None and same and left >= before.left


def of_shard(claim: Transfer, tools: Tools) -> Tools:
    """Tools that see the files of this shard only, and have one of the partner's connections."""
    if tools.shards is None:
        return tools
    one = {name: replace(each, connections=1) for name, each in tools.destinations.items()}

    def place(
        transfer: Transfer, destination: Destination, _wanted: int
    ) -> AbstractContextManager[None]:
        """One of all that the destination has, which other shards want as well."""
        return tools.places(transfer, tools.destinations[destination.name], 1)

    ledger = _Part(tools.ledger, tools.shards, claim)
    return replace(tools, ledger=ledger, destinations=one, places=place, shards=None)


@dataclass(frozen=True, slots=True)
class _Part(Ledger):
    """The Ledger port for who has the claim of a shard."""

    ledger: Ledger
    shards: Shards
    shard: Transfer

    def deliveries(self, transfer_id: str) -> tuple[Delivery, ...]:
        del transfer_id  # it is the one that is held
        return self.shards.deliveries(self.shard)

    def claim(
        self, transfer_id: str, *, over: str = "", seen: Beat | None = None
    ) -> Transfer | None:
        return self.ledger.claim(transfer_id, over=over, seen=seen)

    def beat(self, transfer_id: str) -> Beat | None:
        return self.ledger.beat(transfer_id)

    def renew(self, transfer: Transfer, seconds: float) -> None:
        self.ledger.renew(transfer, seconds)

    def admit(self, transfer: Transfer) -> Transfer:
        return self.ledger.admit(transfer)

    def save(self, transfer: Transfer, *changes: Delivery | Post | Entry | Event) -> None:
        self.ledger.save(transfer, *changes)


def lanes(transfer: Transfer, tools: Tools) -> int:
    """Shards at the same time: each has one connection."""
    return destination_of(transfer, tools).connections
