"""Encoded queries: operators, chains, dot-walks, order, and the invalid-condition trap."""

from __future__ import annotations

import pytest

from sandbox.servicenow import SEEDED, Instance, ServiceNow
from sandbox.servicenow.business import furnished
from tests.sandbox.servicenow.clients import Api

ANNA, TOM = SEEDED.users["anna.berg"].sys_id, SEEDED.users["tom.reyes"].sys_id


@pytest.fixture(scope="module")
def instance() -> Instance:
    made = furnished()
    for name, urgency, caller, on in [
        ("alpha", "1", ANNA, "2026-01-01 10:00:00"),
        ("Beta", "2", TOM, "2026-01-02 10:00:00"),
        ("gamma", "3", "", "2026-01-03 10:00:00"),
    ]:
        made.create(
            "incident",
            {
                "short_description": name,
                "urgency": urgency,
                "caller_id": caller,
                "sys_created_on": on,
                "correlation_id": name,
                "due_date": f"2026-01-{2 * int(urgency):02} 10:00:00",
            },
        )
    return made


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "alpha Beta gamma"),
        ("short_description=BETA", "Beta"),
        ("short_description!=beta", "alpha gamma"),
        ("urgency>1", "Beta gamma"),
        ("urgency<=2", "alpha Beta"),
        ("urgencyIN1,3", "alpha gamma"),
        ("urgencyNOT IN1,3", "Beta"),
        ("short_descriptionLIKEAM", "gamma"),
        ("short_descriptionNOT LIKEa", ""),
        ("short_descriptionDOES NOT CONTAINet", "alpha gamma"),
        ("short_descriptionSTARTSWITHb", "Beta"),
        ("short_descriptionENDSWITHHA", "alpha"),
        ("caller_idISEMPTY", "gamma"),
        ("caller_id=", "gamma"),
        ("caller_idISNOTEMPTY", "alpha Beta"),
        ("caller_idLIKEreyes", "Beta"),
        ("caller_id.user_name=anna.berg", "alpha"),
        ("urgencyBETWEEN2@3", "Beta gamma"),
        ("sys_created_onBETWEEN2026-01-02 00:00:00@2026-01-02 23:59:59", "Beta"),
        ("sys_created_onON2026-01-03", "gamma"),
        ("sys_created_onRELATIVELT@month@ago@1", "alpha Beta gamma"),
        ("urgencyGT_FIELDimpact", ""),
        ("urgencyGT_OR_EQUALS_FIELDimpact", "gamma"),
        ("urgencyLT_FIELDimpact", "alpha Beta"),
        ("urgencyLT_OR_EQUALS_FIELDimpact", "alpha Beta gamma"),
        ("due_dateMORETHANsys_created_on@day@after@1", "Beta gamma"),
        ("due_dateLESSTHANsys_created_on@day@after@2", "alpha Beta"),
        ("due_dateMORETHANsys_created_on@hour@before or after@47", "Beta gamma"),
        ("due_dateLESSTHANsys_created_on@day@before@9", ""),
        ("JOINincident.caller_id=sys_user.sys_id!user_name=tom.reyes", "Beta"),
        ("urgency<3^JOINtask.caller_id=sys_user.sys_id!", "alpha Beta"),
        ("SUBQUERYcaller_id,sys_id,sys_user^user_name=anna.berg^ENDSUBQUERY^active=true", "alpha"),
        ("JOINincident.caller_id=sys_user.sys_id!active=true^^user_name=tom.reyes", "Beta"),
        ("sys_created_onRELATIVELT@hour@ago@1", "alpha Beta gamma"),
        ("short_descriptionSAMEAScorrelation_id", "alpha Beta gamma"),
        ("short_descriptionNSAMEAScorrelation_id", ""),
        ("sys_class_nameINSTANCEOFtask", "alpha Beta gamma"),
        ("short_descriptionANYTHING", "alpha Beta gamma"),
        ("123TEXTQUERY321=gamm", "gamma"),
        ("urgency=1^short_description=Beta", ""),
        ("urgency=1^ORurgency=2", "alpha Beta"),
        ("active=true^urgency=2^ORurgency=3^caller_idISNOTEMPTY", "Beta"),
        ("urgency=1^caller_idISEMPTY^NQurgency=3", "gamma"),
        ("urgency=1^EQ", "alpha"),
        ("ORDERBYDESCurgency", "gamma Beta alpha"),
        ("ORDERBYcaller_id^ORDERBYDESCnumber", "gamma alpha Beta"),
        ("urgency=9^ORurgency=2^ORDERBYnope", "Beta"),
    ],
)
def test_a_query_selects(instance: Instance, query: str, found: str) -> None:
    rows = instance.query("incident", query)
    assert [row["short_description"] for row in rows] == found.split()


@pytest.mark.parametrize(
    "invalid",
    [
        "nope=1", "AAAA=BBBB", "caller_id.nope=1", "urgency.x=1", "urgencyFOO1", "variables.x=1",
        "sys_created_onRELATIVEGT@eon@ago@1", "request_item.approval=approved",
    ],
)  # fmt: skip
def test_an_invalid_condition_is_dropped_or_gives_nothing(instance: Instance, invalid: str) -> None:
    query = f"urgency=1^{invalid}"
    assert [row["short_description"] for row in instance.query("incident", query)] == ["alpha"]
    assert len(instance.query("incident", invalid)) == 3
    assert len(instance.query("incident", f"{invalid}^ORurgency=2")) == 1
    instance.properties.invalid_query_returns_no_rows = True
    try:
        assert instance.query("incident", query) == []
    finally:
        instance.properties.invalid_query_returns_no_rows = False


@pytest.fixture
def trap(servicenow: ServiceNow, ferry: Api) -> Api:
    servicenow.instance.create("incident", {"short_description": "alpha"})
    return ferry


def test_over_http_neither_regime_refuses(trap: Api, servicenow: ServiceNow) -> None:
    assert len(trap.rows("incident", "short_description=alpha^zz_no_such=1")) == 1
    servicenow.instance.properties.invalid_query_returns_no_rows = True
    assert trap.rows("incident", "short_description=alpha^zz_no_such=1") == []


def test_name_value_pairs_stand_in_for_a_query(trap: Api) -> None:
    path = "/api/now/table/incident"
    assert len(trap.get(path, short_description="alpha").json()["result"]) == 1
    assert trap.get(path, short_description="beta").json()["result"] == []


def test_a_hidden_field_makes_its_condition_invalid(trap: Api, servicenow: ServiceNow) -> None:
    servicenow.modes.set("hidden_field", table="incident", field="short_description")
    (row,) = trap.rows("incident", "short_description=beta")
    assert "short_description" not in row
