"""Steps (4) and (5): not before its time, one request at a time for a name, all files or none."""

from __future__ import annotations

from collections.abc import Sequence

from transfer.crossing import fleet
from transfer.crossing.acknowledgement import acknowledged
from transfer.crossing.rehearsal import rehearse
from transfer.crossing.sidecar import due as sidecar_due
from transfer.destination import Destination
from transfer.errors import Code, Permanent, Waiting
from transfer.model import Delivery, DeliveryState, Outcome, Stage, Transfer
from transfer.request.options import Options
from transfer.request.planning import check_grants
from transfer.request.timing import may_start, start_of
from transfer.telling import notes
from transfer.tools import Tools

LOCK_WAIT = 10.0
"""Seconds after which a request looks again whether the name that it wants is free."""


def carry(transfer: Transfer, deliveries: Sequence[Delivery], tools: Tools, *, last: bool) -> None:
    """Deliver them. `last`: the request has no others, so what waits for all may be published.

    Raises Waiting as long as the request has to wait, and what the fleet raises.
    """
    if not deliveries:
        return
    destination = cleared(transfer, deliveries, tools)
    if Options.of(transfer.request.options).all_or_nothing:
        if not last:
            # What is whole already is proven once more by who publishes.
            waiting = [item for item in deliveries if item.state is not DeliveryState.VERIFIED]
            fleet.carry(transfer, destination, waiting, tools, hold=True)
            return
        fleet.carry(transfer, destination, deliveries, tools, hold=True)
        deliveries = undelivered(transfer, tools)
    fleet.carry(transfer, destination, deliveries, tools)


def cleared(transfer: Transfer, deliveries: Sequence[Delivery], tools: Tools) -> Destination:
    """They may go, now, and to their names. Raises Waiting as long as the request has to wait."""
    _still_granted(transfer, deliveries, tools)
    destination = destination_of(transfer, tools)
    _wait_for_start(transfer, destination, tools)
    if transfer.shard is None:
        # The head holds them for its shards: of two transfers none waits for a part of the other.
        _hold_names(transfer, destination, deliveries, tools)
    return destination


def undelivered(transfer: Transfer, tools: Tools) -> list[Delivery]:
    """The files with anything left to do."""
    destination = destination_of(transfer, tools)
    return [
        item
        for item in tools.ledger.deliveries(transfer.id)
        if item.state is not DeliveryState.PUBLISHED or sidecar_due(item, destination)
    ]


def whole(transfer: Transfer, tools: Tools) -> Transfer:
    """DELIVERED once nothing is left to do, and the partner has said so where that is asked."""
    if undelivered(transfer, tools):
        return transfer
    transfer = acknowledged(transfer, destination_of(transfer, tools), tools)
    delivered = transfer.evolve(stage=Stage.DELIVERED, outcome=Outcome.DELIVERED)
    tools.ledger.save(delivered)
    return delivered


def rehearsed(transfer: Transfer, tools: Tools) -> Transfer:
    """The end of a dry run: its plan is on the ticket, and beside each file why it would fail."""
    destination = destination_of(transfer, tools)
    deliveries = tools.ledger.deliveries(transfer.id)
    plan = rehearse(transfer, destination, deliveries, tools)
    start = start_of(transfer.request, destination, tools.clock())
    done = transfer.evolve(stage=Stage.DELIVERED, outcome=Outcome.REHEARSED)
    tools.ledger.save(done, *plan.failing, notes.rehearsal(done, plan.lines, start))
    return done


def destination_of(transfer: Transfer, tools: Tools) -> Destination:
    """Raises Permanent `destination.unknown`: the operators may have taken it away meanwhile."""
    destination = tools.destinations.get(transfer.request.destination)
    if destination is None:
        raise Permanent(
            Code.DESTINATION_UNKNOWN,
            f"The destination {transfer.request.destination} is no longer configured.",
        )
    return destination


def _still_granted(transfer: Transfer, deliveries: Sequence[Delivery], tools: Tools) -> None:
    """A grant may be gone since the plan: then no byte need leave, and none is waited with.

    A publish that was asked for is looked into first.
    """
    if not any(item.state is DeliveryState.INTENT for item in deliveries):
        wanted = [item for item in deliveries if item.state is not DeliveryState.PUBLISHED]
        check_grants(transfer.request, tools.rules, [item.source.uri for item in wanted])


def _wait_for_start(transfer: Transfer, destination: Destination, tools: Tools) -> None:
    now = tools.clock()
    try:
        may_start(transfer.request, destination, now)
    except Waiting:
        start = start_of(transfer.request, destination, now)
        tools.ledger.save(transfer, notes.scheduled(transfer, start))
        raise


def _hold_names(
    transfer: Transfer, destination: Destination, deliveries: Sequence[Delivery], tools: Tools
) -> None:
    """One request at a time for one final name, whatever login or destination leads there."""
    where = f"{destination.host}:{destination.port}"
    # The partner's disk may not tell A from a.
    names = [f"{where}{item.ordered or item.final}".casefold() for item in deliveries]
    holder = tools.locks.take(transfer, names)
    if holder is None:
        return
    tools.ledger.save(transfer, notes.queued(transfer, holder))
    raise Waiting(
        Code.DESTINATION_BUSY,
        f"Another request ({holder.request.number or holder.id}) is delivering to the same name "
        f"on {destination.name}.",
        retry_after=LOCK_WAIT,
    )
