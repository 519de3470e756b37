"""The finest points of a recovery, as the model found them, in the real code."""

from __future__ import annotations

import pytest

from tests.model.owners import DIE, LEASE, LOSE, Owner
from tests.transfer.bench import FINAL, Bench
from tests.transfer.test_journey import SOURCE
from transfer.errors import Code, Permanent, Transient
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


def late_rename(bench: Bench, when: str) -> list[str]:
    """The first rename is never answered, and done at the next look of that verb."""
    came: list[str] = []

    def lose(verb: str, path: str, place: int) -> None:
        del place
        if verb == "rename" and path.endswith("e1.part") and not came:
            came.append(path)
            raise Transient(Code.REMOTE_DROPPED, "No answer.")
        if verb == when and came and path in (came[0], FINAL) and path in bench.remotes.files:
            bench.remotes.hooks.remove(lose)
            files = bench.remotes.files
            files[FINAL] = files.pop(came[0])
            bench.remotes.appeared[FINAL] = bench.remotes.appeared.get(FINAL, 0) + 1

    bench.remotes.hooks.append(lose)
    return came


def test_what_was_refused_is_not_published_late(bench: Bench) -> None:
    """Its own temp stands, which proves nothing: the lost rename comes when it is to be removed."""
    came = late_rename(bench, "remove")

    def withdraw(verb: str, path: str, place: int) -> None:
        del verb, path, place
        if came:
            bench.consent.refusal = Permanent(Code.APPROVAL_WITHDRAWN, "No longer approved.")

    bench.remotes.hooks.append(withdraw)
    Owner(bench).finish()
    assert bench.record().transfer.outcome is Outcome.REFUSED
    assert bench.remotes.appeared == {}
    assert bench.remotes.files == {}


def test_a_rename_that_comes_after_a_refusal_is_not_another_one(bench: Bench) -> None:
    """The second one is refused for a moment, and then the first one comes."""
    came = late_rename(bench, "size")
    refused: list[str] = []

    def hold(verb: str, path: str, place: int) -> None:
        del place
        if verb == "rename" and came and path == came[0] and not refused:
            refused.append(path)
            raise Permanent(Code.REMOTE_DENIED, "It is being used by another process.")

    bench.remotes.hooks.insert(0, hold)
    Owner(bench).finish()
    assert_delivered_once(bench)
    assert bench.remotes.opened == [0]
