"""The approval is withdrawn: what is known not to be published is refused, and nothing stays."""

from __future__ import annotations

from tests.model.acts import Moves, Step, others_aside, rename, save, with_older
from tests.model.world import (
    ENDING,
    FAILED,
    INTENT,
    REFUSED,
    UNKNOWN,
    Daemon,
    Ledger,
    Variant,
    World,
    bearing,
    turn,
    without,
)

VOID = 100
"""Added to a temp's name: under that it is taken away from a rename that may be late."""


def withdrawn(world: World, index: int, me: Daemon, variant: Variant) -> Moves:
    """An owner that was about to write its INTENT, or to write it again. A temp of its own that
    stands is no proof: a rename of it whose answer was lost may still come.
    """
    if not me.asked:
        yield "refused", turn(world, index, me._replace(at="end"))
    elif not variant.let_go or not variant.void:
        yield "refused after INTENT", turn(world, index, me._replace(at="let go"))
    else:
        ledger = world.ledger
        void = ledger.temp + VOID
        older = tuple(name for name in ledger.candidates if name != void)
        after = me._replace(at="void", names=older, candidates=(*older, void))
        saved = ledger._replace(temp=void, candidates=(*older, void))
        yield "refused after INTENT", save(world, index, after, saved, variant)


def void_again(world: World, index: int, me: Daemon) -> World:
    """After an answer that was lost: to the same name, which is still the last of them."""
    candidates = world.ledger.candidates
    after = me._replace(at="void", names=candidates[:-1], candidates=candidates, asked=True)
    return turn(world, index, after)


def _void(world: World, index: int, me: Daemon, variant: Variant) -> Moves:
    void = me.candidates[-1]
    proven = me._replace(at="let go", names=())
    if world.swap:
        names = others_aside(me) if variant.gather else ()
        proven = me._replace(at="return", names=names)
    if me.names:
        no = me._replace(names=me.names[1:])
        yield from rename(world, index, (me.names[0], void), proven, no)
    elif bearing(world, void):
        yield "void stands", turn(world, index, proven)
    else:
        yield "it was published", turn(world, index, me._replace(at="look"))


def _let_go(world: World, index: int, me: Daemon, variant: Variant) -> Moves:
    after = me._replace(at="end", names=())
    if variant.let_go:
        ledger = world.ledger._replace(state=FAILED)
        yield "let go", save(world, index, after, ledger, variant)
    else:
        yield "stay at INTENT", turn(world, index, after)


def _end(world: World, index: int, me: Daemon, variant: Variant) -> Moves:
    """The failure of the transfer; what is still at INTENT nobody can tell."""
    ledger = world.ledger
    if ledger.state == INTENT and ledger.epoch == me.epoch:
        after = me._replace(at="over")
        yield "unknown", save(world, index, after, Ledger(ledger.epoch, UNKNOWN), variant)
        return
    after = me._replace(at="clean", names=with_older(ledger), candidates=())
    yield "turn home", save(world, index, after, ledger._replace(state=ENDING), variant)


def _clean(world: World, index: int, me: Daemon, variant: Variant) -> Moves:
    if me.names:
        files, me = without(world.files, me.names[0]), me._replace(names=me.names[1:])
        yield "remove", turn(world._replace(files=files), index, me)
        return
    closed = Ledger(world.ledger.epoch, REFUSED)
    yield "close", save(world, index, me._replace(at="over"), closed, variant)


STEPS: dict[str, Step] = {"void": _void, "let go": _let_go, "end": _end, "clean": _clean}
