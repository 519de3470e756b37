"""Misbehaviour on demand, as a client meets it on the wire."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import requests

from sandbox.servicenow import SEEDED, ServiceNow
from tests.sandbox.servicenow.clients import Api, error

INCIDENT = "/api/now/table/incident"
NOTED = {"short_description": "A"}


@pytest.fixture
def control(servicenow: ServiceNow) -> Iterator[Api]:
    """Another process, which has no login."""
    with Api(servicenow) as api:
        yield api


@pytest.mark.parametrize(
    ("name", "status", "part"),
    [
        ("hibernating", 200, "instance-hibernating-page"),
        ("sso_page", 200, "Log in"),
        ("unavailable", 503, "503 Service Unavailable"),
    ],
)
def test_a_page_answers_in_place_of_the_api(
    ferry: Api, servicenow: ServiceNow, name: str, status: int, part: str
) -> None:
    servicenow.modes.set(name)
    answer = ferry.get(INCIDENT)
    assert (answer.status_code, part in answer.text) == (status, True)
    assert answer.headers["Content-Type"].startswith("text/html")


def test_a_redirect_leads_to_the_login(ferry: Api, servicenow: ServiceNow) -> None:
    servicenow.modes.set("sso_redirect")
    answer = ferry.call("GET", INCIDENT, allow_redirects=False)
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith("/login_with_sso.do")


@pytest.mark.parametrize(
    ("name", "status", "message"),
    [
        ("unauthorized", 401, "User is not authenticated"),
        ("forbidden", 403, "Operation Failed"),
        ("business_rule", 403, "Operation Failed"),
        ("overloaded", 429, "Rate limit exceeded"),
        ("throttled", 429, "Rate limit exceeded"),
        ("server_error", 500, "Internal Server Error"),
    ],
)
def test_errors_on_demand(
    ferry: Api, servicenow: ServiceNow, name: str, status: int, message: str
) -> None:
    servicenow.modes.set(name)
    assert error(ferry.post("incident", NOTED))[:2] == (status, message)
    assert servicenow.instance.query("incident") == []


def test_a_rate_limit_says_when_to_come_again(ferry: Api, servicenow: ServiceNow) -> None:
    servicenow.modes.set("throttled", count=1, retry_after=7)
    begun = time.time()
    answer = ferry.get(INCIDENT)
    assert answer.headers["Retry-After"] == "7"
    assert begun + 6 <= int(answer.headers["X-RateLimit-Reset"]) <= time.time() + 8
    servicenow.modes.set("overloaded", count=1)
    assert "Retry-After" not in ferry.get(INCIDENT).headers
    assert ferry.get(INCIDENT).status_code == 200


def test_answers_that_are_no_success(ferry: Api, servicenow: ServiceNow) -> None:
    servicenow.modes.set("dropped", count=1)
    assert ferry.post("incident", NOTED).status_code == 202
    servicenow.modes.set("empty", count=1)
    empty = ferry.post("incident", NOTED)
    assert (empty.status_code, empty.content, empty.headers["Content-Length"]) == (200, b"", "0")
    assert not {"Content-Type", "X-Transaction-ID"} & set(empty.headers)
    assert servicenow.instance.query("incident") == []
    servicenow.modes.set("truncated", count=1)
    with pytest.raises(requests.exceptions.JSONDecodeError):
        ferry.post("incident", NOTED).json()
    servicenow.modes.set("result_and_error", count=1)
    body = ferry.post("incident", NOTED).json()
    assert body["result"]["number"] == "INC0010002"
    assert body["error"]["message"].startswith("Transaction cancelled")
    assert len(servicenow.instance.query("incident")) == 2


@pytest.mark.parametrize(("name", "committed"), [("closed", 0), ("reset_after_commit", 1)])
def test_the_line_breaks_before_or_after_the_commit(
    ferry: Api, servicenow: ServiceNow, name: str, committed: int
) -> None:
    servicenow.modes.set(name, count=1)
    with pytest.raises(requests.ConnectionError):
        ferry.post("incident", NOTED)
    assert len(servicenow.instance.query("incident")) == committed
    assert ferry.get(INCIDENT).status_code == 200


@pytest.mark.parametrize(("name", "committed"), [("slow", 1), ("late", 0)])
def test_a_slow_answer_outlasts_the_client(
    ferry: Api, servicenow: ServiceNow, name: str, committed: int
) -> None:
    servicenow.modes.set(name, count=1, seconds=60)
    with pytest.raises(requests.ReadTimeout):
        ferry.post("incident", NOTED, timeout=0.5)
    # What commits may do so after the client has gone.
    deadline = time.monotonic() + 60
    while committed and not servicenow.instance.query("incident"):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert len(servicenow.instance.query("incident")) == committed


def test_hidden_fields_are_missing_and_their_writes_ignored(
    ferry: Api, servicenow: ServiceNow
) -> None:
    servicenow.modes.set("hidden_field", table="incident", field="description")
    record = ferry.post("incident", {"description": "A"}).json()["result"]
    assert "description" not in record
    assert ferry.rows("incident", "", "number,description") == [{"number": "INC0010001"}]
    servicenow.modes.clear()
    assert ferry.rows("incident", "", "description") == [{"description": ""}]


def test_a_hidden_field_may_also_be_empty(ferry: Api, servicenow: ServiceNow) -> None:
    servicenow.instance.create("incident", {"description": "A"})
    servicenow.modes.set("hidden_field", table="incident", field="description", shown="empty")
    assert ferry.rows("incident", "", "description") == [{"description": ""}]
    assert ferry.rows("incident", "description=A") == []


def test_a_table_may_be_denied(ferry: Api, servicenow: ServiceNow) -> None:
    servicenow.modes.set("table_denied", path="/sys_journal_field", table="sys_journal_field")
    assert error(ferry.get("/api/now/table/sys_journal_field")) == (
        403, "User Not Authorized", "User is unauthorized to access table: sys_journal_field",
    )  # fmt: skip
    assert ferry.get(INCIDENT).status_code == 200


def test_writes_to_a_read_only_field_are_ignored(ferry: Api, servicenow: ServiceNow) -> None:
    servicenow.modes.set("read_only_field", table="incident", field="urgency")
    assert ferry.post("incident", {"urgency": "1"}).json()["result"]["urgency"] == "3"


def test_a_row_rule_makes_short_pages(ferry: Api, servicenow: ServiceNow) -> None:
    ids = [servicenow.instance.create("incident", {})["sys_id"] for _ in range(3)]
    servicenow.modes.set("row_acl", table="incident", query="number=INC0010002")
    answer = ferry.get(INCIDENT, sysparm_limit=2, sysparm_fields="number")
    assert answer.json()["result"] == [{"number": "INC0010001"}]
    assert answer.headers["X-Total-Count"] == "3"
    assert ferry.get(f"{INCIDENT}/{ids[1]}").status_code == 404


def test_a_lagging_replica_shows_the_past_and_takes_writes(
    ferry: Api, servicenow: ServiceNow
) -> None:
    servicenow.modes.set("read_lag", seconds=60)
    sys_id = ferry.post("incident", NOTED).json()["result"]["sys_id"]
    assert ferry.rows("incident") == []
    assert ferry.get(f"{INCIDENT}/{sys_id}").status_code == 404
    assert ferry.patch("incident", sys_id, {"description": "B"}).status_code == 200
    servicenow.modes.clear("read_lag")
    assert len(ferry.rows("incident", "description=B")) == 1


def test_tokens_die_on_demand(control: Api, servicenow: ServiceNow) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": SEEDED.client_id,
        "client_secret": SEEDED.client_secret,
    }
    given = control.call("POST", "/oauth_token.do", data=form).json()["access_token"]
    headers = {"Authorization": f"Bearer {given}"}
    servicenow.modes.set("expire_tokens", count=1, path="^/api/")
    assert control.call("GET", INCIDENT, headers=headers).status_code == 401


def test_a_mode_can_be_aimed(ferry: Api, servicenow: ServiceNow) -> None:
    servicenow.modes.set("unavailable", method="GET", path="sysparm_limit=1", skip=1, count=1)
    codes = [ferry.get(INCIDENT, sysparm_limit=1).status_code for _ in range(3)]
    assert codes == [200, 503, 200]
    assert servicenow.modes.active() == []


def test_modes_combine(ferry: Api, servicenow: ServiceNow) -> None:
    servicenow.modes.set("truncated", count=1)
    servicenow.modes.set("hidden_field", table="incident", field="number")
    answer = ferry.post("incident", NOTED)
    assert b'"number"' not in answer.content
    assert not answer.text.endswith("}}")


def test_another_process_switches_modes_and_reads_the_state(control: Api, ferry: Api) -> None:
    body = {"name": "throttled", "count": 1, "method": "GET", "options": {"retry_after": 3}}
    made = control.call("POST", "/sandbox/modes", json=body)
    assert (made.status_code, made.json()["name"]) == (201, "throttled")
    assert "slow" in control.get("/sandbox/modes").json()["available"]
    assert ferry.get(INCIDENT).headers["Retry-After"] == "3"
    ferry.post("incident", NOTED)
    state = control.get("/sandbox/state").json()
    assert state["records"]["incident"] == 1
    assert state["latest"][-1]["user"] == "fileferry"
    control.call("POST", "/sandbox/modes", json={"name": "unavailable"})
    assert control.call("DELETE", "/sandbox/modes/unavailable").status_code == 204
    assert ferry.get(INCIDENT).status_code == 200
    for wrong in ({"name": "nope"}, {"name": "slow", "options": {"name": "x"}}):
        assert control.call("POST", "/sandbox/modes", json=wrong).status_code == 400


def test_another_process_configures_the_instance(control: Api, servicenow: ServiceNow) -> None:
    changed = control.call("PATCH", "/sandbox/properties", json={"leave_tasks_open": True})
    assert changed.json()["leave_tasks_open"] is True
    assert servicenow.instance.properties.leave_tasks_open
    assert control.call("PATCH", "/sandbox/properties", json={"nope": 1}).status_code == 400
    headers = {"Origin": "https://elsewhere.example"}
    foreign = control.call("DELETE", "/sandbox/modes", headers=headers)
    assert foreign.status_code == 403
