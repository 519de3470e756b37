"""The shapes of values: plain, display and both, with links and without; journals; dot-walking."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.servicenow import SEEDED, ServiceNow
from tests.sandbox.servicenow.clients import Api

ANNA = SEEDED.users["anna.berg"].sys_id
LINK = "/api/now/table/sys_user/" + ANNA


@pytest.fixture
def sys_id(servicenow: ServiceNow) -> str:
    servicenow.instance.clock = lambda: datetime(2026, 3, 1, 12, tzinfo=UTC)
    fields = {"caller_id": ANNA, "urgency": "2", "work_notes": "first"}
    return servicenow.instance.create("incident", fields, by="fileferry")["sys_id"]


PLAIN = "2", ""
LABELS = "2 - Medium", ""
BOTH = {"display_value": "2 - Medium", "value": "2"}, {"display_value": "", "value": ""}
NAMED = {"display_value": "Anna Berg"}


@pytest.mark.parametrize(
    ("display", "bare", "expected"),
    [
        ("false", "false", ({"link": LINK, "value": ANNA}, *PLAIN)),
        ("false", "true", (ANNA, *PLAIN)),
        ("true", "false", ({**NAMED, "link": LINK}, *LABELS)),
        ("true", "true", ("Anna Berg", *LABELS)),
        ("all", "false", ({**NAMED, "link": LINK, "value": ANNA}, *BOTH)),
        ("all", "true", ({**NAMED, "value": ANNA}, *BOTH)),
    ],
)
def test_values_take_the_shape_that_is_asked_for(
    ferry: Api, sys_id: str, display: str, bare: str, expected: Any
) -> None:
    params = {"sysparm_display_value": display, "sysparm_exclude_reference_link": bare}
    row = ferry.get(f"/api/now/table/incident/{sys_id}", **params).json()["result"]
    if isinstance(row["caller_id"], dict) and "link" in row["caller_id"]:
        row["caller_id"]["link"] = re.sub(r"^http://[^/]+", "", row["caller_id"]["link"])
    assert (row["caller_id"], row["urgency"], row["assigned_to"]) == expected


def test_links_keep_the_version_of_the_path(ferry: Api, sys_id: str) -> None:
    row = ferry.get(f"/api/now/v2/table/incident/{sys_id}").json()["result"]
    assert "/api/now/v2/table/sys_user/" in row["caller_id"]["link"]


def test_times_are_utc_as_values_and_local_as_display(ferry: Api, sys_id: str) -> None:
    params = {"sysparm_display_value": "all", "sysparm_fields": "opened_at"}
    row = ferry.get(f"/api/now/table/incident/{sys_id}", **params).json()["result"]
    assert row["opened_at"] == {
        "display_value": "2026-03-01 04:00:00",
        "value": "2026-03-01 12:00:00",
    }


def test_dot_walks_give_flat_keys_and_unknown_names_are_dropped(ferry: Api, sys_id: str) -> None:
    fields = "number,caller_id.email,assigned_to.name,caller_id.nope,nope,number.x"
    assert ferry.rows("incident", f"sys_id={sys_id}", fields) == [
        {"number": "INC0010001", "caller_id.email": "anna.berg@example.com", "assigned_to.name": ""}
    ]


def test_journals_are_write_only_by_value_and_newest_first_by_display(
    ferry: Api, sys_id: str
) -> None:
    ferry.patch("incident", sys_id, {"work_notes": "second", "comments": ""})
    path = f"/api/now/table/incident/{sys_id}"
    params = {"sysparm_fields": "work_notes,comments"}
    assert ferry.get(path, **params).json()["result"] == {"work_notes": "", "comments": ""}
    shown = ferry.get(path, sysparm_display_value="true", **params).json()["result"]
    head = "2026-03-01 04:00:00 - FileFerry Integration (Work notes)\n"
    assert shown == {"work_notes": f"{head}second\n\n{head}first\n\n", "comments": ""}


def test_each_journal_entry_is_a_row(ferry: Api, sys_id: str) -> None:
    ferry.patch("incident", sys_id, {"work_notes": "marked [ff:1]"})
    query = f"element_id={sys_id}^element=work_notes^valueLIKE[ff:1]^ORDERBYDESCsys_created_on"
    (row,) = ferry.rows("sys_journal_field", query, "value,name,sys_created_by")
    assert row == {"value": "marked [ff:1]", "name": "incident", "sys_created_by": "fileferry"}


def test_a_password_is_never_shown(admin: Api) -> None:
    made = admin.post("sys_user", {"user_name": "eve", "user_password": "secret"})
    assert made.json()["result"]["user_password"] == "********"
