"""What `show` and `send` print: tables for people, JSON for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import typer

from adapters.terminal import Terminal
from config.loading import locate, of_books
from daemon.commands import timeline
from daemon.commands.exits import FAILED, explained
from daemon.commands.ledgers import documented, looking
from daemon.commands.options import Config, Id, Json
from daemon.commands.timeline import Cell
from transfer.books import Record
from transfer.model import Delivery, Failure, Outcome, Transfer
from transfer.tickets import TicketRole
from transfer.visible import legible

_COLOURS = {
    Outcome.DELIVERED: "green",
    Outcome.REFUSED: "yellow",
    Outcome.CANCELLED: "yellow",
    Outcome.FAILED: "red",
    Outcome.UNKNOWN: "red",
}


def show(
    text: Id,
    config: Config = None,
    json: Json = False,
) -> None:
    """Show one transfer, and its history as a time line.

    Found by any of its numbers (item, task, request, ticket), by its id, or
    by at least six characters that the id begins or ends with.
    """
    with explained():
        with looking(of_books(locate(config))) as books:
            records = books.archive.find(text, limit=10) if text else []
        if not records:
            Terminal(stderr=True).say(
                f"The ledger knows no transfer {text}. `fileferry status` lists them."
            )
            raise typer.Exit(FAILED)
        for record in records:
            details(record, Terminal(), json=json)


def details(record: Record, out: Terminal, *, json: bool) -> None:
    """Everything that the ledger knows of one transfer, and its history as a time line."""
    if json:
        out.document(_document(record))
        return
    record = legible(record)
    transfer, request = record.transfer, record.transfer.request
    rows: dict[str, Cell] = {
        "Request": f"{request.number}, task {request.task_number or '–'}, request "
        f"{request.request_number or '–'}",
        "Id": f"{transfer.id}, generation {transfer.generation}, epoch {transfer.epoch}",
        "State": _state(record),
        **_deaths(transfer),
        **_elsewhere(transfer),
        **_shards(record),
        "Requester": request.requester,
        "Approved by": ", ".join(request.approvers) or "–",
        **({"Does not count": "\n".join(request.discounted)} if request.discounted else {}),
        "Destination": request.destination,
        "Tickets": _tickets(record),
        "Unsent notes": f"{record.unsent}"
        + (f": {record.last_error}" if record.last_error else ""),
        "Updated": f"{record.updated_at:%Y-%m-%d %H:%M:%S} UTC",
    }
    timeline.in_columns(rows.items(), out)
    _print_failures(record, out)
    for delivery in record.deliveries:
        _print_file(delivery, out)
        _print_cause(delivery, out)
    timeline.printed(record.history, out)


def quarantined(heads: Sequence[Transfer], out: Terminal, *, json: bool) -> None:
    """What was set aside, and why."""
    if json:
        out.document({"quarantined": documented(list[Transfer], [*heads])})
        return
    if not heads:
        out.say("Nothing is in quarantine.")
    for head in map(legible, heads):
        since = f"{head.quarantined_at:%Y-%m-%d %H:%M:%S} UTC"
        out.paint(f"{head.request.number}, at stage {head.stage}, since {since}")
        for failure in filter(None, (head.failure, *head.loose_ends)):
            out.paint(_sentence("  Cause", failure))


def receipt(record: Record, out: Terminal, *, json: bool) -> None:
    """The end of an operator's one-off."""
    if json:
        out.document(_receipt_document(record))
        return
    record = legible(record)
    _print_failures(record, out)
    for delivery in record.deliveries:
        _print_file(delivery, out)


def failure_of(record: Record) -> Failure | None:
    """Of a dry run, that of the first file that would fail."""
    files = (item.failure for item in record.deliveries if item.failure)
    rehearsed = record.transfer.outcome is Outcome.REHEARSED
    return record.transfer.failure or (next(files, None) if rehearsed else None)


def _receipt_document(record: Record) -> dict[str, Any]:
    """What a program wants of a one-off; the names are documented in docs/operating.md."""
    whole = _document(record)
    transfer, failure = whole["transfer"], failure_of(record)
    return {
        "request": transfer["request"]["number"],
        "outcome": transfer["outcome"],
        "destination": transfer["request"]["destination"],
        "failure": transfer["failure"] or (failure and asdict(failure)),
        "loose_ends": transfer["loose_ends"],
        "files": [
            {
                "source": item.source.uri,
                "version_id": item.pin.version_id if item.pin else None,
                "receipt": document["receipt"],
            }
            for item, document in zip(record.deliveries, whole["deliveries"], strict=True)
        ],
    }


def _state(record: Record) -> Cell:
    transfer = record.transfer
    if transfer.quarantined_at and not transfer.finished:
        return "quarantined", "red"
    if transfer.outcome is None:
        return str(transfer.stage), "cyan"
    code = f" ({transfer.failure.code})" if transfer.failure else ""
    return f"{transfer.outcome}{code}", _COLOURS.get(transfer.outcome, "cyan")


def _deaths(transfer: Transfer) -> dict[str, Cell]:
    if transfer.claims < 2:  # noqa: PLR2004 one is the claim of whoever works on it
        return {}
    return {"Claims": f"{transfer.claims} in a row, of which none was given back"}


def _elsewhere(transfer: Transfer) -> dict[str, Cell]:
    return {"Carried by": f"execution {transfer.execution}"} if transfer.execution else {}


def _shards(record: Record) -> dict[str, Cell]:
    if record.transfer.sharing is None:
        return {}
    from daemon.commands.shards import shared_out  # noqa: PLC0415  it loads what carries

    return dict(shared_out(record))


def _tickets(record: Record) -> str:
    roles = (TicketRole.USER, TicketRole.AUDIT)
    return " ".join(record.tickets[role].number for role in roles if role in record.tickets) or "–"


def _print_failures(record: Record, out: Terminal) -> None:
    if record.transfer.failure:
        out.paint(_sentence("Failure", record.transfer.failure), "red")
    for end in record.transfer.loose_ends:
        out.paint(_sentence("Loose end", end), "yellow")


def _print_cause(delivery: Delivery, out: Terminal) -> None:
    """Of a file that has none of its names: what its last try met."""
    if delivery.failure and delivery.receipt is None:
        out.paint(_sentence("  Failure", delivery.failure), "red")


def _sentence(kind: str, failure: Failure) -> str:
    return f"{kind} [{failure.code}]: {failure.message} {failure.action}"


def _print_file(delivery: Delivery, out: Terminal) -> None:
    words = f"\n{delivery.source.uri} → {delivery.final}: {delivery.state}"
    out.paint(words, "bold", folded=False)
    receipt = delivery.receipt
    if receipt is None:
        out.say(f"  {delivery.moved:,} of {delivery.size:,} bytes acknowledged")
        return
    tier = f"verified at {receipt.tier}" if receipt.tier else "collected before it was verified"
    out.say(f"  {delivery.size:,} bytes in {receipt.seconds:.2f} s, {tier}")
    for label, name in (("MD5    ", "md5"), ("SHA-256", "sha256")):
        value, origin = getattr(receipt, name) or "left out", receipt.origins.get(name)
        out.say(f"  {label} {value}{f' {origin}' if origin else ''}")


def _document(record: Record) -> Any:
    return documented(Record, record)
