"""The eight steps, written once: plain functions `(Transfer, Tools) -> Transfer`.

Each is safe to run twice and saves what it reached before it returns; nothing in them knows who
calls. Outbound: (1) ValidateInput, (2) AuthSSO, (3) DownloadS3, (4) TransferFTP, (5)
ChunkedTransfer. Homeward: (6) UpdateServiceNow, (7) NotifyUser, (8) Cleanup.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from transfer import fleet, policy, reports
from transfer.delivery import pinned
from transfer.destination import Destination
from transfer.errors import Code, Permanent
from transfer.model import LARGE, Delivery, DeliveryState, Outcome, Stage, Transfer
from transfer.ports import Remote
from transfer.tools import Tools

Step = Callable[[Transfer, Tools], Transfer]

PINNERS = 8
"""Objects described at once: a round trip to S3 each, and a request may name a thousand."""
LEFTOVER = (DeliveryState.UPLOADING, DeliveryState.VERIFIED, DeliveryState.FAILED)
"""States whose temp nobody can publish any more; an INTENT or UNKNOWN one may be evidence."""


def validate_input(transfer: Transfer, tools: Tools) -> Transfer:
    """(1) Every word of the request is checked before any connection is made."""
    planned = policy.plan(transfer.request, tools.rules, tools.destinations)
    destination = tools.destinations[transfer.request.destination]
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
    """(3) Pin every object. The bytes flow later, inside the crossing."""

    def pin(delivery: Delivery) -> Delivery:
        tools.halt()
        if delivery.pin:
            return delivery
        return pinned(delivery, tools.objects.describe(delivery.source))

    with ThreadPoolExecutor(PINNERS, thread_name_prefix="pin") as pool:
        pins = list(pool.map(pin, tools.ledger.deliveries(transfer.id)))
    done = transfer.evolve(stage=Stage.PINNED)
    tools.ledger.save(done, *pins, *reports.started(done, pins))
    return done


def transfer_ftp(transfer: Transfer, tools: Tools) -> Transfer:
    """(4) The files of up to LARGE bytes, several at once."""
    small = [item for item in _undelivered(transfer, tools) if item.size <= LARGE]
    _carry(transfer, small, tools)
    return _whole(transfer, tools)


def chunked_transfer(transfer: Transfer, tools: Tools) -> Transfer:
    """(5) The files above LARGE; called again until the stage is DELIVERED."""
    _carry(transfer, _undelivered(transfer, tools), tools)
    return _whole(transfer, tools)


def update_servicenow(transfer: Transfer, tools: Tools) -> Transfer:
    """(6) What happened, to both tickets and the task: durable here, sent by the outbox."""
    reported = transfer.evolve(stage=Stage.REPORTED)
    deliveries = [_settled(item) for item in tools.ledger.deliveries(transfer.id)]
    posts = reports.ending(reported, deliveries, tools.clock())
    tools.ledger.save(reported, *deliveries, *posts)
    return reported


def notify_user(transfer: Transfer, tools: Tools) -> Transfer:
    """(7) Whoever is to be told beside the tickets."""
    tools.notifier.tell(transfer, tools.ledger.deliveries(transfer.id))
    notified = transfer.evolve(stage=Stage.NOTIFIED)
    tools.ledger.save(notified)
    return notified


def cleanup(transfer: Transfer, tools: Tools) -> Transfer:
    """(8) The session ends, no temp stays behind."""
    if transfer.session:
        tools.sessions.close(transfer.session)
    leftovers = [
        item
        for item in tools.ledger.deliveries(transfer.id)
        if item.temp and item.state in LEFTOVER
    ]
    if leftovers:
        with closing(tools.remotes.connect(_destination(transfer, tools))) as remote:
            _remove_temps(leftovers, remote)
    closed = transfer.evolve(stage=Stage.CLOSED, closed_at=tools.clock())
    tools.ledger.save(closed, *(item.evolve(temp=None) for item in leftovers))
    return closed


def _carry(transfer: Transfer, deliveries: Sequence[Delivery], tools: Tools) -> None:
    if deliveries:
        fleet.carry(transfer, _destination(transfer, tools), deliveries, tools)


def _undelivered(transfer: Transfer, tools: Tools) -> list[Delivery]:
    return [
        item
        for item in tools.ledger.deliveries(transfer.id)
        if item.state is not DeliveryState.PUBLISHED
    ]


def _whole(transfer: Transfer, tools: Tools) -> Transfer:
    if _undelivered(transfer, tools):
        return transfer
    delivered = transfer.evolve(stage=Stage.DELIVERED, outcome=Outcome.DELIVERED)
    tools.ledger.save(delivered)
    return delivered


def _destination(transfer: Transfer, tools: Tools) -> Destination:
    return tools.destinations[transfer.request.destination]


def _settled(delivery: Delivery) -> Delivery:
    """A publish that was asked for and never answered: only a person can say whether it arrived."""
    if delivery.state is DeliveryState.INTENT:
        return delivery.evolve(state=DeliveryState.UNKNOWN)
    return delivery


def _remove_temps(leftovers: Iterable[Delivery], remote: Remote) -> None:
    for delivery in leftovers:
        if delivery.temp:
            remote.remove(delivery.temp)
