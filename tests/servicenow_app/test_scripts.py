"""The rules, the job and the form of the package do what they are said to do."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.servicenow.business import furnished
from sandbox.servicenow.package.reading import read
from sandbox.servicenow.seed import SEEDED
from tests.servicenow_app.engine import World, rule, run, submit
from transfer.errors import Permanent
from transfer.request.names import check_path
from transfer.request.options import Options
from transfer.request.sources import parse_line

PACKAGE = read()
TERMS = PACKAGE.one("sys_script", name="FileFerry: altered terms lose the approval")["script"]
OWN = PACKAGE.one("sys_script", name="FileFerry: nobody approves his own")["script"]
JOB = PACKAGE.one("sysauto_script")["script"]
FORM = PACKAGE.one("catalog_script_client", type="onSubmit")["script"]
ANNA, CARLA = (SEEDED.users[name] for name in ("anna.berg", "carla.moss"))
RECORD = {
    "sys_id": "f" * 32,
    "u_prefix": "s3://exports/payroll/",
    "u_destination": "acme",
    "u_until": "2027-01-31",
    "u_path": "in",
    "opened_by": ANNA.sys_id,
    "sys_created_by": ANNA.user_name,
    "approval": "approved",
    "short_description": "Payroll",
}
CHANGED = {
    "u_prefix": "s3://exports/",
    "u_destination": "other",
    "u_until": "2030-01-01",
    "u_path": "",
    "opened_by": CARLA.sys_id,
}


@pytest.mark.parametrize("term", CHANGED)
@pytest.mark.parametrize("decided", ["approved", "rejected", "cancelled"])
def test_an_altered_term_loses_the_approval(term: str, decided: str) -> None:
    was = {**RECORD, "approval": decided}
    found = rule(TERMS, was, {term: CHANGED[term]})
    assert found["current"]["approval"] == "not requested"
    assert term in found["current"]["work_notes"]
    assert not found["aborted"]


def test_what_is_no_term_leaves_the_approval_alone() -> None:
    found = rule(TERMS, RECORD, {"short_description": "Other words", "work_notes": "a word"})
    assert found["current"]["approval"] == "approved"


def test_a_term_and_the_approval_in_one_update_is_not_approved() -> None:
    was = {**RECORD, "approval": "not requested"}
    found = rule(TERMS, was, {"u_destination": "other", "approval": "approved"})
    assert found["current"]["approval"] == "not requested"


def test_terms_are_not_altered_under_the_eyes_of_the_approvers() -> None:
    found = rule(TERMS, {**RECORD, "approval": "requested"}, {"u_prefix": "s3://exports/"})
    assert found["aborted"]
    assert len(found["errors"]) == 1


@pytest.mark.parametrize(
    ("roles", "opener"), [([], CARLA), (["admin"], ANNA)], ids=["a requester", "an administrator"]
)
def test_a_new_record_is_approved_by_nobody_and_of_who_makes_it(
    roles: list[str], opener: Any
) -> None:
    found = run(
        kind="rule",
        script=TERMS,
        current=dict(RECORD),
        world={},
        user=CARLA.sys_id,
        roles=roles,
    )
    assert found["current"]["approval"] == "not requested"
    assert found["current"]["opened_by"] == opener.sys_id


def decided(*approvers: str, state: str = "approved") -> World:
    """The simulator's people, and their rows on the record."""
    instance = furnished()
    for user_name in approvers:
        row = {"sysapproval": RECORD["sys_id"], "approver": SEEDED.users[user_name].sys_id}
        instance.create("sysapproval_approver", {**row, "state": state}, by=user_name)
    tables = ("sys_user", "sysapproval_approver")
    return {table: [dict(row) for row in instance.query(table, "")] for table in tables}


@pytest.mark.parametrize(
    ("world", "outcome"),
    [
        (decided("carla.moss"), "approved"),
        (decided("anna.berg", "carla.moss"), "approved"),
        (decided("anna.berg"), "rejected"),
        (decided(), "rejected"),
        (decided("carla.moss", state="requested"), "rejected"),
    ],
    ids=["another", "he and another", "he alone", "nobody", "not yet"],
)
def test_nobody_approves_his_own(world: World, outcome: str) -> None:
    was = {**RECORD, "approval": "requested"}
    found = rule(OWN, was, {"approval": "approved"}, world)
    assert found["current"]["approval"] == outcome
    assert bool(found["errors"]) == (outcome == "rejected")


def test_who_made_the_record_for_another_does_not_approve_it() -> None:
    was = {**RECORD, "approval": "requested", "sys_created_by": "carla.moss"}
    found = rule(OWN, was, {"approval": "approved"}, decided("carla.moss"))
    assert found["current"]["approval"] == "rejected"


def at(world: World, *times: str) -> World:
    """The decisions of a world, each at its time."""
    for row, time in zip(world["sysapproval_approver"], times, strict=True):
        row["sys_updated_on"] = f"2026-11-30 {time}"
    return world


@pytest.mark.parametrize(
    ("first", "then", "outcome"),
    [("carla.moss", "anna.berg", "rejected"), ("anna.berg", "carla.moss", "approved")],
)
def test_a_decision_on_earlier_terms_does_not_count_again(
    first: str, then: str, outcome: str
) -> None:
    """Anna alters what Carla approved, and approves it as one of the approvers herself."""
    world = at(decided(first, then), "10:00:00", "11:00:00")
    was = {**RECORD, "approval": "requested"}
    assert rule(OWN, was, {"approval": "approved"}, world)["current"]["approval"] == outcome


