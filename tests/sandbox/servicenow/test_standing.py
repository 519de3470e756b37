"""Standing approvals in the simulator: anybody may ask for one, and its history is kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.servicenow import SEEDED, ServiceNow
from sandbox.servicenow.seed import STANDING
from tests.sandbox.servicenow.clients import Api, Row

TERMS = {"u_prefix": "s3://exports/", "u_destination": "bank", "u_until": "2027-01-01 00:00:00"}


@pytest.fixture
def anna(servicenow: ServiceNow) -> Iterator[Api]:
    with Api(servicenow, "anna.berg") as api:
        yield api


@pytest.fixture
def record(anna: Api) -> Row:
    found: Row = anna.post(STANDING, TERMS).json()["result"]
    return found


def history(api: Api, record: Row) -> list[list[str]]:
    rows = api.rows("sys_audit", f"documentkey={record['sys_id']}", "fieldname,newvalue,user")
    return [list(row.values()) for row in rows]


def test_it_is_put_before_the_approvers(servicenow: ServiceNow, record: Row) -> None:
    assert record["number"].startswith("FFSA")
    assert (record["approval"], record["active"]) == ("requested", "true")
    [row] = servicenow.instance.query("sysapproval_approver", f"sysapproval={record['sys_id']}")
    assert (row["approver"], row["state"]) == (SEEDED.users["carla.moss"].sys_id, "requested")


def test_it_follows_the_decision_in_an_update_of_its_own(
    servicenow: ServiceNow, ferry: Api, record: Row
) -> None:
    [row] = servicenow.instance.query("sysapproval_approver", f"sysapproval={record['sys_id']}")
    servicenow.instance.approve(row["sys_id"])
    assert ferry.rows(STANDING, "", "approval,sys_updated_by") == [
        {"approval": "approved", "sys_updated_by": "system"}
    ]
    assert ["approval", "approved", "system"] in history(ferry, record)


def test_each_changed_field_is_kept_with_its_author(anna: Api, ferry: Api, record: Row) -> None:
    anna.patch(STANDING, record["sys_id"], {"u_prefix": "s3://exports/a/", "u_path": ""})
    changes = [row for row in history(ferry, record) if row[0].startswith("u_")]
    assert changes == [["u_prefix", "s3://exports/a/", "anna.berg"]]


def test_only_its_owner_may_change_it(servicenow: ServiceNow, record: Row) -> None:
    with Api(servicenow, "tom.reyes") as tom:
        assert tom.patch(STANDING, record["sys_id"], {"u_prefix": "s3://"}).status_code == 403


def test_without_auditing_nothing_is_kept(servicenow: ServiceNow, anna: Api, ferry: Api) -> None:
    servicenow.instance.properties.audited = False
    record = anna.post(STANDING, TERMS).json()["result"]
    anna.patch(STANDING, record["sys_id"], {"u_path": "x"})
    assert history(ferry, record) == []
