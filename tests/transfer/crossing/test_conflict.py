"""Names that are taken, partners who collect at once, requests that want the same name."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest

from adapters.memory.remotes import ALL_POWERS
from tests.transfer.bench import FINAL, Bench, Crash, Fuse
from tests.transfer.made import NOON, PARTNER, request
from tests.transfer.test_journey import SOURCE, three_tries
from transfer.crossing.conflict import versioned
from transfer.destination import Conflict, Mode
from transfer.errors import Code, Fenced, Permanent, Transient, Waiting
from transfer.journey import travel
from transfer.model import DeliveryState, Outcome, Stage, Transfer

SECOND = "/inbox/pay/nov.2.csv"
THIRD = "/inbox/pay/nov.3.csv"


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.objects.put(SOURCE, b"new")
    return bench


def carried(bench: Bench, transfer: Transfer | None = None, **settings: object) -> Transfer:
    partner = replace(PARTNER, **settings)  # type: ignore[arg-type]
    tools = replace(bench.tools(), destinations={"partner": partner})
    return travel(transfer or bench.received(), tools, three_tries)


def said(bench: Bench) -> str:
    return "\n".join(post.text for post in bench.posts())


def contents(bench: Bench) -> dict[str, bytes]:
    return {name: bytes(content) for name, content in bench.remotes.files.items()}


@pytest.mark.parametrize(
    ("path", "second"),
    [
        ("/in/pay.csv", "/in/pay.2.csv"),
        ("/in/pay.tar.gz", "/in/pay.tar.2.gz"),
        ("/in/pay", "/in/pay.2"),
        ("/in.d/pay", "/in.d/pay.2"),
        ("/in/.profile", "/in/.profile.2"),
    ],
)
def test_the_number_stands_before_the_extension(path: str, second: str) -> None:
    assert versioned(path, 2) == second


@pytest.mark.parametrize("mode", [Mode.AUTO, Mode.DIRECT])
def test_a_version_beside_those_that_are_there(bench: Bench, mode: Mode) -> None:
    bench.remotes.files[FINAL] = bytearray(b"first")
    bench.remotes.files[SECOND] = bytearray(b"second")
    assert carried(bench, on_conflict=Conflict.VERSION, mode=mode).outcome is Outcome.DELIVERED
    assert contents(bench) == {FINAL: b"first", SECOND: b"second", THIRD: b"new"}
    assert f"{THIRD}: delivered, because {FINAL} was taken" in said(bench)


def test_a_name_taken_during_the_upload_gets_the_next_number(bench: Bench) -> None:
    def take(verb: str, path: str, place: int) -> None:
        del path, place
        if verb == "finish":
            bench.remotes.files.update({FINAL: bytearray(b"a"), SECOND: bytearray(b"b")})

    bench.remotes.hooks.append(take)
    assert carried(bench, on_conflict=Conflict.VERSION).outcome is Outcome.DELIVERED
    assert contents(bench) == {FINAL: b"a", SECOND: b"b", THIRD: b"new"}


def test_no_conflict_no_number(bench: Bench) -> None:
    assert carried(bench, on_conflict=Conflict.VERSION).outcome is Outcome.DELIVERED
    assert contents(bench) == {FINAL: b"new"}


def test_a_crash_at_any_call_makes_one_version(bench: Bench) -> None:
    for at in range(1, 200):
        world = Bench()
        world.objects.put(SOURCE, b"new")
        world.remotes.files[FINAL] = bytearray(b"old")
        fuse = Fuse(at, after=bool(at % 2))
        partner = replace(PARTNER, on_conflict=Conflict.VERSION)
        tools = replace(world.tools(fuse), destinations={"partner": partner})
        try:
            travel(world.received(), tools, three_tries)
        except Crash:
            if not world.store.rows or not world.record().transfer.finished:
                carried(world, on_conflict=Conflict.VERSION)
        assert contents(world) == {FINAL: b"old", SECOND: b"new"}
        if not fuse.dead:
            return
    raise AssertionError("the sweep did not end")


def lost_answer_and_gone(bench: Bench) -> None:
    """The server renames, the answer is lost, and the partner takes the file away at once."""

    def answer(verb: str, path: str, place: int) -> None:
        del place
        if verb == "rename" and path.endswith(".part"):
            bench.remotes.hooks.remove(answer)
            del bench.remotes.files[path]
            raise Transient(Code.REMOTE_DROPPED, "No answer.")

    bench.remotes.hooks.append(answer)


def test_a_file_that_is_collected_at_once_has_arrived(bench: Bench) -> None:
    lost_answer_and_gone(bench)
    assert carried(bench, collected=True).outcome is Outcome.DELIVERED
    [delivery] = bench.record().deliveries
    assert delivery.receipt
    assert delivery.receipt.collected
    assert "collected by the partner" in said(bench)


def test_elsewhere_only_a_person_can_tell(bench: Bench) -> None:
    lost_answer_and_gone(bench)
    done = carried(bench)
    assert (done.outcome, done.stage) == (Outcome.UNKNOWN, Stage.CLOSED)
    [delivery] = bench.record().deliveries
    assert delivery.state is DeliveryState.UNKNOWN
    assert "unknown outcome" in said(bench)


@pytest.mark.parametrize("after", [False, True])
def test_what_nobody_can_tell_stays_so_when_its_owner_dies_over_it(*, after: bool) -> None:
    """A crash between the two writes that say so: the next owner does not send it again."""
    for at in range(1, 200):
        world, fuse = Bench(), Fuse(at, after=after)
        world.objects.put(SOURCE, b"new")
        lost_answer_and_gone(world)
        with suppress(Crash):
            travel(world.received(), world.tools(fuse), three_tries)
        gone = not world.remotes.hooks
        if world.store.rows and not world.record().transfer.finished:
            carried(world)
        if gone:
            assert world.record().transfer.outcome is Outcome.UNKNOWN
            assert contents(world) == {}
        if not fuse.dead:
            return
    raise AssertionError("the sweep did not end")


def second_request(bench: Bench) -> Transfer:
    other = request(id="example.service-now.com:sc_task:" + "9" * 32, number="RITM0010009")
    bench.ledger.admit(Transfer(request=other, received_at=NOON))
    claimed = bench.ledger.claim(other.id)
    assert claimed
    return claimed


def test_requests_for_one_name_go_one_after_the_other(bench: Bench) -> None:
    first = bench.received()
    waited: list[str] = []

    def meanwhile() -> None:
        bench.watcher.then = list
        with pytest.raises(Waiting) as refused:
            carried(bench, second_request(bench), on_conflict=Conflict.VERSION)
        waited.append(refused.value.code)

    bench.watcher.then = meanwhile
    assert carried(bench, first, on_conflict=Conflict.VERSION).outcome is Outcome.DELIVERED
    assert waited == [Code.DESTINATION_BUSY]
    assert "another request (RITM0010001) is delivering to the same name" in said(bench)
    [waiting] = [item for item in bench.ledger.store.rows.values() if not item.transfer.at_rest]
    bench.time[0] += 61.0
    claimed = bench.ledger.claim(waiting.transfer.id)
    assert carried(bench, claimed, on_conflict=Conflict.VERSION).outcome is Outcome.DELIVERED
    assert contents(bench) == {FINAL: b"new", SECOND: b"new"}


def test_a_withdrawal_after_the_publish_is_too_late_and_the_ticket_says_so(bench: Bench) -> None:
    def renamed() -> None:
        bench.consent.refusal = Permanent(Code.REQUEST_CANCELLED, "RITM1 was cancelled.")

    bench.remotes.hooks.append(lambda verb, *_: renamed() if verb == "rename" else None)
    assert carried(bench).outcome is Outcome.DELIVERED
    assert "RITM1 was cancelled. That came too late: nothing is taken back." in said(bench)


def test_a_cancelled_request_stops_in_the_upload_and_leaves_nothing(bench: Bench) -> None:
    def cancelled() -> None:
        raise Permanent(Code.REQUEST_CANCELLED, "RITM1 was cancelled.")

    def halt() -> None:
        if bench.remotes.opened:
            cancelled()

    bench.objects.put(SOURCE, b"x" * 100)
    bench.halt = halt
    assert carried(bench).outcome is Outcome.CANCELLED
    assert contents(bench) == {}
    assert "The transfer was cancelled." in said(bench)


def test_a_claim_that_was_not_renewed_publishes_nothing(bench: Bench) -> None:
    transfer = bench.received()

    def fence() -> None:
        raise Fenced(transfer.id)

    tools = replace(bench.tools(), fence=fence)
    with pytest.raises(Fenced):
        travel(transfer, tools, three_tries)
    assert bench.remotes.appeared == {}
    assert carried(bench).outcome is Outcome.DELIVERED
    assert bench.remotes.appeared == {FINAL: 1}


def test_powers_of_the_bench_are_those_of_a_good_server() -> None:
    assert ALL_POWERS.replaces
