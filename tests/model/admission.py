"""Two tasks of one approved item: who is carried, whatever comes between two writes.

| here | in the program |
|---|---|
| `look`, `repeated` | `Ledger.admit`, and once more as refused when another holds the item |
| `deny` | `Ledger.admit` of what policy.authorise refuses |
| `publish` … `set aside` | how `journey.travel` ends; protocol.py says that it sends once |
| `retry`, `release` | `Keeper.amend` of what decisions.py says |
| `crash` | SIGKILL of a daemon; what it had written stays |

The partner has one file of the item: `sent` counts how often it appeared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from tests.model.walk import Ways, walk

ABSENT, OPEN, GOING, DENIED, REPEATED = "absent", "open", "going", "denied", "repeated"
FREED, PART, FAILED, UNKNOWN, DELIVERED, ASIDE = (
    *("freed", "part", "failed", "unknown", "delivered", "aside"),
)
AT_WORK = frozenset({OPEN, GOING})
HOLDING = frozenset({OPEN, GOING, PART, FAILED, UNKNOWN, DELIVERED, ASIDE})
RETRIED = frozenset({DENIED, REPEATED, FREED, FAILED, UNKNOWN, ASIDE})
DOUBLED = "sent again without an operator's word"
BLOCKED = "refused as repeated, although nothing of the item was ever taken up or sent"


At = tuple[str, int]
IDLE: At = ("", 0)


class Row(NamedTuple):
    """A task in the ledger. `again`: an operator has it sent although it may be there."""

    state: str = ABSENT
    generation: int = 1
    again: bool = False


class World(NamedTuple):
    """`daemons` are what each is about to write: (state, task), or IDLE."""

    rows: tuple[Row, Row] = (Row(), Row())
    daemons: tuple[At, At] = (IDLE, IDLE)
    sent: int = 0
    wrong: str = ""
    crashes: int = 2
    words: int = 2


@dataclass(frozen=True, kw_only=True)
class Variant:
    """The design with all of its parts, or with one left out.

    `keyed`: the ledger knows the item. `atomic`: it asks and inserts in one transaction.
    `by_files`: what was sent in part holds the item although it was cancelled. `accepted_only`:
    what is refused as it comes in does not take the item. `one_at_work`: an operator's word waits
    for another task that is at work, `for_aside` also a retry for one in quarantine.
    `by_generation`: what an operator has sent again holds the item for good.
    """

    keyed: bool = True
    atomic: bool = True
    by_files: bool = True
    accepted_only: bool = True
    one_at_work: bool = True
    for_aside: bool = True
    by_generation: bool = True


Moves = Iterator[tuple[str, World]]


def moves(world: World, variant: Variant) -> Moves:
    """All that can happen next."""
    for index, at in enumerate(world.daemons):
        if at == IDLE:
            for task in (0, 1):
                yield f"deny {task}", _insert(world, task, DENIED)
                yield f"look {task}", _look(world, index, task, variant)
            continue
        step, task = at
        yield f"{step} {task}", _insert(_goes_on(world, index), task, step)
        if world.crashes:
            yield "crash", _goes_on(world, index)._replace(crashes=world.crashes - 1)
    for task in (0, 1):
        yield from _carried(world, task)
        yield from _decided(world, task, variant)


def _look(world: World, index: int, task: int, variant: Variant) -> World:
    if world.rows[task].state != ABSENT:
        return world
    other = world.rows[1 - task]
    if variant.keyed and _holds(other, variant):
        free = other.state == DENIED or (other.state == FREED and other.generation == 1)
        after = _goes_on(world, index, (REPEATED, task))
        return after._replace(wrong=BLOCKED) if free else after
    if variant.atomic:
        return _insert(world, task, OPEN)
    return _goes_on(world, index, (OPEN, task))


def _holds(row: Row, variant: Variant) -> bool:
    if row.state == PART and not variant.by_files:
        return False
    if row.state == FREED:
        return row.generation > 1 and variant.by_generation
    return row.state in HOLDING or (row.state == DENIED and not variant.accepted_only)


def _carried(world: World, task: int) -> Moves:
    row = world.rows[task]
    if row.state == GOING:
        yield f"close {task}", _put(world, task, row._replace(state=FREED))
    if row.state != OPEN:
        return
    yield f"refused before a byte {task}", _put(world, task, row._replace(state=GOING))
    yield f"set aside {task}", _put(world, task, row._replace(state=ASIDE))
    yield f"fail {task}", _put(world, task, row._replace(state=FAILED))
    yield f"nobody knows, not there {task}", _put(world, task, row._replace(state=UNKNOWN))
    for state in (DELIVERED, PART, UNKNOWN):
        wrong = DOUBLED if world.sent and not row.again else world.wrong
        sent = world._replace(sent=min(world.sent + 1, 2), wrong=wrong)
        yield f"publish {task}: {state}", _put(sent, task, Row(state, row.generation))


def _decided(world: World, task: int, variant: Variant) -> Moves:
    row, other = world.rows[task], world.rows[1 - task]
    if variant.one_at_work and other.state in AT_WORK:
        return
    if row.state == ASIDE:
        yield f"release {task}", _put(world, task, row._replace(state=OPEN))
    waits = variant.for_aside and other.state == ASIDE
    if row.state in RETRIED and world.words and not waits:
        # Whoever decides has seen what was sent, or has said that it may be doubled.
        again = world.sent > 0 or row.state == UNKNOWN
        begun = _put(world, task, Row(OPEN, 2, again))
        yield f"retry {task}", begun._replace(words=world.words - 1)


def _insert(world: World, task: int, state: str) -> World:
    """Only where nothing stands yet."""
    return _put(world, task, Row(state)) if world.rows[task].state == ABSENT else world


def _put(world: World, task: int, row: Row) -> World:
    rows = (row, world.rows[1]) if task == 0 else (world.rows[0], row)
    return world._replace(rows=rows)


def _goes_on(world: World, index: int, at: At = IDLE) -> World:
    """The two daemons are alike: which is which does not matter."""
    pair = sorted((at, world.daemons[1 - index]))
    return world._replace(daemons=(pair[0], pair[1]))


def explore(variant: Variant) -> tuple[Ways[World], set[World]]:
    """Every state that can be reached, with the step that led there, and those with an end."""
    return walk(World(), lambda it: () if it.wrong else moves(it, variant), _is_over)


def _is_over(world: World) -> bool:
    return all(row.state not in (ABSENT, OPEN, GOING) for row in world.rows)
