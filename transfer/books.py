"""What has to be remembered, as Protocols of at most five verbs, and the Books that hold them all.

One store keeps them together: a state and the words about it are written in one transaction.
“Durable” is what a kill leaves standing; before something outside follows from it, or posts are
handed out, it outlives a power failure too, and with it all that was written before.

All of them raise FerryError only: Transient `ledger.busy`, `ledger.full`, `ledger.unavailable` when
a later try may work, Permanent `ledger.unusable` when the store must not be used any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from transfer.audit.chain import Entry, Link
from transfer.history import Event
from transfer.limits import Edit, Lease, Result
from transfer.model import Delivery, Outcome, Session, Transfer
from transfer.recollection import Recollection
from transfer.tickets import Post, Ticket, TicketRole


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """A claim as it was seen: `count` is another one after each sign of life of its owner."""

    epoch: int
    count: int
    owner: str


class Claims(Protocol):
    """Who may work on a transfer. Each verb is one transaction, durable when it returns."""

    def claim(
        self, transfer_id: str, *, over: str = "", seen: Beat | None = None
    ) -> Transfer | None:
        """Take the right to work on it: epoch and `claims` are raised by one, and returned.

        None when it is at rest, absent, or another live owner holds it. An owner is live until it
        gives back, or has not renewed for a lease (by the clock of who asks).

        `over` is the name of an execution and a slash; it stands before the owner's name from now
        on. An owner whose name begins with it is the caller's own invocation that has died: its
        claim is taken at once. `seen` is what beat() said a lease ago, by the word of the caller,
        who may be another process by now: the claim is taken if it is still the same.

        Whoever is taken for dead and lives is fenced by the epoch. Only a file that is written in
        place (Mode.DIRECT) has no fence at the partner: there neither is to be used before a lease.
        """

    def beat(self, transfer_id: str) -> Beat | None:
        """Who holds it, to be looked at again later; None when it is absent, free or at rest."""

    def renew(self, transfer: Transfer, seconds: float) -> None:
        """Hold the claim for `seconds` more; 0 gives it back, and sets `claims` to 0.

        Raises ClaimLost.
        """


class Ledger(Claims, Protocol):
    """The durable memory. Each verb is one transaction, durable when it returns."""

    def admit(self, transfer: Transfer) -> Transfer:
        """Insert if absent; returns what stands there now, which is `transfer` when it was new.

        What comes without a failure takes its item (items.key_of). While another transfer holds
        that (items.holds) nothing is inserted, and the first that does is returned: of any number
        of tasks of one item, admitted at one instant by any number of owners, one is carried.
        """

    def save(self, transfer: Transfer, *changes: Delivery | Post | Entry | Event) -> None:
        """Write the head, the given deliveries, the new posts and the link, all or nothing.

        Posts whose key stands already are left as they are. Raises ClaimLost, and writes nothing,
        when `transfer.epoch` is not the epoch of the latest claim. Of more than MANY changes the
        deliveries may come to stand in pieces, before the head and the posts.

        Raises ChainMoved, and writes nothing, when a link does not follow the last of its instance.

        Events are added to the history, of which at most history.MOST are kept. The ledger itself
        adds what was admitted, taken up, taken back, and which tickets were written; a claim that
        is given back with nothing behind it leaves none. An event of a shard's save is not kept.
        """

    def deliveries(self, transfer_id: str) -> tuple[Delivery, ...]:
        """The files of a transfer by number."""


MANY = 90
"""Changes that every store writes in one transaction (DynamoDB: 100 items, TransactWriteItems)."""


class Shards(Protocol):
    """Parts of the files of one transfer, each with a claim of its own, while nobody works on the
    head. `Claims.renew` and `Ledger.save` take the Transfer of such a claim as they take a head's:
    its epoch is compared with the shard's own, and of a save the head is left as it is; its Session
    is kept beside the claim.
    """

    def open(self, transfer: Transfer) -> Transfer:
        """Save the head with its `sharing`, and open the shards that this names; returns it so.

        Raises ClaimLost, and opens nothing more, when its epoch is not that of the latest claim.
        """

    def claim(self, transfer_id: str, number: int, opened: int, owner: str) -> Transfer | None:
        """The claim of an open shard, whoever has it: its execution calls one function at a time.

        None unless it stands open as it was opened in the head's epoch `opened`.
        """

    def close(self, transfer: Transfer) -> Transfer:
        """Take them back: no claim of a shard that was opened in an earlier epoch holds any more,
        and none is given. Saves the head with that, and with what was opened under the sessions
        of all of them, once. Raises ClaimLost.
        """

    def deliveries(self, transfer: Transfer) -> tuple[Delivery, ...]:
        """The files of the shard whose claim this is, by number."""


def session_of(head: Transfer, shard: int) -> Session | None:
    """What a shard counts by until it has saved one: nothing opened, and nobody else's id."""
    if head.session is None or head.sharing is None:
        return head.session
    own = f"{head.session.id}-{head.sharing.opened}-{shard}"
    return head.session.evolve(id=own, opened=0, least=False, not_after=None)


