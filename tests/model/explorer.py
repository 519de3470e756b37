"""Walks through every state that the model can reach; keeps the shortest way to what is wrong."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.model.protocol import moves
from tests.model.settling import settled
from tests.model.walk import upstream
from tests.model.world import (
    ENDING,
    FAILED,
    FINAL,
    IDLE,
    NOWHERE,
    OVER,
    PUBLISHED,
    REFUSED,
    UNKNOWN,
    Variant,
    World,
    is_new,
)

DOUBLED = "delivered twice"
LOST = "said to be published, and never appeared"
UNEXPLAINED = "said to be unknown, and nobody had taken it"
PARTIAL = "appeared before it was whole"
UNASKED = "said to be refused, and appeared"
LEFT = "something stayed behind, or has not its own name"
STALE = "a write of an old epoch was accepted"

Ways = dict[World, World | None]


@dataclass(frozen=True)
class Findings:
    """`wrong` maps each rule that was broken to the shortest way there; `stuck` counts the states
    from which no end can be reached, where that was asked for.
    """

    states: int
    ends: int
    wrong: dict[str, str] = field(default_factory=dict)
    stuck: int = 0


def explore(first: World, variant: Variant | None = None, *, ends: bool = False) -> Findings:
    """`ends` asks for `stuck`. What is wrong is noted, and not walked on from."""
    variant = variant or Variant()
    with _no_collector():
        ways, culprits, leading = _walk(first, variant, remember=ends)
        wrong = {rule: _told(world, ways, variant) for rule, world in culprits.items()}
        over = [world for world in ways if world.ledger.state in OVER]
        stuck = len(ways) - len(upstream(over, leading)) if ends else 0
        return Findings(len(ways), len(over), wrong, stuck)


def _walk(
    first: World, variant: Variant, *, remember: bool
) -> tuple[Ways, dict[str, World], dict[World, list[World]]]:
    ways: Ways = {first: None}
    culprits: dict[str, World] = {}
    leading: dict[World, list[World]] = {}
    layer = [first]
    while layer:
        following = []
        for world in layer:
            for _, _, step in moves(world, variant):
                after = settled(step, variant)
                if remember:
                    leading.setdefault(after, []).append(world)
                if after in ways:
                    continue
                ways[after] = world
                rule = wrong_with(after)
                if rule:
                    culprits.setdefault(rule, after)
                if rule in (None, STALE):
                    following.append(after)
        layer = following
    return ways, culprits, leading


def wrong_with(world: World) -> str | None:
    """The rule of the oracle that this state breaks; the gravest first."""
    return next((rule for rule, breaks in RULES.items() if breaks(world)), None)


def _is_untidy(world: World) -> bool:
    """All is over, in a world where that is judged: the final name has its file, and no other is
    there.
    """
    state = world.ledger.state
    judged = (world.swap or world.withdrawn) and state in (PUBLISHED, REFUSED)
    if not judged or world.late or world.daemons != (IDLE, IDLE):
        return False
    names = [name for name, _ in world.files if name != NOWHERE]
    if state == PUBLISHED and not world.taken:
        return names != [FINAL] or not is_new(world, FINAL)
    if state == PUBLISHED:
        # The old file may have come back to the name that the partner has emptied: delivery.md.
        return not {FINAL}.issuperset(names)
    return names != ([FINAL] if world.swap else [])


def _has_reason(world: World) -> bool:
    """The partner took it; or it stands aside, and the old file has come back to its name."""
    return world.taken or (world.swap and not is_new(world, FINAL))


RULES: dict[str, Callable[[World], bool]] = {
    PARTIAL: lambda world: world.partial,
    DOUBLED: lambda world: world.appeared > 1,
    LOST: lambda world: world.ledger.state == PUBLISHED and not world.appeared,
    UNEXPLAINED: lambda world: world.ledger.state == UNKNOWN and not _has_reason(world),
    UNASKED: lambda world: world.ledger.state in (FAILED, ENDING, REFUSED) and world.appeared > 0,
    LEFT: _is_untidy,
    STALE: lambda world: world.stale,
}


def _told(world: World, ways: Ways, variant: Variant) -> str:
    """The way to that state, a line a step, each with the epoch of who made it."""
    steps: list[str] = []
    while (before := ways[world]) is not None:
        epoch, name = next(
            (epoch, name)
            for epoch, name, after in moves(before, variant)
            if settled(after, variant) == world
        )
        steps.append(f"  {f'epoch {epoch}: ' if epoch else ''}{name}")
        world = before
    return "\n".join(reversed(steps))


@contextmanager
def _no_collector() -> Iterator[None]:
    """Nothing here is cyclic, and looking through a million tuples again and again takes long."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
