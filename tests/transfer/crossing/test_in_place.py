"""`mode: direct`, and a partner whose software takes a file away: it is sent once, or again only
where its close was never asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from adapters.memory.remotes import MemoryRemote
from tests.model.owners import Owner
from tests.transfer.bench import FINAL, Bench, Crash, Fuse, HookedRemote, HookedRemotes
from tests.transfer.made import PARTNER
from tests.transfer.test_journey import SOURCE, three_tries
from transfer.destination import Destination, Mode, Tier
from transfer.errors import Code, Permanent, Transient
from transfer.journey import travel
from transfer.model import CHUNK, Delivery, DeliveryState, Outcome, Receipt, Transfer
from transfer.ports import Remote

DATA = b"name;pay\n" * 100
LARGE = bytes(range(256)) * (CHUNK // 256) + b"the end"
DIRECT = replace(PARTNER, mode=Mode.DIRECT)


class Mailbox:
    """Takes the file away at a verb of FileFerry's that follows its close, and counts it."""

    def __init__(self, bench: Bench, verb: str = "size", times: int = 1) -> None:
        self.files, self.verb, self.times = bench.remotes.files, verb, times
        self.closed = False
        self.taken: list[bytes] = []
        bench.remotes.hooks.append(self.notice)

    def notice(self, verb: str, path: str, place: int) -> None:
        del place
        if path != FINAL:
            return
        if verb == self.verb and self.closed:
            self.times -= 1
            if not self.times:
                self.taken.append(bytes(self.files.pop(FINAL)))
                self.closed = False
        self.closed = self.closed or verb == "finish"


def made(data: bytes = DATA, *, collected: bool = True, **settings: object) -> Bench:
    partner = replace(DIRECT, collected=collected, **settings)  # type: ignore[arg-type]
    bench = Bench(destinations={"partner": partner})
    bench.objects.put(SOURCE, data)
    return bench


def carried(bench: Bench, fuse: Fuse | None = None) -> Transfer:
    return travel(bench.received(), bench.tools(fuse), three_tries)


def deliveries_of(bench: Bench) -> tuple[Delivery, ...]:
    return tuple(bench.record().deliveries) if bench.store.rows else ()


def receipt_of(bench: Bench) -> Receipt:
    [delivery] = bench.record().deliveries
    assert delivery.receipt
    return delivery.receipt


@pytest.mark.parametrize("data", [DATA, LARGE], ids=["small", "large"])
def test_taken_between_close_and_look_it_was_collected(data: bytes) -> None:
    bench = made(data)
    box = Mailbox(bench)
    assert carried(bench).outcome is Outcome.DELIVERED
    assert box.taken == [data]
    receipt = receipt_of(bench)
    assert (receipt.collected, receipt.in_place, receipt.tier) == (True, True, "")
    words = " ".join(post.text for post in bench.posts())
    assert "its close was acknowledged, and nothing else seen of it" in words


@pytest.mark.parametrize("data", [DATA, LARGE], ids=["small", "large"])
def test_elsewhere_only_a_person_can_tell_and_it_is_not_sent_again(data: bytes) -> None:
    bench = made(data, collected=False)
    box = Mailbox(bench)
    done = carried(bench)
    assert (done.outcome, len(box.taken)) == (Outcome.UNKNOWN, 1)
    assert bench.remotes.opened.count(0) == 1


@pytest.mark.parametrize(
    ("code", "gone", "outcome"),
    [
        (Code.REMOTE_DENIED, True, Outcome.UNKNOWN),
        (Code.REMOTE_FAILED, True, Outcome.UNKNOWN),
        (Code.REMOTE_FULL, True, Outcome.FAILED),
        (Code.REMOTE_DENIED, False, Outcome.FAILED),
    ],
)
def test_taken_at_a_close_that_is_refused(code: Code, gone: bool, outcome: Outcome) -> None:
    """The software that takes it may fail afterwards, and its error is the answer to the close."""
    bench = made()

    def take(verb: str, path: str, place: int) -> None:
        del place
        if verb == "finish":
            if gone:
                bench.remotes.files.pop(path)
            raise Permanent(code, "The trigger failed.")

    bench.remotes.hooks.append(take)
    done = carried(bench)
    assert done.outcome is outcome
    assert done.failure
    assert "The trigger failed." in done.failure.message
    assert bench.remotes.opened.count(0) == 1


