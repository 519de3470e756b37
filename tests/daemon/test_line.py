"""One requester's flood does not keep the others waiting."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator

from daemon.line import Line
from tests.daemon.ferry import Ferry, until
from tests.transfer.made import request
from transfer.errors import Code, Waiting
from transfer.model import Transfer
from transfer.steps import Step
from transfer.tools import Tools

FLOOD = 5_000


def heads(requester: str, count: int, first: int = 0) -> list[Transfer]:
    return [
        Transfer(request=request(id=f"i:sc_task:{number:032}", requester=requester))
        for number in range(first, first + count)
    ]


def taken(line: Line) -> Iterator[Transfer]:
    while head := line.next():
        yield head


def test_one_requester_leaves_threads_to_the_others() -> None:
    line = Line(8, spare=2)
    for head in heads("anna", 20):
        line.add(head)
    assert len(list(taken(line))) == 6
    [other] = heads("otto", 1, first=100)
    line.add(other)
    assert list(taken(line)) == [other]
    assert len(list(line)) == 14


def test_threads_that_come_free_go_round() -> None:
    """Two floods and a third requester: each gets as much as the others."""
    line = Line(4, spare=1)
    waiting = {name: heads(name, 50, 100 * at) for at, name in enumerate(("a", "b", "c"))}
    for head in itertools.chain.from_iterable(waiting.values()):
        line.add(head)
    running = list(taken(line))
    ended: list[str] = []
    while running:
        head = running.pop(0)
        ended.append(head.request.requester)
        line.ended(head)
        running += taken(line)
    assert len(ended) == 150
    assert all(set(ended[at : at + 6]) == {"a", "b", "c"} for at in range(0, 138, 3))
    assert list(line) == []


def test_the_turns_of_one_requester_keep_their_order() -> None:
    line = Line(1, spare=0)
    flood = heads("anna", 30)
    for head in flood:
        line.add(head)
    order = []
    while head_ := line.next():
        order.append(head_)
        line.ended(head_)
    assert order == flood


class Harbour:
    """An attempt that notes who begins, and lets one transfer end for each token."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.tokens = threading.Semaphore(0)

    def __call__(self, step: Step, transfer: Transfer, tools: Tools) -> Transfer:
        del step, tools
        self.begun.append(transfer.request.requester)
        assert self.tokens.acquire(timeout=60)
        raise Waiting(Code.DESTINATION_BUSY, "Done for this test.", retry_after=1e6)


def test_five_thousand_of_one_and_then_one_of_another() -> None:
    harbour = Harbour()
    ferry = Ferry(parallel=2, attempt=harbour)
    for head in heads("anna.berg", FLOOD):
        ferry.bench.ledger.admit(head)
    ferry.carry()
    until(lambda: len(harbour.begun) == 6)
    assert len([*ferry.carrier.watched(), *ferry.carrier.waiting()]) == FLOOD
    [late] = heads("otto.lind", 1, first=FLOOD)
    ferry.bench.ledger.admit(late)
    ferry.carry()
    # Nobody has ended yet: it begins beside the flood, on a thread that the flood cannot have.
    until(lambda: "otto.lind" in harbour.begun)
    assert len(harbour.begun) == 7
    ferry.halting.set()
    harbour.tokens.release(7)
    assert ferry.carrier.drain(60.0)
    assert len(harbour.begun) == 7


def test_a_flood_ends_whole() -> None:
    harbour = Harbour()
    ferry = Ferry(parallel=2, attempt=harbour)
    for head in [*heads("anna.berg", 400), *heads("otto.lind", 100, first=1000)]:
        ferry.bench.ledger.admit(head)
    ferry.carry()
    # One ends after the other, in the order in which they began: a thread that the machine lets
    # wait would leave its turns to the rest.
    for under_way in range(7, 150):
        until(lambda wanted=under_way: len(harbour.begun) >= wanted)  # type: ignore[misc]
        harbour.tokens.release()
    harbour.tokens.release(500)
    assert ferry.carrier.drain(60.0)
    assert len(harbour.begun) == 500
    assert harbour.begun[:150].count("otto.lind") > 50
