"""What every step of the model is made of: a conditional write, and a rename at the server."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.model.world import (
    IDLE,
    Daemon,
    Ledger,
    Rename,
    Variant,
    World,
    aside,
    bearing,
    later,
    renamed,
    turn,
)

Moves = Iterator[tuple[str, World]]
Step = Callable[[World, int, Daemon, Variant], Moves]


def others_aside(me: Daemon) -> tuple[int, ...]:
    """Where the owners of its other candidates may have moved the old file."""
    return tuple(aside(name) for name in me.candidates if name != me.epoch)


def with_older(ledger: Ledger) -> tuple[int, ...]:
    names = (*ledger.older, ledger.temp) if ledger.temp else ledger.older
    return tuple(dict.fromkeys(names))


def rename(world: World, index: int, asked: Rename, yes: Daemon, no: Daemon) -> Moves:
    if bearing(world, asked[0]):
        yield f"rename {asked}", turn(renamed(world, *asked), index, yes)
    else:
        yield f"rename {asked}: no such file", turn(world, index, no)
    if world.silences:
        silent = later(world._replace(silences=world.silences - 1), asked)
        yield f"rename {asked}: lost", turn(silent, index, yes._replace(at="deliver"))


def save(world: World, index: int, after: Daemon, ledger: Ledger, variant: Variant) -> World:
    """One conditional write; an owner that is refused lets go."""
    stale = after.epoch != world.ledger.epoch
    if stale and variant.fence:
        return turn(world, index, Daemon("overtaken", after.epoch))
    after = IDLE if after.at == "over" else after
    return turn(world, index, after)._replace(ledger=ledger, stale=world.stale or stale)
