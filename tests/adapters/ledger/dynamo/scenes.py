"""Each verb of the books with what it begins from, for the tests that break the line."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.ports import dynamo_store
from tests.ports.books import LEASE, TICKET, Time, delivery, post, received
from tests.transfer.made import NOON, request
from transfer.books import MANY, Books
from transfer.model import Route, Stage, Transfer
from transfer.tickets import Post, TicketRole


@dataclass
class World:
    """One table, and the books of the owner whose line has the fault."""

    table: str
    time: Time
    books: Books

    def other(self, owner: str = "other", through: Any = None) -> Books:
        """Another host's, by a line of its own."""
        return dynamo_store.opener(self.table, self.time, LEASE, through)(owner)

    def item(self, pk: str, sk: str) -> dict[str, Any]:
        """As it stands there, for a look behind the books."""
        key = {"pk": {"S": pk}, "sk": {"S": sk}}
        answer = dynamo_store.client().get_item(TableName=self.table, Key=key, ConsistentRead=True)
        return dict(answer.get("Item", {}))


def worlds(line: Any = None) -> Iterator[World]:
    """One, on a fresh table."""
    for table in dynamo_store.table():
        time = Time()
        yield World(table, time, dynamo_store.opener(table, time, LEASE, line)("one"))


@dataclass
class Scene:
    """What one verb begins with."""

    books: Books
    transfer: Transfer


def received_only(_world: World) -> Transfer:
    return received()


def received_large(_world: World) -> Transfer:
    """Its request does not stand in the head."""
    digests = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(200)]
    sources = tuple(f"s3://exports/{digest}.csv" for digest in digests)
    return Transfer(request=request(id="i:sc_task:large", sources=sources), received_at=NOON)


def admitted(world: World) -> Transfer:
    return world.books.ledger.admit(received())


def claimed(world: World) -> Transfer:
    taken = world.books.ledger.claim(admitted(world).id)
    assert taken
    return taken


def written(world: World) -> Transfer:
    taken = claimed(world)
    world.books.ledger.save(taken, post(taken, "1"), post(taken, "2"))
    return taken


def handed(world: World) -> Transfer:
    taken = written(world)
    assert world.books.outbox.due()
    return taken


def handed_both(world: World) -> Transfer:
    """A post of each of its two tickets."""
    taken = claimed(world)
    world.books.ledger.save(taken, *_both(taken), post(taken, "2"))
    assert len(world.books.outbox.due()) == 2
    return taken


def _both(transfer: Transfer) -> list[Post]:
    return [post(transfer, role, role) for role in (TicketRole.USER, TicketRole.AUDIT)]


def closed(world: World) -> Transfer:
    ended = claimed(world).evolve(stage=Stage.CLOSED, closed_at=NOON)
    world.books.ledger.save(ended, delivery(), post(ended, "1"))
    return ended


def blocked(world: World) -> Transfer:
    """Another transfer at rest holds the name."""
    books = world.books
    other = books.ledger.claim(books.ledger.admit(received(2)).id)
    assert other
    world.books.locks.take(other, ["b"])
    world.books.ledger.save(other.evolve(quarantined_at=NOON))
    return claimed(world)


def abandoned(world: World) -> Transfer:
    """Another host claimed it, and this one has seen it silent for a lease."""
    transfer = admitted(world)
    assert world.other().ledger.claim(transfer.id)
    assert world.books.ledger.claim(transfer.id) is None
    world.time.passes(LEASE + 0.1)
    return transfer


def abandoned_by_function(world: World) -> Transfer:
    """A function of the same execution claimed it, and died."""
    transfer = admitted(world)
    assert world.other().ledger.claim(transfer.id, over=EXECUTION)
    return transfer


def routed(world: World) -> Transfer:
    """Another host holds it, and has routed it."""
    taken = world.other().ledger.claim(admitted(world).id)
    assert taken
    head = taken.evolve(route=Route.STEP_FUNCTIONS, execution="ff-1")
    world.other().ledger.save(head)
    return head


def dropped(world: World) -> Transfer:
    """Another host was handed the posts, and this one has seen it silent for a lease."""
    taken = written(world)
    assert world.other().outbox.due()
    assert not world.books.outbox.due()
    world.time.passes(LEASE + 0.1)
    return taken


def admit(scene: Scene) -> object:
    return scene.books.ledger.admit(scene.transfer)


def claim(scene: Scene) -> object:
    return scene.books.ledger.claim(scene.transfer.id)


def claim_over(scene: Scene) -> object:
    return scene.books.ledger.claim(scene.transfer.id, over=EXECUTION)


def claim_seen(scene: Scene) -> object:
    ledger = scene.books.ledger
    return ledger.claim(scene.transfer.id, seen=ledger.beat(scene.transfer.id))


def evict(scene: Scene) -> object:
    return scene.books.keeper.evict(scene.transfer.id)


def renew(scene: Scene) -> None:
    scene.books.ledger.renew(scene.transfer, 60.0)


def give_back(scene: Scene) -> None:
    scene.books.ledger.renew(scene.transfer, 0)


def save(scene: Scene) -> None:
    pinned = scene.transfer.evolve(stage=Stage.PINNED)
    scene.books.ledger.save(pinned, delivery(), post(pinned, "1"), post(pinned, "2"))


def save_much(scene: Scene) -> None:
    files = [delivery(number=number) for number in range(1, MANY + 30)]
    scene.books.ledger.save(scene.transfer, *files, post(scene.transfer))


def take(scene: Scene) -> object:
    return scene.books.locks.take(scene.transfer, ["a", "b", "c"])


def add(scene: Scene) -> None:
    scene.books.outbox.add(post(scene.transfer, "1"), post(scene.transfer, "2"))


def due(scene: Scene) -> object:
    return [found.key for found, _ in scene.books.outbox.due()]


def settle(scene: Scene) -> None:
    scene.books.outbox.settle((post(scene.transfer, "1"), TICKET))


def settle_both(scene: Scene) -> None:
    scene.books.outbox.settle(*((each, TICKET) for each in _both(scene.transfer)))


def defer(scene: Scene) -> None:
    scene.books.outbox.defer(post(scene.transfer, "1"), 5.0, "no answer")


def amend(scene: Scene) -> object:
    again = scene.transfer.evolve(stage=Stage.RECEIVED, closed_at=None)
    return scene.books.keeper.amend(again, delivery(), post(again))


def forget(scene: Scene) -> None:
    scene.books.keeper.forget(NOON.replace(year=NOON.year + 1))


EXECUTION = "ff-1/"
Begin = Callable[[World], Transfer]
Verb = Callable[[Scene], object]
VERBS: list[tuple[Begin, Verb]] = [
    (received_only, admit),
    (received_large, admit),
    (admitted, claim),
    (abandoned, claim),
    (abandoned_by_function, claim_over),
    (routed, claim_seen),
    (routed, evict),
    (claimed, renew),
    (claimed, give_back),
    (claimed, save),
    (claimed, save_much),
    (blocked, take),
    (claimed, add),
    (written, due),
    (dropped, due),
    (handed, settle),
    (handed_both, settle_both),
    (handed, defer),
    (closed, amend),
    (closed, forget),
]
