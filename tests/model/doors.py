"""Two doors and one fence: a daemon, executions and their functions, over one head in the ledger.

| here | in the program |
|---|---|
| `claim` | `Claims.claim`: free, of a dead owner (a lease, `seen`), or `over` its own invocation |
| `look` | a function compares the head's `execution` with its own before it does anything |
| `begin` … `done` | `journey.advance` on an outbound step, with `publish.recover` in short |
| `close` | the way home |
| `route`, `start` | the name is in the head, then StartExecution, as often as its answer is lost |
| `invoke` | the next state of an execution, or its retry while the one before may still live |
| `give up`, `redrive` | Step Functions ends an execution; an operator has it go on from any state |
| `evict` | `Keeper.evict`, after StopExecution: a cancel, or a daemon that takes over |
| `die` | SIGKILL, or the end of a function's time; who does not move is frozen, and may wake |

An execution is known by the epoch in its name; 0 is the daemon's own door. The file has one name:
of a temp, which is its epoch, or FINAL.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from tests.model.walk import Ways, walk

NOTHING, FINAL = 0, -1
PINNED, UPLOADED, INTENT, PUBLISHED, CLOSED = range(5)
NEVER, RUNNING, ENDED = "never", "running", "ended"
EPOCHS, EARLY = 5, 2
"""Epochs that are walked through; from the early ones on there are enough left for any end."""
DOUBLED = "published twice"
LOST = "said to be published, and never was"
BACK = "a stage was set back"
ROBBED = "a claim was taken from a living owner of another door"
STRANGE = "an execution worked on what is not its own"
STALE = "a write of an old epoch was accepted"


class Worker(NamedTuple):
    """A daemon's thread (door 0) or a function; `at` is what it does next."""

    door: int
    at: str = "claim"
    epoch: int = 0


class World(NamedTuple):
    """`owner` is the door of who holds the claim, None when it is free. `runs` are the executions
    by name and state; of the workers of a door the last is the newest.
    """

    epoch: int = 0
    owner: int | None = None
    execution: int = 0
    stage: int = PINNED
    file: int = NOTHING
    appeared: int = 0
    workers: tuple[Worker, ...] = ()
    runs: tuple[tuple[int, str], ...] = ()
    wrong: str = ""
    deaths: int = 1
    evictions: int = 1
    redrives: int = 1
    routes: int = 2


WHOLE = World()
FEW = World(deaths=0, redrives=0, routes=1)
"""Troubles enough to show what is missing."""


@dataclass(frozen=True, kw_only=True)
class Variant:
    """The design with all of its parts, or with one left out.

    `fence`: the ledger refuses an old epoch. `own`: the name of an execution takes claims from its
    own invocations only. `look`: a function asks whether the transfer is its execution's. `home`:
    an eviction takes the execution's name out of the head. `onward`: a step passes over what is
    reached.
    """

    fence: bool = True
    own: bool = True
    look: bool = True
    home: bool = True
    onward: bool = True


Moves = Iterator[tuple[str, World]]


def moves(world: World, variant: Variant) -> Moves:
    """All that can happen next."""
    for index, worker in enumerate(world.workers):
        for name, after in _worked(world, index, worker, variant):
            yield f"door {worker.door}, epoch {worker.epoch}: {name}", after
        if world.deaths and worker.at != "claim":
            yield f"door {worker.door}: die", _gone(world, index)._replace(deaths=world.deaths - 1)
    yield from _executions(world)
    if not any(worker.door == 0 for worker in world.workers) and world.stage != CLOSED:
        yield from _daemon(world, variant)


def _daemon(world: World, variant: Variant) -> Moves:
    state = dict(world.runs).get(world.execution, NEVER)
    if not world.execution:
        yield "daemon: take up", _join(world, Worker(0))
    elif state == NEVER:
        yield f"start {world.execution}", _run(world, world.execution, RUNNING)
    if world.execution and (world.evictions or state == ENDED):
        spent = world.evictions - (state != ENDED)
        stopped = _run(world, world.execution, ENDED)
        yield "evict", _evicted(stopped, variant)._replace(evictions=spent)


def _evicted(world: World, variant: Variant) -> World:
    if world.epoch == EPOCHS:
        # No further one is walked to: it would be a world like this one.
        return world
    home = 0 if variant.home else world.execution
    return world._replace(epoch=world.epoch + 1, owner=None, execution=home)


def _executions(world: World) -> Moves:
    for name, state in world.runs:
        live = sum(worker.door == name for worker in world.workers)
        if state == RUNNING and live < 2:
            yield f"invoke of {name}", _join(world, Worker(name))
        if state == RUNNING:
            yield f"{name}: give up", _run(world, name, ENDED)
        elif world.redrives:
            again = _run(world, name, RUNNING)
            yield f"redrive {name}", again._replace(redrives=world.redrives - 1)


