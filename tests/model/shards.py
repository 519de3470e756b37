"""Two files, a shard each, and a head: all interleavings of calls, heirs and who wakes late.

| here | in the program |
|---|---|
| `claim` of the head | an heir, through any door; an eviction. Who was there is frozen, or dead |
| `close` | `journey.take_up`: a write each, which does not ask for the head's epoch |
| `share out` | `shards.share_out`: the decision is in the head before a shard stands open |
| `call` | an execution's call for a shard, as late and as often as it likes |
| `take` … `done` | `delivery.prepare`, `publish.intend` and `publish.recover` in short |

All or nothing: no file may get its final name before both are at the partner's. Whoever does not
move has died. A name is an epoch, those of shards from 100 on; or FINAL.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from tests.model.walk import Ways, walk

FINAL = -1
NEW, VERIFIED, INTENT, PUBLISHED = range(4)
HEAD = -1
DOUBLED = "published twice"
EARLY = "published before all files were there"
STALE = "a write of an old epoch was accepted"


class File(NamedTuple):
    """The row: how far, under which temp, after which. `there` are names at the partner's."""

    state: int = NEW
    temp: int = 0
    older: frozenset[int] = frozenset()
    there: frozenset[int] = frozenset()
    appeared: int = 0


class Shard(NamedTuple):
    """`opened`: by the head of that epoch; 0 when it is closed."""

    epoch: int = 0
    opened: int = 0


class Worker(NamedTuple):
    """The head's owner, or who was called for shard `who`, opened by the head's epoch `told`.

    `asked` and `older` are of the row as it was when the file was taken.
    """

    who: int
    at: str
    epoch: int = 0
    file: int = 0
    told: int = 0
    last: bool = True
    asked: bool = False
    older: tuple[int, ...] = ()


class World(NamedTuple):
    """`sharing` is the epoch of the last opening, and whether its shards may publish."""

    epoch: int = 0
    sharing: tuple[int, bool] = (0, False)
    shards: tuple[Shard, ...] = (Shard(), Shard())
    files: tuple[File, ...] = (File(), File())
    workers: tuple[Worker, ...] = ()
    wrong: str = ""
    claims: int = 3
    calls: int = 2


@dataclass(frozen=True, kw_only=True)
class Variant:
    """The design with all of its parts, or with one left out.

    `fence`: the ledger refuses a shard's old epoch. `close`: the next head closes the shards.
    `seen`: the head opens for the publish only what it has seen verified.
    """

    fence: bool = True
    close: bool = True
    seen: bool = True


BEGUN = World(claims=2)
STORED = File(state=VERIFIED, temp=101, there=frozenset({101}))
OPEN = {
    "nothing is open yet": BEGUN,
    "shards are to verify": World(
        epoch=1, sharing=(1, False), shards=(Shard(opened=1), Shard(opened=1)), claims=1
    ),
    "shards are to publish": World(
        epoch=2,
        sharing=(2, True),
        shards=(Shard(1, 2), Shard(1, 2)),
        files=(STORED, STORED),
        claims=1,
    ),
}
"""Where the exploring begins: from the start all of it is a million states."""
Moves = Iterator[tuple[str, World]]


def moves(world: World, variant: Variant) -> Moves:
    if world.claims and not _over(world):
        first = Worker(HEAD, "close" if variant.close else "plan", world.epoch + 1)
        yield (
            f"head {first.epoch}: claim",
            _join(world._replace(epoch=first.epoch, claims=world.claims - 1), first),
        )
    for number, shard in enumerate(world.shards):
        if shard.opened and world.calls:
            call = Worker(number, "claim", told=shard.opened, file=number)
            yield f"shard {number}: call", _join(world._replace(calls=world.calls - 1), call)
    for index, worker in enumerate(world.workers):
        name = f"{'head' if worker.who == HEAD else f'shard {worker.who}'} {worker.epoch}"
        for what, after in _worked(world, index, worker, variant):
            yield f"{name}: {what}", after


def _worked(world: World, index: int, me: Worker, variant: Variant) -> Moves:
    if me.at == "claim":
        yield _called(world, index, me)
    elif me.at == "close":
        yield _closed(world, index, me)
    elif me.at in ("move", "create", "rename"):
        yield from _at_partner(world, index, me)
    else:
        latest = world.epoch if me.who == HEAD else world.shards[me.who].epoch
        if me.epoch != latest and (variant.fence or me.who == HEAD):
            yield f"{me.at}: refused", _gone(world, index)
            return
        stale = STALE if me.epoch != latest else world.wrong
        yield from _wrote(world._replace(wrong=stale), index, me, variant)


def _called(world: World, index: int, me: Worker) -> tuple[str, World]:
    shard = world.shards[me.who]
    if not shard.opened or shard.opened != me.told:
        return "not to be had", _gone(world, index)
    taken = shard._replace(epoch=shard.epoch + 1)
    mine = me._replace(at="take", epoch=taken.epoch, last=world.sharing[1])
    return "claim", _turn(_with_shard(world, me.who, taken), index, mine)


def _closed(world: World, index: int, me: Worker) -> tuple[str, World]:
    number = me.file
    shard = world.shards[number]
    if 0 < shard.opened < me.epoch:
        world = _with_shard(world, number, Shard(shard.epoch + 1))
    onward = me._replace(file=1) if number == 0 else me._replace(at="plan", file=0)
    return f"close {number}", _turn(world, index, onward)


