"""What the desk writes into which field of the simulator's tickets."""

from __future__ import annotations

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from adapters.servicenow.desk.desk import ServiceNowDesk
from adapters.servicenow.desk.forms import TicketForm, ticket_id
from sandbox.servicenow import SEEDED, Instance
from sandbox.servicenow.refusal import Refusal, business_rule
from tests.adapters.servicenow.stage import Stage
from tests.daemon.ferry import until
from transfer.errors import Code, Permanent, Transient
from transfer.model import Outcome
from transfer.remembered import Remembered
from transfer.tickets import Post, PostAction, TicketRole

REQUESTER = SEEDED.users["anna.berg"].sys_id
LONG = "x" * 9000


def post(role: TicketRole, action: PostAction, **more: object) -> Post:
    plain = Post(
        key=f"{role}:{action}",
        transfer_id="instance:sc_task:1",
        generation=1,
        ticket=role,
        action=action,
        text="Delivered a.csv.",
        title="File transfer RITM0010001 to partner",
        number="RITM0010001",
        requester_id=REQUESTER,
    )
    return replace(plain, **more)  # type: ignore[arg-type]


OPEN_USER = post(TicketRole.USER, PostAction.OPEN)
OPEN_AUDIT = post(TicketRole.AUDIT, PostAction.OPEN)


def closing(role: TicketRole, outcome: Outcome, **more: object) -> Post:
    return post(role, PostAction.CLOSE, outcome=outcome, comment="Done.", **more)


def stored(stage: Stage, of: Post) -> dict[str, str]:
    return stage.instance.get("incident", ticket_id(of))


def journal(stage: Stage, of: Post, element: str) -> list[str]:
    query = f"element_id={ticket_id(of)}^element={element}"
    return [row["value"] for row in stage.instance.query("sys_journal_field", query)]


def test_the_user_ticket_is_of_medium_urgency_and_the_requesters(stage: Stage) -> None:
    ticket = stage.desk().open(OPEN_USER, again=False)
    found = stored(stage, OPEN_USER)
    assert (found["urgency"], found["impact"], found["priority"]) == ("2", "3", "4")
    assert (found["caller_id"], found["category"]) == (REQUESTER, "inquiry")
    assert found["short_description"] == OPEN_USER.title
    assert found["description"] == OPEN_USER.text
    assert found["correlation_display"] == "FileFerry RITM0010001"
    assert (ticket.number, ticket.state, ticket.sys_id) == (found["number"], "1", found["sys_id"])
    assert ticket.url == f"{stage.server.url}/nav_to.do?uri=incident.do?sys_id={ticket.sys_id}"


def test_the_audit_ticket_is_low_and_mails_nobody(stage: Stage) -> None:
    stage.desk().open(OPEN_AUDIT, again=False)
    found = stored(stage, OPEN_AUDIT)
    assert (found["urgency"], found["impact"], found["priority"]) == ("3", "3", "5")
    assert (found["caller_id"], found["notify"], found["watch_list"]) == ("", "1", "")


def test_an_audit_ticket_has_a_caller_where_one_is_demanded(stage: Stage) -> None:
    stage.instance.properties.callers = True
    caller = SEEDED.users["otto.lind"].sys_id
    stage.desk(TicketForm(audit_caller=caller)).open(OPEN_AUDIT, again=False)
    assert stored(stage, OPEN_AUDIT)["caller_id"] == caller


def test_where_nobody_is_named_our_own_account_is_the_caller(stage: Stage) -> None:
    stage.instance.properties.callers = True
    desk = stage.desk()
    desk.open(OPEN_AUDIT, again=False)
    desk.open(OPEN_AUDIT, again=False)
    ours = SEEDED.users[SEEDED.user].sys_id
    assert stored(stage, OPEN_AUDIT)["caller_id"] == ours
    refused = [served for served in stage.server.site.served if served.status == 403]
    assert len(refused) == 2  # The first without a caller, the second because it is there.


def test_a_caller_that_cannot_be_told_is_asked_of_the_operator(stage: Stage) -> None:
    stage.instance.properties.callers = True
    stage.server.modes.set("row_acl", table="sys_user", query=f"user_name={SEEDED.user}")
    with pytest.raises(Permanent) as told:
        stage.desk().open(OPEN_AUDIT, again=False)
    assert told.value.code is Code.SERVICENOW_REFUSED
    assert "servicenow.tickets.audit_caller" in told.value.action


