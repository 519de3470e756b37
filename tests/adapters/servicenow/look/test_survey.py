"""`fileferry servicenow check` against the simulator in the moods that real instances have."""

from __future__ import annotations

import pytest

from adapters.servicenow.desk.forms import TicketForm
from adapters.servicenow.line.credentials import Basic
from adapters.servicenow.look.findings import Finding, Verdict
from adapters.servicenow.look.survey import Report, Survey
from adapters.servicenow.reading.inbox import Intake
from sandbox.servicenow import SEEDED
from tests.adapters.servicenow.stage import INTAKE, Stage

BAD = (Verdict.BROKEN, Verdict.UNPROVEN)


def survey(
    stage: Stage, form: TicketForm | None = None, intake: Intake = INTAKE, *, cleanup: bool = False
) -> Report:
    made = Survey(stage.client(), intake, form or TicketForm())
    return made.report(lambda _: None, cleanup=cleanup)


def named(report: Report, name: str) -> Finding:
    found = [each for each in report.findings if each.name == name]
    assert len(found) == 1, [each.name for each in report.findings]
    return found[0]


def worse(report: Report) -> dict[str, Verdict]:
    return {each.name: each.verdict for each in report.findings if each.verdict is not Verdict.OK}


def test_a_well_kept_instance_has_nothing_to_mend(stage: Stage) -> None:
    stage.task()
    told: list[str] = []
    report = Survey(stage.client(), INTAKE, TicketForm()).report(told.append)
    assert report.good
    assert worse(report) == {}
    assert [(each.role, each.state, each.end) for each in report.tickets] == [
        ("user", "6", ""),
        ("audit", "7", ""),
    ]
    for made in report.tickets:
        row = stage.instance.get("incident", made.sys_id)
        assert row["short_description"].startswith("TEST")
        assert (row["state"], row["notify"], row["caller_id"]) == (made.state, "1", "")
        assert made.url.startswith(stage.server.url)
    assert told[0] == "log in"
    assert len(told) == len(set(told)) > 10
    assert "left out" in named(report, "invalid conditions").text


def test_an_instance_that_demands_a_caller_says_which_setting_lacks(stage: Stage) -> None:
    stage.instance.properties.callers = True
    report = survey(stage)
    for role in ("user", "audit"):
        finding = named(report, f"create the {role} ticket")
        assert finding.verdict is Verdict.DEGRADED
        assert "our own account" in finding.text
        assert "servicenow.tickets.audit_caller" in finding.advice
    caller = SEEDED.users["otto.lind"].sys_id
    report = survey(stage, TicketForm(audit_caller=caller))
    assert [each.state for each in report.tickets] == ["6", "7"]
    for made in report.tickets:
        assert stage.instance.get("incident", made.sys_id)["caller_id"] == caller


def test_before_the_first_order_it_cannot_say_so(stage: Stage) -> None:
    report = survey(stage)
    assert not report.good
    assert worse(report) == dict.fromkeys(
        ("read sc_task", "read approvals", "read variables"), Verdict.UNPROVEN
    )


def test_cleaning_up_deletes_what_may_be_deleted(stage: Stage) -> None:
    user = stage.instance.user("fileferry")
    assert user is not None
    stage.instance.update("sys_user", user["sys_id"], {"roles": "admin"})
    stage.task()
    report = survey(stage, cleanup=True)
    assert report.good
    assert {each.end for each in report.tickets} == {"deleted"}
    assert stage.instance.query("incident") == []


def test_cleaning_up_cancels_what_must_not_be_deleted(stage: Stage) -> None:
    stage.task()
    report = survey(stage, cleanup=True)
    assert {each.end for each in report.tickets} == {"cancelled"}
    assert {row["state"] for row in stage.instance.query("incident")} == {"8"}


def test_cleaning_up_says_what_it_had_to_leave(stage: Stage) -> None:
    stage.task()
    stage.server.modes.set("forbidden", method="DELETE")
    stage.server.modes.set("business_rule", method="PATCH", skip=3)
    report = survey(stage, cleanup=True)
    assert {each.end for each in report.tickets} == {"left"}
    assert report.good


def test_the_regime_of_invalid_conditions_is_told(stage: Stage) -> None:
    stage.task()
    stage.instance.properties.invalid_query_returns_no_rows = True
    assert "met by no row" in named(survey(stage), "invalid conditions").text


def test_an_audit_ticket_that_may_not_be_closed_is_resolved(stage: Stage) -> None:
    stage.task()
    stage.instance.properties.closing_needs_admin = True
    report = survey(stage)
    assert report.good
    finding = named(report, "close the audit ticket")
    assert finding.verdict is Verdict.DEGRADED
    assert "closed_state: '6'" in finding.advice
    assert [each.state for each in report.tickets] == ["6", "6"]


@pytest.mark.parametrize(
    ("table", "field", "name"),
    [
        ("sc_task", "state", "read sc_task"),
        ("sc_req_item", "approval", "read sc_task"),
        ("sc_req_item", "cat_item", "read sc_task"),
        ("sysapproval_approver", "state", "read approvals"),
        ("sys_user_grmember", "user", "read group members"),
        ("sc_item_option", "sys_updated_on", "read variables"),
        ("incident", "correlation_id", "create the user ticket"),
    ],
)
@pytest.mark.parametrize("shown", ["missing", "empty"])
def test_a_hidden_field_is_named(
    stage: Stage, table: str, field: str, name: str, shown: str
) -> None:
    stage.task()
    stage.server.modes.set("hidden_field", table=table, field=field, shown=shown)
    report = survey(stage)
    assert not report.good
    assert named(report, name).verdict in BAD
    assert field in named(report, name).text


