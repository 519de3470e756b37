"""FileFerry's own application on the instance: is it there, whole, of this version, and unaltered?

Most of it is for administrators to read. What the account is not shown is called so, and neither
missing nor right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from adapters.servicenow.application.tables import Application
from adapters.servicenow.line.answers import OF_THE_RIGHTS
from adapters.servicenow.line.client import Client
from adapters.servicenow.line.query import Query
from adapters.servicenow.line.records import Record
from adapters.servicenow.look.expected import (
    DICTIONARY,
    LONG,
    Expected,
    Piece,
    expected,
    measured,
)
from adapters.servicenow.look.findings import Finding, Findings, broken, degraded, ok
from transfer.errors import ACTIONS, Code, Permanent

NAME = "application"
GROUPS = {
    "application rights": (
        *("sys_user_role", "sys_security_acl", "sys_security_acl_role", "sys_scope_privilege"),
    ),
    "application people": ("sys_user_group", "sys_group_has_role", "sys_user"),
    "application item": (
        *("sc_cat_item", "item_option_new", "catalog_script_client"),
        *("user_criteria", "sc_cat_item_user_criteria_mtom"),
    ),
    "application rules": ("sys_script", "sysauto_script", "sys_properties"),
    "application flows": (
        *("sys_hub_flow", "sys_hub_trigger_instance_v2"),
        *("sys_hub_action_instance_v2", "sys_hub_flow_logic_instance_v2"),
    ),
    "application fields": ("sys_db_object", DICTIONARY),
}
RIGHTS = "sys_security_acl"
OWNED = {
    "sys_security_acl_role": "sys_security_acl",
    "sc_cat_item_user_criteria_mtom": "sc_cat_item",
    "sys_script": "collection",
    "sys_hub_trigger_instance_v2": "flow",
    "sys_hub_action_instance_v2": "flow",
    "sys_hub_flow_logic_instance_v2": "flow",
}
"""Where one more record alters what was shipped, and the field that says whose it is: one more
role, rule or step. The rights of the application's own tables are known by their names.
"""
_SCOPES = ("sys_id", "name", "scope", "version")
_PUBLISH = "Publish it in Flow Designer, or have the change reverted."
_MORE = "Look whether it is meant so, and have it taken away if it is not."
_MOST = 2000
"""Rows of an answer: more than the application has."""
_PLAIN = 40
"""Characters of a value that are told."""
_NAMED = 8
"""Records that a finding names; the rest is counted."""


@dataclass
class ApplicationLook:
    """One look; all of its calls are reads. `settings` are those of FileFerry for which the package
    has a value, `group` and `approver_group`; `_unseen` are tables that were not shown.
    """

    client: Client
    application: Application | None
    settings: Mapping[str, str] = field(default_factory=dict)
    _unseen: list[str] = field(default_factory=list)

    def findings(self) -> Findings:
        """Raises FerryError when the instance does not answer, or refuses the login."""
        if self.application is None:
            yield self._unused()
            return
        scope = self.application.scope
        wanted = expected().under(scope)
        row = next(iter(self._scopes("scope", scope)), None)
        absent = [table for table in wanted.tables if not self._knows(table)]
        if len(absent) == len(wanted.tables) and row is None:
            yield self._absent(wanted)
            return
        for table in absent:
            text = f"The table {table} is not there: the application {scope} is not whole."
            yield _coded(broken(f"table {table}", text, ""), Code.APPLICATION_INCOMPLETE)
        for table in sorted(set(wanted.tables) - set(absent)):
            yield self._table(table, wanted.tables[table])
        yield from self._settings(wanted)
        version = row.get("version") if row else None
        yield self._version(wanted, version)
        if version in (None, wanted.version):
            yield from self._pieces(wanted)
        if self._unseen:
            yield self._not_visible()

    def _unused(self) -> Finding:
        """Whether it was forgotten: an application that is there, and a setting that is not."""
        found = self._scopes("name", expected().name)
        if not found:
            return ok(NAME, "FileFerry's own application is not used.")
        text = f"FileFerry's application is there as {found[0].get('scope')}, and is not used."
        advice = "Set servicenow.application to that prefix, or leave it as it is."
        return _coded(degraded(NAME, text, advice), Code.APPLICATION_ELSEWHERE)

    def _absent(self, wanted: Expected) -> Finding:
        """It may have another prefix: what a customer had to choose, or what was shipped."""
        there = [str(row.get("scope")) for row in self._scopes("name", wanted.name)]
        shipped = expected()
        if not there and wanted.scope != shipped.scope and self._knows(min(shipped.tables)):
            there = [shipped.scope]
        if there:
            text = f"There is no application {wanted.scope}; it is there as {', '.join(there)}."
            return _coded(broken(NAME, text, ""), Code.APPLICATION_ELSEWHERE)
        text = f"There is no application {wanted.scope}, and none of its tables."
        return _coded(broken(NAME, text, ""), Code.APPLICATION_MISSING)

    def _version(self, wanted: Expected, version: str | None) -> Finding:
        if version is None:
            self._unseen.append("sys_scope")
            return ok(NAME, f"The tables of {wanted.scope} are there; its version is not shown.")
        if version == wanted.version:
            return ok(NAME, f"{wanted.scope} {version}, as this FileFerry expects.")
        text = f"The application {wanted.scope} is of version {version}, not {wanted.version}; "
        text += "what else differs was not compared."
        return _coded(degraded(NAME, text, ""), Code.APPLICATION_VERSION)

    def _settings(self, wanted: Expected) -> Findings:
        """The application's flow asks and hands over as it was shipped, whatever we look for."""
        for name, value in self.settings.items():
            if value != wanted.settings[name]:
                text = f"servicenow.{name} is {value}, and the application's is another."
                advice = f"Set it to {wanted.settings[name]}, if orders come by its item and flow."
                yield _coded(degraded(f"application {name}", text, advice), Code.CONFIG_INVALID)

    def _table(self, table: str, fields: Sequence[str]) -> Finding:
        """Whether each field is shown, on one row; without a row nobody knows."""
        name = f"table {table}"
        rows = self._rows(table, Query(), ("sys_id", *fields), 1)
        if not rows:
            return ok(name, "It is there; no row of it is shown yet.")
        hidden = [each for each in fields if each not in rows[0].values]
        if not hidden:
            return ok(name, "All fields are shown.")
        text = f"Table {table} does not show {', '.join(hidden)}: missing, or hidden by a rule."
        return _coded(broken(name, text, ""), Code.APPLICATION_ALTERED)

    def _pieces(self, wanted: Expected) -> Findings:
        for name, tables in GROUPS.items():
            found = [finding for table in tables for finding in self._compared(name, table, wanted)]
            yield from found
            if not found and not set(tables) <= set(self._unseen):
                seen = [table for table in tables if table not in self._unseen]
                yield ok(name, f"As they were shipped: {', '.join(seen)}.")

    def _compared(self, name: str, table: str, wanted: Expected) -> Findings:
        """What is missing, and what is other than expected; nothing where all is right."""
        pieces = [each for each in wanted.pieces if each.table == table]
        rows = self._of(table, pieces)
        if rows is None:
            flows = table.startswith("sys_hub_")
            why = "it has no Flow Designer, so nobody is asked" if flows else "it is not whole"
            text = f"The instance has no table {table}: {why}."
            yield _coded(broken(name, text, ""), Code.APPLICATION_INCOMPLETE)
            return
        if not rows and not self._rows(table, Query(), ("sys_id",), 1):
            self._unseen.append(table)
            return
        known = {_key(row): row for row in rows}
        gone = [each.title for each in pieces if each.key not in known]
        if gone:
            text = f"Not there, in {table}: {_listed(gone)}."
            yield _coded(broken(name, text, ""), Code.APPLICATION_INCOMPLETE)
        there = [(each, known[each.key]) for each in pieces if each.key in known]
        if any(set(each.values) - set(row.values) for each, row in there):
            self._unseen.append(table)
        other = [said for each, row in there if (said := _differs(each, row, wanted.scope))]
        if other:
            text = f"Other than shipped, in {table}: {_listed(other)}."
            advice = _PUBLISH if table == "sys_hub_flow" else ""
            yield _coded(broken(name, text, advice), Code.APPLICATION_ALTERED)
        yield from self._added(name, table, pieces, wanted.scope)

    def _added(self, name: str, table: str, pieces: Sequence[Piece], scope: str) -> Findings:
        """What somebody has put beside it; it may be meant so."""
        query = _owned(table, pieces, scope)
        if query is None:
            return
        rows = self._rows(table, query, ("sys_id", "name", "operation"), _MOST)
        known, places = {each.key for each in pieces}, {_place(each.values) for each in pieces}
        more = [
            _called(row)
            for row in rows
            if row["sys_id"] not in known and (table != RIGHTS or _place(row.values) in places)
        ]
        if more:
            text = f"More than was shipped, in {table}: {_listed(more)}."
            yield _coded(degraded(name, text, _MORE), Code.APPLICATION_ALTERED)

    def _not_visible(self) -> Finding:
        tables = ", ".join(dict.fromkeys(self._unseen))
        text = f"Not visible to this account, and not compared: {tables}."
        advice = "Have the check run once with an account that may read them: an administrator's."
        return _coded(degraded("application unseen", text, advice), Code.SERVICENOW_DENIED)

    def _of(self, table: str, pieces: Iterable[Piece]) -> Sequence[Record] | None:
        """The records of these; None where there is no such table."""
        fields = sorted({name for each in pieces for name in each.values})
        if table == DICTIONARY:
            names = sorted({each.key.partition(".")[0] for each in pieces})
            query, asked = Query().words("name", names), ("sys_id", "name", "element", *fields)
        else:
            query = Query().sys_ids("sys_id", [each.key for each in pieces])
            asked = ("sys_id", *(name for name in fields if name != "sys_id"))
        try:
            return self.client.rows(table, query, asked, limit=_MOST)
        except Permanent as error:
            return _shown_nothing(error)

    def _scopes(self, name: str, value: str) -> Sequence[Record]:
        """The applications of which that is the name, or the scope."""
        rows = self._rows("sys_scope", Query().words(name, [value]), _SCOPES, 5)
        return [row for row in rows if row.get(name) == value]

    def _knows(self, table: str) -> bool:
        try:
            self.client.rows(table, Query(), ("sys_id",), limit=1)
        except Permanent as error:
            return _shown_nothing(error) is not None
        return True

    def _rows(
        self, table: str, query: Query, fields: Iterable[str], limit: int
    ) -> Sequence[Record]:
        try:
            return self.client.rows(table, query, fields, limit=limit)
        except Permanent as error:
            return _shown_nothing(error) or ()


