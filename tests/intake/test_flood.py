"""Kinds of abuse by one requester or one producer, and each time a second requester, whose approved
order must be delivered within three polls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from sandbox.servicenow import SEEDED
from sandbox.servicenow.seed import STANDING
from tests.adapters.servicenow.reading.standing import TERMS, stand
from tests.adapters.servicenow.stage import staged
from tests.intake.flooded import DEAD, FLOODER, OTHER, ROWS, Flooded
from transfer.errors import Code

Flood = Callable[[Flooded], object]
FLOODS: list[Flood] = []


def flood(play: Flood) -> Flood:
    FLOODS.append(play)
    return play


@flood
def drafts_of_standing_approvals(town: Flooded) -> None:
    for _ in range(1_000):
        town.instance.create(STANDING, {**TERMS, "u_prefix": "s3://exports/"}, by=FLOODER)
    for number in range(50):
        town.event(f"elsewhere/{number}")
    town.listens()


@flood
def long_variables(town: Flooded) -> None:
    for number in range(ROWS - 1):
        town.fill(town.order(f"long-{number}"), 125_000)


@flood
def variables_that_no_answer_can_hold(town: Flooded) -> None:
    for number in range(3):
        town.fill(town.order(f"huge-{number}"), 4_000_000)


@flood
def ten_thousand_approvers(town: Flooded) -> None:
    row = {"sysapproval": town.order("crowd").item, "approver": SEEDED.users[FLOODER].sys_id}
    for _ in range(10_000):
        town.instance.create("sysapproval_approver", row)


@flood
def hints_of_unknown_names(town: Flooded) -> None:
    town.client.budget.per_hour = 100
    for number in range(90):
        town.hint(request=f"RITM{number:07}")
        town.hint(task=f"{number:032x}")
    town.listens()


@flood
def hints_that_make_no_sense(town: Flooded) -> None:
    for body in ("", "{", "[" * 10_000, '{"version": 2}', "\ud800", "x" * 250_000):
        for _ in range(50):
            town.queue.send(body, "")
    town.listens()


@flood
def the_same_hint_again_and_again(town: Flooded) -> None:
    waiting, ordered = town.draft("waits"), town.order("same")
    for _ in range(1_000):
        town.hint(request=ordered.number)
        town.hint(request=waiting.number)
    town.listens()


@flood
def forged_events(town: Flooded) -> None:
    for number in range(1_000):
        town.event(f"forged/{number}")
    town.listens()


@flood
def tasks_whose_items_are_gone(town: Flooded) -> None:
    for number in range(30):
        town.instance.delete("sc_req_item", town.order(f"gone-{number}").item)


@flood
def tasks_that_wait_for_an_approval(town: Flooded) -> None:
    for number in range(4 * ROWS):
        fields = {"assignment_group": SEEDED.group, "request_item": town.draft(f"d-{number}").item}
        town.instance.create("sc_task", fields)


@flood
def more_approved_orders_than_a_poll_judges(town: Flooded) -> None:
    for number in range(4 * ROWS):
        town.order(f"many-{number}")


@flood
def orders_that_are_opened_again(town: Flooded) -> None:
    """They were dealt with, and each poll finds them again."""
    ordered = [town.order(f"again-{number}", destination="nowhere") for number in range(4 * ROWS)]
    town.runs(121)
    for each in ordered:
        town.instance.update("sc_task", each.task, {"state": "1"})


@flood
def orders_to_a_partner_who_does_not_answer(town: Flooded) -> None:
    for number in range(ROWS - 1):
        town.order(f"dead-{number}", destination=DEAD)


@flood
def an_order_of_thousands_of_files(town: Flooded) -> None:
    for number in range(2_000):
        town.bench.objects.put(f"s3://exports/small/{number}", b"1")
    town.order("small", source="s3://exports/small/", path="small/")


@flood
def second_tasks(town: Flooded) -> None:
    fields = {"assignment_group": SEEDED.group, "request_item": town.order("twice").item}
    for _ in range(4 * ROWS):
        town.instance.create("sc_task", fields)


@flood
def cancelled_orders(town: Flooded) -> None:
    town.instance.properties.leave_tasks_open = True
    for number in range(4 * ROWS):
        item = town.order(f"off-{number}").item
        town.instance.update("sc_req_item", item, {"active": "false"})


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Flooded]:
    with staged(tmp_path / "tls") as stage:
        made = Flooded(stage)
        yield made
        made.closes()


@pytest.mark.parametrize("play", FLOODS, ids=lambda play: play.__name__)
def test_nobody_stands_in_the_way_of_others(town: Flooded, play: Flood) -> None:
    with capture_logs():
        play(town)
        town.order("ours", by=OTHER)
        assert town.delivers("ours.csv")
    assert town.ruin == []


def test_what_cannot_be_read_is_refused_once_and_says_who_and_what(town: Flooded) -> None:
    huge = town.order("huge")
    town.fill(huge, 4_000_000)
    with capture_logs() as logs:
        town.runs(91)
    [transfer] = town.transfers()
    assert transfer.failure
    assert transfer.failure.code == Code.REQUEST_UNREADABLE
    assert (transfer.request.requester, transfer.request.number) == (FLOODER, huge.number)
    assert "10 MiB" in transfer.failure.message
    told = [line for line in logs if line["log_level"] == "warning"]
    assert [line["event"] for line in told] == [
        "a task cannot be read, and holds up no other",
        "request refused",
    ]
    assert told[0]["requester"] == FLOODER
    assert town.instance.get("sc_task", huge.task)["state"] == "4"


def test_an_event_under_a_standing_approval_passes_a_thousand_drafts(town: Flooded) -> None:
    stand(town.instance, by=OTHER, u_prefix="s3://exports/nightly/")
    for _ in range(1_000):
        town.instance.create(STANDING, {**TERMS, "u_prefix": "s3://exports/"}, by=FLOODER)
    town.bench.objects.put("s3://exports/nightly/ours.csv", b"1")
    town.event("nightly/ours.csv")
    with capture_logs():
        town.listens()
        assert town.delivers("ours.csv")


def test_there_are_twelve_kinds_at_least() -> None:
    assert len(FLOODS) >= 12