def test_a_close_code_that_is_not_written_is_told(stage: Stage) -> None:
    """The data policy wants one, and the account may not write it."""
    stage.task()
    stage.server.modes.set("read_only_field", table="incident", field="close_code")
    report = survey(stage)
    assert not report.good
    assert "Resolution code" in named(report, "resolve the user ticket").text


def test_a_requester_who_is_told_on_the_request_only_is_enough(stage: Stage) -> None:
    stage.task()
    stage.server.modes.set("hidden_field", table="sc_req_item", field="requested_for")
    assert survey(stage).good


@pytest.mark.parametrize(
    ("table", "name"),
    [
        ("sysapproval_approver", "read approvals"),
        ("sys_user_grmember", "read group members"),
        ("sc_item_option_mtom", "read variables"),
    ],
)
def test_a_table_that_is_closed_is_named(stage: Stage, table: str, name: str) -> None:
    stage.task()
    stage.server.modes.set("table_denied", path=f"/table/{table}", table=table)
    report = survey(stage)
    assert not report.good
    assert named(report, name).verdict is Verdict.BROKEN
    assert table in named(report, name).text


def test_an_approver_group_without_members_is_told(stage: Stage) -> None:
    stage.task()
    for row in stage.instance.query("sys_user_grmember", f"group={SEEDED.approver_group}"):
        stage.instance.delete("sys_user_grmember", row["sys_id"])
    assert named(survey(stage), "read group members").verdict is Verdict.UNPROVEN


def test_notes_that_stand_on_the_ticket_only_cost_more(stage: Stage) -> None:
    stage.task()
    stage.server.modes.set("table_denied", path="/table/sys_journal_field")
    report = survey(stage)
    assert report.good
    assert named(report, "read the note").verdict is Verdict.DEGRADED


def test_choices_that_the_instance_does_not_have_are_named(stage: Stage) -> None:
    stage.task()
    old = TicketForm(close_code_delivered="Solved (Permanently)", closed_state="9")
    report = survey(stage, old)
    codes = named(report, "choices of incident.close_code")
    assert codes.verdict is Verdict.DEGRADED
    assert "servicenow.tickets.close_code_delivered ('Solved (Permanently)') is" in codes.text
    assert "Solution provided" in codes.text
    assert "closed_state ('9')" in named(report, "choices of incident.state").text


def test_choices_that_are_hidden_are_not_guessed(stage: Stage) -> None:
    stage.task()
    stage.server.modes.set("table_denied", path="/table/sys_choice")
    report = survey(stage)
    assert report.good
    assert named(report, "choices").verdict is Verdict.DEGRADED


def test_an_instance_without_the_right_to_create_tickets_is_broken(stage: Stage) -> None:
    stage.task()
    stage.server.modes.set("forbidden", method="POST", path="/table/incident", operation="Insert")
    report = survey(stage)
    assert not report.good
    assert named(report, "create the user ticket").verdict is Verdict.BROKEN
    assert report.tickets == ()


def test_attachments_that_are_refused_cost_the_receipt_only(stage: Stage) -> None:
    stage.task()
    stage.server.modes.set("forbidden", path="/attachment", operation="Insert")
    report = survey(stage)
    assert report.good
    assert "receipt.json" in named(report, "attach a file").text


@pytest.mark.parametrize(
    ("mode", "code"),
    [("unauthorized", "refused the login"), ("hibernating", "hibernates"), ("sso_page", "login")],
)
def test_a_closed_door_ends_it_at_once(stage: Stage, mode: str, code: str) -> None:
    stage.server.modes.set(mode, path="/api/now")
    report = survey(stage)
    assert [each.name for each in report.findings] == ["log in"]
    assert code in report.findings[0].text
    assert not report.good


def test_an_instance_that_falls_silent_half_way_is_asked_no_more(stage: Stage) -> None:
    stage.task()
    stage.server.modes.set("throttled", path="/table/incident", retry_after=60, limit=100)
    report = survey(stage)
    assert not report.good
    assert report.findings[-1].name == "create the user ticket"
    assert report.rule == "100 calls an hour"


def test_a_wrong_password_is_told_and_not_repeated(stage: Stage) -> None:
    client = stage.client(Basic(user=SEEDED.user, password="canary"))
    report = Survey(client, INTAKE, TicketForm()).report(lambda _: None)
    assert not report.good
    assert "canary" not in repr(report)
    assert len(stage.server.site.served) == 1


def test_an_instance_that_gives_tickets_its_own_sys_ids_is_told(stage: Stage) -> None:
    stage.task()
    stage.server.modes.set("own_sys_ids")
    report = survey(stage)
    assert named(report, "keep the sys_id").verdict is Verdict.DEGRADED
    assert named(report, "create it a second time").verdict is Verdict.DEGRADED
    assert report.good
    assert len(report.tickets) == 3


def test_a_ticket_whose_answer_was_lost_is_not_left_behind(stage: Stage) -> None:
    stage.task()
    stage.server.modes.set("reset_after_commit", method="POST", path="/table/incident", count=1)
    report = survey(stage, cleanup=True)
    assert report.good
    assert {row["state"] for row in stage.instance.query("incident")} == {"8"}


def test_a_history_that_is_not_kept_is_told_with_its_consequence(stage: Stage) -> None:
    stage.instance.properties.audited = False
    stage.task()
    report = survey(stage)
    assert report.good
    assert worse(report) == {"read history of items": Verdict.DEGRADED}
    assert "written to after its approval waits" in named(report, "read history of items").text


def test_who_wrote_a_decision_must_be_shown(stage: Stage) -> None:
    stage.task()
    stage.server.modes.set("hidden_field", table="sysapproval_approver", field="sys_updated_by")
    assert worse(survey(stage))["read approvals"] is Verdict.BROKEN
