"""Whether a standing approval still is what was approved: by its history, or by its last update."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from adapters.servicenow.reading.inbox import ServiceNowInbox
from adapters.servicenow.reading.standing import StandingTable
from sandbox.servicenow import SEEDED, Instance
from sandbox.servicenow.seed import STANDING
from tests.adapters.servicenow.reading.standing import TABLE, agree, ask, at, stand
from tests.adapters.servicenow.stage import INTAKE, Stage, staged
from tests.ports.test_inbox_standing import OBJECT, RULES
from transfer.approval import standing
from transfer.errors import Code, FerryError, Permanent
from transfer.evidence import Evidence

RECORD = replace(TABLE, audited=False)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("tls")) as found:
        yield found


@pytest.fixture(autouse=True)
def empty(stage: Stage) -> None:
    for table in (STANDING, "sysapproval_approver", "sys_audit"):
        for row in stage.instance.query(table):
            stage.instance.delete(table, row["sys_id"])
    stage.instance.properties.audited = True
    stage.server.site.modes.clear()
    stage.server.site.served.clear()


def read(stage: Stage, table: StandingTable = TABLE) -> Evidence:
    inbox = ServiceNowInbox(stage.client(), replace(INTAKE, standing=table))
    [found] = inbox.standing()
    return found


def insist(found: Evidence) -> None:
    """Raises what the chain says of an object that the record covers."""
    standing.requests_for(OBJECT, [found], RULES, found.read_at)


def code_of(found: Evidence) -> str:
    """What the chain says; empty when it holds."""
    try:
        insist(found)
    except FerryError as error:
        return error.code
    return ""


def change(instance: Instance, record: str, by: str, *, hours: float, **fields: str) -> None:
    with at(instance, hours=hours):
        instance.update(STANDING, record, fields, by=by)


def stand_changed(instance: Instance) -> None:
    """One whose path was changed before it was approved."""
    record = stand(instance, approved=False)
    change(instance, record["sys_id"], "anna.berg", hours=23.5, u_path="in")
    agree(instance, record["sys_id"], hours=23)


def test_the_approval_itself_is_no_change(stage: Stage) -> None:
    record = stand(stage.instance)
    assert record["sys_mod_count"] == "2"
    assert code_of(read(stage)) == ""
    assert code_of(read(stage, RECORD)) == ""


def test_a_listing_costs_two_requests(stage: Stage) -> None:
    stand(stage.instance)
    read(stage)
    tables = [each.path.rsplit("/", 1)[-1] for each in stage.server.site.served]
    assert [name for name in tables if not name.endswith(".do")] == [
        STANDING,
        *("sysapproval_approver", "sys_audit", "sys_user_grmember", "batch"),
    ]


TERMS = [
    {"u_prefix": "s3://exports/p"},
    {"u_destination": "vault"},
    {"u_until": "2030-01-01 00:00:00"},
    {"u_path": "elsewhere"},
    {"opened_by": SEEDED.users["tom.reyes"].sys_id},
]


@pytest.mark.parametrize("fields", TERMS, ids=lambda fields: next(iter(fields)))
@pytest.mark.parametrize("table", [TABLE, RECORD], ids=["audit", "record"])
def test_a_term_that_was_changed_after_the_approval_is_stale(
    stage: Stage, fields: dict[str, str], table: StandingTable
) -> None:
    record = stand(stage.instance)
    change(stage.instance, record["sys_id"], "anna.berg", hours=22, **fields)
    assert code_of(read(stage, table)) == Code.APPROVAL_STALE


@pytest.mark.parametrize("table", [TABLE, RECORD], ids=["audit", "record"])
def test_one_that_was_approved_anew_holds_again(stage: Stage, table: StandingTable) -> None:
    record = stand(stage.instance)
    change(stage.instance, record["sys_id"], "anna.berg", hours=22, u_path="elsewhere")
    row = ask(stage.instance, record["sys_id"], SEEDED.users["carla.moss"].sys_id)
    with at(stage.instance, hours=21):
        stage.instance.approve(row["sys_id"])
    assert code_of(read(stage, table)) == ""


def test_other_fields_may_change_where_the_history_is_read(stage: Stage) -> None:
    record = stand(stage.instance)
    change(stage.instance, record["sys_id"], "anna.berg", hours=22, short_description="Nightly")
    assert code_of(read(stage)) == ""
    assert code_of(read(stage, RECORD)) == Code.APPROVAL_STALE


def test_who_made_it_or_changed_its_terms_does_not_count_as_approver(stage: Stage) -> None:
    made = stand(stage.instance, by="carla.moss", opened_by=SEEDED.users["anna.berg"].sys_id)
    found = read(stage)
    assert found.opened_by_id != made["sys_created_by"]
    assert code_of(found) == Code.APPROVAL_SELF
    assert code_of(read(stage, RECORD)) == Code.APPROVAL_SELF


def test_an_approver_who_wrote_the_terms_does_not_count(stage: Stage) -> None:
    record = stand(stage.instance, approved=False)
    change(stage.instance, record["sys_id"], "carla.moss", hours=23.5, u_prefix="s3://exports/")
    agree(stage.instance, record["sys_id"], hours=23)
    assert code_of(read(stage)) == Code.APPROVAL_SELF


def test_a_record_that_says_approved_of_itself_is_not(stage: Stage) -> None:
    record = stand(stage.instance, approved=False)
    change(stage.instance, record["sys_id"], "anna.berg", hours=22, approval="approved")
    assert code_of(read(stage)) == Code.APPROVAL_UNREADABLE


def test_an_approver_outside_of_the_group_does_not_count(stage: Stage) -> None:
    record = stand(stage.instance, approved=False)
    agree(stage.instance, record["sys_id"], by="otto.lind", hours=22)
    assert code_of(read(stage)) == Code.APPROVAL_OUTSIDER


def test_without_a_history_nothing_is_believed(stage: Stage) -> None:
    stage.instance.properties.audited = False
    stand(stage.instance)
    found = read(stage)
    assert not found.history
    assert code_of(found) == Code.APPROVAL_UNREADABLE
    assert code_of(read(stage, RECORD)) == ""


def test_a_record_without_prefix_is_no_standing_approval(stage: Stage) -> None:
    stand(stage.instance, u_prefix="")
    inbox = ServiceNowInbox(stage.client(), replace(INTAKE, standing=TABLE))
    assert list(inbox.standing()) == []


@pytest.mark.parametrize(
    ("table", "field"),
    [
        *((STANDING, name) for name in ("u_prefix", "u_until", "u_path", "active", "approval")),
        *((STANDING, name) for name in ("opened_by", "sys_created_by", "sys_updated_on")),
        ("sys_audit", "fieldname"),
        ("sys_audit", "newvalue"),
        ("sys_audit", "user"),
        ("sys_audit", "sys_created_on"),
        ("sys_user", "user_name"),
    ],
)
def test_a_hidden_field_is_never_consent(stage: Stage, table: str, field: str) -> None:
    """Of the query: nothing is believed. Another one: this record holds nothing."""
    stand_changed(stage.instance)
    stage.server.site.modes.set("hidden_field", table=table, field=field)
    with pytest.raises(FerryError) as caught:
        insist(read(stage, RECORD if field == "sys_updated_on" else TABLE))
    queried = field in ("u_prefix", "active", "approval", "fieldname")
    expected = Code.SERVICENOW_UNTRUSTED if queried else Code.REQUEST_UNREADABLE
    assert caught.value.code is expected
    assert field in caught.value.message


@pytest.mark.parametrize(
    ("table", "field", "code"),
    [
        (STANDING, "sys_created_by", Code.REQUEST_UNREADABLE),
        (STANDING, "u_destination", Code.STANDING_INCOMPLETE),
        (STANDING, "u_until", Code.STANDING_INCOMPLETE),
        (STANDING, "opened_by", Code.STANDING_INCOMPLETE),
        (STANDING, "approval", Code.APPROVAL_UNREADABLE),
        ("sys_audit", "newvalue", Code.APPROVAL_UNREADABLE),
        ("sys_audit", "user", Code.REQUEST_UNREADABLE),
        ("sys_user", "user_name", Code.STANDING_INCOMPLETE),
    ],
)
def test_a_field_that_is_shown_empty_is_never_consent(
    stage: Stage, table: str, field: str, code: Code
) -> None:
    stand_changed(stage.instance)
    stage.server.site.modes.set("hidden_field", table=table, field=field, shown="empty")
    with pytest.raises(FerryError) as caught:
        standing.requests_for(OBJECT, [found := read(stage)], RULES, found.read_at)
    assert caught.value.code is code


def test_a_history_that_may_not_be_read_says_so(stage: Stage) -> None:
    stand(stage.instance)
    stage.server.site.modes.set("table_denied", table="sys_audit", path="/api/now/table/sys_audit")
    with pytest.raises(Permanent) as caught:
        read(stage)
    assert caught.value.code is Code.SERVICENOW_DENIED
    assert "sys_audit" in caught.value.message
