"""Old news: nothing is decided by a read that DynamoDB may answer from the past."""

from __future__ import annotations

import pytest

from tests.adapters.ledger.dynamo.line import Call, Line, Stale
from tests.adapters.ledger.dynamo.scenes import VERBS, Begin, Scene, Verb, World, worlds
from tests.ports import dynamo_store
from tests.ports.books import LEASE, TICKET, post, received
from tests.transfer.made import NOON
from transfer.books import Books
from transfer.model import Stage

pytest_plugins = ["tests.adapters.ledger.dynamo.fixtures"]


class Listening(Line):
    """Notes what may be answered from the past."""

    def around(self, call: Call) -> object:
        if call.may_be_stale:
            assert "IndexName" in call.request
        return call()


@pytest.mark.parametrize(
    ("begin", "verb"), VERBS, ids=[f"{verb.__name__}-{begin.__name__}" for begin, verb in VERBS]
)
def test_only_an_index_is_read_without_asking_for_the_latest(begin: Begin, verb: Verb) -> None:
    for world in worlds(Listening(dynamo_store.client())):
        verb(Scene(world.books, begin(world)))
        world.books.archive.unfinished()
        world.books.archive.search()
        world.books.archive.quarantined()


def late(world: World) -> Books:
    """The books of a host whose indexes stand still from its first look on."""
    return world.other("late", Stale(dynamo_store.client()))


def test_what_was_admitted_here_is_taken_up_before_the_index_knows(world: World) -> None:
    books = late(world)
    assert books.archive.unfinished() == []
    transfer = books.ledger.admit(received())
    assert books.archive.unfinished() == [transfer]
    ended = transfer.evolve(epoch=1, claims=1, stage=Stage.CLOSED, closed_at=NOON)
    assert books.ledger.claim(transfer.id)
    books.ledger.save(ended)
    assert books.archive.unfinished() == []


def test_an_index_that_lists_what_has_ended_is_not_believed(world: World) -> None:
    books = late(world)
    taken = world.books.ledger.claim(world.books.ledger.admit(received()).id)
    assert taken
    assert books.archive.unfinished() == [taken]
    world.books.ledger.save(taken.evolve(quarantined_at=NOON))
    assert books.archive.unfinished() == []
    assert [found.id for found in late(world).archive.quarantined()] == [taken.id]
    assert books.ledger.claim(taken.id) is None


def test_an_index_that_lists_what_was_sent_hands_out_nothing(world: World) -> None:
    books = late(world)
    world.books.outbox.add(post(received()))
    [(found, _)] = books.outbox.due()
    books.outbox.settle((found, TICKET))
    assert books.outbox.due() == []
    assert world.books.outbox.due() == []


def test_an_index_that_knows_of_no_silence_does_not_hinder_the_taking_over(world: World) -> None:
    books, transfer = late(world), world.books.ledger.admit(received())
    assert world.books.ledger.claim(transfer.id)
    assert books.ledger.claim(transfer.id) is None
    world.time.passes(LEASE + 0.1)
    assert books.ledger.claim(transfer.id)


def test_what_was_amended_is_not_forgotten_by_an_old_index(world: World) -> None:
    books, transfer = late(world), world.books.ledger.admit(received())
    ended = world.books.ledger.claim(transfer.id)
    assert ended
    ended = ended.evolve(stage=Stage.CLOSED, closed_at=NOON)
    world.books.ledger.save(ended, post(ended))
    assert books.keeper.forget(NOON) == 0
    again = world.books.keeper.amend(ended.evolve(stage=Stage.RECEIVED, closed_at=None))
    assert books.keeper.forget(NOON.replace(year=NOON.year + 1)) == 0
    assert list(world.books.archive.unfinished()) == [again]
