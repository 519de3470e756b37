"""The swap: final → aside, temp → final, on a server whose rename refuses a name that is taken.

An owner that was overtaken between its fence and the step aside neither dies nor loses its line
before it has put back what it moved: that is a window of delivery.md.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.model.acts import Moves, Step, others_aside, save
from tests.model.world import (
    FINAL,
    INTENT,
    VERIFIED,
    Daemon,
    Rename,
    Variant,
    World,
    aside,
    bearing,
    is_new,
    later,
    renamed,
    turn,
    without,
)


def may_come(world: World, asked: Rename) -> bool:
    """Whether the server does it. A lost step aside that comes when the last look at its name is
    over is a window of delivery.md.
    """
    state = world.ledger.state
    late = state != INTENT or any(_has_looked(it, asked[1]) for it in world.daemons)
    return not bearing(world, asked[1]) and not (late and asked[0] == FINAL)


def _has_looked(daemon: Daemon, name: int) -> bool:
    return daemon.at in ("done", "let go", "end") or (
        daemon.at in ("tidy", "return") and name not in daemon.names
    )


def publish(world: World, index: int, me: Daemon, variant: Variant) -> Moves:
    if bearing(world, me.epoch):
        names = others_aside(me) if variant.gather else ()
        at = "gather" if names else "gathered"
        yield "its temp stands", turn(world, index, me._replace(at=at, names=names))
    else:
        yield "its temp is gone", turn(world, index, _gone(me))


def look(world: World, index: int, me: Daemon, _: Variant) -> tuple[str, World] | None:
    """No temp is left. None: the new file is nowhere, or something else is in its place."""
    tidy = tidying(me)
    if me.epoch != world.ledger.epoch:
        return "fence: overtaken", turn(world, index, Daemon("overtaken", me.epoch))
    if is_new(world, FINAL):
        return "stands", turn(world, index, tidy)
    if bearing(world, FINAL):
        return None
    found = next((name for name in _all_aside(me) if is_new(world, name)), None)
    return ("reclaim", turn(renamed(world, found, FINAL), index, tidy)) if found else None


def _gather(world: World, index: int, me: Daemon, _: Variant) -> Moves:
    if me.names:
        yield _taken_over(world, index, me)
    elif me.at == "return":
        yield "put back", turn(put_back(world, me), index, me._replace(at="let go"))
    elif me.at == "gather" and bearing(world, me.epoch):
        yield "its temp still stands", turn(world, index, me._replace(at="gathered"))
    elif me.at == "gather":
        yield "its temp went", turn(world, index, me._replace(at="back"))
    elif not bearing(world, FINAL):
        yield "nothing in the way", turn(world, index, me._replace(at="take"))
    elif me.epoch != world.ledger.epoch:
        yield "fence: overtaken", turn(world, index, Daemon("overtaken", me.epoch))
    else:
        free = world._replace(files=without(world.files, aside(me.epoch)))
        yield "fence", turn(free, index, me._replace(at="step"))


def _taken_over(world: World, index: int, me: Daemon) -> tuple[str, World]:
    """What an earlier owner moved aside comes under the name of this one."""
    name, rest = me.names[0], me._replace(names=me.names[1:])
    if bearing(world, aside(me.epoch)) and me.at == "gather":
        return f"leave {name}", turn(world, index, rest)
    if bearing(world, aside(me.epoch)):
        gone = world._replace(files=without(world.files, name))
        return f"remove {name}", turn(gone, index, rest)
    return f"take over {name}", turn(renamed(world, name, aside(me.epoch)), index, rest)


def _step(world: World, index: int, me: Daemon, _: Variant) -> Moves:
    asked = FINAL, aside(me.epoch)
    if bearing(world, asked[1]):
        yield "step aside: refused", turn(world, index, me._replace(at="back"))
    else:
        yield "step aside", turn(renamed(world, *asked), index, me._replace(at="take"))
    if world.silences and me.epoch == world.ledger.epoch:
        silent = later(world._replace(silences=world.silences - 1), asked)
        yield "step aside: lost", turn(silent, index, Daemon("deliver", me.epoch))


def _take(world: World, index: int, me: Daemon, _: Variant) -> Moves:
    asked = me.epoch, FINAL
    if not bearing(world, me.epoch) or bearing(world, FINAL):
        yield "take: refused", turn(world, index, me._replace(at="back"))
    else:
        yield "take", turn(renamed(world, *asked), index, tidying(me))
    if world.silences and me.epoch == world.ledger.epoch:
        silent = later(world._replace(silences=world.silences - 1), asked)
        yield "take: lost", turn(silent, index, Daemon("deliver", me.epoch))


def _back(world: World, index: int, me: Daemon, variant: Variant) -> Moves:
    there = bearing(world, me.epoch)
    found = _moved_aside(world, me)
    if found and not there and variant.put_back:
        yield "reclaim", turn(renamed(world, found, FINAL), index, _gone(me))
        return
    world = put_back(world, me) if variant.put_back or there else world
    if not there:
        yield "put back", turn(world, index, _gone(me))
        return
    if me.asked:
        # A rename that was asked for earlier may still come: it stays at INTENT.
        yield "put back, again", turn(world, index, Daemon("deliver", me.epoch))
        return
    ledger = world.ledger._replace(state=VERIFIED)
    yield "put back, again", save(world, index, Daemon("deliver", me.epoch), ledger, variant)


def _moved_aside(world: World, me: Daemon) -> int | None:
    """Where the new file stands, if it could have its name."""
    if bearing(world, FINAL):
        return None
    return next((name for name in _all_aside(me) if is_new(world, name)), None)


def put_back(world: World, me: Daemon) -> World:
    name = aside(me.epoch)
    if not bearing(world, FINAL):
        return renamed(world, name, FINAL)
    if bearing(world, me.epoch):
        return world._replace(files=without(world.files, name))
    return world


def _tidy(world: World, index: int, me: Daemon, variant: Variant) -> Moves:
    if not me.names:
        yield "tidied", turn(world, index, me._replace(at="done", candidates=()))
        return
    name, rest = me.names[0], me._replace(names=me.names[1:])
    if variant.known and is_new(world, name) and not bearing(world, FINAL):
        yield "restore", turn(renamed(world, name, FINAL), index, rest)
    elif variant.known and is_new(world, name) and not is_new(world, FINAL):
        yield "something else has its name", turn(world, index, me._replace(at="unknown"))
    else:
        gone = world._replace(files=without(world.files, name))
        yield "remove what is old", turn(gone, index, rest)


def _gone(me: Daemon) -> Daemon:
    return me._replace(at="look" if me.asked else "unknown", names=())


def tidying(me: Daemon) -> Daemon:
    return me._replace(at="tidy", names=_all_aside(me))


def _all_aside(me: Daemon) -> tuple[int, ...]:
    return tuple(aside(name) for name in me.candidates)


ASKING: dict[str, Callable[[Daemon], Rename]] = {
    "step": lambda me: (FINAL, aside(me.epoch)),
    "take": lambda me: (me.epoch, FINAL),
}
"""The renames that the server may still do for an owner that has died."""
STEPS: dict[str, Step] = {
    "gather": _gather,
    "gathered": _gather,
    "return": _gather,
    "step": _step,
    "take": _take,
    "back": _back,
    "tidy": _tidy,
}