def _wrote(world: World, index: int, me: Worker, variant: Variant) -> Moves:
    """One conditional write."""
    file, mark = world.files[me.file], _mark(me)
    if me.at == "plan":
        seen = all(each.state >= VERIFIED for each in world.files) or not variant.seen
        shared = world._replace(sharing=(me.epoch, seen))
        yield "share out", _turn(shared, index, me._replace(at="open"))
        yield "carry", _turn(world, index, me._replace(at="take", last=False))
    elif me.at == "open":
        opened = world.shards[me.file]._replace(opened=me.epoch)
        after = _with_shard(world, me.file, opened)
        onward = me._replace(file=1)
        yield "open", _turn(after, index, onward) if me.file == 0 else _gone(after, index)
    elif me.at == "take":
        yield from _taken(world, index, me, file, mark)
    elif me.at == "begin":
        yield "begin", _turn(world, index, me._replace(at="create"))
    elif me.at == "verified":
        done = _with_file(world, me.file, file._replace(state=max(file.state, VERIFIED)))
        yield "verified", _next(done, index, me)
    elif me.at == "intend":
        # From now on the candidates only: another temp that is there proves nothing.
        intent = file._replace(state=INTENT, older=frozenset())
        intended = _with_file(world, me.file, intent)
        yield "intend", _turn(intended, index, me._replace(at="rename"))
    elif me.at == "done":
        done = _with_file(world, me.file, file._replace(state=PUBLISHED))
        yield "done", _next(done, index, me)


def _taken(world: World, index: int, me: Worker, file: File, mark: int) -> Moves:
    passed = file.state == PUBLISHED or (not me.last and file.state == INTENT)
    if passed or (me.who != HEAD and not me.last and file.state == VERIFIED):
        yield "nothing to do", _next(world, index, me)
        return
    older = (file.older | {file.temp}) - {0, mark}
    taken = file._replace(temp=mark, older=frozenset(older))
    mine = me._replace(at="move", asked=file.state == INTENT, older=tuple(sorted(older)))
    yield "take", _turn(_with_file(world, me.file, taken), index, mine)


def _at_partner(world: World, index: int, me: Worker) -> Moves:
    """The server asks for no epoch."""
    file, mark = world.files[me.file], _mark(me)
    there = file.there
    if me.at == "create":
        after = _with_file(world, me.file, file._replace(there=there | {mark}))
        yield "create", _turn(after, index, me._replace(at=_stored(me)))
    elif me.at == "move":
        found = [name for name in me.older if name in there]
        if mark not in there and found:
            there = (there - {found[0]}) | {mark}
        after = _with_file(world, me.file, file._replace(there=there))
        if mark in there:
            yield "move", _turn(after, index, me._replace(at=_stored(me)))
        elif me.asked and FINAL in there:
            yield "found", _turn(after, index, me._replace(at="done"))
        elif not me.asked:
            yield "nothing there", _turn(after, index, me._replace(at="begin"))
        else:
            yield "an heir has it", _gone(after, index)
    elif mark in there:
        yield "rename", _renamed(world, index, me, file, mark)
    else:
        yield "rename: no such file", _gone(world, index)


def _renamed(world: World, index: int, me: Worker, file: File, mark: int) -> World:
    final = file._replace(there=(file.there - {mark}) | {FINAL}, appeared=file.appeared + 1)
    wrong = DOUBLED if final.appeared > 1 else world.wrong
    if not world.files[1 - me.file].there:
        wrong = EARLY
    after = _with_file(world._replace(wrong=wrong), me.file, final)
    return _turn(after, index, me._replace(at="done"))


def _stored(me: Worker) -> str:
    if me.asked:
        return "rename"
    return "intend" if me.last else "verified"


def _next(world: World, index: int, me: Worker) -> World:
    """A head goes over both files, and then publishes both."""
    if me.who != HEAD:
        return _gone(world, index)
    if me.file == 0:
        return _turn(world, index, me._replace(at="take", file=1))
    if not me.last:
        return _turn(world, index, me._replace(at="take", file=0, last=True))
    return _gone(world, index)


def _mark(me: Worker) -> int:
    return me.epoch + (100 if me.who != HEAD else 0)


def _over(world: World) -> bool:
    return all(file.state == PUBLISHED for file in world.files)


def _with_file(world: World, number: int, file: File) -> World:
    files = (file, world.files[1]) if number == 0 else (world.files[0], file)
    return world._replace(files=files)


def _with_shard(world: World, number: int, shard: Shard) -> World:
    both = (shard, world.shards[1]) if number == 0 else (world.shards[0], shard)
    return world._replace(shards=both)


def _turn(world: World, index: int, worker: Worker) -> World:
    workers = (*world.workers[:index], worker, *world.workers[index + 1 :])
    return world._replace(workers=tuple(sorted(workers)))


def _gone(world: World, index: int) -> World:
    return world._replace(workers=world.workers[:index] + world.workers[index + 1 :])


def _join(world: World, worker: Worker) -> World:
    return world._replace(workers=tuple(sorted((*world.workers, worker))))


def explore(variant: Variant, first: World) -> tuple[Ways[World], list[World]]:
    """Every state that can be reached, with the step that led there; and those without an end."""

    def further(world: World) -> Moves | tuple[()]:
        return moves(world, variant) if world.wrong in ("", STALE) else ()

    ways, over = walk(first, further, _over)
    # One claim more brings any of them home; without it there may be nobody left.
    return ways, [world for world in ways if world.claims and world not in over]
