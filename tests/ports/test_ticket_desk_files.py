"""What every TicketDesk promises of the files that it attaches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ports.desks import World, lose, opened, post, ready
from transfer.errors import Code, FerryError, Transient
from transfer.tickets import Post, PostAction, TicketRole


@pytest.fixture(params=["memory", "servicenow"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with opened(request.param, tmp_path) as found:
        yield found


def attach(world: World) -> Post:
    return post(world, TicketRole.AUDIT, PostAction.ATTACH, text="{}")


def test_a_file_is_attached_as_it_was_given(world: World) -> None:
    ticket = ready(world, TicketRole.AUDIT)
    assert world.desk.attach(attach(world), "receipt.json", b"{}\n", again=False) == ticket
    assert world.attached(ticket) == [("receipt.json", b"{}\n")]
    assert world.written(ticket) == []


@pytest.mark.parametrize("arrived", [True, False], ids=["answer lost", "call lost"])
def test_a_file_that_may_have_arrived_is_attached_once(world: World, arrived: bool) -> None:
    ticket = ready(world, TicketRole.AUDIT)
    lose(world, arrived=arrived)
    with pytest.raises(Transient):
        world.desk.attach(attach(world), "receipt.json", b"{}\n", again=False)
    for _ in range(2):
        assert world.desk.attach(attach(world), "receipt.json", b"{}\n", again=True) == ticket
    assert len(world.attached(ticket)) == 1


def test_no_file_without_a_ticket(world: World) -> None:
    with pytest.raises(FerryError) as caught:
        world.desk.attach(attach(world), "receipt.json", b"{}\n", again=False)
    assert caught.value.code is Code.SERVICENOW_NOT_FOUND
