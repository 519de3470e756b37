"""Whether each request of the demo ended as it should: a sentence for each thing that is wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from sandbox.demo.orders import Content
from sandbox.demo.visitor import Placed, Row, Visitor
from sandbox.demo.watch import Records, is_settled
from transfer.books import Record
from transfer.model import Outcome
from transfer.tickets import TicketRole

RESOLVED, CLOSED = "6", "7"
TASK_STATES = {Outcome.DELIVERED: "3", Outcome.REFUSED: "4", Outcome.FAILED: "4"}
REQUEST_STATES = {
    Outcome.DELIVERED: "closed_complete",
    Outcome.REFUSED: "closed_incomplete",
    Outcome.FAILED: "closed_incomplete",
}
URGENCIES = {TicketRole.USER: "2", TicketRole.AUDIT: "3"}


class Inspector:
    """Compares the ledger, the partner's directory and ServiceNow with what was ordered."""

    def __init__(self, visitor: Visitor, root: Path, contents: Mapping[str, Content]) -> None:
        self._visitor = visitor
        self._root = root
        self._contents = contents

    def faults(self, placed: Sequence[Placed], records: Records) -> list[str]:
        found = [
            f"{each.number} ({each.order.label}): {fault}"
            for each in placed
            for fault in self._of_one(each, records.get(each.item_id))
        ]
        return found + list(self._of_directory(placed))

    def _of_one(self, placed: Placed, record: Record | None) -> Iterator[str]:
        outcome = placed.order.outcome
        if outcome is None:
            yield from self._touched(placed, record)
        elif record is None:
            yield "FileFerry never took it up."
        elif not is_settled(record):
            yield f"It is still at stage {record.transfer.stage}, {record.unsent} posts unsent."
            if record.last_error:
                yield f"ServiceNow does not take its posts: {record.last_error}"
        else:
            yield from self._of_outcome(placed, record)
            yield from self._of_files(placed, record)
            yield from self._of_tickets(record, outcome)
            yield from self._of_request(placed, outcome)

    def _touched(self, placed: Placed, record: Record | None) -> Iterator[str]:
        if record is not None:
            yield "Nobody approved it, and yet FileFerry took it up."
        [item] = self._visitor.rows("sc_req_item", f"sys_id={placed.item_id}")
        if (item["approval"], item["active"]) != ("requested", "true"):
            yield f"Nobody approved it, and yet its approval is “{item['approval']}”."
        for query in ("correlation_displayLIKE", "short_descriptionLIKE"):
            for ticket in self._visitor.rows("incident", query + placed.number):
                yield f"Nobody approved it, and yet there is the ticket {ticket['number']}."

    @staticmethod
    def _of_outcome(placed: Placed, record: Record) -> Iterator[str]:
        transfer, order = record.transfer, placed.order
        if transfer.outcome is not order.outcome:
            yield f"It was to be {order.outcome}, and was {transfer.outcome}."
        code = transfer.failure.code if transfer.failure else None
        if code != order.code:
            yield f"Its code is {code} instead of {order.code}."
        for end in transfer.loose_ends:
            yield f"A loose end was left: {end.message}"

    def _of_files(self, placed: Placed, record: Record) -> Iterator[str]:
        receipts = {
            each.receipt.path.lstrip("/"): each.receipt
            for each in record.deliveries
            if each.receipt
        }
        for path, key in placed.order.paths.items():
            content, file = self._contents[key], self._root / path
            if not file.is_file():
                yield f"{path} did not arrive."
            elif (file.stat().st_size, sha256_of(file)) != (content.size, content.sha256):
                yield f"{path} arrived with other bytes than the source has."
            receipt = receipts.get(path)
            if receipt is None:
                yield f"There is no receipt for {path}."
            elif (receipt.size, receipt.sha256) != (content.size, content.sha256):
                yield f"The receipt for {path} names another size or checksum than the source's."

    def _of_tickets(self, record: Record, outcome: Outcome) -> Iterator[str]:
        for role, urgency in URGENCIES.items():
            ticket = record.tickets.get(role)
            found = self._visitor.rows("incident", f"sys_id={ticket.sys_id}") if ticket else []
            if not found:
                yield f"There is no {role} ticket in ServiceNow."
                continue
            row = found[0]
            if row["urgency"] != urgency:
                yield f"The {role} ticket {row['number']} has urgency {row['urgency']}."
            if not _state_fits(role, row, outcome):
                yield f"The {role} ticket {row['number']} is in state {row['state']}."
            yield from self._of_checksums(row, record)

    def _of_checksums(self, row: Row, record: Record) -> Iterator[str]:
        text = row["close_notes"] + self._visitor.journal(row["sys_id"])
        for each in record.deliveries:
            if each.receipt and each.receipt.sha256 not in text:
                yield f"The ticket {row['number']} lacks the checksum of {each.receipt.path}."
        if record.transfer.failure and record.transfer.failure.message not in text:
            yield f"The ticket {row['number']} does not say why."

    def _of_request(self, placed: Placed, outcome: Outcome) -> Iterator[str]:
        tasks = self._visitor.rows("sc_task", f"request_item={placed.item_id}")
        states = [task["state"] for task in tasks]
        if states != [TASK_STATES[outcome]]:
            yield f"Its catalog tasks are in the states {states}."
        [request] = self._visitor.rows("sc_request", f"sys_id={placed.request_id}")
        if request["request_state"] != REQUEST_STATES[outcome] or request["active"] != "false":
            yield f"Its request {request['number']} is {request['request_state']}."

    def _of_directory(self, placed: Sequence[Placed]) -> Iterator[str]:
        wanted = {path for each in placed for path in each.order.paths}
        for file in sorted(self._root.rglob("*")):
            path = file.relative_to(self._root).as_posix()
            if file.is_file() and path not in wanted:
                what = "A temp file" if file.name.startswith(".ff-") else "A file nobody ordered"
                yield f"{what} was left at the partner's: {path}."


def sha256_of(file: Path) -> str:
    """In hex."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _state_fits(role: TicketRole, row: Row, outcome: Outcome) -> bool:
    """The audit ticket closes; the user ticket of a failure stays open, for the operators."""
    if role is TicketRole.AUDIT:
        return row["state"] == CLOSED
    if outcome is Outcome.FAILED:
        return row["state"] not in (RESOLVED, CLOSED) and row["active"] == "true"
    return row["state"] == RESOLVED
