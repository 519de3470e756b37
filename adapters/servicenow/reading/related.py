"""What stands around records: the decisions of their approvers, and other rows that refer to them.

Every row is checked again here, because the instance drops query conditions that it does not
understand and then answers with every row (servicenow.md 1.6).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from adapters.servicenow.line.answers import Call, Excess
from adapters.servicenow.line.budget import Need
from adapters.servicenow.line.client import Asked, Client
from adapters.servicenow.line.query import Query
from adapters.servicenow.line.records import Record
from adapters.servicenow.reading.evidence import APPROVAL_FIELDS, MEMBER_FIELDS
from transfer.errors import Code, FerryError, Permanent
from transfer.evidence import Unreadable
from transfer.remembered import Remembered

_BATCH = 100
"""Sys_ids in one query: 3,300 characters of address; instances refuse beyond 8,000 or so."""
_PAGE = 10_000
"""Rows asked for around one batch; a full page may have been cut, and is refused.

A group approval makes one row for each member of the group, decided or not.
"""
_PATIENCE = 20
"""Questions that break off without any answer between them, before the instance is at fault."""
_KEPT, _KEPT_FOR = 1_000, 900.0
"""How many subjects that could not be read are passed over, and for how many seconds."""

Unread = Remembered[Unreadable]
"""What could not be read, under the table and the sys_id that it would belong to."""


def unread() -> Unread:
    return Remembered(_KEPT, _KEPT_FOR)


_SMALL = 200
"""Members of a group that is looked at ahead."""


@dataclass(frozen=True, slots=True)
class Question:
    """All rows of `table` whose `key` is one of some sys_ids."""

    table: str
    key: str
    fields: tuple[str, ...]
    narrow: Query = Query()  # noqa: RUF009 a frozen value

    def of(self, subjects: Sequence[str]) -> Asked:
        return Asked(self.table, self.narrow.sys_ids(self.key, subjects), self.fields, _PAGE)


APPROVALS = Question("sysapproval_approver", "sysapproval", APPROVAL_FIELDS)


@dataclass(slots=True)
class _Luck:
    """How the parts of one batch fared: who is at fault, one subject or the instance?"""

    answered: bool = False
    failures: int = 0
    odd: dict[str, FerryError] = field(default_factory=dict)


@dataclass(slots=True)
class Related:
    """One look around; `approver_group` is a sys_id. Every method raises FerryError `servicenow.*`.

    What cannot be read together is read in halves, down to the subject that cannot be read. That
    one stands in `lost`, with the reason and without rows; `unread` has it passed over by the next
    looks. None: everything is asked anew.
    """

    client: Client
    approver_group: str
    unread: Unread | None = None
    lost: dict[str, Unreadable] = field(default_factory=dict)
    looked: bool = False
    """Ahead: see there."""
    _ahead: dict[Asked, tuple[Record, ...]] = field(default_factory=dict)

    def look_ahead(
        self, wanted: Mapping[Question, Iterable[str]], first: Sequence[Asked] = ()
    ) -> Sequence[Record]:
        """Ask in one request what is going to be asked; the rows of `first`, as far as there are
        answers.
        """
        questions = [
            question.of(batch)
            for question, subjects in wanted.items()
            for batch in batches(sorted(self._to_ask(question.table, subjects)))
        ]
        group = [self._group()] if questions else []
        self.looked = True
        self._ahead = self.client.together([*first, *questions, *group])
        return [row for asked in first for row in self._ahead.pop(asked, ())]

    def approvals(self, subjects: Iterable[str]) -> dict[str, list[Record]]:
        """The approver rows of each of these records."""
        return self.grouped(APPROVALS, subjects)

    def members(self, approvals: Mapping[str, Sequence[Record]]) -> frozenset[str]:
        """Those who approved, as far as they are in the approver group.

        Where a row of the group hides whose it is, a record of which an approver was not found is
        not judged without it: it stands in `lost`, and the others are none the worse for it. Where
        all hide it, nothing is known of any.
        """
        # Without these fields the row refuses the record that it belongs to.
        theirs = {
            subject: {
                row.reference("approver")
                for row in rows
                if row.get("approver") and row.get("state") == "approved"
            }
            - {""}
            for subject, rows in approvals.items()
        }
        rows = self._memberships(set().union(*theirs.values()))
        members = frozenset(row["user"] for row in rows if _is_shown(row))
        dark = [row for row in rows if not _is_shown(row)]
        if dark and len(dark) == len(rows):
            raise _of_whom(dark[0])
        for subject, them in theirs.items():
            if dark and them - members:
                self.lost[subject] = Unreadable(why=_of_whom(dark[0]).message)
        return members

    def grouped(self, question: Question, values: Iterable[str]) -> dict[str, list[Record]]:
        """The rows that tell of one of `values`, under that value."""
        grouped = defaultdict(list)
        table = question.table
        for batch in batches(sorted(self._to_ask(table, values))):
            luck = _Luck()
            for row in self._rows(question, batch, luck):
                grouped[row[question.key]].append(row)
            for subject, error in luck.odd.items():
                if not luck.answered:
                    raise error
                self._lose(table, subject, error)
        return dict(grouped)

    def _to_ask(self, table: str, values: Iterable[str]) -> Iterator[str]:
        for value in values:
            known = self.unread.get((table, value)) if self.unread else None
            if known:
                self.lost[value] = known
            else:
                yield value

    def _rows(self, question: Question, batch: Sequence[str], luck: _Luck) -> Sequence[Record]:
        try:
            rows = self._asked(question, batch)
        except FerryError as error:
            if not isinstance(error, Excess) and error.code is not Code.SERVICENOW_CUT_OFF:
                raise
            return self._in_halves(question, batch, luck, error)
        hidden = _hidden(rows, question.key)
        luck.answered |= not hidden or len(hidden) < len(rows)
        if hidden:
            why = hidden[0].untrusted(f"without the field {question.key} that was asked for")
            return self._in_halves(question, batch, luck, why)
        return rows

    def _in_halves(
        self, question: Question, batch: Sequence[str], luck: _Luck, error: FerryError
    ) -> Sequence[Record]:
        luck.failures += 1
        if not isinstance(error, Excess) and not luck.answered and luck.failures > _PATIENCE:
            raise error
        if len(batch) > 1:
            self.client.insist(Need.INTAKE)
            half = len(batch) // 2
            first = self._rows(question, batch[:half], luck)
            return [*first, *self._rows(question, batch[half:], luck)]
        if isinstance(error, Excess):
            self._lose(question.table, batch[0], error)
        else:
            luck.odd[batch[0]] = error
        return ()

    def _lose(self, table: str, subject: str, error: FerryError) -> None:
        why = Unreadable(why=error.message, lasting=isinstance(error, Excess))
        self.lost[subject] = why
        if self.unread:
            self.unread.keep((table, subject), why)

    def _asked(self, question: Question, batch: Sequence[str]) -> Sequence[Record]:
        table, key, asked = question.table, question.key, question.of(batch)
        rows = self._ahead.pop(asked, None)
        if rows is None:
            rows = self.client.rows(table, asked.query, asked.fields, limit=_PAGE)
        if len(rows) == _PAGE:
            call = Call(host=self.client.host, method="GET", table=table)
            raise Excess(call, f"{_PAGE - 1:,} rows")
        for row in rows:
            if row.values.get(key, batch[0]) not in batch:
                raise row.untrusted(f"that does not meet the query's condition on {key}")
        return rows

    def _group(self) -> Asked:
        query = Query().sys_id("group", self.approver_group)
        return Asked("sys_user_grmember", query, MEMBER_FIELDS, _SMALL, whole=True)

    def _memberships(self, users: set[str]) -> Sequence[Record]:
        """Where very many approved, or the group was looked at ahead, it tells as a whole."""
        whole = self._ahead.get(self._group())
        if not users or whole is not None:
            return self._checked(whole or () if users else ())
        group = Query().sys_id("group", self.approver_group)
        narrow = [group.sys_ids("user", batch) for batch in batches(sorted(users))]
        one = len(narrow) == 1
        query = narrow[0] if one else group
        rows = self.client.rows("sys_user_grmember", query, MEMBER_FIELDS, limit=_PAGE)
        return self._checked(rows, users if one else None)

    def _checked(self, rows: Sequence[Record], users: set[str] | None = None) -> Sequence[Record]:
        """Of the group, and of one of `users`, as far as they tell."""
        for row in rows:
            if row.values.get("group", self.approver_group) != self.approver_group:
                raise row.untrusted("that does not meet the query's condition on group")
            if users is not None and "user" in row.values and row["user"] not in users:
                raise row.untrusted("that does not meet the query's condition on user")
        return rows


def _is_shown(member: Record) -> bool:
    return {"group", "user"} <= member.values.keys()


def _of_whom(member: Record) -> Permanent:
    """What is said of a row that hides whose it is."""
    hidden = " and ".join(name for name in ("group", "user") if name not in member.values)
    grant = f"Give FileFerry's account read access to {hidden} of table {member.table}"
    return member.untrusted(
        f"without the field {hidden} that was asked for, so it may be an approver's. {grant}"
    )


def _hidden(rows: Sequence[Record], key: str) -> Sequence[Record]:
    return [row for row in rows if key not in row.values]


def batches(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """As many as fit into one query."""
    for start in range(0, len(values), _BATCH):
        yield values[start : start + _BATCH]
