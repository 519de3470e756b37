"""The instance behind the HTTP surface: records, their business rules, and the way they are asked.

Everything here may do everything; who may do what over HTTP is decided in access.py.
"""

from __future__ import annotations

import dataclasses
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Protocol
from zoneinfo import ZoneInfo

from sandbox.servicenow import journal
from sandbox.servicenow.choices import choice_rows
from sandbox.servicenow.query import Query, parse
from sandbox.servicenow.refusal import duplicate, missing, not_simulated
from sandbox.servicenow.relations import Relation
from sandbox.servicenow.schema import SYSTEM, TABLES, Field
from sandbox.servicenow.seed import Record, Seed, Setup
from sandbox.servicenow.store import Store
from sandbox.servicenow.values import fit, plain, stamp
from sandbox.servicenow.walk import Walker

_INDEXED = frozenset({
    "sys_id", "number", "user_name", "group", "request", "request_item", "parent", "sysapproval",
    "document_id", "documentkey", "element_id", "correlation_id", "table_sys_id",
})  # fmt: skip
"""Fields that tell few rows from many."""
_ZONE = ZoneInfo("America/Los_Angeles")
"""Of a fresh instance; the zone database says when its clocks change."""


@dataclass
class Properties:
    """How this instance is configured; a test may change any of it at any time.

    `leave_tasks_open`: a cancelled item leaves its catalog task open. `closing_needs_admin`: state
    7 is silently ignored unless an administrator writes it. `old_401_text`: the words of releases
    before 2024. `audited`: sys_audit keeps what business.py says. `callers`: an incident must have
    one. `mandatory`: fields that a table demands by data policy, of a task once it has ended.
    `own`: a further business rule for a table, called as those of rules.py are. `token_lifetime`
    is in seconds.
    """

    invalid_query_returns_no_rows: bool = False
    leave_tasks_open: bool = False
    audited: bool = True
    callers: bool = False
    mandatory: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    own: dict[str, Callable[[Instance, Record, Record, str], None]] = dataclasses.field(
        default_factory=dict
    )
    closing_needs_admin: bool = False
    basic_auth: bool = True
    old_401_text: bool = False
    token_lifetime: float = 1800.0


class Business(Protocol):
    """What an instance does by itself. `old` is empty when the record is new."""

    def before(self, instance: Instance, table: str, old: Record, new: Record, by: str) -> None:
        """Change `new` before it is stored, or raise Refusal."""

    def after(self, instance: Instance, table: str, old: Record, new: Record, by: str) -> None:
        """What follows once it is stored."""

    def order(
        self, instance: Instance, cat_item: str, variables: Mapping[str, object], by: str
    ) -> Record:
        """The new sc_request. Raises Refusal."""


