"""ServiceNow's ECC queue as a Queue of hints: our agent's output, answered and marked as processed.

There is no claim in it (servicenow.md 4), and none is needed: a hint that is followed twice is one
transfer. So a row stays `ready` until all is done, and nothing is lost with a process that dies.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from adapters.servicenow.line.answers import Excess
from adapters.servicenow.line.budget import Need
from adapters.servicenow.line.client import Client
from adapters.servicenow.line.query import Query
from adapters.servicenow.line.records import Record
from adapters.servicenow.line.wording import clean
from transfer.errors import Code, FerryError, Permanent
from transfer.ports import Message
from transfer.visible import visible

TABLE = "ecc_queue"
RECEIVES = 5
"""Hand-outs of a row in one run of the service, before it ends as an error."""
_BATCH = 10
_LISTED = 100
"""Rows looked at: those that are put back stand before the others, and must not hide them."""
_QUERIED = {"queue": "output", "state": "ready"}
_KEPT = ("agent", "topic", "name", "source")
_FIELDS = ("sys_id", "queue", "state", "payload", *_KEPT)
_FORBIDDEN = (Code.SERVICENOW_DENIED, Code.SERVICENOW_REFUSED)


@dataclass(slots=True)
class _Row:
    """What is remembered of a row that is not done: nothing that must outlast the process."""

    record: Record
    receives: int = 0
    due_at: float = 0.0


class EccQueue:
    """The output of `agent`; an empty queue is looked at every so many seconds.

    Raises `servicenow.*`. `pause` waits, for so many seconds.
    """

    def __init__(
        self,
        client: Client,
        agent: str,
        every: float,
        now: Callable[[], float] = time.monotonic,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self._client = client
        self._agent = agent
        self._every = every
        self._now = now
        self._pause = pause
        self._lock = threading.Lock()
        self._rows: dict[str, _Row] = {}
        self._not_before = now()

    def receive(self) -> Sequence[Message]:
        self._pause(max(0.0, self._not_before - self._now()))
        self._not_before = self._now() + self._every
        found = self._ready()
        with self._lock:
            self._rows = {row["sys_id"]: self._renewed(row) for row in found}
            due = [row for row in self._rows.values() if row.due_at <= self._now()][:_BATCH]
            if len(due) == _BATCH:
                self._not_before = self._now()
            return [self._handed_out(row) for row in due]

    def keep(self, seconds: float, *messages: Message) -> None:
        with self._lock:
            for message in messages:
                if message.id in self._rows:
                    self._rows[message.id].due_at = self._now() + seconds

    def settle(self, *messages: Message) -> None:
        for message in messages:
            self._end(message, {"state": "processed"}, {"outcome": "taken"})

    def refuse(self, message: Message, why: FerryError) -> None:
        reason = clean(f"{why.message} {why.action} ({why.code})", 900)
        told = {"outcome": "refused", "code": why.code.value, "reason": reason}
        self._end(message, {"state": "error", "error_string": reason}, told)

    def send(self, body: str, group: str) -> str:
        del body, group
        raise Permanent(Code.QUEUE_REFUSED, "FileFerry orders nothing through the ECC queue.")

    def _ready(self) -> Sequence[Record]:
        self._client.insist(Need.HINTS)
        query = Query().words("agent", [self._agent])
        for field, value in _QUERIED.items():
            query = query.words(field, [value])
        rows = self._first(query.ascending("sequence"))
        for field, value in {"agent": self._agent, **_QUERIED}.items():
            for row in rows:
                if row.values.get(field, value) != value:
                    raise row.untrusted(f"that does not meet the query's condition on {field}")
            _insist(rows, field)
        return rows

    def _first(self, query: Query) -> Sequence[Record]:
        """As many as one answer holds; the first one without its payload, if it is too much."""
        limit = _LISTED
        while limit:
            try:
                rows = self._client.rows(TABLE, query, _FIELDS, limit=limit)
            except Excess:
                limit //= 4
            else:
                _insist(rows, "payload")
                return rows
        plain = [name for name in _FIELDS if name != "payload"]
        return self._client.rows(TABLE, query, plain, limit=1)

    def _renewed(self, record: Record) -> _Row:
        known = self._rows.get(record["sys_id"])
        return _Row(record, known.receives, known.due_at) if known else _Row(record)

    def _handed_out(self, row: _Row) -> Message:
        row.receives += 1
        sys_id = row.record["sys_id"]
        return Message(
            id=sys_id,
            # One that is hidden or too long is refused as malformed.
            body=row.record.get("payload") or "",
            receives=row.receives,
            last=row.receives >= RECEIVES,
            receipt=sys_id,
        )

    def _end(self, message: Message, values: Mapping[str, str], told: Mapping[str, str]) -> None:
        with self._lock:
            row = self._rows.get(message.id)
        if row is None:
            return
        self._answer(row.record, told)
        kept = self._client.update(TABLE, message.id, values, ("sys_id", "state"))
        if kept["state"] != values["state"]:
            raise kept.untrusted("whose state was not written")
        with self._lock:
            self._rows.pop(message.id, None)

    def _answer(self, record: Record, told: Mapping[str, str]) -> None:
        """Its sys_id is known before, so that an answer written twice is one."""
        key = hashlib.md5(f"fileferry|ecc|{record['sys_id']}".encode(), usedforsecurity=False)
        values = {
            **{field: record.get(field) or "" for field in _KEPT},
            "sys_id": key.hexdigest(),
            "queue": "input",
            "state": "ready",
            "response_to": record["sys_id"],
            "payload": _payload(told),
        }
        try:
            self._client.create(TABLE, values, ("sys_id", "response_to"))
        except Permanent as error:
            there = error.code in _FORBIDDEN and self._client.row(
                TABLE, values["sys_id"], ("sys_id", "response_to")
            )
            if not there:
                raise


def _insist(rows: Sequence[Record], field: str) -> None:
    """A field that no row shows is hidden from us; one that hides it is refused alone."""
    if rows and not any(field in row.values for row in rows):
        raise rows[0].untrusted(f"without the field {field} that was asked for")


def _payload(told: Mapping[str, str]) -> str:
    rows = (
        f"<parameter name={quoteattr(name)} value={quoteattr(visible(' '.join(value.split())))}/>"
        for name, value in told.items()
    )
    return f"<parameters>{''.join(rows)}</parameters>"
