"""Several tasks of one approved item in the polling round: one is carried, the others are told."""

from __future__ import annotations

import pytest

from tests.daemon.test_intake import Desk
from tests.transfer.made import evidence, variables
from transfer.errors import Code
from transfer.evidence import Evidence
from transfer.model import Outcome


@pytest.fixture
def desk() -> Desk:
    return Desk()


def second(**changes: object) -> Evidence:
    """Another task of the same approved item."""
    return evidence(task_id="6" * 32, task_number="SCTASK0010002", **changes)


def test_a_second_task_of_an_item_is_refused_once_and_names_the_first(desk: Desk) -> None:
    desk.inbox.put(evidence())
    desk.intake.round()
    desk.inbox.put(second())
    for _ in range(3):
        desk.intake.round()
    refused, first = desk.archive.search()
    assert (first.transfer.request.task_number, first.transfer.failure) == ("SCTASK0010001", None)
    assert refused.transfer.outcome is Outcome.REFUSED
    assert refused.transfer.failure
    assert refused.transfer.failure.code == Code.REQUEST_REPEATED
    assert "SCTASK0010001 before (under way, received)" in refused.transfer.failure.message
    assert desk.notes() == []
    assert desk.carried.count(refused.transfer.id) == 3


def test_a_second_task_of_a_delivered_item_is_told_so(desk: Desk) -> None:
    desk.inbox.put(evidence())
    desk.intake.round()
    desk.close()
    judged = desk.intake.hinted(second())
    assert judged.why
    assert judged.why.code is Code.REQUEST_REPEATED
    assert "(delivered)" in judged.why.message
    assert desk.carried[-1] == second().request_id
    assert desk.intake.hinted(second()).why is None


def test_an_altered_second_task_is_refused_for_that(desk: Desk) -> None:
    """Whoever alters the order afterwards sends neither the old nor the new."""
    desk.inbox.put(evidence())
    desk.intake.round()
    judged = desk.intake.hinted(second(variables=variables(changed_at=evidence().read_at)))
    assert judged.why
    assert judged.why.code is Code.APPROVAL_STALE


def test_the_next_task_of_an_item_that_was_refused_gets_its_chance(desk: Desk) -> None:
    desk.inbox.put(evidence(variables=variables(changed_at=evidence().read_at)))
    desk.intake.round()
    desk.inbox.put(second())
    desk.intake.round()
    taken, refused = desk.archive.search()
    assert refused.transfer.outcome is Outcome.REFUSED
    assert (taken.transfer.id, taken.transfer.failure) == (second().request_id, None)


def test_two_tasks_in_one_round_are_one_transfer_and_one_refusal(desk: Desk) -> None:
    desk.inbox.put(evidence())
    desk.inbox.put(second())
    desk.intake.round()
    failures = [record.transfer.failure for record in desk.archive.search()]
    assert [failure.code if failure else "" for failure in failures] == ["request.repeated", ""]