def test_who_decides_as_the_delegate_of_an_approver_does_not_approve_his_own() -> None:
    world = decided("carla.moss")
    world["sysapproval_approver"][0]["sys_updated_by"] = "anna.berg"
    for maker in ("anna.berg", "tom.reyes"):
        was = {**RECORD, "approval": "requested", "sys_created_by": maker}
        found = rule(OWN, was, {"approval": "approved"}, world)
        assert found["current"]["approval"] == "rejected"


GROUP = PACKAGE.one("sys_properties", name="x_fferry.operators")["value"]
BEAT = {
    "sys_id": "b" * 32,
    "instance": "bastion-1",
    "health": "well",
    "sentence": "All is well.",
    "seen": "2026-11-30 11:59:00",
    "silent_after": "15",
    "sys_updated_on": "2026-11-30 11:59:01",
}


class Desk:
    """An instance on which the job runs every now and then."""

    def __init__(self, **beat: str) -> None:
        operators = {"name": "x_fferry.operators", "value": GROUP}
        self.world: World = {
            "x_fferry_heartbeat": [{**BEAT, **beat}],
            "sys_properties": [operators],
        }

    def look(self, now: str, **task: str) -> dict[str, Any]:
        now = f"2026-11-30 {now}"
        found = run(kind="job", script=JOB, world=self.world, now=now, **task)
        self.world = found["world"]
        return found

    def beats(self, now: str) -> None:
        stamp = f"2026-11-30 {now}"
        self.world["x_fferry_heartbeat"][0] |= {"seen": stamp, "sys_updated_on": stamp}

    @property
    def incidents(self) -> list[dict[str, str]]:
        return self.world.get("incident", [])


def test_silence_opens_one_incident_and_its_end_is_noted() -> None:
    desk = Desk()
    desk.look("12:10:00")
    assert desk.incidents == []
    desk.look("12:15:00")
    [incident] = desk.incidents
    assert incident["short_description"] == "FileFerry bastion-1 is silent"
    assert "All is well." in incident["description"]
    assert incident["assignment_group"] == GROUP
    # What the job writes moves the record's own time; it is silence all the same.
    for now in ("12:20:00", "12:40:00", "13:40:00"):
        desk.look(now)
    assert len(desk.incidents) == 1
    assert "work_notes" not in incident
    desk.beats("13:41:00")
    desk.look("13:45:00")
    assert "heard again" in desk.incidents[0]["work_notes"]
    assert len(desk.incidents) == 1


def test_the_next_silence_goes_onto_the_open_incident_and_else_onto_a_new_one() -> None:
    desk = Desk()
    for now in ("12:20:00", "12:30:00"):
        desk.look(now)
    desk.beats("12:31:00")
    desk.look("12:35:00")
    desk.look("12:55:00")
    [incident] = desk.incidents
    assert "is silent since" in incident["work_notes"]
    incident["active"] = "false"
    desk.beats("13:00:00")
    for now in ("13:05:00", "13:30:00"):
        desk.look(now)
    assert len(desk.incidents) == 2


@pytest.mark.parametrize("beat", [{"health": "stopped"}, {"silent_after": "0"}], ids=str)
def test_who_was_stopped_on_purpose_is_not_missed(beat: dict[str, str]) -> None:
    desk = Desk(**beat)
    desk.look("23:00:00")
    assert desk.incidents == []


def test_an_incident_that_is_refused_is_tried_again() -> None:
    desk = Desk()
    found = desk.look("12:20:00", refused="incident")
    assert len(found["log"]) == 1
    desk.look("12:25:00")
    assert len(desk.incidents) == 1


GOOD = (
    {"source": "s3://exports/payroll/nov.csv"},
    {"source": "s3://exports/payroll/2026-*.csv\r\n\n s3://exports/a b\n@s3://exports/lists/l.csv"},
    {"source": "s3://exports/payroll/", "path": "inbox/", "sha256": "aF" * 32},
    {"source": "s3://exports/../odd", "path": "a..b/c~d"},
    {"source": "\n".join(f"s3://exports/{n}" for n in range(1000))},
)
BAD = (
    ("source", {"source": ""}),
    ("source", {"source": "exports/nov.csv"}),
    ("source", {"source": "https://exports.s3.amazonaws.com/nov.csv"}),
    ("source", {"source": "s3://exports"}),
    ("source", {"source": "s3://exports/"}),
    ("source", {"source": "s3://EXPORTS/nov.csv"}),
    ("source", {"source": "s3://exports/a\nS3://exports/b"}),
    ("source", {"source": f"s3://exports/{'k' * 1025}"}),
    ("path", {"source": "s3://exports/a", "path": "/inbox"}),
    ("path", {"source": "s3://exports/a", "path": "~/inbox"}),
    ("path", {"source": "s3://exports/a", "path": "in/../../etc"}),
    ("path", {"source": "s3://exports/a", "path": "in\\box"}),
    ("sha256", {"source": "s3://exports/a", "sha256": "abc"}),
)


def test_the_form_sends_what_is_right() -> None:
    assert submit(FORM, GOOD) == [{} for _ in GOOD]


def test_the_form_names_the_field_that_is_wrong() -> None:
    found = submit(FORM, [order for _, order in BAD])
    assert [list(faults) for faults in found] == [[name] for name, _ in BAD]


def taken(order: dict[str, str]) -> bool:
    """Whether FileFerry itself would take the order."""
    lines = [line.strip() for line in order["source"].splitlines() if line.strip()]
    try:
        for line in lines:
            parse_line(line)
        if order.get("path"):
            check_path(order["path"])
        Options.of(order)
    except Permanent:
        return False
    return bool(lines)


@pytest.mark.parametrize("order", [order for _, order in BAD], ids=str)
def test_the_form_refuses_nothing_that_fileferry_would_take(order: dict[str, str]) -> None:
    assert not taken(order)
