"""Scripts and relations in encoded queries, and the refusal of what is not understood."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from sandbox.servicenow import SEEDED, Instance, ServiceNow
from sandbox.servicenow.business import furnished
from sandbox.servicenow.refusal import Refusal
from sandbox.servicenow.script import Scripts
from tests.sandbox.servicenow.clients import Api, error

# A Thursday; in Los Angeles it is still the evening before, and summer time.
NOW = datetime(2026, 10, 15, 3, 30, 20, tzinfo=UTC)
SCRIPTS = Scripts("7" * 32, "anna.berg", NOW, ZoneInfo("America/Los_Angeles"))


@pytest.mark.parametrize(
    ("script", "value"),
    [
        ("gs.getUserID()", "7" * 32),
        ("gs.getUserName()", "anna.berg"),
        ("gs.now()", "2026-10-14"),
        ("gs.nowDateTime()", "2026-10-15 03:30:20"),
        ("gs.dateGenerate('2026-01-31','start')", "2026-01-31 08:00:00"),
        ("gs.dateGenerate('2026-01-31','end')", "2026-02-01 07:59:59"),
        ("gs.dateGenerate('2026-07-31', '12:00:00')", "2026-07-31 19:00:00"),
        ("gs.minutesAgo(15)", "2026-10-15 03:15:20"),
        ("gs.minutesAgoStart(15)", "2026-10-15 03:15:00"),
        ("gs.hoursAgoEnd(1)", "2026-10-15 02:59:59"),
        ("gs.daysAgo(1)", "2026-10-14 03:30:20"),
        ("gs.daysAgoStart(0)", "2026-10-14 07:00:00"),
        ("gs.daysAgoEnd(0)", "2026-10-15 06:59:59"),
        ("gs.daysAgoEnd(-1)", "2026-10-16 06:59:59"),
        ("gs.monthsAgoStart(1)", "2026-09-01 07:00:00"),
        ("gs.quartersAgoStart(0)", "2026-10-01 07:00:00"),
        ("gs.yearsAgo(2)", "2024-10-15 03:30:20"),
        ("gs.beginningOfToday()", "2026-10-14 07:00:00"),
        ("gs.endOfYesterday()", "2026-10-14 06:59:59"),
        ("gs.beginningOfTomorrow()", "2026-10-15 07:00:00"),
        ("gs.beginningOfThisWeek()", "2026-10-12 07:00:00"),
        ("gs.endOfLastWeek()", "2026-10-12 06:59:59"),
        ("gs.endOfNextMonth()", "2026-12-01 07:59:59"),
        ("gs.beginningOfThisQuarter()", "2026-10-01 07:00:00"),
        ("gs.beginningOfLast7Days()", "2026-10-07 07:00:00"),
        ("gs.endOfLast30Days()", "2026-10-15 06:59:59"),
        ("gs.beginningOfLast3Months()", "2026-07-01 07:00:00"),
        ("gs.beginningOfCurrentHour()", "2026-10-15 03:00:00"),
        ("gs.endOfThisYear()", "2027-01-01 07:59:59"),
    ],
)
def test_a_script_is_evaluated_in_the_zone_of_the_user(script: str, value: str) -> None:
    assert SCRIPTS.value(f"javascript:{script}") == value


@pytest.mark.parametrize(
    "script",
    [
        "gs.nobodyKnows()", "getMyGroups()", "'active=true^' + x()", "gs.daysAgo('two')",
        "gs.dateGenerate('tomorrow','start')", "gs.daysAgo(99999999)", "gs.beginningOfLastDecade()",
    ],
)  # fmt: skip
def test_another_script_is_refused(script: str) -> None:
    with pytest.raises(Refusal) as refused:
        SCRIPTS.value(f"javascript:{script}")
    assert (refused.value.status, refused.value.message) == (501, "Not simulated")


@pytest.fixture(scope="module")
def instance() -> Instance:
    made = furnished()
    made.clock = lambda: NOW
    for on in ("2026-10-12 12:00:00", "2026-10-14 12:00:00", "2026-10-15 02:00:00"):
        made.create("incident", {"short_description": on[8:13], "opened_at": on})
    return made


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (
            "opened_atONToday@javascript:gs.daysAgoStart(0)@javascript:gs.daysAgoEnd(0)",
            "14 12,15 02",
        ),
        ("opened_atNOTONToday@javascript:gs.daysAgoStart(0)@javascript:gs.daysAgoEnd(0)", "12 12"),
        ("opened_at<javascript:gs.beginningOfToday()", "12 12"),
        (
            "opened_atBETWEENjavascript:gs.daysAgoStart(2)@javascript:gs.daysAgoEnd(2)",
            "12 12",
        ),
        ("opened_atDATEPARTMonday@javascript:gs.datePart('dayofweek','monday','EE')", "12 12"),
        (
            "opened_atDATEPARTMonday@javascript:gs.datePart('dayofweek','monday','GT')",
            "14 12,15 02",
        ),
        (
            "opened_atDATEPARTOctober@javascript:gs.datePart('month','oct','GE')",
            "12 12,14 12,15 02",
        ),
        ("opened_atDATEPARTQuarter 1@javascript:gs.datePart('quarter','1','EE')", ""),
        ("opened_atDATEPART7 pm hour@javascript:gs.datePart('hour','19','EE')", "15 02"),
    ],
)
def test_dates_are_compared_where_the_user_is(instance: Instance, query: str, found: str) -> None:
    rows = instance.query("incident", f"{query}^ORDERBYopened_at")
    assert ",".join(row["short_description"] for row in rows) == found


@pytest.fixture
def staffed(servicenow: ServiceNow) -> ServiceNow:
    """Two groups, of which one has two members, one none but a manager."""
    people = [SEEDED.users[name].sys_id for name in ("anna.berg", "tom.reyes")]
    for name, members in (("crew", people), ("empty", [])):
        row = {"name": name, "manager": people[0], "description": "ours"}
        group = servicenow.instance.create("sys_user_group", row)
        for user in members:
            servicenow.instance.create(
                "sys_user_grmember", {"user": user, "group": group["sys_id"]}
            )
    return servicenow


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("RLQUERYsys_user_grmember.group,>=1^ENDRLQUERY", "crew"),
        ("RLQUERYsys_user_grmember.group,=0^ENDRLQUERY", "empty"),
        ("^RLQUERYsys_user_grmember.group,>1", "crew"),
        ("RLQUERYsys_user_grmember.group,BETWEEN1@1^ENDRLQUERY", ""),
        ("RLQUERYsys_user_grmember.group,>=1,m2m^user.user_name=tom.reyes^ENDRLQUERY", "crew"),
        ("RLQUERYsys_user_grmember.group,>=1,user.user_name=carla.moss^ENDRLQUERY", ""),
        ("RLQUERYsys_user_grmember.group,=0^ENDRLQUERY^name=crew", ""),
        ("manager=javascript:gs.getUserID()", ""),
        ("managerDYNAMIC90d1921e5f510100a9ad2572f2b477fe", ""),
    ],
)
def test_relations_hold(staffed: ServiceNow, query: str, found: str) -> None:
    with Api(staffed, "fileferry") as ferry:
        rows = ferry.rows("sys_user_group", f"description=ours^{query}", "name")
    assert ",".join(row["name"] for row in rows) == found


def test_a_script_knows_who_asks(staffed: ServiceNow) -> None:
    with Api(staffed, "anna.berg") as anna:
        for query in (
            "manager=javascript:gs.getUserID()",
            "managerDYNAMIC90d1921e5f510100a9ad2572f2b477fe",
        ):
            assert len(anna.rows("sys_user_group", f"description=ours^{query}")) == 2


def test_display_times_are_those_of_the_zone_of_the_user(staffed: ServiceNow) -> None:
    user = SEEDED.users["fileferry"].sys_id
    staffed.instance.update("sys_user", user, {"time_zone": "Europe/Berlin"})
    staffed.instance.clock = lambda: datetime(2026, 7, 1, 12, tzinfo=UTC)
    with Api(staffed, "fileferry") as ferry:
        made = ferry.post("incident", {"work_notes": "x"}).json()["result"]["sys_id"]
        params = {"sysparm_display_value": "true", "sysparm_fields": "opened_at,work_notes"}
        row = ferry.get(f"/api/now/table/incident/{made}", **params).json()["result"]
    assert row["opened_at"] == "2026-07-01 14:00:00"
    assert row["work_notes"].startswith("2026-07-01 14:00:00 - FileFerry Integration")


@pytest.mark.parametrize(
    "query",
    [
        "123TEXTINDEXGROUP321=x", "nameVALCHANGES", "managerIN_HIERARCHYx@y", "managerDYNAMICabc",
        "active=true^ORRLQUERYsys_user_grmember.group,>=1^ENDRLQUERY", "nameSAMEASdescription@day",
        "RLQUERYnonsense", "sys_created_onDATEPARTMonday", "sys_created_onONSomeday",
        "RLQUERYsys_user_grmember.group,=0^ENDRLQUERY^RLQUERYsys_user_grmember.group,=0^ENDRLQUERY",
        "JOINsys_user.sys_id=sys_user_group.manager!", "sys_created_onMORETHANsys_updated_on@year",
        "sys_created_on>javascript:new GlideDateTime()",
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused_and_never_dropped(ferry: Api, query: str) -> None:
    answer = ferry.get("/api/now/table/sys_user_group", sysparm_query=query)
    assert error(answer)[:2] == (501, "Not simulated")


def test_a_relation_to_an_unknown_field_is_an_invalid_condition(ferry: Api) -> None:
    everybody = len(ferry.rows("sys_user_group"))
    query = "RLQUERYsys_user_grmember.nobody,>=1^ENDRLQUERY"
    assert len(ferry.rows("sys_user_group", query)) == everybody
