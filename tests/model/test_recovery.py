"""The finest points of a recovery, as the model found them, in the real code."""

from __future__ import annotations

import pytest

from tests.model.owners import DIE, LEASE, LOSE, Owner
from tests.transfer.bench import FINAL, Bench
from tests.transfer.test_journey import SOURCE
from transfer.model import CHUNK, DeliveryState, Outcome

DATA = b"name;pay\n" * 100


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    made.objects.put(SOURCE, DATA)
    return made


def state(bench: Bench) -> DeliveryState | None:
    found = bench.record().deliveries if bench.store.rows else ()
    return found[0].state if found else None


def temps(bench: Bench) -> list[str]:
    return [name.rpartition("-")[2] for name in bench.temps()]


def until_intent(bench: Bench) -> Owner:
    """An owner that has written its INTENT, and freezes before the rename."""
    owner = Owner(bench)
    while state(bench) is not DeliveryState.INTENT:
        owner.move()
    assert temps(bench) == ["e1.part"]
    return owner


def heir(bench: Bench) -> Owner:
    """The next owner, frozen when its temp stands in the ledger and before its first rename."""
    bench.time[0] += LEASE
    owner = Owner(bench)
    names = len(bench.record().deliveries[0].candidates)
    while len(bench.record().deliveries[0].candidates) == names:
        owner.move()
    return owner


def assert_delivered_once(bench: Bench) -> None:
    assert bench.record().transfer.outcome is Outcome.DELIVERED
    assert bench.remotes.appeared == {FINAL: 1}
    assert bytes(bench.remotes.files[FINAL]) == DATA


def test_candidates_are_tried_in_ascending_order(bench: Bench) -> None:
    """The second owner renames while the third goes through the list: it must not slip by."""
    first, second = until_intent(bench), heir(bench)
    third = heir(bench)
    third.move()
    second.move()
    for owner in (third, second, first):
        owner.finish()
    bench.time[0] += LEASE
    Owner(bench).finish()
    assert_delivered_once(bench)


def test_a_rename_whose_answer_was_lost_may_come_to_pass_late(bench: Bench) -> None:
    """The server does what nobody waits for any more, just when the owner has looked."""
    first, second = until_intent(bench), heir(bench)

    def late(verb: str, path: str, place: int) -> None:
        del place
        if verb == "rename" and path.endswith("e1.part"):
            bench.remotes.hooks.clear()
            files = bench.remotes.files
            files[path.replace("e1.part", "e2.part")] = files.pop(path)

    second.move(LOSE)
    bench.remotes.hooks.append(late)
    second.finish()
    first.finish()
    assert_delivered_once(bench)


def test_a_short_file_on_the_server_is_never_published(bench: Bench) -> None:
    """The server acknowledged every byte, and lost the last of them."""

    def lose(verb: str, path: str, place: int) -> None:
        del place
        if verb == "finish":
            bench.remotes.hooks.clear()
            del bench.remotes.files[path][-10:]

    bench.remotes.hooks.append(lose)
    Owner(bench).finish()
    assert_delivered_once(bench)


def test_an_heir_that_dies_after_its_rename_leaves_what_its_own_heir_finds(bench: Bench) -> None:
    """The name stood in the ledger first: nothing is sent twice, and nothing stays behind."""
    data = bytes(range(256)) * (CHUNK // 256) + b"the end"
    bench.objects.put(SOURCE, data)
    first = Owner(bench)
    while state(bench) is not DeliveryState.UPLOADING or not bench.record().deliveries[0].moved:
        first.move()
    first.move(DIE)
    bench.time[0] += LEASE
    second = Owner(bench)
    while temps(bench) != ["e2.part"]:
        second.move()
    second.move(DIE)
    bench.time[0] += LEASE
    Owner(bench).finish()
    assert bytes(bench.remotes.files[FINAL]) == data
    assert bench.remotes.opened == [0, CHUNK]
    assert temps(bench) == []