class Instance:
    """A ServiceNow instance in memory. Every verb is one transaction under one lock.

    `by` is the user name that goes into sys_created_by and sys_updated_by. Raises Refusal.
    """

    def __init__(
        self,
        business: Business,
        seed: Seed | None = None,
        setup: Setup | None = None,
        store: Store | None = None,
    ) -> None:
        self._business = business
        self.lock = threading.RLock()
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.zone: tzinfo = _ZONE
        self.properties = Properties()
        self.setup = setup or Setup()
        usual = (table for name, table in TABLES.items() if name not in self.setup.gone)
        self.store = store or Store((*usual, *self.setup.tables))
        self.files: dict[str, bytes] = {}
        self.passwords: dict[str, str] = {}
        self._plant({"sys_choice": list(choice_rows())})
        self._plant(self.setup.records)
        self._plant(seed or {})

    def _plant(self, seed: Seed) -> None:
        for table, records in seed.items():
            for fields in records:
                self._plant_record(table, dict(fields))

    def _plant_record(self, table: str, fields: Record) -> None:
        """A seeded user's password is the one to log in with; one written later never is."""
        if table == "sys_user" and fields.get("user_password"):
            self.passwords[fields["user_name"]] = fields["user_password"]
            fields["user_password"] = "stored as a hash"
        self.store.open(table)
        if self.store.find(table, fields.get("sys_id", "")):
            self.update(table, fields["sys_id"], fields, by="system")
        else:
            self.create(table, fields, by="system")

    def now(self) -> str:
        return stamp(self.clock())

    def create(self, table: str, fields: Mapping[str, object], by: str = "admin") -> Record:
        """A new record with defaults, number and business rules applied. Any field may be given."""
        with self.lock:
            columns = self._columns_for(table, fields)
            given = {key: fit(columns[key], value) for key, value in fields.items()}
            record = self._blank(table, columns, by) | given
            notes = journal.split(columns, record)
            self._refuse_duplicate(table, record)
            self._business.before(self, table, {}, record, by)
            if "number" in columns and not record.get("number"):
                record["number"] = self.store.next_number(table)
            if "task_effective_number" in record:
                record["task_effective_number"] = record["number"]
            self.store.put(table, record)
            self._write_journal(table, record["sys_id"], notes, by)
            self._business.after(self, table, {}, record, by)
            return self.get(table, record["sys_id"])

    def _columns_for(self, table: str, fields: Mapping[str, object]) -> dict[str, Field]:
        self.store.open(table)
        self.store.widen(table, fields)
        return self.store.columns(table)

    def _blank(self, table: str, columns: Mapping[str, Field], by: str) -> Record:
        now = self.now()
        system = {
            "sys_id": uuid.uuid4().hex,
            "sys_created_on": now,
            "sys_created_by": by,
            "sys_updated_on": now,
            "sys_updated_by": by,
        }
        if "sys_class_name" in columns:
            system["sys_class_name"] = table
        return {name: column.default for name, column in columns.items()} | system

    def _refuse_duplicate(self, table: str, record: Record) -> None:
        if self.store.find(self.store.root(table), record["sys_id"]):
            shown = record.get(self.store.table(table).display) or record["sys_id"]
            raise duplicate(table, shown)
        for name, column in self.store.columns(table).items():
            if column.unique and record[name]:
                taken = (each for _, each in self.store.rows(table) if each[name] == record[name])
                if next(taken, None):
                    raise duplicate(table, record[name])

    def get(self, table: str, sys_id: str) -> Record:
        """Raises Refusal 404 when there is no such record."""
        with self.lock:
            found = self.store.find(table, sys_id)
        if found is None:
            raise missing()
        return found

    def find(self, table: str, sys_id: str) -> Record | None:
        with self.lock:
            return self.store.find(table, sys_id)

    def update(
        self, table: str, sys_id: str, fields: Mapping[str, object], by: str = "admin"
    ) -> Record:
        """Merge `fields` in; a change that changes nothing leaves sys_mod_count alone."""
        with self.lock:
            old = self.get(table, sys_id)
            actual = self.store.table_of(table, sys_id)
            columns = self._columns_for(actual, fields)
            new = old | {key: fit(columns[key], plain(value)) for key, value in fields.items()}
            new["sys_id"] = sys_id
            notes = journal.split(columns, new)
            self._business.before(self, actual, old, new, by)
            if new == old and not notes:
                return old
            self._touch(new, fields, by)
            self.store.put(actual, new)
            self._write_journal(actual, sys_id, notes, by)
            self._business.after(self, actual, old, new, by)
            return self.get(actual, sys_id)

    def _write_journal(self, table: str, sys_id: str, notes: Record, by: str) -> None:
        for row in journal.rows(table, sys_id, notes):
            self.create("sys_journal_field", row, by=by)

    def _touch(self, record: Record, fields: Mapping[str, object], by: str) -> None:
        """Stamp the change, unless the caller (never HTTP) sets the stamps on purpose."""
        stamps = {"sys_updated_on": self.now(), "sys_updated_by": by}
        record.update({key: value for key, value in stamps.items() if key not in fields})
        record["sys_mod_count"] = str(int(record["sys_mod_count"] or "0") + 1)

    def delete(self, table: str, sys_id: str) -> None:
        """The record and its attachments. Raises Refusal 404."""
        with self.lock:
            self.get(table, sys_id)
            actual = self.store.table_of(table, sys_id)
            self.store.remove(actual, sys_id)
            self.files.pop(sys_id, None)
            for attachment in self.query("sys_attachment", f"table_sys_id={sys_id}"):
                self.delete("sys_attachment", attachment["sys_id"])

    def query(self, table: str, encoded: str = "") -> list[Record]:
        """Every record that the encoded query selects, under the regime for invalid conditions."""
        return [record for _, record in self.select(Walker(self), table, encoded)]

    def select(self, walker: Walker, table: str, encoded: str) -> list[tuple[str, Record]]:
        """(actual table, record) pairs in order, as `walker` sees the instance."""
        with self.lock:
            query = parse(
                encoded, lambda path: walker.column(table, path) is not None, walker.scripts
            )
            relations = self._related(walker, table, query)
            if query.invalid and self.properties.invalid_query_returns_no_rows:
                return []
            rows = list(self._candidates(walker, table, query))
            return _chosen(walker, query, _holding(walker, relations, rows))

    def _candidates(self, walker: Walker, table: str, query: Query) -> Iterator[tuple[str, Record]]:
        """By an index where there is one: an instance of 10,000 orders is asked all day."""
        for field, values in query.narrow():
            column = walker.column(table, field)
            stored = column is not None and column[1].kind != "journal"
            if field in _INDEXED and stored and (table, field) not in walker.blank:
                return self.store.among(table, field, values, walker.as_of)
        return self.store.rows(table, walker.as_of)

    def _related(
        self, walker: Walker, table: str, query: Query
    ) -> list[tuple[Relation, list[str]]]:
        """Each relation with what stands in its field; one that names nothing known is invalid."""
        found = []
        for relation in query.relations:
            first, other = relation.first or table, relation.table
            known = other in self.store.tables and walker.column(other, relation.field)
            if not known or not walker.column(table, relation.own):
                query.invalid.append(f"{other}.{relation.field}")
                continue
            if table not in self.store.family(self.store.root(first)):
                raise not_simulated(f"JOIN{first}")
            chosen = self.select(walker, other, relation.query)
            found.append((relation, [walker.reader(*row)(relation.field, "=") for row in chosen]))
        return found

    def user(self, user_name: str) -> Record | None:
        found = self.query("sys_user", f"user_name={user_name}")
        return found[0] if found else None

    def members(self, group: str) -> list[str]:
        """The sys_ids of the users in the group."""
        return [each["user"] for each in self.query("sys_user_grmember", f"group={group}")]

    def members_of(self, groups: Iterable[str]) -> list[str]:
        """Those of any of the groups, each once."""
        return list(dict.fromkeys(each for group in groups for each in self.members(group)))

    def order(self, variables: Mapping[str, object], by: str, cat_item: str = "") -> Record:
        """Order the file transfer item, or `cat_item`, as the user `by`; gives the sc_req_item."""
        request = self._business.order(self, cat_item or self.setup.catalog_item, variables, by)
        return self.query("sc_req_item", f"request={request['sys_id']}")[0]

    def approve(self, approval: str, by: str | None = None) -> Record:
        """Decide an approval row as its approver, or as the user name `by`."""
        return self._decide(approval, "approved", by)

    def reject(self, approval: str, by: str | None = None) -> Record:
        return self._decide(approval, "rejected", by)

    def _decide(self, approval: str, state: str, by: str | None) -> Record:
        row = self.get("sysapproval_approver", approval)
        approver = self.find("sys_user", row["approver"])
        name = by or (approver["user_name"] if approver else "admin")
        return self.update("sysapproval_approver", approval, {"state": state}, by=name)


def _holding(
    walker: Walker, relations: list[tuple[Relation, list[str]]], rows: list[tuple[str, Record]]
) -> list[tuple[str, Record]]:
    return [
        row
        for row in rows
        if all(
            relation.holds(walker.reader(*row)(relation.own, "="), found)
            for relation, found in relations
        )
    ]


def _chosen(
    walker: Walker, query: Query, rows: list[tuple[str, Record]]
) -> list[tuple[str, Record]]:
    readers = [walker.reader(table, record) for table, record in rows]
    kept = [(index, read) for index, read in enumerate(readers) if query.matches(read)]
    return [rows[index] for index in query.sort(kept)]


SYSTEM_FIELDS = frozenset(SYSTEM)
"""Fields that a caller cannot write; sys_id is honoured when a record is created."""
