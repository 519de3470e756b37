"""Progress over lanes: what the ledger is told, and what the server holds when the owner dies.

| here | in the program |
|---|---|
| `hand` | `Lanes.write`: a chunk is given to a free lane |
| `begin` | the lane's thread calls `Upload.write`; it may do so at any later time |
| `store` | the server has a chunk, in whatever order it likes |
| `tell` | `Upload.acknowledged`, as the lane knows it |
| `save` | `Crossing.progress(Lanes.proven)` |
| every state | an instant at which the owner may be killed: its heir goes on at what was saved |
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

CHUNKS, LANES, AHEAD = 4, 2, 2
"""Chunks of the file, lanes, and how many chunks a lane has under way at most."""


class Chunk(NamedTuple):
    number: int
    begun: bool = False
    stored: bool = False


class World(NamedTuple):
    """`handed` chunks have left the reader; `saved` is in the ledger; `lanes` as they were fed."""

    handed: int = 0
    saved: int = 0
    lanes: tuple[tuple[Chunk, ...], ...] = ((),) * LANES


@dataclass(frozen=True, kw_only=True)
class Variant:
    """`known_at_once`: a chunk stands with its lane before its thread begins. `in_order`: a chunk
    counts as acknowledged once all of its lane before it do.
    """

    known_at_once: bool = True
    in_order: bool = True


def proven(world: World, variant: Variant) -> int:
    """`Lanes.proven`: the first chunk that is not known to be stored."""
    gaps = [gap for lane in world.lanes if (gap := _first_gap(lane, variant)) is not None]
    return min(gaps, default=world.handed)


def _first_gap(lane: tuple[Chunk, ...], variant: Variant) -> int | None:
    known = [chunk for chunk in lane if chunk.begun or variant.known_at_once]
    stored = sum(chunk.stored for chunk in known)
    if variant.in_order:
        stored = next((place for place, chunk in enumerate(known) if not chunk.stored), len(known))
    return known[stored].number if stored < len(known) else None


def moves(world: World, variant: Variant) -> Iterator[World]:
    for index, lane in enumerate(world.lanes):
        if world.handed < CHUNKS and sum(not chunk.stored for chunk in lane) < AHEAD:
            yield _turn(world, index, (*lane, Chunk(world.handed)))._replace(
                handed=world.handed + 1
            )
        for place, chunk in enumerate(lane):
            earlier = all(one.begun for one in lane[:place])
            if not chunk.begun and earlier:
                yield _turn(world, index, _put(lane, place, chunk._replace(begun=True)))
            if chunk.begun and not chunk.stored:
                yield _turn(world, index, _put(lane, place, chunk._replace(stored=True)))
    yield world._replace(saved=proven(world, variant))


def _turn(world: World, index: int, lane: tuple[Chunk, ...]) -> World:
    lanes = (*world.lanes[:index], lane, *world.lanes[index + 1 :])
    return world._replace(lanes=lanes)


def _put(lane: tuple[Chunk, ...], place: int, chunk: Chunk) -> tuple[Chunk, ...]:
    return (*lane[:place], chunk, *lane[place + 1 :])


def hole(world: World) -> bool:
    """The heir would go on behind a chunk that the server does not hold."""
    stored = {chunk.number for lane in world.lanes for chunk in lane if chunk.stored}
    return not stored.issuperset(range(world.saved))


def explore(variant: Variant) -> tuple[int, World | None]:
    """How many states there are, and one with a hole; that is not walked on from."""
    seen, waiting, bad = {World()}, [World()], None
    while waiting:
        for after in moves(waiting.pop(), variant):
            if after in seen:
                continue
            seen.add(after)
            if hole(after):
                bad = bad or after
            else:
                waiting.append(after)
    return len(seen), bad