def joined(head: Transfer, sessions: Sequence[Session]) -> Transfer:
    """With what was opened under the sessions of its shards."""
    if head.session is None:
        return head
    every = (head.session, *sessions)
    ends = [each.not_after for each in every if each.not_after]
    session = head.session.evolve(
        opened=sum(each.opened for each in every),
        least=any(each.least for each in every),
        not_after=max(ends, default=None),
    )
    return head.evolve(session=session)


class Locks(Protocol):
    """Final names, each for one transfer that is not at rest."""

    def take(self, transfer: Transfer, names: Sequence[str]) -> Transfer | None:
        """Hold the names until the transfer is at rest, in their sorted order, as far as they are
        free; None when it holds them all, else the transfer that holds the first other.

        The names that were free before it stay held: in sorted order nobody waits in a circle.
        Names that it holds already are fine. Raises ClaimLost.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A row of the archive: a transfer with everything that stands beside it."""

    transfer: Transfer
    deliveries: tuple[Delivery, ...]
    tickets: Mapping[TicketRole, Ticket]
    unsent: int
    last_error: str | None
    updated_at: datetime
    history: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Only:
    """Of which transfers a search tells; without any of these of all.

    `failed`: it has ended without having done what was asked, or is in quarantine. `running`: it is
    not at rest. `since` is the time of the last change.
    """

    failed: bool = False
    running: bool = False
    since: datetime | None = None
    destination: str | None = None
    requester: str | None = None

    def takes(self, head: Transfer, updated_at: datetime) -> bool:
        well = head.outcome in (Outcome.DELIVERED, Outcome.REHEARSED)
        bad = head.quarantined_at is not None or (head.finished and not well)
        return (
            (bad or not self.failed)
            and not (self.running and head.at_rest)
            and (self.since is None or updated_at >= self.since)
            and self.destination in (None, head.request.destination)
            and self.requester in (None, head.request.requester)
        )


ALL = Only()


class Archive(Protocol):
    """The reading side of the ledger, for recovery and for people; safe beside a daemon."""

    def unfinished(self) -> Sequence[Transfer]:
        """The transfers that are not at rest, oldest first."""

    def quarantined(self) -> Sequence[Transfer]:
        """The transfers in quarantine, oldest first."""

    def search(self, text: str = "", limit: int = 50, only: Only = ALL) -> Sequence[Record]:
        """Newest first; `text` is an id, a number of item or task, or empty for all.

        However many there are, no more than `limit` are in memory.
        """

    def find(self, text: str, limit: int = 50) -> Sequence[Record]:
        """As search, by more, and slower: also by the number of the request or of a ticket, and by
        what an id begins or ends with. A store of many hosts looks through the newest only.
        """


