"""The instance that a package of FileFerry's application makes, once an administrator has put
people into its groups and has let the account in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from sandbox.servicenow.package.flows import Flow, flows
from sandbox.servicenow.package.reading import Entry, Package
from sandbox.servicenow.schema import SYSTEM, TABLES, Field, Table, open_table
from sandbox.servicenow.seed import SEEDED, STANDING, Record, Setup, fixed_id, people

MEMBERS = {
    "File transfer approvers": ("carla.moss",),
    "File transfer requesters": ("anna.berg", "tom.reyes", "carla.moss", "otto.lind"),
}
"""Whom the administrator puts into which group; the package has put the account into its own."""

_LEFT_OUT = {"user_criteria": ("user", "role", "company", "department", "location")}
"""Columns of an instance that the package says nothing of, and by which more people could order."""
_KINDS = {"glide_date_time": "datetime", "glide_date": "date"}
_KNOWN = ("boolean", "integer", "reference")
_GROUPS = re.compile(r"G\[([^\]]*)\]")
_GROUP = re.compile(r"[0-9a-f]{32}")


def setup_of(package: Package) -> Setup:
    """Raises ValueError for a package that is not FileFerry's, or not whole."""
    order, standing = _flow(package, "service_catalog"), _flow(package, "record_create_or_update")
    [task] = order.doing("create catalog task")
    fields = _pairs(task.values["ah_fields"])
    return Setup(
        catalog_item=package.one("sc_cat_item")["sys_id"],
        group=fields["assignment_group"],
        approver_group=next(iter(_asked(order)), ""),
        asked=_asked(order),
        asked_standing=_asked(standing),
        task=fields,
        standing=standing.when["table"],
        application=package.one("sys_app")["scope"],
        tables=list(_tables(package)),
        gone=frozenset({STANDING}),
        records=_records(package),
    )


def _flow(package: Package, trigger: str) -> Flow:
    [found] = [each for each in flows(package).values() if each.trigger == trigger]
    return found


def _asked(flow: Flow) -> tuple[str, ...]:
    """The groups of the approval rules: `ApprovesRejectsAnyG[{{static.SYS_ID}}]`. What names no
    record asks nobody.
    """
    [step] = flow.doing("ask for approval")
    return tuple(
        group
        for part in _GROUPS.findall(step.values["approval_conditions"])
        for group in _GROUP.findall(part)
    )


def _pairs(template: str) -> dict[str, str]:
    """`assignment_group=…^state=1^EQ`: the fields that a step writes."""
    parts = (part.partition("=") for part in template.split("^") if part != "EQ")
    return {name: value for name, _, value in parts}


def _tables(package: Package) -> Iterator[Table]:
    scope = Table("sys_scope", "Application", open=True, fields=open_table("sys_scope").fields)
    yield scope
    yield replace(scope, name="sys_app", label="Custom Application", parent="sys_scope")
    for entry in package.of("sys_db_object"):
        yield _table(package, entry)


def _table(package: Package, entry: Entry) -> Table:
    name, parent = entry["name"], entry.names.get("super_class", "")
    columns = [each for each in package.of("sys_dictionary", name=name) if each["element"]]
    numbers = package.of("sys_number", category=name)
    shown = [each["element"] for each in columns if each["display"] == "true"]
    inherited: Mapping[str, Field] = TABLES[parent].fields if parent else SYSTEM
    return Table(
        name,
        entry["label"],
        parent=parent,
        display=next(iter(shown), "number" if parent else "sys_id"),
        prefix=numbers[0]["prefix"] if numbers else "",
        fields={**inherited, **{each["element"]: _column(package, each) for each in columns}},
    )


def _column(package: Package, entry: Entry) -> Field:
    kind = entry["internal_type"]
    chosen = package.of("sys_choice", name=entry["name"], element=entry["element"])
    plain = "choice" if chosen else kind if kind in _KNOWN else "string"
    return Field(
        entry["element"],
        _KINDS.get(kind, plain),
        entry["default_value"],
        entry["reference"],
        length=int(entry["max_length"] or 0) if plain == "string" and kind not in _KINDS else 0,
        unique=entry["unique"] == "true",
    )


def _records(package: Package) -> dict[str, list[Record]]:
    """The people of a usual instance, what the package brings, and what is done by hand then."""
    records: dict[str, list[Record]] = {"sys_user": people(*_others())}
    brought = {entry.sys_id for entry in package.entries}
    for entry in package.entries:
        fields = {name: value for name, value in entry.fields.items() if name not in SYSTEM}
        # What belongs to another application is known by its name alone.
        foreign = {name: told for name, told in entry.names.items() if entry[name] not in brought}
        fields |= foreign | dict.fromkeys(_LEFT_OUT.get(entry.table, ()), "")
        records.setdefault(entry.table, []).append({"sys_id": entry.sys_id, **fields})
    for flow in records["sys_hub_flow"]:
        # A package has drafts; `now-sdk install` publishes them.
        flow |= {"active": "true", "status": "published"}
    [account] = [each for each in records["sys_user"] if each["user_name"] == SEEDED.user]
    account["user_password"] = SEEDED.password
    records["sys_user_grmember"] += _memberships(package)
    return records


def _others() -> list[str]:
    return [name for name in SEEDED.users if name != SEEDED.user]


def _memberships(package: Package) -> Iterator[Record]:
    for name, members in MEMBERS.items():
        group = package.one("sys_user_group", name=name).sys_id
        for member in members:
            user = SEEDED.users[member].sys_id
            yield {"sys_id": fixed_id(f"{member} in {group}"), "user": user, "group": group}
