"""More than an item or a transaction holds: parts, pieces, and what stands when they break off."""

from __future__ import annotations

import random

import pytest

from adapters.ledger.dynamo.documents import INLINE, Documents
from adapters.ledger.dynamo.table import Table
from tests.adapters.ledger.dynamo.line import Line, Meanwhile, Unanswered
from tests.adapters.ledger.dynamo.scenes import World, claimed, worlds
from tests.ports import dynamo_store
from tests.ports.books import delivery, post, received
from tests.transfer.made import NOON, request
from transfer.books import MANY, Books
from transfer.errors import ClaimLost, Code, Permanent, Transient
from transfer.model import Failure, Stage, Transfer

pytest_plugins = ["tests.adapters.ledger.dynamo.fixtures"]

MANY_FILES = 10_000
CHANCE = random.Random(7)  # noqa: S311 not for secrecy


def noise(length: int) -> str:
    """Text that hardly compresses, in several scripts."""
    return "".join(CHANCE.choices("abcdefghijklmnopqrstuvwxyzABCDEFGHÄÖÜ€ 0123456789", k=length))


def order(files: int = MANY_FILES) -> Transfer:
    sources = tuple(f"s3://exports/{noise(60)}/{number}.csv" for number in range(files))
    return Transfer(request=request(id="i:sc_task:large", sources=sources), received_at=NOON)


def taken_up(books: Books, transfer: Transfer) -> Transfer:
    taken = books.ledger.claim(books.ledger.admit(transfer).id)
    assert taken
    return taken


def test_a_request_of_ten_thousand_files_is_kept_whole(world: World) -> None:
    transfer = order()
    taken = taken_up(world.books, transfer)
    assert taken == transfer.evolve(epoch=1, claims=1)
    assert world.other().ledger.admit(transfer) == taken
    assert world.other().archive.unfinished() == [taken]


def test_a_save_does_not_write_the_request_again(world: World) -> None:
    line = Line(dynamo_store.client())
    books = world.other("counted", line)
    taken = taken_up(books, order())
    line.calls.clear()
    books.ledger.save(taken.evolve(stage=Stage.PINNED), delivery())
    assert line.calls == ["transact_write_items"]
    head = world.item(f"T#{taken.id}", "head")
    assert sum(len(str(value)) for value in head.values()) < 3000
    assert world.other().ledger.admit(taken) == taken.evolve(stage=Stage.PINNED)


def test_a_hundred_and_twenty_changes_are_written_in_pieces(world: World) -> None:
    taken = claimed(world)
    files = [delivery(number=number) for number in range(1, 101)]
    words = [post(taken, f"k{number}") for number in range(20)]
    world.books.ledger.save(taken.evolve(stage=Stage.PINNED), *files, *words)
    [record] = world.books.archive.search(taken.id)
    assert record.transfer.stage is Stage.PINNED
    assert record.deliveries == tuple(files)
    assert record.unsent == 20


def test_two_thousand_files_are_written_and_read(world: World) -> None:
    taken = claimed(world)
    files = [delivery(number=number, final=f"/inbox/{number}") for number in range(1, 2001)]
    world.books.ledger.save(taken, *files)
    assert world.other().ledger.deliveries(taken.id) == tuple(files)


def test_pieces_of_a_save_that_broke_off_are_not_seen() -> None:
    line = Unanswered(dynamo_store.client())
    for world in worlds(line):
        taken = claimed(world)
        world.books.ledger.save(taken, delivery(number=1))
        files = [delivery(number=number, moved=5) for number in range(1, 2 * MANY)]
        line.arm(4)
        with pytest.raises(Transient):
            world.books.ledger.save(taken.evolve(stage=Stage.PINNED), *files, post(taken))
        [record] = world.other().archive.search(taken.id)
        assert [item.number for item in record.deliveries] == [1]
        assert world.other().ledger.deliveries(taken.id) == record.deliveries
        assert (record.transfer.stage, record.unsent) == (taken.stage, 0)
        world.books.ledger.save(taken.evolve(stage=Stage.PINNED), *files, post(taken))
        assert world.other().ledger.deliveries(taken.id) == tuple(files)


def test_an_old_epoch_writes_no_piece(world: World) -> None:
    old = claimed(world)
    world.books.ledger.renew(old, 0)
    heir = world.other().ledger
    assert heir.claim(old.id)
    with pytest.raises(ClaimLost):
        world.books.ledger.save(old, *(delivery(number=number) for number in range(200)))
    items = dynamo_store.client().scan(TableName=world.table)["Items"]
    assert not [item for item in items if item["sk"]["S"].startswith("file#")]


def test_an_owner_that_is_overtaken_between_two_pieces_writes_no_further_one(world: World) -> None:
    old, heir = claimed(world), world.other().ledger
    known = 4 * MANY
    world.books.ledger.save(old, *(delivery(number=number) for number in range(known)))
    line = Meanwhile(dynamo_store.client(), 3)

    def overtake() -> None:
        world.books.ledger.renew(old, 0)
        assert heir.claim(old.id)

    line.happens = overtake
    late = [delivery(number=number, moved=9) for number in range(known + 100)]
    with pytest.raises(ClaimLost):
        world.other("one", line).ledger.save(old, *late)
    moved = [item.moved for item in heir.deliveries(old.id)]
    assert moved == [9] * (2 * MANY) + [0] * (2 * MANY)


def test_long_words_and_many_loose_ends_come_back_whole(world: World) -> None:
    taken = claimed(world)
    text = noise(1_000_000)
    ends = tuple(
        Failure(code="remote.denied", message=noise(80), action="Ask.", file=f"/inbox/{number}")
        for number in range(5_000)
    )
    full = taken.evolve(loose_ends=ends)
    world.books.ledger.save(full, delivery(server=noise(50_000)), post(taken, text=text))
    [record] = world.other().archive.search(taken.id)
    assert record.transfer == full
    assert len(record.deliveries[0].server) == 50_000
    [(found, _)] = world.other().outbox.due()
    assert found.text == text


def test_a_key_longer_than_a_sort_key_is_kept_apart(world: World) -> None:
    taken, long = claimed(world), "k" * 3000
    world.books.ledger.save(taken, post(taken, long + "1"), post(taken, long + "2"))
    world.books.outbox.add(post(taken, long + "1"))
    assert world.books.archive.search(taken.id)[0].unsent == 2
    assert [found.key for found, _ in world.books.outbox.due()] == [long + "1"]


def test_what_no_item_holds_is_refused_and_the_ledger_stays_usable(world: World) -> None:
    transfer = world.books.ledger.admit(received())
    endless = [post(transfer, f"{number:05}" + "k" * 800) for number in range(600)]
    with pytest.raises(Permanent) as caught:
        world.books.outbox.add(*endless)
    assert caught.value.code is Code.INTERNAL
    assert "cannot hold" in caught.value.message
    assert world.books.ledger.claim(transfer.id)


@pytest.mark.parametrize("length", [0, 1, 4096, 4097, 20_000, 2 * INLINE])
def test_every_length_comes_back(world: World, length: int) -> None:
    documents = Documents(Table(dynamo_store.client(), world.table))
    text = noise(length)
    assert documents.read("T#x", documents.pack("T#x", text)) == text
