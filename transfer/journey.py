"""The order of the steps, and the way home after a failure.

received ─ValidateInput→ validated ─AuthSSO→ authorised ─DownloadS3→ pinned
pinned ─TransferFTP | ChunkedTransfer (again until whole)→ delivered
    any stumble on this outbound half: the failure is noted, and the journey turns home
delivered | failed ─UpdateServiceNow→ reported ─NotifyUser→ notified ─Cleanup→ closed
    a stumble on this homeward half: a loose end is noted, and the next step runs all the same
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import transfer.steps as do
from transfer import history
from transfer.crossing.shards import gathered
from transfer.errors import ClaimLost, Code, FerryError, Permanent, Stopping, Waiting
from transfer.model import Failure, Stage, Transfer
from transfer.steps import Step
from transfer.telling import notes
from transfer.tools import Tools

Attempt = Callable[[Step, Transfer, Tools], Transfer]
"""Runs one step, again where that helps: the caller's only say in how steps are retried."""

ORDER = list(Stage)

STEPS: Mapping[Step, Stage] = {
    do.validate_input: Stage.RECEIVED,
    do.auth_sso: Stage.VALIDATED,
    do.download_s3: Stage.AUTHORISED,
    do.transfer_ftp: Stage.PINNED,
    do.chunked_transfer: Stage.PINNED,
    do.update_servicenow: Stage.DELIVERED,
    do.notify_user: Stage.REPORTED,
    do.cleanup: Stage.NOTIFIED,
}
"""The eight steps in their order, each with the one stage that it takes further."""


def once(step: Step, transfer: Transfer, tools: Tools) -> Transfer:
    """The plainest Attempt."""
    return step(transfer, tools)


def travel(transfer: Transfer, tools: Tools, attempt: Attempt = once) -> Transfer:
    """Take the transfer from the stage that it is in to CLOSED; raises as `advance` does."""
    transfer = take_up(transfer, tools)
    for step in STEPS:
        transfer = advance(transfer, tools, step, attempt)
        while step is do.chunked_transfer and due(step, transfer):
            transfer = advance(transfer, tools, step, attempt)
    return transfer


def take_up(transfer: Transfer, tools: Tools) -> Transfer:
    """What an owner of the head does first: all files are in one hand again, and the death of the
    owner before is told, once an epoch.
    """
    transfer = gathered(transfer, tools)
    if transfer.claims > 1 and transfer.stage is not Stage.RECEIVED:
        event = history.resumed(transfer, tools.clock())
        tools.ledger.save(transfer, notes.resumed(transfer), event)
    return transfer


def advance(transfer: Transfer, tools: Tools, step: Step, attempt: Attempt = once) -> Transfer:
    """Run one step if it is due; one whose stage is reached already, or not yet, does nothing.

    What makes it stumble outbound is the failure of the transfer, and it turns home; homeward it is
    a loose end, and the next step is due. Raises ClaimLost, Stopping and Waiting only, and what the
    ledger itself raises: the ledger then holds the stage from which to go on. What `attempt` lets
    out of a step is taken for its last word.
    """
    if not due(step, transfer):
        return transfer
    reached = _tried(transfer, tools, step, attempt)
    if reached.finished:
        # After the ledger's own word: nobody claims it any more, and so nobody counts it twice. Who
        # dies in between leaves it uncounted.
        tools.meter.ended(reached, lambda: tools.ledger.deliveries(reached.id))
    return reached


def _tried(transfer: Transfer, tools: Tools, step: Step, attempt: Attempt) -> Transfer:
    try:
        with tools.tracer.span(step.__name__, transfer):
            return attempt(step, transfer, tools)
    except (ClaimLost, Stopping, Waiting):
        raise
    except Exception as error:  # noqa: BLE001 a fault of ours must reach the tickets as well
        named = _named(error)
    if is_homeward(transfer):
        return _with_loose_end(transfer, STEPS[step], named, tools)
    failed = do.counted(transfer, tools).failed(named)
    tools.ledger.save(failed)
    return failed


def due(step: Step, transfer: Transfer) -> bool:
    """It is the one to take the transfer further; of (4) and (5) either is."""
    turned = transfer.failure is not None and not _reached(transfer, Stage.DELIVERED)
    return STEPS[step] is (Stage.DELIVERED if turned else transfer.stage)


def is_homeward(transfer: Transfer) -> bool:
    """All is delivered, or nothing more will be."""
    return transfer.failure is not None or _reached(transfer, Stage.DELIVERED)


def _reached(transfer: Transfer, stage: Stage) -> bool:
    return ORDER.index(transfer.stage) >= ORDER.index(stage)


def _with_loose_end(transfer: Transfer, stage: Stage, error: FerryError, tools: Tools) -> Transfer:
    following = ORDER[ORDER.index(stage) + 1]
    transfer = transfer.evolve(
        stage=following,
        loose_ends=(*transfer.loose_ends, Failure.of(error)),
        closed_at=tools.clock() if following is Stage.CLOSED else None,
    )
    tools.ledger.save(transfer)
    return transfer


def _named(error: Exception) -> FerryError:
    """An exception that no adapter named is a fault of ours; its text stays in the log.

    A ledger that does not answer says nothing about the transfer: that error is raised.
    """
    if isinstance(error, FerryError):
        if error.code.startswith("ledger."):
            raise error
        return error
    named = Permanent(Code.INTERNAL, f"FileFerry stumbled over a {type(error).__name__}.")
    named.__cause__ = error
    return named