def test_a_refused_close_after_which_nobody_can_look_is_never_called_delivered() -> None:
    """The next try would find nothing, as after a close that was done."""
    bench, lost = made(), list[str]()

    def refuse(verb: str, path: str, place: int) -> None:
        del place
        if verb == "finish":
            lost.append(path)
            bench.remotes.files.pop(path)
            raise Permanent(Code.REMOTE_DENIED, "A virus was found.")
        if verb == "size" and lost:
            lost.clear()
            raise Transient(Code.REMOTE_DROPPED, "The server hung up.")

    bench.remotes.hooks.append(refuse)
    done = carried(bench)
    assert done.outcome is Outcome.UNKNOWN
    assert done.failure
    assert "A virus was found." in done.failure.message


def test_who_asked_for_a_proof_by_content_is_told_that_there_is_none() -> None:
    bench = made(tier=Tier.READ_BACK)
    box = Mailbox(bench)
    assert carried(bench).outcome is Outcome.UNKNOWN
    assert len(box.taken) == 1


@pytest.mark.parametrize("protocol", ["memory", "ftp"])
def test_taken_between_the_look_and_the_reading_back(protocol: str) -> None:
    """Plain FTP reads back by itself, and says what it could not do."""
    bench = made(protocol=protocol)
    bench.remotes.protocols = frozenset({protocol})
    if protocol == "memory":
        bench.remotes.powers = replace(bench.remotes.powers, digests=frozenset({"sha256"}))
    box = Mailbox(bench, "read")
    done = carried(bench)
    assert done.outcome is Outcome.DELIVERED
    assert box.taken == [DATA]
    # The size had been seen.
    assert receipt_of(bench).collected == (protocol == "ftp")


@pytest.mark.parametrize("collected", [True, False])
def test_taken_from_a_server_that_remembers_its_size(*, collected: bool) -> None:
    """rclone's FTP: SIZE tells of a file that has gone, and RETR has nothing of it."""
    bench = made(collected=collected, protocol="ftp")
    bench.remotes.protocols = frozenset({"ftp"})

    def remember(verb: str, path: str, place: int) -> None:
        del place
        if verb == "finish":
            bench.remotes.remembered[path] = len(DATA)

    bench.remotes.hooks.append(remember)
    box = Mailbox(bench)
    done = carried(bench)
    assert done.outcome is (Outcome.DELIVERED if collected else Outcome.UNKNOWN)
    assert box.taken == [DATA]
    assert bench.remotes.opened == [0]


@pytest.mark.parametrize("collected", [True, False])
def test_taken_at_a_close_whose_answer_is_lost(*, collected: bool) -> None:
    bench = made(collected=collected)

    def answer(verb: str, path: str, place: int) -> None:
        del place
        if verb == "finish":
            bench.remotes.hooks.clear()
            del bench.remotes.files[path]
            raise Transient(Code.REMOTE_DROPPED, "No answer.")

    bench.remotes.hooks.append(answer)
    done = carried(bench)
    assert done.outcome is (Outcome.DELIVERED if collected else Outcome.UNKNOWN)
    assert bench.remotes.opened == [0]


def test_a_close_whose_answer_is_lost_is_looked_at() -> None:
    bench = made(tier=Tier.READ_BACK)

    def answer(verb: str, path: str, place: int) -> None:
        del path, place
        if verb == "finish":
            bench.remotes.hooks.clear()
            raise Transient(Code.REMOTE_DROPPED, "No answer.")

    bench.remotes.hooks.append(answer)
    assert carried(bench).outcome is Outcome.DELIVERED
    assert bench.remotes.opened == [0]
    assert receipt_of(bench).tier == "T2"


def test_what_stands_there_in_another_size_is_sent_anew() -> None:
    bench = made()

    def lose(verb: str, path: str, place: int) -> None:
        del place
        if verb == "finish":
            bench.remotes.hooks.clear()
            del bench.remotes.files[path][-10:]
            raise Transient(Code.REMOTE_DROPPED, "No answer.")

    bench.remotes.hooks.append(lose)
    assert carried(bench).outcome is Outcome.DELIVERED
    assert bytes(bench.remotes.files[FINAL]) == DATA


def test_a_close_that_is_refused_publishes_nothing() -> None:
    bench = made()

    def refuse(verb: str, path: str, place: int) -> None:
        del path, place
        if verb == "finish":
            raise Permanent(Code.REMOTE_FULL, "No room.")

    bench.remotes.hooks.append(refuse)
    assert carried(bench).outcome is Outcome.FAILED
    assert bench.remotes.files == {}


