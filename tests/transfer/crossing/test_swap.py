"""A server without a way to replace in one step: who wakes late moves nothing that is delivered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from adapters.memory.remotes import ALL_POWERS
from adapters.s3 import checksums
from tests.model.owners import Owner
from tests.transfer.bench import FINAL, Bench, Crash, Fuse
from tests.transfer.crossing.test_attested import holding
from tests.transfer.made import PARTNER
from tests.transfer.test_journey import SOURCE, three_tries
from transfer.destination import Conflict, Mode
from transfer.errors import Code, Permanent, Transient
from transfer.journey import travel
from transfer.model import DeliveryState, Outcome, Transfer

OLD, NEW = b"what stood there", b"what was ordered"
SWAPPING = replace(PARTNER, on_conflict=Conflict.REPLACE, mode=Mode.SWAP)
LEASE = 61.0


@pytest.fixture
def bench() -> Bench:
    return made()


def made() -> Bench:
    bench = Bench(destinations={"partner": SWAPPING})
    bench.remotes.powers = replace(ALL_POWERS, replaces=False, digests=frozenset())
    bench.objects.put(SOURCE, NEW)
    bench.remotes.files[FINAL] = bytearray(OLD)
    return bench


def carried(bench: Bench, fuse: Fuse | None = None) -> Transfer:
    return travel(bench.received(), bench.tools(fuse), three_tries)


def contents(bench: Bench) -> dict[str, bytes]:
    return {name: bytes(content) for name, content in bench.remotes.files.items()}


def state(bench: Bench) -> DeliveryState | None:
    found = bench.record().deliveries if bench.store.rows else ()
    return found[0].state if found else None


def at_intent(bench: Bench, calls: int = 0) -> Owner:
    owner = Owner(bench)
    while state(bench) is not DeliveryState.INTENT:
        owner.move()
    for _ in range(calls):
        owner.move()
    return owner


def renaming(path: str, act: Callable[[], object]) -> Callable[[str, str, int], object]:
    """A hook that acts at the first rename of that path."""
    done: list[str] = []

    def hook(verb: str, seen: str, place: int) -> None:
        del place
        if verb == "rename" and seen == path and not done:
            done.append(path)
            act()

    return hook


def test_an_owner_that_wakes_when_its_heir_has_delivered_moves_nothing() -> None:
    """Wherever it was frozen, but between the ledger's answer and the rename: that is put back."""
    moved: list[int] = []
    for calls in range(10):
        bench = made()
        first = at_intent(bench, calls)
        bench.time[0] += LEASE
        Owner(bench).finish()
        assert contents(bench) == {FINAL: NEW}
        bench.remotes.hooks.append(renaming(FINAL, partial(moved.append, calls)))
        first.finish()
        assert contents(bench) == {FINAL: NEW}
        assert bench.record().transfer.outcome is Outcome.DELIVERED
    assert len(moved) == 1


def test_what_an_owner_moved_between_fence_and_rename_is_put_back(bench: Bench) -> None:
    """It was frozen behind the last question that it asked: the file that moves is its heir's."""

    def overtaken() -> None:
        bench.time[0] += LEASE
        Owner(bench).finish()
        assert contents(bench) == {FINAL: NEW}

    bench.remotes.hooks.append(renaming(FINAL, overtaken))
    Owner(bench).finish()
    assert contents(bench) == {FINAL: NEW}


@pytest.mark.parametrize("proof", ["digests", "checksum", "size"])
def test_a_step_aside_whose_answer_was_lost_may_come_late_and_takes_nothing(
    bench: Bench, proof: str
) -> None:
    """The server does it when the new file stands there: it is known by its content. Where nothing
    is known of that, a person looks, and nothing is taken away.
    """
    if proof != "digests":
        bench.destinations = {"partner": replace(SWAPPING, digests=())}
    if proof == "checksum":
        bench.objects.word, bench.objects.checksums = holding("crc32"), checksums.available()

    def answer() -> None:
        raise Transient(Code.REMOTE_DROPPED, "No answer.")

    def late(verb: str, path: str, place: int) -> None:
        del place
        files = bench.remotes.files
        if verb == "size" and path.endswith(".old") and bytes(files.get(FINAL, b"")) == NEW:
            bench.remotes.hooks.clear()
            files[path] = files.pop(FINAL)

    bench.remotes.hooks += [renaming(FINAL, answer), late]
    done = carried(bench)
    assert not bench.remotes.hooks
    if proof == "size":
        assert done.outcome is Outcome.UNKNOWN
        assert list(contents(bench).values()) == [NEW]
    else:
        assert done.outcome is Outcome.DELIVERED
        assert contents(bench) == {FINAL: NEW}


