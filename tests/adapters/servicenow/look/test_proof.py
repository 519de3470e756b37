"""The look at the instance before work is taken in: at the start, daily, hourly in trouble."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from structlog.testing import capture_logs

from adapters.servicenow.desk.forms import TicketForm
from adapters.servicenow.look.findings import Finding, broken, degraded, ok
from adapters.servicenow.look.proof import DAY, HOUR, Proof, proof_of
from adapters.servicenow.reading.inbox import ServiceNowInbox
from tests.adapters.servicenow.stage import INTAKE, Stage
from transfer.errors import Code, Permanent, Transient

GOOD = ok("read", "All fields are shown.")
BAD = broken("read sc_task", "Table sc_task does not show state.", "Give the right.")


class Looker:
    def __init__(self) -> None:
        self.now = 0.0
        self.answer: Sequence[Finding] | Exception = (GOOD,)
        self.looks = 0
        self.proof = Proof("i", self.look, lambda: self.now)

    def look(self) -> Sequence[Finding]:
        self.looks += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_it_looks_at_the_start_and_once_a_day() -> None:
    looker = Looker()
    for now in (0.0, 60.0, DAY - 1, DAY, DAY + 1):
        looker.now = now
        looker.proof.insist()
    assert looker.looks == 2


def test_what_is_missing_is_named_and_looked_for_each_hour() -> None:
    looker = Looker()
    looker.answer = (GOOD, BAD)
    for now in (0.0, HOUR - 1, HOUR):
        looker.now = now
        with pytest.raises(Permanent) as caught:
            looker.proof.insist()
        assert caught.value.code is Code.SERVICENOW_UNREADY
        assert "does not show state" in caught.value.message
    assert looker.looks == 2
    looker.answer = (GOOD,)
    looker.now = 2 * HOUR
    looker.proof.insist()


def test_an_instance_that_does_not_answer_is_asked_again_at_the_next_poll() -> None:
    looker = Looker()
    looker.answer = Transient(Code.SERVICENOW_UNREACHABLE, "No.")
    for _ in range(2):
        with pytest.raises(Transient):
            looker.proof.insist()
    assert looker.looks == 2


def test_what_only_costs_something_is_said_and_stops_nothing() -> None:
    looker = Looker()
    looker.answer = (degraded("choices", "No.", "Set another."),)
    with capture_logs() as logs:
        looker.proof.insist()
    assert [(line["log_level"], line.get("what")) for line in logs] == [
        ("warning", "choices"),
        ("info", None),
    ]


def inbox(stage: Stage, form: TicketForm | None = None) -> ServiceNowInbox:
    client = stage.client(timeout=60)
    proof = proof_of(client, INTAKE, form or TicketForm())
    return ServiceNowInbox(client, INTAKE, proof=proof.insist)


def test_a_poll_of_a_fresh_instance_works(stage: Stage) -> None:
    assert inbox(stage).fetch() == ()


def test_a_poll_takes_nothing_in_while_an_approval_is_hidden(stage: Stage) -> None:
    task = stage.task()
    stage.server.modes.set("hidden_field", table="sc_req_item", field="approval")
    blind = inbox(stage)
    for take in (blind.fetch, lambda: blind.find("SCTASK0010001")):
        with pytest.raises(Permanent) as caught:
            take()
        assert caught.value.code is Code.SERVICENOW_UNREADY
        assert "request_item.approval" in caught.value.message
    # What is under way is judged by its own reading.
    assert blind.read(task) is not None


PARTS = ("approvals", "variables", "members")
"""What goes in one request, and is noted as three beside it."""


def test_a_look_costs_nine_calls(stage: Stage) -> None:
    stage.task()
    polling = inbox(stage)
    polling.fetch()
    first = len(stage.server.site.served)
    polling.fetch()
    again = len(stage.server.site.served) - first
    assert (first - again, again) == (9, 2 + len(PARTS))


def test_wrong_choices_are_named_in_the_log(stage: Stage) -> None:
    with capture_logs() as logs:
        inbox(stage, TicketForm(close_code_failed="Not Solved (Too Costly)")).fetch()
    warned = [line["seen"] for line in logs if line["log_level"] == "warning"]
    assert any("servicenow.tickets.close_code_failed" in text for text in warned)


def test_a_task_whose_item_was_deleted_stops_nobody(stage: Stage) -> None:
    ours, latest = stage.task(), stage.task()
    later = {"sys_created_on": "2030-01-01 00:00:00"}
    stage.instance.update("sc_task", latest, later)
    item = stage.instance.get("sc_task", latest)["request_item"]
    stage.instance.delete("sc_req_item", item)
    found = inbox(stage).fetch()
    assert [each.task_id for each in found if each.unreadable is None] == [ours]


def test_an_approver_who_was_deleted_stops_nobody(stage: Stage) -> None:
    task = stage.task()
    item = stage.instance.get("sc_task", task)["request_item"]
    [row] = stage.instance.query("sysapproval_approver", f"sysapproval={item}")
    gone = {"sysapproval": item, "approver": "f" * 32, "sys_created_on": "2020-01-01 00:00:00"}
    stage.instance.create("sysapproval_approver", gone)
    stage.instance.update("sysapproval_approver", row["sys_id"], {"state": "approved"})
    assert [each.task_id for each in inbox(stage).fetch()] == [task]


def test_one_order_that_is_too_large_to_look_at_stops_nobody(stage: Stage) -> None:
    ours, latest = stage.task(), stage.task()
    stage.instance.update("sc_task", latest, {"sys_created_on": "2030-01-01 00:00:00"})
    item = stage.instance.get("sc_task", latest)["request_item"]
    for link in stage.instance.query("sc_item_option_mtom", f"request_item={item}"):
        value = {"value": "x" * 11_000_000}
        stage.instance.update("sc_item_option", link["sc_item_option"], value)
    found = {each.task_id: each.unreadable for each in inbox(stage).fetch()}
    assert found[ours] is None
    assert found[latest]
