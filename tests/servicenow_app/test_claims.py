"""The built package is what docs/servicenow.md says; each claim notices where it is not."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import yaml

from config.settings import ServiceNowSettings
from sandbox.servicenow.package.flows import unpacked
from sandbox.servicenow.package.reading import Entry, Package, read
from tests.servicenow_app import claims
from tests.servicenow_app.documents import STANDING, section

PACKAGE = read()
Claim = Callable[[Package], None]
Edit = Callable[[Package], Package]
FLOW_STEPS = ("sys_hub_action_instance_v2", "sys_hub_flow_logic_instance_v2")


@pytest.mark.parametrize("claim", claims.CLAIMS, ids=lambda claim: claim.__name__)
def test_the_package_keeps_the_claim(claim: Claim) -> None:
    claim(PACKAGE)


def alter(table: str, field: str, value: str, **which: str) -> Edit:
    def edit(package: Package) -> Package:
        hit = package.of(table, **which)
        assert hit, (table, which)
        entries = [
            replace(each, fields={**each.fields, field: value}) if each in hit else each
            for each in package.entries
        ]
        return Package(tuple(entries))

    return edit


def drop(table: str, **which: str) -> Edit:
    def edit(package: Package) -> Package:
        hit = package.of(table, **which)
        assert hit, (table, which)
        return Package(tuple(each for each in package.entries if each not in hit))

    return edit


def each_time(table: str) -> Edit:
    """As if an upgrade brought these anew."""

    def edit(package: Package) -> Package:
        return Package(
            tuple(replace(each, once=each.once and each.table != table) for each in package.entries)
        )

    return edit


def in_flows(old: str, new: str) -> Edit:
    """As if the flows had been packed with another value."""

    def edit(package: Package) -> Package:
        entries = tuple(_packed(each, old, new) for each in package.entries)
        assert entries != package.entries, old
        return Package(entries)

    return edit


def _packed(entry: Entry, old: str, new: str) -> Entry:
    if entry.table not in (*FLOW_STEPS, "sys_hub_trigger_instance_v2"):
        return entry
    name = "trigger_inputs" if entry["trigger_inputs"] else "values"
    told: Any = unpacked(entry[name])
    text = json.dumps(told).replace(old, new)
    packed = base64.b64encode(gzip.compress(text.encode())).decode()
    return (
        replace(entry, fields={**entry.fields, name: packed}) if json.loads(text) != told else entry
    )


APPROVERS = claims.group(PACKAGE, "File transfer approvers")
AUTOMATION = claims.group(PACKAGE, "FileFerry automation")
BROKEN: list[tuple[str, Edit, Claim]] = [
    (
        "a record where a sys_id is meant",
        in_flows(f"static.{APPROVERS}", "static.[object Object]"),
        claims.nothing_is_left_of_an_object,
    ),
    (
        "a template literal around a record",
        in_flows(f"static.{APPROVERS}", "static."),
        claims.nothing_is_left_of_an_object,
    ),
    (
        "a record in a criterion",
        alter("user_criteria", "group", "[object Object]"),
        claims.the_item_is_for_the_requesters_and_has_its_flow,
    ),
    (
        "another group is asked",
        in_flows(f"static.{APPROVERS}", f"static.{AUTOMATION}"),
        claims.each_flow_asks_the_approvers,
    ),
    (
        "nobody is asked",
        in_flows(f"ApprovesRejectsAnyG[{{{{static.{APPROVERS}}}}}]", ""),
        claims.each_flow_asks_the_approvers,
    ),
    (
        "the task is made where it was not approved",
        in_flows("approval_state}}=approved", "approval_state}}!=rejected"),
        claims.the_task_comes_after_the_approval,
    ),
    (
        "the task goes to nobody",
        in_flows(f"assignment_group={AUTOMATION}", "assignment_group=[object Object]"),
        claims.the_task_comes_after_the_approval,
    ),
    (
        "the flow does not wait",
        in_flows('"name": "ah_wait", "value": true', '"name": "ah_wait", "value": false'),
        claims.the_task_comes_after_the_approval,
    ),
    (
        "closed as complete whatever became of the task",
        in_flows("state=4^stage=completed", "state=3^stage=completed"),
        claims.the_item_is_closed_as_the_task_was,
    ),
    (
        "altered terms are not asked for anew",
        in_flows("active=true^approval=not requested", "active=true"),
        claims.a_standing_approval_is_asked_for_whenever_it_is_not,
    ),
    (
        "the item without its flow",
        alter("sc_cat_item", "flow_designer_flow", ""),
        claims.the_item_is_for_the_requesters_and_has_its_flow,
    ),
    (
        "everybody may order",
        drop("sc_cat_item_user_criteria_mtom"),
        claims.the_item_is_for_the_requesters_and_has_its_flow,
    ),
    (
        "a variable is lost",
        drop("item_option_new", name="dry_run"),
        claims.the_item_asks_for_all_that_an_order_can_say,
    ),
    (
        "a check of all forms",
        alter("catalog_script_client", "global", "true"),
        claims.the_form_is_looked_at,
    ),
    *(
        (
            f"inactive: {name}",
            alter("sys_script", "active", "false", name=f"FileFerry: {name}"),
            claims.the_rules_are_on,
        )
        for name in ("altered terms lose the approval", "nobody approves his own")
    ),
    (
        "the job is off",
        alter("sysauto_script", "active", "false"),
        claims.the_job_runs_every_five_minutes,
    ),
    (
        "a password",
        alter("sys_user", "user_password", "secret"),
        claims.the_account_has_no_password_and_sits_with_nobody,
    ),
    (
        "the account approves",
        alter("sys_user_grmember", "group", APPROVERS),
        claims.the_account_has_no_password_and_sits_with_nobody,
    ),
    ("a role too few", drop("sys_group_has_role", group=APPROVERS), claims.each_group_has_its_role),
    *(
        (
            f"no {rule['operation']} of {rule['name']}",
            drop("sys_security_acl", sys_id=rule.sys_id),
            claims.what_nobody_may_write_is_closed
            if "." in rule["name"]
            else claims.the_own_tables_are_open_to_those_named
            if rule["name"].startswith("x_fferry_")
            else claims.the_account_may_what_the_document_says,
        )
        for rule in PACKAGE.of("sys_security_acl")
    ),
    (
        "a rule without a role",
        drop("sys_security_acl_role"),
        claims.the_account_may_what_the_document_says,
    ),
    (
        "a field too few",
        drop("sys_dictionary", name="x_fferry_heartbeat", element="seen"),
        claims.the_tables_have_their_fields,
    ),
    (
        "no history",
        alter("sys_dictionary", "audit", "false", name=STANDING, element=""),
        claims.a_standing_approval_is_a_task_with_number_and_history,
    ),
    (
        "no number",
        drop("sys_number"),
        claims.a_standing_approval_is_a_task_with_number_and_history,
    ),
    (
        "a second heartbeat of one service",
        alter("sys_dictionary", "unique", "false", element="instance"),
        claims.each_service_and_each_destination_stands_there_once,
    ),
    (
        "everybody's transfers",
        alter("sys_app_module", "filter", "", title="My transfers"),
        claims.requesters_find_their_transfers,
    ),
    (
        "a flow that is on before anybody looked",
        alter("sys_hub_flow", "active", "true"),
        claims.the_flows_are_packed_as_drafts,
    ),
    (
        "a rule of which nobody was told",
        alter("sys_script", "name", "FileFerry: something new"),
        claims.the_document_names_all_that_people_see,
    ),
    (
        "a script that reaches further",
        alter("sysauto_script", "script", "new GlideRecord('sys_user')"),
        claims.it_reaches_no_further_than_its_scripts,
    ),
    (
        "an upgrade that renames a group back",
        each_time("sys_user_group"),
        claims.what_people_make_of_groups_survives_an_upgrade,
    ),
    (
        "another version",
        alter("sys_app", "version", "9.9.9"),
        claims.it_is_of_the_version_of_the_project,
    ),
]


@pytest.mark.parametrize(
    ("edit", "claim"), [each[1:] for each in BROKEN], ids=[b[0] for b in BROKEN]
)
def test_a_package_that_is_broken_so_is_caught(edit: Edit, claim: Claim) -> None:
    broken = edit(PACKAGE)
    with pytest.raises((AssertionError, ValueError, KeyError)):
        claim(broken)


def test_every_claim_has_something_that_it_catches() -> None:
    caught = {claim for _, _, claim in BROKEN}
    assert set(claims.CLAIMS) == caught


def test_the_settings_of_the_document_are_those_of_the_package() -> None:
    text = next(
        block for block in section("The application").split("```") if "servicenow:" in block
    )
    told = yaml.safe_load(text)["servicenow"]
    settings = ServiceNowSettings(url="https://example.service-now.com", user="fileferry", **told)
    assert settings.group == AUTOMATION
    assert settings.approver_group == APPROVERS
    assert settings.catalog_items == [PACKAGE.one("sc_cat_item").sys_id]
    assert settings.tickets.assignment_group == claims.group(PACKAGE, "FileFerry operators")
    assert settings.standing.table == STANDING
    named = set(settings.variables.model_dump().values())
    assert named == {each["name"] for each in PACKAGE.of("item_option_new")}
