"""The access rules that an application brings, as records of sys_security_acl.

By ServiceNow's documentation a record is open when one of the rules of its table lets in, and a
field when one of its own does: of the rules of that very field, else of those of all fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from sandbox.servicenow.instance import Instance
from sandbox.servicenow.seed import Record
from sandbox.servicenow.walk import Walker

Hidden = frozenset[tuple[str, str]]


def roles_of(instance: Instance, user: Record) -> frozenset[str]:
    """His own, and those of his groups."""
    groups = {
        row["group"]
        for row in _rows(instance, "sys_user_grmember")
        if row["user"] == user["sys_id"]
    }
    granted = {
        row["role"] for row in _rows(instance, "sys_group_has_role") if row["group"] in groups
    }
    names = (instance.store.find("sys_user_role", role) for role in granted)
    return frozenset({*user["roles"].split(","), *(each["name"] for each in names if each)})


def _rows(instance: Instance, table: str) -> Iterator[Record]:
    if table in instance.store.tables:
        for _, row in instance.store.rows(table):
            yield row


@dataclass(frozen=True)
class Acls:
    """The rules for one user with these roles, who sees conditions through `walker`."""

    instance: Instance
    roles: frozenset[str]
    walker: Walker

    def opens(self, operation: str, table: str, record: Record | None = None) -> bool:
        """Whether a rule of the table lets him in; without one nobody is."""
        return any(
            self._holds(rule, table, record) for rule in self._of.get((operation, table), ())
        )

    def has(self, operation: str, table: str) -> bool:
        """Whether a rule lets him in to any of the records."""
        return any(self._holds(rule, table, None) for rule in self._of.get((operation, table), ()))

    def opens_field(self, operation: str, table: str, field: str) -> bool:
        """Whether a field of an open record is open too: it is, where no rule speaks of it."""
        for name in (f"{table}.{field}", f"{table}.*"):
            if rules := self._of.get((operation, name)):
                return any(self._holds(rule, table, None) for rule in rules)
        return True

    @cached_property
    def _of(self) -> dict[tuple[str, str], list[Record]]:
        """The active rules, by (operation, name)."""
        found: dict[tuple[str, str], list[Record]] = {}
        for rule in _rows(self.instance, "sys_security_acl"):
            if rule["active"] == "true":
                found.setdefault((rule["operation"], rule["name"]), []).append(rule)
        return found

    @cached_property
    def _wanted(self) -> dict[str, set[str]]:
        """The names of the roles of each rule, of which one is enough."""
        wanted: dict[str, set[str]] = {}
        for row in _rows(self.instance, "sys_security_acl_role"):
            role = self.instance.store.find("sys_user_role", row["sys_user_role"]) or {}
            name = role.get("name", row["sys_user_role"])
            wanted.setdefault(row["sys_security_acl"], set()).add(name)
        return wanted

    def _holds(self, rule: Record, table: str, record: Record | None) -> bool:
        wanted = self._wanted.get(rule["sys_id"], set())
        if wanted and not wanted & self.roles:
            return False
        if not rule["condition"] or record is None:
            return True
        # The condition is tried on what is stored: a record that is not, yet, meets none.
        encoded = f"sys_id={record['sys_id']}^{rule['condition']}"
        return bool(self.instance.select(self.walker, table, encoded))
