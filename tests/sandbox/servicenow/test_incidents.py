"""Incidents: defaults, computed priority, mirrored states, and the data policy on closing."""

from __future__ import annotations

import pytest

from sandbox.servicenow import SEEDED, ServiceNow
from tests.sandbox.servicenow.clients import Api, error

CLOSE = {"close_code": "Solution provided", "close_notes": "done"}
PLAIN = {"sysparm_exclude_reference_link": "true"}


def test_a_new_incident_has_the_recorded_defaults(ferry: Api) -> None:
    record = ferry.post("incident", {"short_description": "A"}, params=PLAIN).json()["result"]
    expected = {
        "number": "INC0010001", "task_effective_number": "INC0010001", "state": "1",
        "incident_state": "1", "urgency": "3", "impact": "3", "severity": "3", "priority": "5",
        "approval": "not requested", "notify": "1", "category": "inquiry", "escalation": "0",
        "made_sla": "true", "upon_approval": "proceed", "upon_reject": "cancel", "active": "true",
        "reopen_count": "0", "opened_by": SEEDED.users["fileferry"].sys_id, "sys_domain": "global",
    }  # fmt: skip
    assert {name: record[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("impact", "urgency", "priority"),
    [("1", "1", "1"), ("1", "3", "3"), ("2", "2", "3"), ("3", "2", "4"), ("2", "3", "4")],
)
def test_priority_follows_impact_and_urgency_only(
    ferry: Api, impact: str, urgency: str, priority: str
) -> None:
    body = {"impact": impact, "urgency": urgency, "priority": "1"}
    record = ferry.post("incident", body).json()["result"]
    assert record["priority"] == priority
    again = ferry.patch("incident", record["sys_id"], {"priority": "2"}).json()["result"]
    assert again["priority"] == priority


@pytest.mark.parametrize("state", ["6", "7"])
def test_closing_wants_code_and_notes(ferry: Api, state: str) -> None:
    sys_id = ferry.post("incident", {}).json()["result"]["sys_id"]
    policy = "Data Policy Exception: \n\tThe following fields are mandatory: "
    bare = error(ferry.patch("incident", sys_id, {"state": state}))
    assert bare == (403, "Operation Failed", policy + "Resolution code, Close notes")
    half = error(ferry.patch("incident", sys_id, {"state": state, "close_notes": "x"}))
    assert half[2] == policy + "Resolution code"
    record = ferry.patch("incident", sys_id, {"state": state, **CLOSE}).json()["result"]
    assert (record["state"], record["incident_state"]) == (state, state)
    assert record["active"] == ("true" if state == "6" else "false")


def test_resolving_and_closing_leave_their_stamps(ferry: Api) -> None:
    sys_id = ferry.post("incident", {}).json()["result"]["sys_id"]
    resolved = ferry.patch("incident", sys_id, {"state": "6", **CLOSE}).json()["result"]
    assert resolved["resolved_by"]["value"] == SEEDED.users["fileferry"].sys_id
    assert (resolved["resolved_at"] != "", resolved["closed_at"]) == (True, "")
    closed = ferry.patch("incident", sys_id, {"incident_state": "7"}).json()["result"]
    assert (closed["state"], closed["active"]) == ("7", "false")
    assert closed["closed_at"]


def test_closing_can_be_kept_for_administrators(ferry: Api, servicenow: ServiceNow) -> None:
    servicenow.instance.properties.closing_needs_admin = True
    sys_id = ferry.post("incident", {}).json()["result"]["sys_id"]
    answer = ferry.patch("incident", sys_id, {"state": "7", **CLOSE})
    assert (answer.status_code, answer.json()["result"]["state"]) == (200, "1")
    assert ferry.patch("incident", sys_id, {"state": "6"}).json()["result"]["state"] == "6"


def test_the_choices_are_rows(ferry: Api) -> None:
    query = "name=incident^element=close_code^inactive=false"
    values = [row["value"] for row in ferry.rows("sys_choice", query, "value")]
    assert "Solution provided" in values
    assert "No resolution provided" in values
    states = ferry.rows("sys_choice", "name=sc_task^element=state", "value")
    assert {row["value"] for row in states} == {"-5", "1", "2", "3", "4", "7"}
