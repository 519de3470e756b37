"""What happens to the owners and at the partner's, whatever the protocol says."""

from __future__ import annotations

from tests.model import ending, swapping
from tests.model.acts import Moves
from tests.model.world import FINAL, IDLE, Daemon, World, is_new, later, renamed, turn, without


def crash(world: World, index: int, me: Daemon) -> Moves:
    if (world.swap or world.withdrawals or world.withdrawn) and me.epoch < world.ledger.epoch:
        # What an overtaken owner has in hand nobody else knows of: a window of delivery.md. It may
        # be frozen for ever instead.
        return
    dead = turn(world, index, IDLE)._replace(crashes=world.crashes - 1)
    yield "crash", dead
    if world.swap and me.at in swapping.ASKING:
        yield "crash in rename", later(dead, swapping.ASKING[me.at](me))
    elif me.at == "publish" and not world.swap:
        yield "crash in rename", later(dead, (me.epoch, FINAL))
    elif me.at == "void" and me.names:
        yield "crash in rename", later(dead, (me.names[0], ending.VOID + me.epoch))
    elif me.at in ("heir", "probe") and me.names:
        yield "crash in rename", later(dead, (me.names[0], me.epoch))


def surroundings(world: World) -> Moves:
    for asked in dict.fromkeys(world.late):
        rest = list(world.late)
        rest.remove(asked)
        after = world._replace(late=tuple(rest))
        if not world.swap or swapping.may_come(world, asked):
            yield f"late rename {asked}", renamed(after, *asked)
    if world.withdrawals:
        withdrawn = world._replace(withdrawals=world.withdrawals - 1, withdrawn=True)
        yield "the approval is withdrawn", withdrawn
    if is_new(world, FINAL):
        taken = world._replace(files=without(world.files, FINAL), taken=True)
        yield "the partner takes the file", taken