class Keeper(Protocol):
    """What an operator writes; safe beside a daemon."""

    def amend(self, transfer: Transfer, *changes: Delivery | Post | Event) -> Transfer:
        """Write the head of a transfer at rest anew, with its changes, as `Ledger.save` does.

        The epoch is raised by one, nobody holds it, `claims` is 0; returns it so. Raises ClaimLost,
        and writes nothing, when what stands there has another epoch or is not at rest.

        It takes its item, whoever else holds that: this is an operator's word. Raises Permanent
        `decision.refused` while another taker has to end first (items.wait_for).
        """

    def evict(self, transfer_id: str, execution: str | None = None) -> Transfer | None:
        """Take the claim from whoever has it, alive or dead, and bring the transfer home: the epoch
        is raised by one, nobody holds it, `claims` is 0, `route` is in process, and it has no
        execution; returns it so. Of a transfer that nobody holds, and that is in process already,
        nothing is changed. None when it is at rest or absent. With the name of an `execution` None
        as well where somebody holds it, and that one does not carry it: who saw it end late takes
        nothing from those who have taken it over since.

        The owner that is evicted writes nothing more here and publishes nothing, and finds that out
        at its next write; so do those of its shards. A function that was about to claim it finds
        another execution than its own. In place (Mode.DIRECT) the owner may write to the final
        name until then.
        """

    def forget(self, before: datetime) -> int:
        """Remove what was closed before that time, with everything beside it; returns how many.

        Of what has a link a mark stays, in the chain of its own that marks_of() names.

        A request that is forgotten would be carried again if its task were open: 400 days and more.
        """


class Chain(Protocol):
    """The links of the receipts. `Ledger.save` writes them; nobody alters or removes one."""

    def last(self, instance: str) -> Link | None:
        """The one that the next has to follow."""

    def find(self, transfer: Transfer) -> Entry | None:
        """That of its generation, while the ledger remembers the transfer."""

    def links(self, instance: str) -> Iterator[Link]:
        """All of them by number, as they stand: nothing is believed of them."""


class Recollections(Protocol):
    """Digests of versions of objects. Nothing depends on one being there."""

    def keep(self, recollection: Recollection) -> None:
        """Durable when it returns, in the place of what stands under its name."""

    def find(self, name: str) -> Recollection | None:
        """That of the name. Stores forget: it may be gone with its transfer, or after months."""


class Outbox(Protocol):
    """Writes to tickets that must arrive."""

    def add(self, *posts: Post) -> None:
        """Durable when it returns; a key that stands already is left as it is."""

    def due(self, limit: int = 20) -> Sequence[tuple[Post, int]]:
        """Posts to send now, each with its number of earlier tries; at most the first unsent post
        of each lane, and none whose lane is put off.

        The hand-out counts as a try and is durable before the return, so that whoever gets the
        post after a crash looks first whether it arrived. Nobody else is handed a post of the lane
        until it is settled or deferred, or its sender has been silent for a lease.
        """

    def settle(self, *arrived: tuple[Post, Ticket]) -> None:
        """They have arrived, each at its ticket. Once is enough, and once more is fine.

        When it fails, some may be settled: who is handed one of the others again looks first.
        """

    def defer(self, post: Post, seconds: float, reason: str) -> None:
        """It has not arrived, or nobody knows: hand it out again after `seconds`."""


class Limits(Protocol):
    """What all doors share, by the name of the limit. Counted by leases: nobody writes each time.

    An owner that dies takes with it what it had leased, for a while: calls are counted as made and
    forgotten after an hour, places are free after a lease.
    """

    def calls(self, name: str, wanted: int, most: int, back: Lease | None = None) -> Lease:
        """Up to `wanted` calls, such that no hour sees more than `most` of all doors together.

        `back` is the lease before, with what is left of it: free again.
        """

    def places(self, name: str, holder: str, wanted: int, most: int, using: int = 0) -> int:
        """How many of `most` the holder may use from now on, for a lease: up to `wanted`; 0 is to
        wait, and `wanted` 0 gives all back. To be asked again within the lease.

        While another one waits each has its share at most. What the holder is `using` beyond that
        stays counted.
        """

    def change(self, name: str, change: Edit[Result]) -> Result:
        """What `change` gives for the page of that name (an empty one at first) and for the time,
        beside the page as it is from then on. It is asked again where another was quicker.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """The durable ports over one store, and what closes it.

    `shared`: other processes carry from the same store, and take their part of what is limited.
    """

    ledger: Ledger
    locks: Locks
    outbox: Outbox
    archive: Archive
    keeper: Keeper
    chain: Chain
    recollections: Recollections
    close: Callable[[], None]
    limits: Limits
    shared: bool = False
    shards: Shards | None = None
    """Where functions share the work; a store of one host has none."""
    look_over: Callable[[Callable[[], bool]], None] | None = None
    """Looks beside the work at what the start has left out, until its argument says that it is
    over. Raises `ledger.unusable`."""