@pytest.mark.parametrize("opening", [OPEN_USER, OPEN_AUDIT], ids=["user", "audit"])
def test_a_field_that_the_instance_demands_of_tickets_is_a_setting(
    stage: Stage, opening: Post
) -> None:
    stage.instance.properties.mandatory = {"incident": ["contact_type"]}
    with pytest.raises(Permanent, match="contact_type") as told:
        stage.desk().open(opening, again=False)
    assert "servicenow.tickets.fields" in told.value.action
    form = TicketForm(fields={"contact_type": "self-service", "urgency": "1"})
    stage.desk(form).open(opening, again=False)
    assert stored(stage, opening)["contact_type"] == "self-service"
    assert stored(stage, opening)["urgency"] != "1"  # Ours come first.


def test_a_field_that_the_instance_demands_of_a_task_is_a_setting(stage: Stage) -> None:
    stage.instance.properties.mandatory = {"sc_task": ["assigned_to"]}
    task = stage.task()
    started = post(TicketRole.TASK, PostAction.START, task_id=task)
    done = closing(TicketRole.TASK, Outcome.DELIVERED, task_id=task)
    stage.desk().note(started, again=False)
    with pytest.raises(Permanent, match="assigned_to") as told:
        stage.desk().close(done, again=False)
    assert "servicenow.tickets.task_fields" in told.value.action
    otto = SEEDED.users["otto.lind"].sys_id
    desk = stage.desk(TicketForm(task_fields={"assigned_to": otto}))
    assert desk.close(done, again=True).state == "3"
    assert stage.instance.get("sc_task", task)["assigned_to"] == otto


def steps(instance: Instance, old: dict[str, str], new: dict[str, str], by: str) -> None:
    """A state model: nothing ends that was not begun."""
    del instance, by
    if old and old["state"] == "1" and new["state"] not in ("1", "2"):
        raise Refusal(403, "Operation Failed", "Invalid transition from New")


def unassigned(instance: Instance, old: dict[str, str], new: dict[str, str], by: str) -> None:
    del instance, by
    if old and new["state"] == "2":
        raise business_rule("sc_task", "Nobody works on it", "b" * 32)


def never(instance: Instance, old: dict[str, str], new: dict[str, str], by: str) -> None:
    unassigned(instance, old, new, by)
    steps(instance, old, new, by)


@pytest.mark.parametrize("role", [TicketRole.USER, TicketRole.AUDIT])
def test_a_state_model_that_refuses_the_last_step_is_obeyed(stage: Stage, role: TicketRole) -> None:
    stage.instance.properties.own["incident"] = steps
    desk = stage.desk()
    desk.open(post(role, PostAction.OPEN), again=False)
    with capture_logs() as logs:
        assert desk.close(closing(role, Outcome.DELIVERED), again=False).state == "6"
    assert any("by way of In Progress" in entry["event"] for entry in logs)
    found = stored(stage, post(role, PostAction.OPEN))
    assert found["close_code"] == "Solution provided"
    if role is TicketRole.USER:
        assert journal(stage, OPEN_USER, "comments") == ["Done."]


def test_a_task_whose_start_is_refused_has_its_words_and_its_end(stage: Stage) -> None:
    stage.instance.properties.own["sc_task"] = unassigned
    task, desk = stage.task(), stage.desk()
    started = post(TicketRole.TASK, PostAction.START, task_id=task)
    assert desk.note(started, again=False).state == "1"
    [note] = stage.instance.query("sys_journal_field", f"element_id={task}")
    assert started.marker in note["value"]
    done = closing(TicketRole.TASK, Outcome.DELIVERED, task_id=task)
    assert desk.close(done, again=False).state == "3"


def test_where_no_step_helps_the_first_refusal_is_told(stage: Stage) -> None:
    stage.instance.properties.own["sc_task"] = never
    task = stage.task()
    with pytest.raises(Permanent, match="Invalid transition from New") as told:
        stage.desk().close(closing(TicketRole.TASK, Outcome.DELIVERED, task_id=task), again=False)
    assert told.value.code is Code.SERVICENOW_REFUSED


@pytest.mark.parametrize("requester", ["", "anna.berg", "x^ORactive=true"])
def test_a_requester_without_a_sys_id_is_no_caller(stage: Stage, requester: str) -> None:
    stage.desk().open(replace(OPEN_USER, requester_id=requester), again=False)
    assert stored(stage, OPEN_USER)["caller_id"] == ""


