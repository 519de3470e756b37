"""What the package must be, claim by claim. A claim is a function that finds the package wrong."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator

from sandbox.servicenow.package.flows import Flow, Step, flows, unpacked
from sandbox.servicenow.package.reading import Entry, Package
from tests.house import TOP
from tests.servicenow_app.documents import STANDING, foreign_rights, own_tables, section
from transfer.request.options import NAMES

KINDS = {
    "source": "2",
    "destination": "18",
    "path": "16",
    "not_before": "10",
    "finish_by": "10",
    "dry_run": "7",
    "all_or_nothing": "7",
    "version": "6",
    "sha256": "6",
}
"""Of the variables: lines, lookup select box, wide line, date and time, check box, line."""
ITEM = "{{Service Catalog_1.request_item}}"


def group(package: Package, name: str) -> str:
    return package.one("sys_user_group", name=name).sys_id


def flow(package: Package, name: str) -> Flow:
    [found] = [each for each in flows(package).values() if each.name == f"FileFerry: {name}"]
    assert found.runs_as == "system"
    return found


def nothing_is_left_of_an_object(package: Package) -> None:
    """What the SDK writes where it does not understand a record: nobody, and nothing."""
    for entry in package.entries:
        for name, value in entry.fields.items():
            told = json.dumps(unpacked(value)) if value.startswith("H4sI") else value
            assert "[object" not in told, (entry, name)
            assert "{{static.}}" not in told, (entry, name)


def each_flow_asks_the_approvers(package: Package) -> None:
    approvers = group(package, "File transfer approvers")
    for name, table, record in (
        ("file transfer", "sc_req_item", ITEM),
        ("standing approval", STANDING, "{{Created or Updated_1.current}}"),
    ):
        [ask] = flow(package, name).doing("ask for approval")
        assert ask.values["approval_conditions"] == (
            f"ApprovesRejectsAnyG[{{{{static.{approvers}}}}}]"
        )
        assert (ask.values["table"], ask.values["record"]) == (table, record)
        assert (ask.order, ask.within) == (1, "")
        assert ask.values["approval_field"] == "approval"


def the_task_comes_after_the_approval(package: Package) -> None:
    found = flow(package, "file transfer")
    [task] = found.doing("create catalog task")
    [ask] = found.doing("ask for approval")
    [approved] = [step for step in found.steps if step.ui_id == task.within]
    assert approved.values["condition"] == f"{{{{{ask.ui_id}.approval_state}}}}=approved"
    automation = group(package, "FileFerry automation")
    assert task.values["ah_fields"] == f"assignment_group={automation}^state=1^EQ"
    assert task.values["ah_requested_item"] == ITEM
    assert task.values["ah_wait"] == "true"


def the_item_is_closed_as_the_task_was(package: Package) -> None:
    found = flow(package, "file transfer")
    assert found.trigger == "service_catalog"
    [look] = found.doing("look up records")
    assert look.values["conditions"] == f"request_item={ITEM}^state=3"
    ends = {_branch(found, step): step.values["values"] for step in found.doing("update record")}
    assert {step.values["record"] for step in found.doing("update record")} == {ITEM}
    assert ends == {
        ("approved", "complete"): "state=3^stage=completed^EQ",
        ("approved", "else"): "state=4^stage=completed^EQ",
        ("else",): "state=4^stage=Request Cancelled^EQ",
    }


def _branch(found: Flow, step: Step) -> tuple[str, ...]:
    """In which branches a step stands, from the outside in."""
    by_id = {each.ui_id: each for each in found.steps}
    way: list[str] = []
    while step.within:
        step = by_id[step.within]
        approved = "approval_state" in step.values.get("condition", "")
        way.insert(0, step.does if step.does == "else" else "approved" if approved else "complete")
    return tuple(way)


def a_standing_approval_is_asked_for_whenever_it_is_not(package: Package) -> None:
    found = flow(package, "standing approval")
    assert found.trigger == "record_create_or_update"
    assert found.when["table"] == STANDING
    assert found.when["condition"] == "active=true^approval=not requested"
    assert found.when["trigger_strategy"] == "always"


def the_item_is_for_the_requesters_and_has_its_flow(package: Package) -> None:
    item = package.one("sc_cat_item", name="File transfer", active="true", state="published")
    assert item["flow_designer_flow"] == flow(package, "file transfer").sys_id
    [link] = package.of("sc_cat_item_user_criteria_mtom", sc_cat_item=item.sys_id)
    criteria = package.one("user_criteria", sys_id=link["user_criteria"], active="true")
    assert criteria["group"] == group(package, "File transfer requesters")
    assert not package.of("sc_cat_item_user_criteria_no_mtom")


def the_item_asks_for_all_that_an_order_can_say(package: Package) -> None:
    item = package.one("sc_cat_item").sys_id
    variables = {each["name"]: each for each in package.of("item_option_new", cat_item=item)}
    assert set(variables) == {"source", "destination", "path", *NAMES}
    assert {name: each["type"] for name, each in variables.items()} == KINDS
    assert {each["active"] for each in variables.values()} == {"true"}
    mandatory = {name for name, each in variables.items() if each["mandatory"] == "true"}
    assert mandatory == {"source", "destination"}
    box = variables["destination"]
    assert box["lookup_table"] == "x_fferry_destination"
    assert box["lookup_value"] == "name"
    assert box["reference_qual"].startswith("active=true")


def the_form_is_looked_at(package: Package) -> None:
    item = package.one("sc_cat_item").sys_id
    scripts = package.of("catalog_script_client")
    assert {each["type"] for each in scripts} == {"onChange", "onSubmit"}
    for script in scripts:
        assert (script["active"], script["cat_item"], script["global"]) == ("true", item, "false")


def the_rules_are_on(package: Package) -> None:
    rules = package.of("sys_script")
    assert {each["name"] for each in rules} == {
        "FileFerry: altered terms lose the approval",
        "FileFerry: nobody approves his own",
    }
    for rule in rules:
        assert (rule["collection"], rule["active"], rule["when"]) == (STANDING, "true", "before")
        assert (rule["action_insert"], rule["action_update"]) == ("true", "true")
        assert rule["condition"] == rule["filter_condition"] == ""
    # Taken back first: else what the second sees is the old decision.
    assert int(_rule(rules, "altered")["order"]) < int(_rule(rules, "own")["order"])


def _rule(rules: list[Entry], word: str) -> Entry:
    [found] = [each for each in rules if word in each["name"]]
    return found


def the_job_runs_every_five_minutes(package: Package) -> None:
    job = package.one("sysauto_script", active="true")
    assert job["run_type"] == "periodically"
    assert job["run_period"] == "1970-01-01 00:05:00"
    operators = package.one("sys_properties", name="x_fferry.operators")["value"]
    assert operators == group(package, "FileFerry operators")


def the_account_has_no_password_and_sits_with_nobody(package: Package) -> None:
    account = package.one("sys_user", user_name="fileferry")
    assert account["web_service_access_only"] == "true"
    assert not {name for name in account.fields if "pass" in name}
    [member] = package.of("sys_user_grmember")
    assert (member["user"], member["group"]) == (
        account.sys_id,
        group(package, "FileFerry automation"),
    )


def each_group_has_its_role(package: Package) -> None:
    names = {each.sys_id: each["name"] for each in package.of("sys_user_role")}
    granted = {each["group"]: names[each["role"]] for each in package.of("sys_group_has_role")}
    assert granted == {
        group(package, "FileFerry automation"): "x_fferry.integration",
        group(package, "File transfer approvers"): "x_fferry.approver",
        group(package, "File transfer requesters"): "x_fferry.requester",
        group(package, "FileFerry operators"): "x_fferry.operator",
    }


def what_people_make_of_groups_survives_an_upgrade(package: Package) -> None:
    once = ("sys_user", "sys_user_group", "sys_user_grmember", "sys_group_has_role")
    assert {entry.table for entry in package.entries if entry.once} == set(once)
    assert all(entry.once for table in once for entry in package.of(table))


def the_account_may_what_the_document_says(package: Package) -> None:
    """Section 2 of docs/servicenow.md: each table and right, no other, and the fields of each."""
    found = {}
    for rule, roles in _rules(package):
        if not rule["name"].startswith("x_fferry_"):
            assert roles == {"integration"}, rule
            assert (rule["admin_overrides"], rule["script"], rule["condition"]) == ("true", "", "")
            fields = rule["description"].removeprefix("FileFerry uses: ").split()
            found[rule["name"], rule["operation"]] = fields
    assert found == foreign_rights()


def the_own_tables_are_open_to_those_named(package: Package) -> None:
    found: dict[str, set[tuple[str, str]]] = {table: set() for table in own_tables()}
    for rule, roles in _rules(package):
        table, _, field = rule["name"].partition(".")
        if table in found and not field:
            found[table] |= {(rule["operation"], role) for role in roles}
        if rule["condition"]:
            assert roles == {"requester"}
            assert rule["condition"].startswith("opened_byDYNAMIC")
    assert found == {table: rights for table, (rights, _) in own_tables().items()}


def what_nobody_may_write_is_closed(package: Package) -> None:
    fields = {
        (rule["name"], rule["operation"]): roles
        for rule, roles in _rules(package)
        if "." in rule["name"]
    }
    assert fields == {
        (f"{STANDING}.*", "read"): {"approver", "integration", "operator", "requester"},
        (f"{STANDING}.*", "write"): {"operator", "requester"},
        (f"{STANDING}.approval", "write"): {"admin"},
        (f"{STANDING}.opened_by", "write"): {"admin"},
        ("x_fferry_heartbeat.silent_after", "write"): {"operator"},
        ("x_fferry_heartbeat.silent_since", "write"): {"admin"},
        ("x_fferry_heartbeat.incident", "write"): {"admin"},
    }


def _rules(package: Package) -> Iterator[tuple[Entry, set[str]]]:
    """Each access rule, and the roles that it wants, ours without the prefix."""
    names = {each.sys_id: each["name"] for each in package.of("sys_user_role")}
    for rule in package.of("sys_security_acl"):
        assert (rule["active"], rule["type"], rule["decision_type"]) == ("true", "record", "allow")
        links = package.of("sys_security_acl_role", sys_security_acl=rule.sys_id)
        assert links, f"{rule['name']} is open to everybody"
        roles = {
            names.get(link["sys_user_role"], link.names.get("sys_user_role", "")) for link in links
        }
        yield rule, {role.removeprefix("x_fferry.") for role in roles}


def the_tables_have_their_fields(package: Package) -> None:
    for table, (_, fields) in own_tables().items():
        entry = package.one("sys_db_object", name=table)
        assert (entry["ws_access"], entry["read_access"]) == ("true", "true")
        assert (entry["create_access"], entry["delete_access"]) == ("false", "false")
        columns = [each["element"] for each in package.of("sys_dictionary", name=table)]
        assert sorted(filter(None, columns)) == sorted(fields), table


def a_standing_approval_is_a_task_with_number_and_history(package: Package) -> None:
    assert package.one("sys_db_object", name=STANDING).names["super_class"] == "task"
    number = package.one("sys_number", category=STANDING)
    assert (number["prefix"], number["maximum_digits"], number["number"]) == ("FFSA", "7", "1000")
    assert package.one("sys_dictionary", name=STANDING, element="")["audit"] == "true"
    columns = {each["element"]: each for each in package.of("sys_dictionary", name=STANDING)}
    assert columns["u_until"]["internal_type"] == "glide_date"
    needed = {name for name, column in columns.items() if column["mandatory"] == "true"}
    assert needed == {"u_prefix", "u_destination", "u_until"}
    assert not [each for each in columns.values() if "no_audit" in each["attributes"]]


def each_service_and_each_destination_stands_there_once(package: Package) -> None:
    for table, name in (("x_fferry_heartbeat", "instance"), ("x_fferry_destination", "name")):
        column = package.one("sys_dictionary", name=table, element=name)
        assert (column["unique"], column["mandatory"]) == ("true", "true")


def requesters_find_their_transfers(package: Package) -> None:
    modules = {each["title"]: each for each in package.of("sys_app_module", active="true")}
    mine = modules["My transfers"]
    assert mine["filter"].startswith("caller_idDYNAMIC")
    shown = {each["name"]: each.sys_id for each in package.of("sys_ui_list")}["incident"]
    columns = {each["element"] for each in package.of("sys_ui_list_element", list_id=shown)}
    assert {"number", "state", "close_notes"} <= columns
    item = package.one("sc_cat_item").sys_id
    assert modules["My orders"]["filter"].startswith(f"cat_item={item}^")
    assert modules["Health"]["roles"] == modules["Destinations"]["roles"] == "x_fferry.operator"


def it_reaches_no_further_than_its_scripts(package: Package) -> None:
    reach = {(each["target_name"], each["operation"]) for each in package.of("sys_scope_privilege")}
    assert reach == {
        *(("incident", operation) for operation in ("create", "read", "write")),
        ("sysapproval_approver", "read"),
    }
    scripts = [each["script"] for table in SCRIPTED for each in package.of(table)]
    used = {found for text in scripts for found in re.findall(r"new GlideRecord\('(\w+)'\)", text)}
    assert used == {"incident", "sysapproval_approver", "x_fferry_heartbeat"}


def the_flows_are_packed_as_drafts(package: Package) -> None:
    """Whoever installs it is told to look whether they were published."""
    told = {(each["active"], each["status"]) for each in package.of("sys_hub_flow")}
    assert told == {("false", "draft")}


def the_document_names_all_that_people_see(package: Package) -> None:
    named = section("The application")
    for table, field in SEEN:
        for entry in package.of(table):
            assert f"`{entry[field]}`" in named, entry[field]


SEEN = (
    ("sys_user_group", "name"),
    ("sys_user_role", "name"),
    ("sys_user", "user_name"),
    ("sc_cat_item", "name"),
    ("sys_hub_flow", "name"),
    ("sys_script", "name"),
    ("sysauto_script", "name"),
    ("sys_properties", "name"),
    ("sys_app_module", "title"),
    ("sys_db_object", "name"),
)


def it_is_of_the_version_of_the_project(package: Package) -> None:
    project = tomllib.loads((TOP / "pyproject.toml").read_text("utf-8"))["project"]
    app = package.one("sys_app")
    assert (app["version"], app["scope"]) == (project["version"], "x_fferry")


SCRIPTED = ("sys_script", "sysauto_script", "catalog_script_client")
CLAIMS = (
    nothing_is_left_of_an_object,
    each_flow_asks_the_approvers,
    the_task_comes_after_the_approval,
    the_item_is_closed_as_the_task_was,
    a_standing_approval_is_asked_for_whenever_it_is_not,
    the_item_is_for_the_requesters_and_has_its_flow,
    the_item_asks_for_all_that_an_order_can_say,
    the_form_is_looked_at,
    the_rules_are_on,
    the_job_runs_every_five_minutes,
    the_account_has_no_password_and_sits_with_nobody,
    each_group_has_its_role,
    what_people_make_of_groups_survives_an_upgrade,
    the_account_may_what_the_document_says,
    the_own_tables_are_open_to_those_named,
    what_nobody_may_write_is_closed,
    the_tables_have_their_fields,
    a_standing_approval_is_a_task_with_number_and_history,
    each_service_and_each_destination_stands_there_once,
    requesters_find_their_transfers,
    it_reaches_no_further_than_its_scripts,
    the_flows_are_packed_as_drafts,
    the_document_names_all_that_people_see,
    it_is_of_the_version_of_the_project,
)
