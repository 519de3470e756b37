"""The order of the steps, and the way home after a failure.

received ─ValidateInput→ validated ─AuthSSO→ authorised ─DownloadS3→ pinned
pinned ─TransferFTP | ChunkedTransfer (again until whole)→ delivered
    any stumble on this outbound half: the failure is noted, and the journey turns home
delivered | failed ─UpdateServiceNow→ reported ─NotifyUser→ notified ─Cleanup→ closed
    a stumble on this homeward half: a loose end is noted, and the next step runs all the same
"""

from __future__ import annotations

from collections.abc import Callable

import transfer.steps as do
from transfer.errors import ClaimLost, Code, FerryError, Permanent, Stopping, Waiting
from transfer.model import Failure, Stage, Transfer
from transfer.steps import Step
from transfer.telling import notes
from transfer.tools import Tools

Attempt = Callable[[Step, Transfer, Tools], Transfer]
"""Runs one step, again where that helps: the caller's only say in how steps are retried."""

ORDER = list(Stage)

OUTBOUND: dict[Stage, Step] = {
    Stage.RECEIVED: do.validate_input,
    Stage.VALIDATED: do.auth_sso,
    Stage.AUTHORISED: do.download_s3,
}
HOMEWARD: dict[Stage, Step] = {
    Stage.DELIVERED: do.update_servicenow,
    Stage.REPORTED: do.notify_user,
    Stage.NOTIFIED: do.cleanup,
}


def once(step: Step, transfer: Transfer, tools: Tools) -> Transfer:
    """The plainest Attempt."""
    return step(transfer, tools)


def travel(transfer: Transfer, tools: Tools, attempt: Attempt = once) -> Transfer:
    """Take the transfer from the stage that it is in to CLOSED.

    Raises ClaimLost, Stopping and Waiting only, and what the ledger itself raises: the ledger then
    holds the stage from which to go on.
    """
    if transfer.claims > 1 and transfer.stage is not Stage.RECEIVED:
        tools.ledger.save(transfer, notes.resumed(transfer))
    if not transfer.failure and ORDER.index(transfer.stage) < ORDER.index(Stage.DELIVERED):
        transfer = _outbound(transfer, tools, attempt)
    return _homeward(transfer, tools, attempt)


def _outbound(transfer: Transfer, tools: Tools, attempt: Attempt) -> Transfer:
    try:
        while transfer.stage in OUTBOUND:
            transfer = attempt(OUTBOUND[transfer.stage], transfer, tools)
        transfer = attempt(do.transfer_ftp, transfer, tools)
        while transfer.stage is Stage.PINNED:
            transfer = attempt(do.chunked_transfer, transfer, tools)
    except (ClaimLost, Stopping, Waiting):
        raise
    except Exception as error:  # noqa: BLE001 a fault of ours must reach the tickets as well
        transfer = transfer.failed(_named(error))
        tools.ledger.save(transfer)
    return transfer


def _homeward(transfer: Transfer, tools: Tools, attempt: Attempt) -> Transfer:
    stages = list(HOMEWARD)
    first = stages.index(transfer.stage) if transfer.stage in HOMEWARD else 0
    for stage in stages[first:]:
        try:
            transfer = attempt(HOMEWARD[stage], transfer, tools)
        except (ClaimLost, Stopping, Waiting):
            raise
        except Exception as error:  # noqa: BLE001 a loose end must not stop the way home
            transfer = _with_loose_end(transfer, stage, _named(error), tools)
    return transfer


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