def test_a_delivery_is_resolved_in_one_write(stage: Stage) -> None:
    desk = stage.desk()
    desk.open(OPEN_USER, again=False)
    stage.server.site.served.clear()
    close = closing(TicketRole.USER, Outcome.DELIVERED)
    assert desk.close(close, again=False).state == "6"
    assert stage.served("incident") == ["GET", "PATCH"]
    found = stored(stage, OPEN_USER)
    assert found["close_code"] == "Solution provided"
    assert found["close_notes"] == f"Delivered a.csv.\n{close.marker}"
    assert journal(stage, OPEN_USER, "comments") == ["Done."]
    assert journal(stage, OPEN_USER, "work_notes") == []


def test_a_refusal_is_resolved_as_not_solved(stage: Stage) -> None:
    stage.desk().open(OPEN_USER, again=False)
    stage.desk().close(closing(TicketRole.USER, Outcome.REFUSED), again=False)
    assert stored(stage, OPEN_USER)["close_code"] == "No resolution provided"


def test_a_failure_stays_open_for_the_group_that_looks_into_it(stage: Stage) -> None:
    desk = stage.desk(TicketForm(assignment_group=SEEDED.approver_group))
    desk.open(OPEN_USER, again=False)
    assert stored(stage, OPEN_USER)["assignment_group"] == ""
    close = closing(TicketRole.USER, Outcome.FAILED)
    assert desk.close(close, again=False).state == "1"
    found = stored(stage, OPEN_USER)
    assert (found["active"], found["assignment_group"]) == ("true", SEEDED.approver_group)
    assert found["close_code"] == ""
    assert journal(stage, OPEN_USER, "work_notes") == [f"Delivered a.csv.\n{close.marker}"]
    assert journal(stage, OPEN_USER, "comments") == ["Done."]


@pytest.mark.parametrize(("outcome", "state"), [(Outcome.DELIVERED, "3"), (Outcome.FAILED, "4")])
def test_closing_the_task_closes_item_and_request(
    stage: Stage, outcome: Outcome, state: str
) -> None:
    task_id = stage.task()
    close = closing(TicketRole.TASK, outcome, task_id=task_id)
    assert stage.desk().close(close, again=False).state == state
    task = stage.instance.get("sc_task", task_id)
    assert task["close_notes"] == f"Delivered a.csv.\n{close.marker}"
    assert stage.instance.get("sc_req_item", task["request_item"])["state"] == state
    assert stage.instance.get("sc_request", task["request"])["active"] == "false"


def test_what_is_written_is_harmless_and_fits(stage: Stage) -> None:
    nasty = replace(OPEN_USER, title="=cmd|' /C calc'!A0\n[code]x", text=f"[code]<b>{LONG}")
    stage.desk().open(nasty, again=False)
    found = stored(stage, OPEN_USER)
    assert found["short_description"] == "'=cmd|' /C calc'!A0 (code)x"
    assert found["description"].startswith("(code)< b>xxx")
    assert found["description"].endswith("x …")
    note = post(TicketRole.USER, PostAction.NOTE, text=LONG)
    stage.desk().note(note, again=False)
    assert stage.desk().note(note, again=True).number == found["number"]
    (written,) = journal(stage, OPEN_USER, "work_notes")
    assert written.endswith(note.marker)
    assert len(written) <= 4000


def test_an_audit_ticket_that_must_not_be_closed_is_resolved(stage: Stage) -> None:
    """Closing is ignored with a 200; it is logged for the first ticket only."""
    stage.instance.properties.closing_needs_admin = True
    desk = stage.desk()
    with capture_logs() as logs:
        for generation in (1, 2):
            desk.open(replace(OPEN_AUDIT, generation=generation), again=False)
            close = closing(TicketRole.AUDIT, Outcome.DELIVERED, generation=generation)
            assert desk.close(close, again=False).state == "6"
    assert [entry["log_level"] for entry in logs].count("warning") == 1
    assert stored(stage, OPEN_AUDIT)["close_code"] == "Solution provided"


def test_an_audit_ticket_that_a_rule_keeps_open_is_resolved(stage: Stage) -> None:
    desk = stage.desk()
    desk.open(OPEN_AUDIT, again=False)
    stage.server.modes.set("business_rule", method="PATCH", count=1)
    close = closing(TicketRole.AUDIT, Outcome.FAILED)
    assert desk.close(close, again=False).state == "6"
    assert desk.close(close, again=True).state == "6"