@pytest.mark.parametrize("verb", ["create", "finish"])
def test_an_approval_that_is_withdrawn_is_noticed_before_the_close(verb: str) -> None:
    bench = made()

    def withdraw(seen: str, path: str, place: int) -> None:
        del path, place
        if seen == ("write" if verb == "finish" else "size"):
            bench.consent.refusal = Permanent(Code.APPROVAL_WITHDRAWN, "No longer approved.")

    box = Mailbox(bench)
    bench.remotes.hooks.append(withdraw)
    assert carried(bench).outcome is Outcome.REFUSED
    assert (box.taken, bench.remotes.files) == ([], {})
    assert len(bench.remotes.opened) == (verb == "finish")


@pytest.mark.parametrize("collected", [True, False])
@pytest.mark.parametrize("after", [False, True])
def test_a_crash_at_any_call_sends_no_second_one_after_the_close(
    *, after: bool, collected: bool
) -> None:
    """The next owner reads from the ledger that the close was asked for."""

    def judge(bench: Bench, box: Mailbox) -> None:
        before, opened = len(box.taken), len(bench.remotes.opened)
        done = carried(bench)
        arrived = [*box.taken, *map(bytes, bench.remotes.files.values())]
        assert arrived == [DATA]
        told = Outcome.DELIVERED if collected or not box.taken else Outcome.UNKNOWN
        assert done.outcome is told
        if before:
            assert len(bench.remotes.opened) == opened

    points = swept(judge, after=after, collected=collected)
    assert points > 20


def swept(judge: Callable[[Bench, Mailbox], None], *, after: bool, collected: bool) -> int:
    for at in range(1, 200):
        bench, fuse = made(collected=collected), Fuse(at, after=after)
        box = Mailbox(bench)
        try:
            carried(bench, fuse)
        except Crash:
            if bench.store.rows and not bench.record().transfer.finished:
                judge(bench, box)
        if not fuse.dead:
            return at
    raise AssertionError("the sweep did not end")


def test_all_or_nothing_is_carried_no_further_than_its_close() -> None:
    """And a file that was taken meanwhile is not sent again for that."""
    bench = made(LARGE)
    sources = (SOURCE, "s3://exports/payroll/dec.csv")
    bench.objects.put(sources[1], DATA)
    done = travel(
        bench.received(sources=sources, target="pay/", options={"all_or_nothing": "true"}),
        bench.tools(),
        three_tries,
    )
    assert done.outcome is Outcome.DELIVERED
    assert sorted(map(len, bench.remotes.files.values())) == sorted([len(LARGE), len(DATA)])


def test_an_heir_that_finds_it_verified_and_gone_does_not_send_it_again() -> None:
    bench = made(LARGE)
    first = Owner(bench)
    while not any(item.state is DeliveryState.VERIFIED for item in deliveries_of(bench)):
        first.move()
    arrived = bytes(bench.remotes.files.pop(FINAL))
    bench.time[0] += 61.0
    Owner(bench).finish()
    first.finish()
    assert (arrived, bench.remotes.opened.count(0)) == (LARGE, 1)
    assert bench.record().transfer.outcome is Outcome.DELIVERED
    assert bench.remotes.files == {}


class Sluggish(HookedRemotes):
    """Tells the size of a file no sooner than at the third look after its close."""

    looks = 0

    def connect(self, destination: Destination, *, beside: Remote | None = None) -> MemoryRemote:
        super().connect(destination, beside=beside)
        return SluggishRemote(self)


class SluggishRemote(HookedRemote):
    def size(self, path: str) -> int | None:
        size, server = super().size(path), self._server
        assert isinstance(server, Sluggish)
        if size and path == FINAL:
            server.looks += 1
            return size if server.looks > 2 else 0
        return size


@pytest.mark.parametrize("mode", [Mode.DIRECT, Mode.AUTO])
def test_a_size_that_comes_late_after_a_lost_answer_is_looked_at_again(mode: Mode) -> None:
    bench = made(mode=mode)
    bench.remotes = Sluggish(protocols=frozenset({"memory"}))

    def lose(verb: str, path: str, place: int) -> None:
        del place
        files = bench.remotes.files
        if verb == ("finish" if mode is Mode.DIRECT else "rename"):
            bench.remotes.hooks.clear()
            if mode is Mode.AUTO:
                files[FINAL] = files.pop(path)
            raise Transient(Code.REMOTE_DROPPED, "No answer.")

    bench.remotes.hooks.append(lose)
    assert carried(bench).outcome is Outcome.DELIVERED
    assert bench.remotes.opened == [0]
    assert bench.remotes.files == {FINAL: DATA}
