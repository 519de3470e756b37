"""Makes states alike that differ in nothing that can matter: there are ten times fewer of them.

Each rule keeps what can be reached: an owner that was overtaken and whose next effect is a write
that the ledger will refuse has let go already; a file whose name nobody will use is not there; a
late rename whose source cannot come into being will not happen.
"""

from __future__ import annotations

from tests.model.ending import VOID
from tests.model.world import (
    FINAL,
    IDLE,
    NOWHERE,
    OVER,
    Daemon,
    Rename,
    Variant,
    World,
    aside,
    bearing,
    turn,
)

USING_ITS_NAME = frozenset({"heir", "prove", "probe", "publish"})
"""Steps of an overtaken owner in which a file of its own temp's name can still lead anywhere."""

CHANGING = frozenset({"clear", "clean", "void", "return", "gather", "step", "take", "back", "tidy"})
"""Steps that change the server whatever the ledger says."""


def settled(world: World, variant: Variant) -> World:
    """The state that stands for all that are like it."""
    if world.late:
        world = _without_idle_renames(world)
    if not (variant.fence and variant.intent_only):
        # There an old owner may still write, and any old temp may be looked for.
        return world
    world = _without_garbage(world)
    for index, daemon in enumerate(world.daemons):
        if 0 < daemon.epoch < world.ledger.epoch and _is_harmless(world, daemon):
            return settled(turn(world, index, IDLE), variant)
    return world


def _without_idle_renames(world: World) -> World:
    late = tuple(asked for asked in world.late if _may_come(world, asked))
    return world if len(late) == len(world.late) else world._replace(late=late)


def _may_come(world: World, asked: Rename) -> bool:
    """The source of the rename is there, or somebody may still give a file that name."""
    name = asked[0]
    if name == FINAL:
        return world.ledger.state not in OVER
    return (
        bearing(world, name) > 0
        or any(name in (daemon.epoch, daemon.epoch + VOID) for daemon in world.daemons)
        or any(new == name for old, new in world.late if (old, new) != asked)
    )


def _without_garbage(world: World) -> World:
    usual = (NOWHERE, FINAL, world.ledger.temp)
    odd = [name for name, _ in world.files if name not in usual]
    if not odd:
        return world
    wanted = _wanted(world)
    if wanted.issuperset(odd):
        return world
    files = tuple(item if item[0] in wanted else (NOWHERE, 0) for item in world.files)
    return world._replace(files=files)


def _wanted(world: World) -> set[int]:
    ledger = world.ledger
    wanted = {NOWHERE, FINAL, ledger.temp, *ledger.older, *ledger.candidates}
    if world.swap or world.withdrawn:
        # What stays behind is judged there.
        wanted.update(name for name, _ in world.files)
    for daemon in world.daemons:
        wanted.update(daemon.names)
        if daemon.epoch == ledger.epoch or daemon.at in USING_ITS_NAME:
            wanted.add(daemon.epoch)
    wanted.update(old for old, _ in world.late)
    return wanted


def _is_harmless(world: World, me: Daemon) -> bool:
    """What it can still do changes nothing on the server: the ledger refuses the rest."""
    if me.at in CHANGING or (world.swap and _has(world, aside(me.epoch))):
        return False
    if me.at == "write":
        content = world.files[me.file - 1][1]
        return content | me.left == content and not _has(world, me.epoch)
    if me.at in ("heir", "probe") and any(_may_come(world, (old, 0)) for old in me.names):
        return False
    return not _has(world, me.epoch)


def _has(world: World, name: int) -> bool:
    return bearing(world, name) > 0 or any(new == name for _, new in world.late)
