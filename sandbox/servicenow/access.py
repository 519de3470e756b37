"""Who may read and write what over HTTP: a few plain access rules, and those a test adds.

`admin` may do everything, `itil` works on tasks and incidents, everybody else sees what is his own.
What an installed application has rules for is open to whom they let in, and its own account has
nothing but them: so it shows what they are worth.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from sandbox.servicenow.acls import Acls, Hidden, roles_of
from sandbox.servicenow.instance import SYSTEM_FIELDS, Instance
from sandbox.servicenow.refusal import acl, invalid_table, missing
from sandbox.servicenow.seed import Record
from sandbox.servicenow.values import plain
from sandbox.servicenow.walk import Walker

_PERSONAL = frozenset({
    "task", "incident", "sc_request", "sc_req_item", "sc_task", "sysapproval_approver",
    "sc_item_option_mtom", "sc_item_option", "sys_journal_field", "sys_attachment",
})  # fmt: skip
"""Tables of which a user without a role sees only his own rows."""
_OWNER_FIELDS = ("opened_by", "requested_for", "caller_id", "approver", "assigned_to")
_ITIL_CREATES = frozenset({"incident", "sc_task", "problem", "change_request", "ecc_queue"})
_ITIL_WRITES = _ITIL_CREATES | {"sc_req_item", "sc_request", "task"}
_CUSTOM = re.compile(r"[ux]_[a-z0-9_]+")


@dataclass(frozen=True)
class Caller:
    """A user with the access rules that hold for one HTTP request.

    `read_only`: (table, field) pairs whose writes are ignored. `rows`: (table, encoded query) of
    rows that he does not see.
    """

    instance: Instance
    user: Record
    walker: Walker
    read_only: frozenset[tuple[str, str]] = frozenset()
    rows: tuple[tuple[str, str], ...] = ()

    @cached_property
    def roles(self) -> frozenset[str]:
        return roles_of(self.instance, self.user)

    @cached_property
    def acls(self) -> Acls:
        return Acls(self.instance, self.roles, self.walker)

    def _by_rules_alone(self, table: str) -> bool:
        application = self.instance.setup.application
        ours = application and table.startswith(f"{application}_")
        bound = application and self.user["internal_integration_user"] == "true"
        return bool(ours or bound) and not self._is("admin")

    def hidden(self) -> Hidden:
        """Fields that no rule opens to him."""
        if not self.instance.setup.application or self._is("admin"):
            return frozenset()
        return frozenset(
            (table, field)
            for table in self.instance.store.tables
            if self._by_rules_alone(table)
            for field in self.instance.store.columns(table)
            if not self.acls.opens_field("read", table, field) or not (self.acls.has("read", table))
        )

    @property
    def name(self) -> str:
        return self.user["user_name"]

    def _is(self, role: str) -> bool:
        return role in self.roles

    def sees(self, table: str, record: Record) -> bool:
        """The row-level read rule."""
        for denied, encoded in self.rows:
            chosen = self.instance.query(denied, encoded) if denied == table else ()
            if any(each["sys_id"] == record["sys_id"] for each in chosen):
                return False
        if self._by_rules_alone(table):
            return self.acls.opens("read", table, record)
        if self._is("admin") or self._is("itil") or table not in _PERSONAL:
            return True
        return self._owns(table, record) or self.acls.opens("read", table, record)

    def _owns(self, table: str, record: Record) -> bool:
        mine = self.user["sys_id"] in {record.get(name) for name in _OWNER_FIELDS}
        if table == "sysapproval_approver" and self._stands_in(record["approver"]):
            return True
        return mine or record["sys_created_by"] == self.name or self._approves(table, record)

    def _approves(self, table: str, record: Record) -> bool:
        """An approver may read the item and the variables that he is to decide on."""
        item = record.get("request_item") if table != "sc_req_item" else record["sys_id"]
        if table == "sc_item_option":
            links = self.instance.query("sc_item_option_mtom", f"sc_item_option={record['sys_id']}")
            item = links[0]["request_item"] if links else None
        asked = f"sysapproval={item}^approver={self.user['sys_id']}"
        return bool(item) and bool(self.instance.query("sysapproval_approver", asked))

    def read(self, table: str, sys_id: str) -> tuple[str, Record]:
        """(actual table, record) as he sees it. Refusal 404, also for what he may not see."""
        store = self.instance.store
        record = store.find(table, sys_id, self.walker.as_of)
        actual = store.table_of(table, sys_id)
        if record is None or not self.sees(actual, record):
            raise missing()
        return actual, record

    def create(self, table: str, body: dict[str, object]) -> Record:
        if table not in self.instance.store.tables and not self._may_found(table):
            raise invalid_table(table)
        if not self._may_create(table) and not self._appoints(table, body):
            raise acl("Insert")
        fields = self._accepted("create", table, body)
        if body.get("sys_id"):
            fields["sys_id"] = plain(body["sys_id"])[:32]
        return self.instance.create(table, fields, by=self.name)

    def _may_found(self, table: str) -> bool:
        """An administrator brings a custom table into being by writing to it."""
        return self._is("admin") and bool(_CUSTOM.fullmatch(table))

    def _may_create(self, table: str) -> bool:
        if self._by_rules_alone(table):
            return self.acls.opens("create", table)
        if self._is("admin") or table in ("incident", self.instance.setup.standing):
            return True
        return self._is("itil") and (table in _ITIL_CREATES or bool(_CUSTOM.fullmatch(table)))

    def _appoints(self, table: str, body: dict[str, object]) -> bool:
        """Everybody may name a delegate of his own."""
        return table == "sys_user_delegate" and plain(body.get("user")) == self.user["sys_id"]

    def update(self, table: str, sys_id: str, body: dict[str, object]) -> tuple[str, Record]:
        actual, record = self.read(table, sys_id)
        if not self._may_write(actual, record):
            raise acl("Update")
        fields = self._accepted("write", actual, body)
        if self.instance.properties.closing_needs_admin and not self._is("admin"):
            fields = {k: v for k, v in fields.items() if (k, plain(v)) != ("state", "7")}
        return actual, self.instance.update(actual, sys_id, fields, by=self.name)

    def _may_write(self, table: str, record: Record) -> bool:
        if self._is("admin"):
            return True
        if self._by_rules_alone(table):
            return self.acls.opens("write", table, record)
        if table == "sysapproval_approver":
            return record["approver"] == self.user["sys_id"] or self._stands_in(record["approver"])
        if table == "sc_item_option" and self._approves(table, record):
            return True
        if table == self.instance.setup.standing and record["opened_by"] == self.user["sys_id"]:
            return True
        return self._is("itil") and (table in _ITIL_WRITES or bool(_CUSTOM.fullmatch(table)))

    def _stands_in(self, approver: str) -> bool:
        """A delegate decides in the approver's row, under his own name."""
        asked = f"user={approver}^delegate={self.user['sys_id']}^approvals=true"
        today = self.instance.now()
        rows = self.instance.query("sys_user_delegate", asked)
        return any(row["starts"] <= today <= row["ends"] for row in rows)

    def delete(self, table: str, sys_id: str) -> None:
        actual, record = self.read(table, sys_id)
        ruled = self._by_rules_alone(actual) and self.acls.opens("delete", actual, record)
        if not ruled and not self._is("admin"):
            raise acl("Delete")
        self.instance.delete(table, sys_id)

    def _accepted(self, operation: str, table: str, body: dict[str, object]) -> dict[str, object]:
        """Unknown, system and write-protected fields are ignored without a word."""
        bound = self._by_rules_alone(table)
        store = self.instance.store
        anything = table not in store.tables or store.tables[table].open
        known = store.columns(table) if table in store.tables else {}
        return {
            name: value
            for name, value in body.items()
            if (anything or name in known)
            and name not in SYSTEM_FIELDS
            and (table, name) not in self.read_only | self.walker.hidden | self.walker.blank
            and (not bound or self.acls.opens_field(operation, table, name))
        }