def test_an_audit_ticket_that_cannot_even_be_resolved_is_an_error(stage: Stage) -> None:
    desk = stage.desk()
    desk.open(OPEN_AUDIT, again=False)
    stage.server.modes.set("business_rule", method="PATCH", rule="Never close")
    with pytest.raises(Permanent) as caught:
        desk.close(closing(TicketRole.AUDIT, Outcome.DELIVERED), again=False)
    assert caught.value.code is Code.SERVICENOW_REFUSED
    assert "Never close" in caught.value.message


def test_a_protected_state_is_an_error_and_mails_only_once(stage: Stage) -> None:
    desk = stage.desk()
    ticket = desk.open(OPEN_USER, again=False)
    mode = stage.server.modes.set("read_only_field", table="incident", field="state")
    close = closing(TicketRole.USER, Outcome.DELIVERED)
    for again in (False, True, True):
        with pytest.raises(Permanent) as caught:
            desk.close(close, again=again)
        assert caught.value.code is Code.SERVICENOW_REFUSED
        assert f"left {ticket.number} in state 1 where 6 was written" in caught.value.message
    stage.server.modes.clear(mode.name)
    assert desk.close(close, again=True).state == "6"
    assert journal(stage, OPEN_USER, "comments") == ["Done."]


def test_a_missing_close_code_is_named_as_the_instance_names_it(stage: Stage) -> None:
    stage.desk().open(OPEN_USER, again=False)
    desk = stage.desk(TicketForm(close_code_delivered=""))
    with pytest.raises(Permanent) as caught:
        desk.close(closing(TicketRole.USER, Outcome.DELIVERED), again=False)
    assert caught.value.code is Code.SERVICENOW_REFUSED
    assert "mandatory: Resolution code" in caught.value.message


def test_fields_that_the_account_may_not_write_are_logged(stage: Stage) -> None:
    stage.server.modes.set("read_only_field", table="incident", field="urgency")
    with capture_logs() as logs:
        stage.desk().open(OPEN_USER, again=False)
    assert [entry["fields"] for entry in logs if "fields" in entry] == [["urgency"]]


def test_a_timeout_after_the_write_opens_one_ticket(stage: Stage) -> None:
    stage.server.modes.set("slow", method="POST", path="/table/", count=1, seconds=2)
    with pytest.raises(Transient):
        stage.desk(timeout=0.5).open(OPEN_USER, again=False)
    until(lambda: stage.instance.query("incident"))
    assert stage.desk().open(OPEN_USER, again=True).number
    assert len(stage.instance.query("incident")) == 1


def test_a_ticket_that_was_just_written_is_not_read_for_the_next_first_words(stage: Stage) -> None:
    now = [0.0]
    desk = ServiceNowDesk(stage.client(), TicketForm(), Remembered(10, 5.0, lambda: now[0]))
    note = post(TicketRole.USER, PostAction.NOTE)
    desk.open(OPEN_USER, again=False)
    desk.note(note, again=False)
    assert stage.served("incident") == ["POST", "PATCH"]
    desk.note(note, again=True)
    assert stage.served("incident")[2:] == ["GET"]
    assert len(journal(stage, OPEN_USER, "work_notes")) == 1
    now[0] += 5.0
    desk.close(closing(TicketRole.USER, Outcome.DELIVERED), again=False)
    assert stage.served("incident")[3:] == ["GET", "PATCH"]


def test_a_task_that_was_closed_after_a_note_is_not_started(stage: Stage) -> None:
    desk = ServiceNowDesk(stage.client(), TicketForm(), Remembered(10, 5.0, lambda: 0.0))
    task = stage.task()
    desk.note(post(TicketRole.TASK, PostAction.NOTE, task_id=task), again=False)
    stage.instance.update("sc_task", task, {"state": "4", "active": "false"})
    desk.note(post(TicketRole.TASK, PostAction.START, task_id=task), again=False)
    found = stage.instance.get("sc_task", task)
    assert (found["state"], found["active"]) == ("4", "false")


def test_a_task_that_was_closed_after_its_start_keeps_its_words(stage: Stage) -> None:
    desk = ServiceNowDesk(stage.client(), TicketForm(), Remembered(10, 5.0, lambda: 0.0))
    task = stage.task()
    desk.note(post(TicketRole.TASK, PostAction.START, task_id=task), again=False)
    closed = {"state": "4", "active": "false", "close_notes": "No longer needed."}
    stage.instance.update("sc_task", task, closed)
    desk.close(closing(TicketRole.TASK, Outcome.CANCELLED, task_id=task), again=False)
    assert stage.instance.get("sc_task", task)["close_notes"] == "No longer needed."
