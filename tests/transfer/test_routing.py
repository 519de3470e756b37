"""The name of an execution, and the door that is chosen."""

from __future__ import annotations

import re

import pytest

from tests.transfer.made import request
from transfer.model import LARGE, Delivery, DeliveryState, Pin, Source, Transfer
from transfer.routing import MOST_BYTES, MOST_FILES, Route, choose, execution_name, owner_of


def test_the_same_run_has_the_same_name_and_every_other_another() -> None:
    first = Transfer(request=request(), epoch=1)
    others = (
        first.evolve(epoch=2),
        first.evolve(generation=2),
        first.evolve(request=request(id="other:sc_task:1")),
    )
    names = [execution_name(each) for each in (first, *others)]
    assert execution_name(first.evolve(claims=3, door="d")) == names[0]
    assert len(set(names)) == 4
    assert names[0] == f"ff-{first.request.number}-{first.request.token}-g1-e1"


def test_a_name_is_one_that_aws_takes_whatever_the_number_is() -> None:
    for number in ("", "RITM0010028", "RITM 1/2*3", "Ä" * 50, "R" * 300):
        asked = Transfer(request=request(number=number), generation=10**6, epoch=10**9)
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,80}", execution_name(asked))


def test_no_execution_is_taken_for_the_beginning_of_another() -> None:
    first = Transfer(request=request(), epoch=1)
    twelfth = owner_of(execution_name(first.evolve(epoch=12)))
    assert not twelfth.startswith(owner_of(execution_name(first)))


def files(
    count: int, size: int | None, state: DeliveryState = DeliveryState.PINNED
) -> list[Delivery]:
    pin = None if size is None else Pin(size=size, etag='"e"')
    source = Source(bucket="exports", key="a")
    base = Delivery(number=1, source=source, final="/inbox/a", pin=pin, state=state)
    return [base.evolve(number=number) for number in range(1, count + 1)]


@pytest.mark.parametrize(
    ("asked", "deliveries", "route", "why"),
    [
        ("in_process", files(1, 100 * LARGE), Route.IN_PROCESS, "destination"),
        ("step_functions", files(1, 1), Route.STEP_FUNCTIONS, "destination"),
        ("auto", [], Route.IN_PROCESS, "0 files"),
        ("auto", files(1, None), Route.IN_PROCESS, "not known"),
        ("auto", files(1, MOST_BYTES), Route.IN_PROCESS, "10.0 GiB: little enough"),
        ("auto", files(1, MOST_BYTES + 1), Route.STEP_FUNCTIONS, "more than 10 GiB"),
        ("auto", files(3, MOST_BYTES // 2), Route.STEP_FUNCTIONS, "15.0 GiB"),
        ("auto", files(MOST_FILES, 1), Route.IN_PROCESS, "1,000 files"),
        ("auto", files(MOST_FILES + 1, 1), Route.STEP_FUNCTIONS, "more than 1,000 files"),
        ("auto", files(9, MOST_BYTES, DeliveryState.PUBLISHED), Route.IN_PROCESS, "0 files"),
    ],
)
def test_the_choice_has_its_reason(
    asked: str, deliveries: list[Delivery], route: Route, why: str
) -> None:
    choice = choose(asked, deliveries)
    assert choice.route is route
    assert why in choice.reason


def test_a_rehearsal_and_what_is_written_in_place_stay_at_home() -> None:
    assert choose("step_functions", [], dry_run=True).route is Route.IN_PROCESS
    assert choose("step_functions", [], in_place=True).route is Route.IN_PROCESS
