"""Writes what `fileferry servicenow check` expects of an instance, from the package.

`python -m sandbox.servicenow.package.expecting`: into adapters/servicenow/application.json.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from adapters.servicenow.look.expected import DICTIONARY, FILE, measured
from sandbox.servicenow.package.reading import Entry, Package, read

WATCHED: dict[str, tuple[str, ...]] = {
    "sys_user_role": ("name", "elevated_privilege", "can_delegate", "assignable_by"),
    "sys_security_acl": (
        *("name", "operation", "type", "active", "condition", "script"),
        *("advanced", "admin_overrides", "decision_type", "applies_to"),
    ),
    "sys_security_acl_role": ("sys_security_acl", "sys_user_role"),
    "sys_scope_privilege": ("operation", "status", "target_name", "target_scope", "target_type"),
    "sys_user_group": ("active",),
    "sys_group_has_role": ("group", "role", "inherits"),
    "sys_user": ("active", "web_service_access_only"),
    "sc_cat_item": (
        *("active", "state", "flow_designer_flow", "workflow", "delivery_plan"),
        *("access_type", "availability", "roles", "entitlement_script", "no_order"),
    ),
    "item_option_new": (
        *("cat_item", "name", "type", "mandatory", "active", "hidden", "read_only", "order"),
        *("default_value", "dynamic_value_field", "dynamic_value_dot_walk_path", "map_to_field"),
        *("lookup_table", "lookup_value", "reference", "reference_qual", "validate_regex"),
        *("create_roles", "read_roles", "write_roles"),
    ),
    "catalog_script_client": (
        *("cat_item", "active", "script", "type", "ui_type", "applies_catalog", "cat_variable"),
    ),
    "sc_cat_item_user_criteria_mtom": ("sc_cat_item", "user_criteria"),
    "user_criteria": (
        *("active", "group", "match_all", "advanced"),
        *("user", "role", "company", "department", "location"),
    ),
    "sys_script": (
        *("collection", "active", "when", "order", "script", "advanced", "abort_action"),
        *("action_insert", "action_update", "action_delete", "action_query"),
        *("condition", "filter_condition", "role_conditions", "template"),
    ),
    "sysauto_script": (
        *("active", "script", "run_type", "run_period", "run_start", "run_end", "run_as"),
        *("conditional", "condition"),
    ),
    "sys_properties": ("name", "type", "read_roles", "write_roles"),
    "sys_hub_flow": ("active", "run_as", "run_with_roles", "access"),
    "sys_hub_trigger_instance_v2": ("flow", "trigger_type", "trigger_inputs"),
    "sys_hub_action_instance_v2": (
        *("flow", "action_type", "order", "active", "ui_id", "parent_ui_id", "values"),
    ),
    "sys_hub_flow_logic_instance_v2": (
        *("flow", "logic_definition", "order", "ui_id", "parent_ui_id", "values"),
    ),
    "sys_db_object": (
        *("name", "access", "caller_access", "ws_access", "read_access", "create_access"),
        *("update_access", "delete_access", "alter_access", "actions_access"),
    ),
    DICTIONARY: (
        *("internal_type", "active", "audit", "attributes", "mandatory", "unique", "read_only"),
        *("max_length", "default_value", "reference", "virtual", "calculation"),
    ),
}
"""The fields of each table that say what a record does."""
PUBLISHED = {"sys_hub_flow": {"active": "true", "status": "published"}}
"""A package has drafts of its flows; `now-sdk install` publishes them, or says nothing."""


def expecting(package: Package) -> dict[str, Any]:
    application = package.one("sys_app")
    scope = application["scope"]
    return {
        "name": application["name"],
        "scope": scope,
        "version": application["version"],
        "settings": {
            "group": package.one("sys_user_group", name="FileFerry automation").sys_id,
            "approver_group": package.one("sys_user_group", name="File transfer approvers").sys_id,
            "catalog_item": package.one("sc_cat_item").sys_id,
            "operators": package.one("sys_user_group", name="FileFerry operators").sys_id,
        },
        "tables": {table: _fields(package, table) for table in _tables(package)},
        "pieces": list(_pieces(package, scope)),
    }


def _tables(package: Package) -> list[str]:
    return sorted(each["name"] for each in package.of("sys_db_object"))


def _fields(package: Package, table: str) -> list[str]:
    columns = package.of(DICTIONARY, name=table)
    return sorted(each["element"] for each in columns if each["element"])


def _pieces(package: Package, scope: str) -> Iterator[dict[str, Any]]:
    for table, fields in WATCHED.items():
        for entry in package.of(table):
            yield {
                "table": table,
                "key": _key(entry),
                "title": _TITLES.get(table, _named)(package, entry),
                "values": {
                    field: measured(field, entry[field], scope)
                    for field in fields
                    if not _foreign(package, entry, field) and not _unsaid(entry, field)
                }
                | PUBLISHED.get(table, {}),
            }


def _key(entry: Entry) -> str:
    if entry.table == DICTIONARY:
        return f"{entry['name']}.{entry['element']}"
    return entry.sys_id


def _foreign(package: Package, entry: Entry, field: str) -> bool:
    """A record of another application is known by its name alone."""
    return field in entry.names and not any(each.sys_id == entry[field] for each in package.entries)


def _unsaid(entry: Entry, field: str) -> bool:
    """Of a column that is left out an instance fills in what suits its kind; else it is empty."""
    return entry.table == DICTIONARY and field not in entry.fields


def _named(_: Package, entry: Entry) -> str:
    return entry["name"] or entry["user_name"] or entry.sys_id


def _right(_: Package, entry: Entry) -> str:
    return f"{entry['operation']} {entry['name']}"


def _role_of_right(package: Package, entry: Entry) -> str:
    [right] = [each for each in package.entries if each.sys_id == entry["sys_security_acl"]]
    return f"{_right(package, right)} for {entry.names['sys_user_role']}"


def _step(package: Package, entry: Entry) -> str:
    [flow] = [each for each in package.of("sys_hub_flow") if each.sys_id == entry["flow"]]
    return (
        f"step {entry['order']} of {flow['name']}" if entry["order"] else f"start of {flow['name']}"
    )


def _privilege(_: Package, entry: Entry) -> str:
    return f"the application's right to {entry['operation']} {entry['target_name']}"


def _role_of_group(package: Package, entry: Entry) -> str:
    [group] = [each for each in package.entries if each.sys_id == entry["group"]]
    return f"{entry.names['role']} of {group['name']}"


_TITLES: dict[str, Callable[[Package, Entry], str]] = {
    "sys_security_acl": _right,
    "sys_security_acl_role": _role_of_right,
    "sys_group_has_role": _role_of_group,
    "sys_scope_privilege": _privilege,
    "item_option_new": lambda _, entry: f"variable {entry['name']}",
    "sc_cat_item_user_criteria_mtom": lambda *_: "who may order",
    "sys_hub_trigger_instance_v2": _step,
    "sys_hub_action_instance_v2": _step,
    "sys_hub_flow_logic_instance_v2": _step,
    DICTIONARY: lambda _, entry: _key(entry).rstrip("."),
}


def written() -> str:
    """The text of the file."""
    return json.dumps(expecting(read()), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
