"""A request that kills its worker again and again, among five that do not."""

from __future__ import annotations

import threading
from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.memory.books import memory_books
from adapters.telemetry.emf import Emf
from tests.daemon.ferry import Ferry, until
from tests.transfer.bench import Bench, Crash
from tests.transfer.made import NOON
from tests.transfer.test_journey import SOURCE
from transfer import decisions
from transfer.decisions import Word
from transfer.errors import Code
from transfer.model import Outcome, Transfer
from transfer.tickets import TicketRole

Logs = list[MutableMapping[str, Any]]
POISON = 3
"""The number of the request that kills; the innocents are older and younger than it."""
WORD = Word(by="root@bastion", at=NOON, reason="the server was mended")


class Ward:
    """Runs of the daemon, one after the death of the other, over the same ledger and partner."""

    def __init__(self) -> None:
        self.counted: list[str] = []
        self.bench = Bench(meter=Emf(self.counted.append, ("partner",)))
        self.bench.objects.put(SOURCE, b"x" * 100)
        self.killed_in: list[int] = []
        self.runs = 0
        self.deadly = True
        first = Ferry(bench=self.bench)
        self.transfers = [first.admit(number) for number in range(6)]
        self.poison = self.transfers[POISON]

    def run(self, rounds: int = 1) -> Ferry:
        """Until everything is done that can be, or the process has died."""
        self.runs += 1
        self.bench.time[0] += 61.0
        ferry = Ferry(parallel=6, bench=self.bench)
        struck, rows = threading.Event(), self.transfers

        def strike(verb: str, path: str, _place: int) -> None:
            if verb != "create":
                return
            if f"{self.poison.request.token}-" in path and self.deadly:
                if self.runs <= 2:
                    until(lambda: all(self.head(each).claims == self.runs for each in rows))
                self.killed_in.append(self.runs)
                ferry.fuse.dead = True
                struck.set()
                raise Crash
            if self.deadly and self.runs <= 2:
                # They run beside the killer, and go down with it.
                struck.wait(60)
            if ferry.fuse.dead:
                raise Crash

        self.bench.remotes.hooks = [strike]
        for _ in range(rounds):
            ferry.carry()
            assert ferry.carrier.drain(60.0)
        return ferry

    def head(self, transfer: Transfer) -> Transfer:
        return self.bench.store.rows[transfer.id].transfer


@pytest.fixture
def logs() -> Iterator[Logs]:
    """Caught: a traceback for each death would be printed otherwise."""
    with capture_logs() as lines:
        yield lines


@pytest.fixture
def ward(logs: Logs) -> Ward:
    del logs
    return Ward()


def test_the_killer_is_set_aside_after_five_epochs_and_the_others_flow(
    ward: Ward, logs: Logs
) -> None:
    while not ward.head(ward.poison).quarantined_at:
        ward.run()
        assert ward.runs <= 6, "It took more starts than a supervisor grants."
    assert ward.killed_in == [1, 2, 3, 4, 5]
    poison = ward.head(ward.poison)
    assert (poison.epoch, poison.claims, poison.at_rest, poison.finished) == (6, 0, True, False)
    assert poison.failure
    assert poison.failure.code == Code.TRANSFER_QUARANTINED
    assert "5 times in a row" in poison.failure.message
    others = [ward.head(each) for each in ward.transfers if each is not ward.poison]
    assert [each.outcome for each in others] == [Outcome.DELIVERED] * 5
    assert [each.claims for each in others] == [0] * 5
    assert [line["deaths"] for line in logs if line["event"] == "transfer quarantined"] == [5]
    assert sum('"Quarantines": 1' in line for line in ward.counted) == 1


def test_no_other_suspect_runs_beside_the_killer(ward: Ward, logs: Logs) -> None:
    """From the third run on each is alone, and who has the fewest deaths is the first."""

    def alone() -> list[int]:
        logs.clear()
        ward.run()
        ids = [each.id for each in ward.transfers]
        told = [line["transfer"] for line in logs if line["event"] == "suspect carried alone"]
        return [ids.index(each) for each in told]

    ward.run()
    ward.run()
    assert alone()[: POISON + 1] == [0, 1, 2, POISON]
    assert [ward.head(each).claims for each in ward.transfers] == [0, 0, 0, 3, 2, 2]
    assert alone() == [4, 5, POISON]


def test_its_tickets_say_so_once(ward: Ward) -> None:
    for _ in range(7):
        ward.run()
    store = ward.bench.store
    notes = [item.post for item in store.posts.values() if ":quarantined-" in item.post.key]
    assert {post.transfer_id for post in notes} == {ward.poison.id}
    assert [post.ticket for post in notes] == [TicketRole.USER, TicketRole.AUDIT, TicketRole.TASK]
    for post in notes:
        assert "quarantine" in post.text
        assert "transfer.quarantined" in post.text
    assert notes[0].comment


def test_a_released_one_goes_on_under_the_same_tickets(ward: Ward) -> None:
    for _ in range(6):
        ward.run()
    books = memory_books(ward.bench.store)
    ward.deadly = False
    ward.run()
    assert ward.head(ward.poison).quarantined_at
    [record] = books.archive.search(ward.poison.id)
    head, posts = decisions.release(record, WORD)
    books.keeper.amend(head, *posts)
    ward.run()
    poison = ward.head(ward.poison)
    assert (poison.outcome, poison.generation) == (Outcome.DELIVERED, 1)
    assert (poison.failure, poison.loose_ends, poison.quarantined_at) == (None, (), None)


def test_a_released_one_that_kills_on_is_set_aside_again_and_said_again(ward: Ward) -> None:
    for _ in range(6):
        ward.run()
    books = memory_books(ward.bench.store)
    [record] = books.archive.search(ward.poison.id)
    head, posts = decisions.release(record, WORD)
    books.keeper.amend(head, *posts)
    for _ in range(6):
        ward.run()
    assert len(ward.killed_in) == 10
    assert ward.head(ward.poison).quarantined_at
    keys = [key for key in ward.bench.store.posts if ":user:quarantined-" in key]
    assert len(keys) == 2


def test_a_graceful_stop_is_no_death(ward: Ward) -> None:
    for _ in range(8):
        ward.bench.time[0] += 61.0
        ferry = Ferry(parallel=6, bench=ward.bench)
        stop = ferry.halting.set
        ward.bench.remotes.hooks = [lambda *_, stop=stop: stop()]
        ferry.carry()
        assert ferry.carrier.drain(60.0)
    assert {ward.head(each).claims for each in ward.transfers} == {0}
    assert not any(ward.head(each).quarantined_at for each in ward.transfers)
