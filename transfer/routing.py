"""By which door a transfer goes: the name of its execution, and the choice with its reason."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from transfer.model import LARGE, Delivery, DeliveryState, Transfer
from transfer.model import Route as Route  # noqa: PLC0414  a word of the model, asked for here

LONGEST_NUMBER = 32
"""Characters of the request's number in a name of at most 80 (Step Functions API)."""


GIB = 1024**3
MOST_BYTES = 10 * LARGE
MOST_FILES = 1_000
"""What one bastion carries by itself where the destination leaves the door open."""

AUTO = "auto"
"""A destination's `route` that asks for a choice; the others are those of Route."""


class ExecutionState(StrEnum):
    """What AWS says of an execution; one that has ended may have left its transfer anywhere."""

    ABSENT = "absent"
    RUNNING = "running"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Choice:
    """By which door, and why, in words for log and ticket."""

    route: Route
    reason: str


def choose(
    asked: str,
    deliveries: Sequence[Delivery],
    *,
    dry_run: bool = False,
    in_place: bool = False,
) -> Choice:
    """`asked` is the destination's `route`. With AUTO it is decided by what is still to be sent;
    before the pins nobody knows, and the transfer begins in process.

    `in_place` (Mode.DIRECT): a function that is taken for dead and lives would write on to the
    final name, where no fence holds.
    """
    if dry_run:
        return Choice(Route.IN_PROCESS, "A rehearsal sends nothing.")
    if in_place:
        return Choice(Route.IN_PROCESS, "The file is written in place, where no fence holds.")
    if asked != AUTO:
        return Choice(Route(asked), "The destination says so.")
    left = [item for item in deliveries if item.state is not DeliveryState.PUBLISHED]
    if any(item.pin is None for item in left):
        return Choice(Route.IN_PROCESS, "The sizes are not known yet.")
    return _by_size(len(left), sum(item.size for item in left))


def _by_size(count: int, size: int) -> Choice:
    told = f"{count:,} files, {size / GIB:,.1f} GiB:"
    if count > MOST_FILES:
        return Choice(Route.STEP_FUNCTIONS, f"{told} more than {MOST_FILES:,} files.")
    if size > MOST_BYTES:
        return Choice(Route.STEP_FUNCTIONS, f"{told} more than {MOST_BYTES / GIB:g} GiB.")
    return Choice(Route.IN_PROCESS, f"{told} little enough for this host.")


def execution_name(transfer: Transfer) -> str:
    """The same for the same request, generation and epoch: asking twice starts one execution."""
    number = re.sub(r"[^A-Za-z0-9]", "", transfer.request.number)[:LONGEST_NUMBER]
    run = f"g{transfer.generation}-e{transfer.epoch}"
    return f"ff-{number}-{transfer.request.token}-{run}"


def owner_of(execution: str) -> str:
    """What stands before the names of its invocations: `over` of Claims.claim.

    The slash ends the name, so that epoch 1 is not taken for the beginning of epoch 12.
    """
    return f"{execution}/"


def in_process(transfer: Transfer) -> Transfer:
    """Brought home: no execution has anything to do with it any more."""
    return transfer.evolve(route=Route.IN_PROCESS, execution=None, door=None)


def evicted(transfer: Transfer) -> Transfer:
    """The head after Keeper.evict."""
    return in_process(transfer).evolve(epoch=transfer.epoch + 1, claims=0)
