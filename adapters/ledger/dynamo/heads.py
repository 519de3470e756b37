"""The head of a transfer as an item: the claim in attributes of its own, the rest in documents.

pk        T#<transfer id>            epoch, claims, owner, beat, token   the claim
sk        head                       at_rest, closed_at                  what conditions ask for
route     execution                  an eviction writes them without the document
document  the Transfer               work, since, received, listed,      keys of the indexes
request   its Request                number, task_number
history   events, oldest first; those of a claim or eviction do not know their epoch yet
files     present while a save in pieces is under way: later files are not there yet
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from pydantic import TypeAdapter

from adapters.ledger.codec import EVENT, TRANSFER
from adapters.ledger.dynamo.documents import Documents
from adapters.ledger.dynamo.items import (
    Item,
    Key,
    Value,
    claim_key,
    head_key,
    now_stamp,
    number,
    partition,
    stamp,
    texts,
    transfer_id,
)
from adapters.ledger.dynamo.table import Change, Table
from transfer.history import Event, EventKind, admitted
from transfer.model import Delivery, Request, Route, Transfer
from transfer.tickets import Post

UNFINISHED, QUARANTINED, CLOSED, UNSENT = "unfinished", "quarantined", "closed", "unsent"
"""Values of the attribute `work`, by which the index of the same name finds what to look at."""
LISTED = "transfer"
ROUTED = ("route", "execution", "door")
APART = {"request", "epoch", "claims", *ROUTED}
"""Fields of a Transfer that do not stand in its document."""
REQUEST_INLINE = 2048
"""Bytes of a request in its head: a write costs by the size of the item, and it never changes."""
DOCUMENT_INLINE = 150_000
"""Bytes of a document in its head, beside a history of up to 200 KB."""
APPENDED = "#history = list_append(if_not_exists(#history, :none), :events)"
KNOWN = 256
"""Requests that are kept parsed."""

_REQUEST = TypeAdapter(Request)


class Heads:
    """Heads from and to items. Raises `ledger.*`."""

    def __init__(self, table: Table, documents: Documents) -> None:
        self._table = table
        self._documents = documents
        self._known: OrderedDict[str, tuple[Value, Request]] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, transfer_id: str) -> Transfer | None:
        item = self._table.get(head_key(transfer_id))
        return self.transfer(item) if item else None

    def read_all(self, ids: Sequence[str]) -> list[Item]:
        """The heads that stand there, oldest first."""
        keys: list[Key] = [head_key(each) for each in ids]
        return sorted(self._table.get_all(keys).values(), key=lambda item: str(item["received"]))

    def transfer(self, item: Item) -> Transfer:
        """Its attributes win over its document."""
        try:
            document = json.loads(self._documents.read(str(item["pk"]), item["document"]))
            fields = {"request": self._request(item), **document}
            fields |= {name: number(item, name) for name in ("epoch", "claims")}
            fields |= {name: item[name] for name in ROUTED if name in item}
            return TRANSFER.validate_python(fields)
        except (KeyError, ValueError) as error:
            raise self._documents.damaged(item) from error

    def admitted(self, transfer: Transfer) -> Change:
        """The first head, if there is none."""
        moment = now_stamp()
        request = transfer.request
        values = self._values(transfer) | {"received": moment, "beat": 0}
        values |= {"epoch": transfer.epoch, "claims": transfer.claims, "listed": LISTED}
        values |= {"number": request.number, "task_number": request.task_number}
        values["request"] = self._packed_request(transfer)
        values["history"] = written(admitted(transfer, datetime.now(UTC)))
        values.setdefault("since", moment)
        return Change(
            key=head_key(transfer.id),
            # An index takes no empty key, and leaves out an item without one.
            item={name: value for name, value in values.items() if value != ""},
            condition="attribute_not_exists(#pk)",
        )

    def history(self, item: Item) -> list[Event]:
        """As it was written; each claim and each eviction has raised the epoch by one."""
        epoch = number(item, "epoch")
        events = [EVENT.validate_json(text) for text in texts(item, "history")]
        for place in reversed(range(len(events))):
            raised = events[place].kind in (EventKind.TAKEN_UP, EventKind.TAKEN_BACK)
            epoch = events[place].epoch or epoch
            if raised:
                events[place] = replace(events[place], epoch=epoch)
                epoch -= 1
        return events

    def saved(self, transfer: Transfer, condition: str, more: str = "", **values: Value) -> Change:
        """The head anew, under a condition; `more` are further assignments."""
        written = self._values(transfer)
        if not self._stands(transfer):
            written["request"] = self._packed_request(transfer)
        absent = [name for name, value in written.items() if value == ""]
        present = {name: value for name, value in written.items() if value != ""}
        since = "" if "since" in written else ", #since = #received"
        assignments = ", ".join(f"#{name} = :{name}" for name in present)
        removals = ", ".join(f"#{name}" for name in ("files", *absent))
        return Change(
            key=head_key(transfer.id),
            update=f"SET {assignments}{since}{more} REMOVE {removals}",
            condition=condition,
            values=present | values,
            tell=True,
        )

    def held(self, transfer: Transfer) -> Change:
        """Nothing but the condition that the epoch is still the latest."""
        return Change(
            key=claim_key(transfer),
            condition="#epoch = :epoch",
            values={"epoch": transfer.epoch},
        )

    def _values(self, transfer: Transfer) -> dict[str, Value]:
        """What a save writes; an empty text means that the attribute is not there."""
        text = TRANSFER.dump_json(transfer, exclude=APART).decode()
        closed = transfer.closed_at if transfer.finished else None
        values: dict[str, Value] = {
            "document": self._documents.pack(partition(transfer.id), text, DOCUMENT_INLINE),
            "at_rest": transfer.at_rest,
            "work": _work(transfer),
            "stage": transfer.stage.value,
            "outcome": transfer.outcome.value if transfer.outcome else "",
            "route": transfer.route.value if transfer.route is not Route.IN_PROCESS else "",
            "execution": transfer.execution or "",
            "door": transfer.door or "",
            "closed_at": stamp(closed) if closed else "",
            "updated_at": now_stamp(),
        }
        if transfer.finished:
            values["since"] = values["closed_at"] or values["updated_at"]
        return values

    def _request(self, item: Item) -> Request:
        key, value = transfer_id(item), item["request"]
        known = self._known.get(key)
        if known is None or known[0] != value:
            text = self._documents.read(str(item["pk"]), value)
            known = (value, _REQUEST.validate_json(text))
        with self._lock:
            self._known[key] = known
            self._known.move_to_end(key)
            if len(self._known) > KNOWN:
                self._known.popitem(last=False)
        return known[1]

    def _packed_request(self, transfer: Transfer) -> Value:
        text = _REQUEST.dump_json(transfer.request).decode()
        return self._documents.pack(partition(transfer.id), text, REQUEST_INLINE)

    def _stands(self, transfer: Transfer) -> bool:
        """Its request is the one that this process read last: with the claim, for who may save."""
        known = self._known.get(transfer.id)
        return known is not None and known[1] == transfer.request


def written(events: Iterable[Event]) -> list[str]:
    """Events as they stand in an item."""
    return [EVENT.dump_json(each, exclude_defaults=True).decode() for each in events]


def appended(changes: Iterable[Delivery | Post | Event]) -> tuple[str, dict[str, Value]]:
    """A further assignment of `saved`, and its values, for the events among the changes."""
    events = written(each for each in changes if isinstance(each, Event))
    return (f", {APPENDED}", {"none": [], "events": events}) if events else ("", {})


def _work(transfer: Transfer) -> str:
    if transfer.finished:
        return CLOSED
    return QUARANTINED if transfer.quarantined_at else UNFINISHED


def mark(item: Item) -> tuple[int, int]:
    """What changes with every sign of life of its owner."""
    return number(item, "epoch"), number(item, "beat")


def unfinished(item: Item) -> bool:
    return not item.get("at_rest")


def quarantined(item: Item) -> bool:
    return item.get("work") == QUARANTINED
