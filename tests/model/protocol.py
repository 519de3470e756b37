"""The publish protocol of delivery.md: a step for each durable write and request to the server.

| here | in the program |
|---|---|
| `claim` | `Ledger.claim`, by a poll or after a start; at any instant |
| `deliver` | `delivery.deliver`: what the ledger says decides where a try goes on |
| `inherit`, `heir` | `resume.inherit`: the new name is durable, then older temps are renamed |
| `prove` | `delivery._waits_for_publish`, `resume.proven`: size, and the last chunk compared |
| `begin`, `clear` | `resume.begin`, then `Remote.remove` for each, then `Remote.create` |
| `write` | `upload._carry`: chunks in any order (lanes); `Crossing.progress`; `verify.verify` |
| `intend` | `publish.intend`: INTENT with the one candidate, or with all of a recovery |
| `publish` | `publish.publish`: rename temp → final |
| `recover`, `probe` | `publish.recover`: the longer list is durable, then candidate → new temp |
| `look` | `publish._stands`, and `Destination.collected` |
| `done`, `unknown` | the last `Crossing.save` |
| `withdrawn`, `void`, `let go` | `publish.intend` is refused: `publish.withdrawn` |
| `end`, `clean` | `journey.travel` turns home; `steps.cleanup` |
| `gather`, `step`, `take`, `back`, `tidy` | `swap.swap`, where the server cannot replace |
| `overtaken` | `resume.overtaken`: after ClaimLost its temp goes, unless the row goes on with it |
| `crash` | SIGKILL; what was asked of the server may still be done, at any later time |
| a daemon that does not move | an owner frozen past its lease; it may wake at any time |
| `lost` | no answer: the owner tries again, and the server may do the first request later |
| `late` | the server does what nobody waits for any more |
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.model import ending, swapping
from tests.model.acts import Moves, Step, rename, save, with_older
from tests.model.surroundings import crash, surroundings
from tests.model.world import (
    ENDING,
    FAILED,
    FINAL,
    IDLE,
    INTENT,
    NOWHERE,
    OVER,
    PUBLISHED,
    UNKNOWN,
    UPLOADING,
    VERIFIED,
    WHOLE,
    Daemon,
    Ledger,
    Variant,
    World,
    bearing,
    epochs,
    is_new,
    put,
    size,
    turn,
    without,
)


def moves(world: World, variant: Variant) -> Iterator[tuple[int, str, World]]:
    """All that can happen next: whose epoch does it (0: nobody's), what it is, the world then."""
    for index, daemon in enumerate(world.daemons):
        if daemon == IDLE:
            yield from ((0, name, after) for name, after in _claim(world, index))
            continue
        for name, after in STEPS[daemon.at](world, index, daemon, variant):
            yield daemon.epoch, name, after
        if world.crashes:
            yield from ((daemon.epoch, *move) for move in crash(world, index, daemon))
    yield from ((0, name, after) for name, after in surroundings(world))


def _claim(world: World, index: int) -> Moves:
    """Free when its owner is dead; from a living one it costs a loss."""
    ledger = world.ledger
    alive = any(other.epoch == ledger.epoch and other != IDLE for other in world.daemons)
    if ledger.state in OVER or (alive and not world.losses) or ledger.epoch == epochs(world):
        return
    epoch, losses = ledger.epoch + 1, world.losses - (1 if alive else 0)
    claimed = world._replace(ledger=ledger._replace(epoch=epoch), losses=losses)
    yield f"claim {epoch}", turn(claimed, index, Daemon(at="deliver", epoch=epoch))


def _deliver(world: World, index: int, me: Daemon, variant: Variant) -> Moves:
    ledger, mine = world.ledger, me.epoch
    me = Daemon(me.at, mine, moved=ledger.moved)
    if variant.fence and mine < ledger.epoch:
        # Whatever stopped it, it takes its temp away before it looks again.
        yield "overtaken", turn(world, index, Daemon("overtaken", mine))
    elif ledger.state in OVER:
        yield "it is over", turn(world, index, IDLE)
    elif ledger.state == ENDING:
        yield "clean", turn(world, index, me._replace(at="clean", names=with_older(ledger)))
    elif ledger.state == FAILED:
        yield from _begin(world, index, me._replace(names=ledger.older), variant)
    elif ledger.state == INTENT:
        yield "recover", _recover(world, index, me, variant)
    elif ledger.temp not in (NOWHERE, mine) and ledger.moved:
        yield "inherit", _inherit(world, index, me, variant)
    elif ledger.temp == mine and ledger.moved and ledger.older and not bearing(world, mine):
        yield "inherit again", turn(world, index, me._replace(at="heir", names=ledger.older[::-1]))
    else:
        go_on = _prove if ledger.temp == mine and ledger.moved else _begin
        yield from go_on(world, index, me._replace(names=ledger.older), variant)


def _inherit(world: World, index: int, me: Daemon, variant: Variant) -> World:
    ledger = world.ledger
    older = with_older(ledger)
    candidates = () if variant.own_candidate else ledger.candidates
    ledger = ledger._replace(temp=me.epoch, older=older, candidates=candidates)
    return save(world, index, me._replace(at="heir", names=older[::-1]), ledger, variant)


def _heir(world: World, index: int, me: Daemon, variant: Variant) -> Moves:
    if me.names:
        rest = me.names[1:]
        yes, no = me._replace(at="prove", names=rest[::-1]), me._replace(names=rest)
        yield from rename(world, index, (me.names[0], me.epoch), yes, no)
    else:
        yield from _prove(world, index, me, variant)


def _prove(world: World, index: int, me: Daemon, variant: Variant) -> Moves:
    ledger, file = world.ledger, bearing(world, me.epoch)
    if ledger.state == VERIFIED and ledger.temp == me.epoch and size(world, me.epoch) == 2:
        yield "only publish", turn(world, index, Daemon("intend", me.epoch))
        return
    at = min(me.moved, size(world, me.epoch) or 0)
    if at and world.files[file - 1][1] & at:
        left = WHOLE & ~((1 << at) - 1)
        yield "prove", turn(world, index, me._replace(at="write", file=file, left=left, moved=at))
    else:
        yield from _begin(world, index, me, variant)


def _begin(world: World, index: int, me: Daemon, variant: Variant) -> Moves:
    ledger = world.ledger
    older = with_older(ledger)
    others = tuple(name for name in older if name != me.epoch)
    begun = Ledger(ledger.epoch, UPLOADING, me.epoch, 0, others)
    after = me._replace(at="clear", names=older, moved=0)
    yield "begin", save(world, index, after, begun, variant)


def _clear(world: World, index: int, me: Daemon, _: Variant) -> Moves:
    if me.names:
        files, me = without(world.files, me.names[0]), me._replace(names=me.names[1:])
        yield "remove", turn(world._replace(files=files), index, me)
    elif bearing(world, me.epoch):
        # Created exclusively: a late rename of its own came first.
        yield "create: exists", turn(world, index, me._replace(at="deliver"))
    else:
        files = put(world.files, me.epoch, (me.epoch, 0))
        me = me._replace(at="write", file=me.epoch, left=WHOLE)
        yield "create", turn(world._replace(files=files), index, me)


def _write(world: World, index: int, me: Daemon, variant: Variant) -> Moves:
    name, content = world.files[me.file - 1]
    for chunk in (1, 2):
        if me.left & chunk:
            files = put(world.files, me.file, (name, content | chunk if name else 0))
            after = turn(world, index, me._replace(left=me.left & ~chunk))
            yield f"write chunk {chunk}", after._replace(files=files)
    proven = 2 if not me.left else 1 if not me.left & 1 else 0
    if proven > me.moved:
        ledger = world.ledger._replace(moved=proven, older=me.names)
        yield "progress", save(world, index, me._replace(moved=proven), ledger, variant)
    if not me.left:
        yield from _verify(world, index, me, variant)
    elif world.silences:
        silent = world._replace(silences=world.silences - 1)
        yield "write: lost", turn(silent, index, me._replace(at="deliver"))


def _verify(world: World, index: int, me: Daemon, variant: Variant) -> Moves:
    """VERIFIED is saved for a file of several chunks, and kept in memory for a small one."""
    if size(world, me.epoch) == 2:
        after = Daemon("intend", me.epoch)
        ledger = world.ledger._replace(
            state=VERIFIED, moved=2, older=me.names, candidates=(me.epoch,)
        )
        yield "verify and save", save(world, index, after, ledger, variant)
        yield "verify", turn(world, index, after)
    else:
        dropped = world._replace(files=without(world.files, me.epoch))
        yield "drop", turn(dropped, index, me._replace(at="deliver"))


def _intend(world: World, index: int, me: Daemon, variant: Variant) -> Moves:
    if world.withdrawn:
        yield from ending.withdrawn(world, index, me, variant)
        return
    ledger = world.ledger
    kept = me.asked or (ledger.state == VERIFIED and not variant.own_candidate)
    candidates = ledger.candidates if kept else (me.epoch,)
    ledger = ledger._replace(state=INTENT, temp=me.epoch, candidates=candidates)
    after = me._replace(at="publish", candidates=candidates if world.swap else ())
    yield "intend", save(world, index, after, ledger, variant)


def _publish(world: World, index: int, me: Daemon, variant: Variant) -> Moves:
    if world.swap:
        yield from swapping.publish(world, index, me, variant)
        return
    no = me._replace(at="look" if me.asked else "unknown")
    yield from rename(world, index, (me.epoch, FINAL), me._replace(at="done"), no)


def _recover(world: World, index: int, me: Daemon, variant: Variant) -> World:
    ledger, mine = world.ledger, me.epoch
    if ledger.temp == mine + ending.VOID:
        return ending.void_again(world, index, me)
    others = tuple(name for name in ledger.candidates if name != mine)
    if variant.list_persisted:
        ledger = ledger._replace(temp=mine, candidates=(*others, mine))
    names = others if variant.intent_only else tuple(range(1, mine))
    names = names if variant.ascending else names[::-1]
    at = "probe" if variant.own_last or not bearing(world, mine) else "intend"
    me = me._replace(candidates=(*others, mine) if world.swap else ())
    return save(world, index, me._replace(at=at, names=names, asked=True), ledger, variant)


def _probe(world: World, index: int, me: Daemon, variant: Variant) -> Moves:
    found = me._replace(at="intend", names=())
    if me.names:
        no = me._replace(names=me.names[1:])
        yield from rename(world, index, (me.names[0], me.epoch), found, no)
    elif variant.own_last and bearing(world, me.epoch):
        yield "its own temp stands", turn(world, index, found)
    else:
        yield "no candidate", turn(world, index, me._replace(at="look"))


def _look(world: World, index: int, me: Daemon, variant: Variant) -> Moves:
    """Absent: `collected` takes it as published, without that it is unknown. Both are walked."""
    stands = is_new(world, FINAL)
    found = swapping.look(world, index, me, variant) if world.swap else None
    if found:
        yield found
        return
    done = swapping.tidying(me) if world.swap else me._replace(at="done")
    yield "stands" if stands else "collected", turn(world, index, done)
    if not stands:
        yield "does not stand", turn(world, index, me._replace(at="unknown"))


def _end(world: World, index: int, me: Daemon, variant: Variant) -> Moves:
    ledger = Ledger(world.ledger.epoch, PUBLISHED if me.at == "done" else UNKNOWN)
    yield me.at, save(world, index, me._replace(at="over"), ledger, variant)


def _overtaken(world: World, index: int, me: Daemon, _: Variant) -> Moves:
    """Its temp is its heir's while the row goes on with it; else nobody will remove it."""
    ledger = world.ledger
    if me.left:
        gone = world._replace(files=without(world.files, me.epoch))
        gone = swapping.put_back(gone, me) if world.swap else gone
        yield "remove its own", turn(gone, index, IDLE)
    elif me.epoch in (ledger.temp, *ledger.candidates):
        yield "let go", turn(world, index, IDLE)
    else:
        yield "the row has another temp", turn(world, index, me._replace(left=1))


STEPS: dict[str, Step] = {
    **ending.STEPS,
    **swapping.STEPS,
    "deliver": _deliver,
    "heir": _heir,
    "prove": _prove,
    "clear": _clear,
    "write": _write,
    "intend": _intend,
    "publish": _publish,
    "probe": _probe,
    "look": _look,
    "overtaken": _overtaken,
    "done": _end,
    "unknown": _end,
}