def _worked(world: World, index: int, me: Worker, variant: Variant) -> Moves:
    if me.at == "claim":
        yield _claimed(world, index, me, variant)
    elif me.at == "publish":
        yield from _published(world, index, me)
    elif variant.fence and me.epoch != world.epoch:
        yield f"{me.at}: refused by the ledger", _gone(world, index)
    else:
        stale = STALE if me.epoch != world.epoch else world.wrong
        yield from _wrote(world._replace(wrong=stale), index, me, variant)


def _claimed(world: World, index: int, me: Worker, variant: Variant) -> tuple[str, World]:
    holder = [worker for worker in world.workers if worker.epoch == world.epoch and worker.epoch]
    alive, ours = bool(holder), world.owner == me.door and me.door > 0
    free = world.owner is None or not alive or ours or (me.door > 0 and not variant.own)
    if world.stage == CLOSED or not free or world.epoch == EPOCHS:
        return "claim: not to be had", _gone(world, index)
    robbed = alive and world.owner is not None and not ours
    taken = world._replace(epoch=world.epoch + 1, owner=me.door)
    taken = taken._replace(wrong=ROBBED if robbed else world.wrong)
    return "claim", _turn(taken, index, Worker(me.door, "look", taken.epoch))


def _wrote(world: World, index: int, me: Worker, variant: Variant) -> Moves:
    """One conditional write, by who has the claim."""
    free = world._replace(owner=None)
    if me.at == "look" and world.execution != me.door and variant.look:
        yield "look: not mine", _gone(free, index)
        return
    strange = world.execution != me.door and me.door > 0
    world = world._replace(wrong=STRANGE if strange else world.wrong)
    if me.at == "look":
        yield from _stepped(world, index, me, variant)
    elif me.at == "intend":
        yield "intend", _turn(world._replace(stage=INTENT), index, me._replace(at="publish"))
    elif me.at == "done":
        wrong = world.wrong if world.appeared else LOST
        done = world._replace(stage=PUBLISHED, owner=None, wrong=wrong)
        yield "done, and given back", _gone(done, index)


def _stepped(world: World, index: int, me: Worker, variant: Variant) -> Moves:
    free = world._replace(owner=None)
    if world.stage == INTENT:
        yield _recovered(world, index, me)
    elif world.stage in (PINNED, UPLOADED):
        # What an earlier epoch has left is renamed to this one's temp.
        begun = world._replace(stage=UPLOADED, file=me.epoch)
        yield "begin", _turn(begun, index, me._replace(at="intend"))
    elif world.stage == PUBLISHED:
        yield "close", _gone(free._replace(stage=CLOSED), index)
    if not variant.onward and world.stage > PINNED:
        yield "step again", _gone(free._replace(stage=PINNED, wrong=BACK), index)
    if me.door == 0 and world.stage != PUBLISHED and world.routes:
        routed = free._replace(execution=world.epoch, routes=world.routes - 1)
        yield f"route to {world.epoch}", _gone(routed, index)


def _recovered(world: World, index: int, me: Worker) -> tuple[str, World]:
    """The candidate is renamed to our temp, which proves that it was not published; or it was."""
    if world.file == FINAL:
        return "recover: it stands", _turn(world, index, me._replace(at="done"))
    mine = world._replace(file=me.epoch)
    return "recover", _turn(mine, index, me._replace(at="publish"))


def _published(world: World, index: int, me: Worker) -> Moves:
    """The server asks for no epoch: the rename finds its source or does not."""
    if world.file == me.epoch:
        appeared = world._replace(file=FINAL, appeared=world.appeared + 1)
        after = appeared._replace(wrong=DOUBLED if appeared.appeared > 1 else world.wrong)
        yield "publish", _turn(after, index, me._replace(at="done"))
    else:
        yield "publish: no such file", _gone(world, index)


def _turn(world: World, index: int, worker: Worker) -> World:
    workers = (*world.workers[:index], worker, *world.workers[index + 1 :])
    return world._replace(workers=tuple(sorted(workers)))


def _gone(world: World, index: int) -> World:
    return world._replace(workers=world.workers[:index] + world.workers[index + 1 :])


def _join(world: World, worker: Worker) -> World:
    return world._replace(workers=tuple(sorted((*world.workers, worker))))


def _run(world: World, name: int, state: str) -> World:
    return world._replace(runs=tuple(sorted({**dict(world.runs), name: state}.items())))


def explore(variant: Variant, first: World = WHOLE) -> tuple[Ways[World], list[World]]:
    """Every state that can be reached, with the step that led there; and those without an end."""

    def further(world: World) -> Moves | tuple[()]:
        return moves(world, variant) if world.wrong in ("", STALE, BACK) else ()

    ways, ended = walk(first, further, lambda world: world.stage == CLOSED)
    # Later ones may want an epoch more than are walked through.
    return ways, [world for world in ways if world.epoch <= EARLY and world not in ended]
