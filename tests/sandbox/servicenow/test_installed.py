"""The instance that the built package makes: its tables, its people, its rights and its flow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.embedded import running
from sandbox.plan import Part, Plan, Unusable
from sandbox.servicenow import SEEDED, ServiceNow
from sandbox.servicenow.business import furnished
from sandbox.servicenow.installed import setup_of
from sandbox.servicenow.package.making import pack
from sandbox.servicenow.package.reading import BUILT, Package, read
from sandbox.servicenow.refusal import Refusal
from tests.sandbox.servicenow.clients import Api, error

VARIABLES = {"source": "s3://exports/a", "destination": "partner"}
BEAT = {"instance": "bastion-1", "health": "well", "seen": "2026-11-30 12:00:00"}


@pytest.fixture(scope="module")
def package() -> Package:
    return read()


@pytest.fixture
def servicenow(package: Package) -> Iterator[ServiceNow]:
    with ServiceNow(setup=setup_of(package)) as server:
        yield server


def people(server: ServiceNow, *names: str) -> Iterator[Api]:
    for name in names:
        with Api(server, name) as api:
            yield api


def test_tables_columns_choices_and_numbers_are_those_of_the_package(package: Package) -> None:
    instance = furnished(setup=setup_of(package))
    beats = instance.store.columns("x_fferry_heartbeat")
    assert (beats["health"].kind, beats["seen"].kind) == ("choice", "datetime")
    assert beats["incident"].reference == "incident"
    chosen = instance.query("sys_choice", "name=x_fferry_heartbeat^element=health")
    assert {each["value"] for each in chosen} >= {"well", "troubled", "stopped"}
    made = instance.create(instance.setup.standing, {"u_until": "2027-01-31 12:00:00"})
    assert made["number"].startswith("FFSA")
    assert (made["u_until"], made["approval"]) == ("2027-01-31", "requested")
    assert "u_fileferry_standing" not in instance.store.tables


def test_the_flow_asks_and_hands_over_as_its_compressed_values_say(package: Package) -> None:
    instance = furnished(setup=setup_of(package))
    approvers = package.one("sys_user_group", name="File transfer approvers").sys_id
    automation = package.one("sys_user_group", name="FileFerry automation").sys_id
    item = instance.order(VARIABLES, by="anna.berg")
    asked = instance.query("sysapproval_approver", f"sysapproval={item['sys_id']}")
    assert [each["approver"] for each in asked] == instance.members(approvers)
    instance.approve(asked[0]["sys_id"])
    [task] = instance.query("sc_task", f"request_item={item['sys_id']}")
    assert (task["assignment_group"], task["state"]) == (automation, "1")


def test_a_rule_that_names_nobody_asks_nobody(package: Package) -> None:
    """As a template around a record is packed: `G[{{static.[object Object]}}]`."""
    setup = replace(setup_of(package), asked=())
    instance = furnished(setup=setup)
    instance.order(VARIABLES, by="anna.berg")
    assert instance.query("sysapproval_approver") == []


def test_only_requesters_may_order(package: Package) -> None:
    instance = furnished(setup=setup_of(package))
    instance.create("sys_user", {"user_name": "guest", "name": "Guest"})
    with pytest.raises(Refusal):
        instance.order(VARIABLES, by="guest")


def test_the_account_has_its_rights_and_no_more(servicenow: ServiceNow) -> None:
    for ferry in people(servicenow, SEEDED.user):
        assert ferry.post("x_fferry_heartbeat", BEAT).status_code == 201
        assert ferry.post("incident", {"short_description": "hello"}).status_code == 201
        for table in ("sys_security_acl", "sys_hub_flow", "sys_script", "sc_cat_item"):
            assert ferry.rows(table) == []
        sysapproval = ferry.post("sysapproval_approver", {"state": "approved"})
        assert error(sysapproval)[0] == 403


def test_what_the_job_writes_is_not_the_account_s_to_write(servicenow: ServiceNow) -> None:
    for ferry in people(servicenow, SEEDED.user):
        made = ferry.post("x_fferry_heartbeat", BEAT).json()["result"]
        ferry.patch("x_fferry_heartbeat", made["sys_id"], {"silent_after": "0", "health": "x"})
    [row] = servicenow.instance.query("x_fferry_heartbeat")
    assert (row["silent_after"], row["health"]) == ("15", "x")


def test_a_name_is_there_once(servicenow: ServiceNow) -> None:
    for ferry in people(servicenow, SEEDED.user):
        assert ferry.post("x_fferry_destination", {"name": "bank"}).status_code == 201
        again = ferry.post("x_fferry_destination", {"name": "bank"})
        assert error(again) == (
            403,
            "Operation Failed",
            "Error during insert of x_fferry_destination (bank)",
        )


def test_nobody_sees_or_decides_another_s_standing_approval(servicenow: ServiceNow) -> None:
    table = servicenow.instance.setup.standing
    anna, tom = people(servicenow, "anna.berg", "tom.reyes"), people(servicenow, "tom.reyes")
    mine = next(anna)
    made = mine.post(table, {"u_prefix": "s3://exports/", "approval": "approved"}).json()["result"]
    mine.patch(table, made["sys_id"], {"approval": "approved", "u_path": "in/"})
    [row] = servicenow.instance.query(table)
    assert (row["approval"], row["u_path"]) == ("requested", "in/")
    assert len(mine.rows(table)) == 1
    assert next(tom).rows(table) == []


def test_a_right_that_is_taken_away_is_gone(servicenow: ServiceNow) -> None:
    instance = servicenow.instance
    [rule] = instance.query("sys_security_acl", "name=x_fferry_heartbeat^operation=create")
    instance.update("sys_security_acl", rule["sys_id"], {"active": "false"})
    for ferry in people(servicenow, SEEDED.user):
        assert error(ferry.post("x_fferry_heartbeat", BEAT))[0] == 403


def test_a_zip_makes_the_same_instance_as_the_folder(tmp_path: Path, package: Package) -> None:
    packed = read(pack(BUILT.parent, tmp_path))
    assert setup_of(packed).records == setup_of(package).records


@pytest.mark.parametrize("content", [None, b"no zip", b""])
def test_what_is_no_package_is_refused_with_its_name(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "package.zip"
    if content is not None:
        file.write_bytes(content)
    plan = Plan(parts=frozenset({Part.SERVICENOW}), package=file)
    with pytest.raises(Unusable, match=r"package\.zip is no package"), running(plan):
        pass


def test_the_addresses_say_what_the_configuration_needs() -> None:
    plan = Plan(parts=frozenset({Part.SERVICENOW}), package=BUILT)
    with running(plan) as addresses:
        said = addresses["servicenow"]
    assert (said["application"], said["standing"]) == ("x_fferry", "x_fferry_standing_approval")
    assert said["group"] != SEEDED.group
    assert json.dumps(addresses)
