"""Every state of a small model, by its moves, and the way to each."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

World = TypeVar("World", bound=Hashable)
Ways = dict[World, tuple[World, str] | None]
"""The state before and the step that led here, by state; None for the first."""


def walk(
    first: World,
    moves: Callable[[World], Iterable[tuple[str, World]]],
    over: Callable[[World], bool],
) -> tuple[Ways[World], set[World]]:
    """Every state that can be reached, and those from which one that is `over` still can be."""
    ways: Ways[World] = {first: None}
    waiting, leading = [first], dict[World, list[World]]()
    for world in waiting:
        for name, after in moves(world):
            leading.setdefault(after, []).append(world)
            if after not in ways:
                ways[after] = (world, name)
                waiting.append(after)
    return ways, upstream([world for world in ways if over(world)], leading)


def upstream(over: list[World], leading: dict[World, list[World]]) -> set[World]:
    """The states from which one of these can be reached."""
    found, waiting = set(over), list(over)
    while waiting:
        for before in leading.get(waiting.pop(), ()):
            if before not in found:
                found.add(before)
                waiting.append(before)
    return found


def told(world: World, ways: Ways[World]) -> str:
    """The shortest way to that state, a line a step."""
    steps: list[str] = []
    while (before := ways[world]) is not None:
        world, name = before
        steps.append(name)
    return "\n".join(reversed(steps))