@pytest.mark.parametrize("at", ["e1.old", "e2.part"], ids=["gathers", "takes"])
def test_a_new_file_that_came_late_and_was_moved_aside_is_neither_removed_nor_replaced(
    bench: Bench, at: str
) -> None:
    """An earlier rename of the heir's temp comes to pass, and an owner that was frozen moves that
    aside: under its own name, where the heir looks for what is old.
    """
    first = at_intent(bench)
    bench.time[0] += LEASE

    def late(verb: str, path: str, place: int) -> None:
        del place
        files = bench.remotes.files
        if verb == "rename" and path.endswith(at) and (at != "e2.part" or FINAL not in files):
            bench.remotes.hooks.clear()
            [temp] = [name for name in files if name.endswith("e2.part")]
            files[temp.removesuffix("e2.part") + "e1.old"] = files.pop(temp)

    bench.remotes.hooks.append(late)
    Owner(bench).finish()
    assert not bench.remotes.hooks
    if at == "e2.part":
        assert bench.record().transfer.outcome is Outcome.DELIVERED
        assert contents(bench) == {FINAL: NEW}
    else:
        # The old file is there too, by whatever way: a person looks, and nothing is lost.
        assert bench.record().transfer.outcome is Outcome.UNKNOWN
        assert sorted(contents(bench).values()) == sorted([OLD, NEW])
    first.finish()
    assert NEW in contents(bench).values()


def test_only_a_regular_file_steps_aside(bench: Bench) -> None:
    del bench.remotes.files[FINAL]
    bench.remotes.folders.add(FINAL)
    done = carried(bench)
    assert done.failure
    assert done.failure.code == Code.REMOTE_EXISTS
    assert "regular file" in done.failure.message
    assert bench.remotes.folders == {FINAL}
    assert contents(bench) == {}


def test_a_file_that_the_partner_puts_there_in_between_steps_aside_too(bench: Bench) -> None:
    def hook(verb: str, path: str, place: int) -> None:
        del place
        if verb == "rename" and path.endswith(".part"):
            bench.remotes.hooks.clear()
            bench.remotes.files[FINAL] = bytearray(b"newer")

    bench.remotes.hooks.append(hook)
    assert carried(bench).outcome is Outcome.DELIVERED
    assert contents(bench) == {FINAL: NEW}


@pytest.mark.parametrize("after", [False, True])
def test_a_crash_at_any_call_is_finished_by_the_next_owner(*, after: bool) -> None:
    def judge(bench: Bench) -> None:
        carried(bench)
        assert bench.record().transfer.outcome is Outcome.DELIVERED
        assert contents(bench) == {FINAL: NEW}

    assert swept(judge, after=after) > 20


@pytest.mark.parametrize("after", [False, True])
def test_a_withdrawn_approval_leaves_the_old_file_and_nothing_else(*, after: bool) -> None:
    """What an owner died over is published, and said to be, or it never was."""

    def judge(bench: Bench) -> None:
        published = bytes(bench.remotes.files.get(FINAL, b"")) == NEW
        bench.consent.refusal = Permanent(Code.APPROVAL_WITHDRAWN, "No longer approved.")
        done = carried(bench)
        assert contents(bench) == {FINAL: NEW if published else OLD}
        assert (state(bench) is DeliveryState.PUBLISHED) == published
        assert (done.outcome is Outcome.DELIVERED) <= published
        assert done.outcome is not Outcome.UNKNOWN

    assert swept(judge, after=after) > 20


def test_a_withdrawn_file_is_not_unknown_although_the_partner_is_away_since(bench: Bench) -> None:
    """Its heir had the proof, before it read that the approval is gone."""
    first = at_intent(bench)
    bench.time[0] += LEASE
    bench.consent.refusal = Permanent(Code.APPROVAL_WITHDRAWN, "No longer approved.")
    heir = Owner(bench)
    while bench.consent.asked < 2:
        heir.move()
    bench.remotes.reachable = False
    for owner in (heir, first):
        owner.finish()
    assert bench.record().transfer.outcome is Outcome.REFUSED
    assert state(bench) is DeliveryState.FAILED
    assert FINAL in contents(bench)
    assert bench.record().transfer.loose_ends


def swept(judge: Callable[[Bench], None], *, after: bool) -> int:
    """An owner dies at each of its calls until the file is at rest; the points are counted."""
    for at in range(1, 200):
        bench, fuse = made(), Fuse(at, after=after)
        try:
            carried(bench, fuse)
        except Crash:
            if bench.store.rows and not bench.record().transfer.finished:
                judge(bench)
        if not fuse.dead:
            assert contents(bench) == {FINAL: NEW}
            return at
    raise AssertionError("the sweep did not end")
