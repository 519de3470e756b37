"""The eight steps, written once: plain functions `(Transfer, Tools) -> Transfer`.

Each is safe to run twice and saves what it reached before it returns; nothing in them knows who
calls. Outbound: (1) ValidateInput, (2) AuthSSO, (3) DownloadS3, (4) TransferFTP, (5)
ChunkedTransfer. Homeward: (6) UpdateServiceNow, (7) NotifyUser, (8) Cleanup.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import replace

from transfer.audit.chain import Entry, instance_of
from transfer.crossing.batch import Many
from transfer.crossing.carrying import carry, destination_of, rehearsed, undelivered, whole
from transfer.crossing.crossing import Crossing
from transfer.crossing.delivery import pinned, settle
from transfer.crossing.resume import with_older
from transfer.errors import (
    PASSING,
    ChainMoved,
    ClaimLost,
    Code,
    FerryError,
    Permanent,
    Stopping,
    Transient,
    Waiting,
    passing,
)
from transfer.history import Event
from transfer.model import (
    LARGE,
    Delivery,
    DeliveryState,
    Failure,
    Outcome,
    Pin,
    Session,
    SessionKind,
    Source,
    Stage,
    Transfer,
)
from transfer.ports import Remote
from transfer.request import planning
from transfer.request.binding import insist
from transfer.request.options import Options
from transfer.request.planning import expand
from transfer.request.timing import start_of
from transfer.telling import chained, notes, reports
from transfer.tickets import Post
from transfer.tools import Tools

Step = Callable[[Transfer, Tools], Transfer]

PINNERS = 8
"""Objects described at once: a round trip to S3 each, and a request may name a thousand."""
TURNS = 100
"""Tries to be the next link of the chain: each that fails is another report that was written."""
LEFTOVER = (DeliveryState.UPLOADING, DeliveryState.VERIFIED, DeliveryState.FAILED)
"""States whose temp nobody can publish any more; an INTENT or UNKNOWN one may be evidence."""


def validate_input(transfer: Transfer, tools: Tools) -> Transfer:
    """(1) Every word of the request is checked before any connection is made.

    An operator's retry is no approval: ServiceNow is asked before a byte leaves the house.
    """
    if transfer.generation > 1:
        tools.authority.confirm(transfer.request)
    planned = planning.plan(transfer.request, tools.rules, tools.destinations)
    destination = destination_of(transfer, tools)
    start_of(transfer.request, destination, tools.clock())
    if destination.protocol not in tools.remotes.protocols:
        raise Permanent(
            Code.DESTINATION_MISCONFIGURED,
            f"{destination.name} asks for the unknown protocol {destination.protocol}.",
        )
    # A second run must not set back deliveries that have gone further.
    deliveries = tools.ledger.deliveries(transfer.id) or planned
    validated = transfer.evolve(stage=Stage.VALIDATED)
    tools.ledger.save(validated, *deliveries, *reports.opening(validated, deliveries))
    return validated


def auth_sso(transfer: Transfer, tools: Tools) -> Transfer:
    """(2) Authority to read; the Transfer bears its name, never a credential."""
    session = transfer.session or tools.sessions.open(transfer)
    authorised = transfer.evolve(stage=Stage.AUTHORISED, session=session)
    tools.ledger.save(authorised)
    return authorised


def download_s3(transfer: Transfer, tools: Tools) -> Transfer:
    """(3) Expand what names several objects, and pin them all. The bytes flow later."""
    with _under_session(transfer, tools) as reading:
        wanted, done = _found(transfer, reading)
        pins = _pinned(transfer, wanted, reading)
    done = counted(done, tools)
    tools.ledger.save(done, *pins, *notes.started(done, pins))
    return done


def _found(transfer: Transfer, tools: Tools) -> tuple[Sequence[Delivery], Transfer]:
    wanted = tools.ledger.deliveries(transfer.id)
    done = transfer.evolve(stage=Stage.PINNED, expanded=True)
    if not transfer.expanded:
        found = expand(
            transfer.request,
            tools.rules,
            destination_of(transfer, tools),
            wanted,
            tools.objects,
            halt=tools.halt,
        )
        wanted += found.deliveries
        done = done.evolve(manifests=found.manifests)
    return wanted, done


def _pinned(transfer: Transfer, wanted: Sequence[Delivery], tools: Tools) -> list[Delivery]:
    """The first by threads, whose connections are made side by side; the others over these."""

    def pin(delivery: Delivery, describe: Callable[[Source], Pin]) -> Delivery:
        if delivery.state is DeliveryState.PUBLISHED:
            return delivery
        # What an earlier generation pinned stays pinned.
        pin = delivery.pin or describe(delivery.source)
        return pinned(delivery, insist(pin, delivery.source, transfer.request, tools.rules))

    def pin_alone(delivery: Delivery) -> Delivery:
        tools.halt()
        return pin(delivery, tools.objects.describe)

    if len(wanted) == 1:
        return [pin_alone(each) for each in wanted]
    many = tools.objects if isinstance(tools.objects, Many) else None
    alone = PINNERS if many else len(wanted)
    with ThreadPoolExecutor(PINNERS, thread_name_prefix="pin") as pool:
        done = list(pool.map(pin_alone, wanted[:alone]))
    if many and len(wanted) > alone:
        pins = many.describe_all(_unpinned(wanted[alone:], tools))
        done += [pin(item, lambda _: next(pins)) for item in wanted[alone:]]
    return done


def _unpinned(wanted: Iterable[Delivery], tools: Tools) -> Iterator[Source]:
    for item in wanted:
        tools.halt()
        if item.pin is None and item.state is not DeliveryState.PUBLISHED:
            yield item.source


def transfer_ftp(transfer: Transfer, tools: Tools) -> Transfer:
    """(4) The files of up to LARGE bytes, several at once; or the rehearsal of a dry run."""
    if _is_dry(transfer):
        return rehearsed(transfer, tools)
    small = [item for item in undelivered(transfer, tools) if item.size <= LARGE]
    with _under_session(transfer, tools) as reading:
        carry(transfer, small, reading, last=False)
    return whole(counted(transfer, tools), tools)


def chunked_transfer(transfer: Transfer, tools: Tools) -> Transfer:
    """(5) The files above LARGE; called again until the stage is DELIVERED.

    Called before (4), it carries all of them.
    """
    if _is_dry(transfer):
        return rehearsed(transfer, tools)
    with _under_session(transfer, tools) as reading:
        carry(transfer, undelivered(transfer, tools), reading, last=True)
    return whole(counted(transfer, tools), tools)


def shard(transfer: Transfer, tools: Tools) -> Transfer:
    """(4) and (5) for the files of one shard; what becomes of the transfer the head finds out."""
    last = transfer.sharing is None or transfer.sharing.last
    with _under_session(transfer, tools) as reading:
        carry(transfer, undelivered(transfer, tools), reading, last=last)
    return transfer


def update_servicenow(transfer: Transfer, tools: Tools) -> Transfer:
    """(6) What happened, to both tickets and the task: durable here, sent by the outbox."""
    reported = counted(transfer, tools).evolve(stage=Stage.REPORTED)
    found = tools.ledger.deliveries(transfer.id)
    if _look_into(transfer, found, tools):
        found = tools.ledger.deliveries(transfer.id)
    deliveries = [_settled(item) for item in found]
    too_late = _too_late(transfer, tools)
    changed = [new for old, new in zip(found, deliveries, strict=True) if new is not old]
    for _ in range(TURNS):
        with suppress(ChainMoved):
            told, changes = chained.report(reported, deliveries, tools, too_late)
            tools.ledger.save(told, *changed, *changes)
            return told
    raise ChainMoved(instance_of(transfer.id))


def notify_user(transfer: Transfer, tools: Tools) -> Transfer:
    """(7) Whoever is to be told beside the tickets."""
    tools.notifier.tell(transfer, tools.ledger.deliveries(transfer.id))
    notified = transfer.evolve(stage=Stage.NOTIFIED)
    tools.ledger.save(notified)
    return notified


def cleanup(transfer: Transfer, tools: Tools) -> Transfer:
    """(8) The session ends, and has to show it; no temp stays behind."""
    posts: list[Post] = []
    if transfer.session:
        session = tools.sessions.close(transfer.session)
        transfer = _ended(transfer, session)
        posts = notes.ended(transfer, session)
    leftovers = [
        item
        for item in tools.ledger.deliveries(transfer.id)
        if item.older or (item.temp and item.state in LEFTOVER)
    ]
    if leftovers:
        # Read before, fenced here: an owner that was overtaken removes nothing of its heir's.
        tools.ledger.save(transfer)
        with closing(_connected(transfer, tools)) as remote:
            _remove_temps(leftovers, remote)
    closed = transfer.evolve(stage=Stage.CLOSED, closed_at=tools.clock())
    tools.ledger.save(closed, *(item.evolve(temp=None, older=()) for item in leftovers), *posts)
    return closed


def _connected(transfer: Transfer, tools: Tools) -> Remote:
    """On the way home nobody waits for a partner that rests."""
    try:
        return tools.remotes.connect(destination_of(transfer, tools))
    except Waiting as error:
        raise Transient(error.code, error.message) from error


def counted(transfer: Transfer, tools: Tools) -> Transfer:
    """With what this process knows of the openings."""
    session = transfer.session and tools.sessions.told(transfer.session)
    return transfer.evolve(session=session)


@contextmanager
def _under_session(transfer: Transfer, tools: Tools) -> Iterator[Tools]:
    """Tools whose objects are read by the transfer's session alone, each time while it may run.

    What had been opened is saved with all else, and at the end. Until then the ledger says `least`,
    from before the first read: of who dies in between nobody knows the rest.
    """

    def may() -> None:
        tools.halt()
        tools.fence()

    objects = tools.sessions.reading(transfer, tools.objects, may)
    counting = _Counting(tools)
    if _is_counted(transfer):
        counting.save(transfer)
    try:
        yield replace(tools, objects=objects, ledger=counting)
    except BaseException:
        with suppress(FerryError):
            _count(transfer, tools)
        raise
    _count(transfer, tools)


def _count(transfer: Transfer, tools: Tools) -> None:
    """All that was opened is told: it is the whole number, unless it was not before."""
    if _is_counted(transfer):
        tools.ledger.save(counted(transfer, tools))


class _Counting:
    """The Ledger port, for what is read under sessions: each save has their number so far."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        ledger = tools.ledger
        self.admit, self.claim, self.beat = ledger.admit, ledger.claim, ledger.beat
        self.renew, self.deliveries = ledger.renew, ledger.deliveries

    def save(self, transfer: Transfer, *changes: Delivery | Post | Entry | Event) -> None:
        session = counted(transfer, self._tools).session
        if session and _is_counted(transfer):
            transfer = transfer.evolve(session=session.evolve(least=True))
        self._tools.ledger.save(transfer, *changes)


