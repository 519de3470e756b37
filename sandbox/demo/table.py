"""The table at the end of the demo: what became of each request, a row for each file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from sandbox.demo.visitor import Placed
from sandbox.demo.watch import COLOURS, Records
from transfer.books import Record
from transfer.model import Delivery
from transfer.tickets import TicketRole

NARROW = 124
"""Columns of a terminal below which a row takes two lines."""
SHORT = 12
"""Hex digits of a checksum that are shown."""
WIDE_TITLES = (
    "request",
    "outcome",
    "file",
    "bytes",
    "seconds",
    "SHA-256",
    "user ticket",
    "audit ticket",
)
NARROW_TITLES = ("request", "outcome", "file\nbytes, seconds, SHA-256", "user and\naudit ticket")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Request, outcome and tickets stand beside the first file of a request only."""

    request: str = ""
    outcome: str | Text = ""
    file: str = ""
    size: str = ""
    seconds: str = ""
    checksum: str = ""
    user: str = ""
    audit: str = ""

    def wide(self) -> tuple[str | Text, ...]:
        sent = (self.file, self.size, self.seconds, self.checksum)
        return (self.request, self.outcome, *sent, self.user, self.audit)

    def narrow(self) -> tuple[str | Text, ...]:
        sent = f"{self.size} bytes, {self.seconds} s, {self.checksum}" if self.size else ""
        tickets = f"{self.user}\n{self.audit}".strip()
        return (self.request, self.outcome, f"{self.file}\n{sent}".strip(), tickets)


def result_table(placed: Sequence[Placed], records: Records, width: int) -> Table:
    """For a terminal of that many columns."""
    wide = width >= NARROW
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for title in WIDE_TITLES if wide else NARROW_TITLES:
        number, file = title in ("bytes", "seconds"), title.startswith("file")
        table.add_column(title, justify="right" if number else "left", no_wrap=not file)
    for each in placed:
        for row in _rows(each, records.get(each.item_id)):
            table.add_row(*(row.wide() if wide else row.narrow()))
    return table


def _rows(placed: Placed, record: Record | None) -> Iterator[Row]:
    wanted = ", ".join(placed.order.keys)
    if record is None:
        yield Row(request=placed.number, outcome="not taken up", file=wanted)
        return
    head: dict[str, Any] = {
        "request": placed.number,
        "outcome": _outcome(record),
        "user": _ticket(record, TicketRole.USER),
        "audit": _ticket(record, TicketRole.AUDIT),
    }
    for delivery in record.deliveries or (None,):
        yield Row(**head, **(_file(delivery) if delivery else {"file": wanted}))
        head = {}


def _outcome(record: Record) -> str | Text:
    transfer, outcome = record.transfer, record.transfer.outcome
    if outcome is None:
        return str(transfer.stage)
    reason = f"\n{transfer.failure.code}" if transfer.failure else ""
    return Text(f"{outcome}{reason}", style=COLOURS[outcome])


def _file(delivery: Delivery) -> dict[str, str]:
    receipt = delivery.receipt
    if receipt is None:
        return {"file": delivery.source.key}
    return {
        "file": receipt.path.lstrip("/"),
        "size": f"{receipt.size:,}",
        "seconds": f"{receipt.seconds:.1f}",
        "checksum": receipt.sha256[:SHORT],
    }


def _ticket(record: Record, role: TicketRole) -> str:
    ticket = record.tickets.get(role)
    return ticket.number if ticket else ""
