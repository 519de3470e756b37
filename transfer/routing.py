"""By which door a transfer goes: the name of its execution, and the choice with its reason."""

from __future__ import annotations

import re

from transfer.model import Route as Route  # noqa: PLC0414  a word of the model, asked for here
from transfer.model import Transfer

LONGEST_NUMBER = 32
"""Characters of the request's number in a name of at most 80 (Step Functions API)."""


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
