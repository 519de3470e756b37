"""How a step is tried again: by the class of its error, with progress, and with patience."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from adapters.running.retries import retrying
from tests.transfer.bench import FINAL, Bench
from tests.transfer.made import request
from tests.transfer.test_journey import SOURCE
from transfer.errors import Code, FerryError, Permanent, Stopping, Transient, Waiting
from transfer.model import Delivery, Transfer
from transfer.request.names import parse_source
from transfer.tools import Tools

TOOLS = Bench().tools()
RECEIVED = Transfer(request=request())


class Stumbling:
    """A step that raises the given errors, one a try, then goes through."""

    __name__ = "stumbling"

    def __init__(self, *errors: FerryError) -> None:
        self.errors = list(errors)
        self.tries = 0

    def __call__(self, transfer: Transfer, tools: Tools) -> Transfer:
        del tools
        self.tries += 1
        if self.errors:
            raise self.errors.pop(0)
        return transfer


def dropped(retry_after: float | None = None) -> Transient:
    return Transient(Code.REMOTE_DROPPED, "The line broke.", retry_after=retry_after)


def waits_of(step: Stumbling, tries: int = 3, tools: Tools = TOOLS) -> list[float]:
    waits: list[float] = []
    retrying(tries, 1.0, waits.append)(step, RECEIVED, tools)
    return waits


def test_a_transient_error_is_tried_again_with_growing_waits() -> None:
    step = Stumbling(dropped(), dropped())
    waits = waits_of(step)
    assert step.tries == 3
    assert 1.0 <= waits[0] <= 2.0
    assert 2.0 <= waits[1] <= 3.0


def test_three_tries_are_three_tries() -> None:
    step = Stumbling(dropped(), dropped(), dropped(), dropped())
    with pytest.raises(Transient):
        waits_of(step)
    assert step.tries == 3


def test_a_try_that_moved_bytes_counts_as_the_first_again() -> None:
    bench = Bench()
    transfer = bench.received()
    step = Stumbling(*(dropped() for _ in range(9)))

    def progress(_seconds: float) -> None:
        item = Delivery(number=1, source=parse_source(SOURCE), final=FINAL, moved=step.tries)
        bench.ledger.save(transfer, item)

    retrying(3, 0.01, progress)(step, transfer, bench.tools())
    assert step.tries == 10


def test_the_deadline_ends_even_tries_that_make_progress() -> None:
    step = Stumbling(*(dropped() for _ in range(9)))
    with pytest.raises(Transient):
        retrying(100, 0.0, lambda _: None, deadline=0.0)(step, RECEIVED, TOOLS)
    assert step.tries == 1


@pytest.mark.parametrize(
    "error",
    [
        Permanent(Code.AUTH_REFUSED, "No."),
        Stopping(),
        Waiting(Code.DESTINATION_BUSY, "Another request has the name."),
    ],
)
def test_what_trying_cannot_help_is_tried_once(error: FerryError) -> None:
    step = Stumbling(error)
    with pytest.raises(type(error)):
        waits_of(step)
    assert step.tries == 1


def test_the_other_side_may_ask_for_a_longer_wait_up_to_a_minute() -> None:
    assert waits_of(Stumbling(dropped(retry_after=30.0))) == [30.0]
    assert waits_of(Stumbling(dropped(retry_after=4000.0))) == [60.0]


@pytest.mark.parametrize(
    "code",
    [
        Code.SERVICENOW_UNREACHABLE,
        Code.LEDGER_BUSY,
        Code.LEDGER_FULL,
        Code.LEDGER_UNAVAILABLE,
    ],
)
def test_servicenow_and_the_ledger_are_waited_for_longer_than_three_tries(code: Code) -> None:
    step = Stumbling(*(Transient(code, "No answer.") for _ in range(20)))
    waits = waits_of(step)
    assert step.tries == 21
    assert waits[-1] >= 60.0 > waits[0]


def test_waiting_for_the_ledger_uses_up_no_tries_of_the_partner() -> None:
    away = [Transient(Code.LEDGER_BUSY, "No answer.") for _ in range(20)]
    step = Stumbling(dropped(), *away, dropped())
    waits_of(step)
    assert step.tries == 23


def test_a_ledger_that_cannot_be_read_does_not_hide_the_error_of_the_step() -> None:
    class Unreadable:
        def deliveries(self, _transfer_id: str) -> Any:
            raise Transient(Code.LEDGER_UNAVAILABLE, "No answer.")

    ledger: Any = Unreadable()
    step = Stumbling(dropped(), dropped())
    waits_of(step, tools=replace(TOOLS, ledger=ledger))
    assert step.tries == 3


def test_a_stop_ends_the_wait_for_a_ledger_that_is_away() -> None:
    def halt() -> None:
        raise Stopping

    step = Stumbling(*(Transient(Code.LEDGER_BUSY, "No answer.") for _ in range(9)))
    with pytest.raises(Stopping):
        waits_of(step, tools=replace(TOOLS, halt=halt))
    assert step.tries == 1
