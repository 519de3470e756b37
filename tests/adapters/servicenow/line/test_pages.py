"""Reading every row of a query: nothing is lost between pages, and too much is not believed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from adapters.servicenow.line import pages
from adapters.servicenow.line.client import Client, Page
from adapters.servicenow.line.query import Query
from adapters.servicenow.line.records import Record
from sandbox.servicenow import SEEDED
from tests.adapters.servicenow.stage import INTAKE, Stage
from transfer.errors import Code, Permanent

MINE = Query().sys_id("assignment_group", SEEDED.group)
FIELDS = ("sys_id", "number")


def make(stage: Stage, count: int) -> set[str]:
    fields = {"assignment_group": SEEDED.group, "short_description": "by hand"}
    return {stage.instance.create("sc_task", fields)["sys_id"] for _ in range(count)}


def read(client: Client, size: int = 3, believed: int = 1000) -> set[str]:
    rows = pages.every_row(client, "sc_task", MINE, FIELDS, believed=believed, size=size)
    found = [row["sys_id"] for row in rows]
    assert len(found) == len(set(found))
    return set(found)


@pytest.mark.parametrize(("count", "calls"), [(0, 1), (1, 1), (3, 1), (4, 2), (10, 4)])
def test_every_row_comes_once_in_as_few_calls_as_can_be(
    stage: Stage, count: int, calls: int
) -> None:
    wanted = make(stage, count)
    stage.server.site.served.clear()
    assert read(stage.client()) == wanted
    assert len(stage.served("sc_task")) == calls


@pytest.mark.parametrize(("first", "end"), [(0, 0), (0, 3), (4, 8), (9, 12), (0, 12)])
def test_rows_that_are_hidden_after_the_page_was_cut_hide_no_others(
    stage: Stage, first: int, end: int
) -> None:
    every = sorted(make(stage, 12))
    seen = set(every[first:end])
    hidden = ",".join(set(every) - seen)
    stage.server.modes.set("row_acl", table="sc_task", query=f"sys_idIN{hidden}")
    assert read(stage.client()) == seen


def test_rows_that_come_and_go_between_pages_shift_nothing(stage: Stage) -> None:
    wanted = sorted(make(stage, 10))
    client = meddled(stage, lambda: stage.instance.delete("sc_task", wanted[0]))
    assert read(client) >= set(wanted[1:])
    client = meddled(stage, lambda: make(stage, 1))
    assert read(client) >= set(wanted[1:])


def meddled(stage: Stage, meddle: Callable[[], object]) -> Client:
    """A client in whose pauses between two pages something happens, once."""
    left = [meddle]

    class Meddled(Client):
        def page(self, *args: object, **options: object) -> Page:
            found = super().page(*args, **options)  # type: ignore[arg-type]
            if left:
                left.pop()()
            return found

    made = stage.client()
    made.__class__ = Meddled
    return made


def test_more_rows_than_can_be_right_are_not_believed(stage: Stage) -> None:
    make(stage, 6)
    client = stage.client()
    with pytest.raises(Permanent) as caught:
        read(client, believed=5)
    assert caught.value.code is Code.SERVICENOW_UNTRUSTED
    assert "believed_rows" in caught.value.action
    assert len(stage.served("sc_task")) == 1
    assert len(read(client, believed=6)) == 6


class Uncounted:
    """Answers with pages that say no total."""

    host = "i"

    def __init__(self, *given: tuple[str, ...]) -> None:
        self._given = list(given)
        self.asked: list[str] = []

    def page(self, _table: str, query: Query, _fields: object, *, limit: int, offset: int) -> Page:
        self.asked.append(f"{query} {limit} {offset}")
        ids = self._given.pop(0)
        rows = (Record(host="i", table="sc_task", values={"sys_id": each}) for each in ids)
        return Page(tuple(rows), None)


def test_without_a_count_an_empty_page_is_the_last() -> None:
    ids = [digit * 32 for digit in "123"]
    client = Uncounted((ids[0], ids[1]), (ids[2],), ())
    rows = pages.every_row(client, "sc_task", Query(), FIELDS, believed=9, size=2)  # type: ignore[arg-type]
    assert [row["sys_id"] for row in rows] == ids
    assert client.asked == [
        "ORDERBYsys_id 2 0",
        f"sys_id>{ids[1]}^ORDERBYsys_id 2 0",
        f"sys_id>{ids[2]}^ORDERBYsys_id 2 0",
    ]


def test_a_page_that_goes_back_is_not_believed() -> None:
    """The condition on the sys_id was dropped: the same page would come for ever."""
    client = Uncounted(("1" * 32, "2" * 32), ("1" * 32, "2" * 32))
    with pytest.raises(Permanent) as caught:
        pages.every_row(client, "sc_task", Query(), FIELDS, believed=9, size=2)  # type: ignore[arg-type]
    assert caught.value.code is Code.SERVICENOW_UNTRUSTED


def test_waiting_tasks_do_not_hold_up_approved_ones(stage: Stage) -> None:
    """Three old tasks whose items wait for approval, then two that are approved."""
    for _ in range(3):
        item = stage.order()
        fields = {"assignment_group": SEEDED.group, "request_item": item}
        stage.instance.create("sc_task", fields)
    approved = [stage.task(), stage.task()]
    inbox = stage.inbox(replace(INTAKE, max_rows=3))
    with capture_logs() as logs:
        found = inbox.fetch()
    assert {each.task_id for each in found} >= set(approved)
    assert len(found) == 3
    assert [line["open"] for line in logs if line["log_level"] == "warning"] == [5]