def _shown_nothing(error: Permanent) -> Sequence[Record] | None:
    """No rows for whom the table is closed, None for a table that is not there."""
    if error.code not in OF_THE_RIGHTS:
        raise error
    return None if "Invalid table" in error.message else ()


def _key(row: Record) -> str:
    if row.table == DICTIONARY:
        return f"{row.get('name')}.{row.get('element') or ''}"
    return row["sys_id"]


def _owned(table: str, pieces: Sequence[Piece], scope: str) -> Query | None:
    """All records that decide on the same as ours, ours among them; None where more do no harm."""
    if table == RIGHTS:
        return Query().flag("active", True).begins("name", f"{scope}_")
    if table not in OWNED:
        return None
    owner = OWNED[table]
    owners = sorted({each.values[owner] for each in pieces})
    if table == "sys_script":
        return Query().flag("active", True).words(owner, owners)
    return Query().sys_ids(owner, owners)


def _place(values: Mapping[str, str]) -> str:
    """The table of a right; another application's may begin as ours do."""
    return values.get("name", "").partition(".")[0]


def _called(row: Record) -> str:
    """By its name, as far as it has one, and by what it can be looked up with."""
    words = (row.values.get("operation"), row.values.get("name"), f"({row['sys_id']})")
    return " ".join(word for word in words if word)


def _differs(piece: Piece, row: Record, scope: str) -> str:
    """The title and what is other; "" when all that is shown is as it should be."""
    told = []
    for name, value in piece.values.items():
        found = row.values.get(name)
        if found is None or measured(name, found, scope) == value:
            continue
        plain = name not in LONG and max(len(found), len(value)) <= _PLAIN
        told.append(f"{name} is {found or 'empty'}, not {value or 'empty'}" if plain else name)
    return f"{piece.title} ({'; '.join(told)})" if told else ""


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _coded(finding: Finding, code: Code) -> Finding:
    return replace(finding, code=code.value, advice=finding.advice or ACTIONS[code])