def _is_counted(transfer: Transfer) -> bool:
    return transfer.session is not None and transfer.session.kind is not SessionKind.PROCESS


def _ended(transfer: Transfer, session: Session) -> Transfer:
    """A session that outlives its end is a loose end, and keeps no temp from being removed."""
    if not session.alive:
        return transfer.evolve(session=session)
    error = Permanent(
        Code.SESSION_ALIVE,
        f"The last session of {transfer.request.number} still reads after its end.",
    )
    ends = (*transfer.loose_ends, Failure.of(error))
    return transfer.evolve(session=session, loose_ends=ends)


def _is_dry(transfer: Transfer) -> bool:
    return Options.of(transfer.request.options).dry_run


def _too_late(transfer: Transfer, tools: Tools) -> str:
    """What was withdrawn after the publish, for the tickets to say so; empty for nothing."""
    if transfer.outcome is not Outcome.DELIVERED:
        return ""
    try:
        tools.authority.confirm(transfer.request)
    except Permanent as error:
        return error.message
    except Transient:
        pass
    return ""


def _look_into(transfer: Transfer, found: Sequence[Delivery], tools: Tools) -> bool:
    """What was withdrawn or given up after an INTENT may be known not to be published. False where
    there was none.
    """
    open_ends = [item for item in found if item.state is DeliveryState.INTENT]
    try:
        for item in open_ends:
            destination = destination_of(transfer, tools)
            with closing(tools.remotes.connect(destination)) as remote:
                crossing = Crossing(
                    transfer=transfer, destination=destination, remote=remote, tools=tools
                )
                settle(item, crossing)
    except (ClaimLost, Stopping):
        raise
    except FerryError:
        return True
    return bool(open_ends)


def _settled(delivery: Delivery) -> Delivery:
    """A publish that was asked for and never answered: only a person can say whether it arrived."""
    if delivery.state is DeliveryState.INTENT:
        return delivery.evolve(state=DeliveryState.UNKNOWN)
    return delivery


def _remove_temps(leftovers: Iterable[Delivery], remote: Remote) -> None:
    """All that can be removed. Raises why the first of the others could not."""
    refusals: list[Permanent] = []
    for delivery in leftovers:
        names = with_older(delivery) if delivery.state in LEFTOVER else delivery.older
        for name in names:
            try:
                remote.remove(name)
            except Permanent as error:
                refusals.append(error)
    if refusals:
        first = refusals[0]
        raise passing(first) if first.code in PASSING else first
