"""Watches the requests of the demo cross: bars on a terminal, a line for each change elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from adapters.ledger.sqlite.archive import SqliteArchive
from adapters.ledger.sqlite.database import Database
from sandbox.demo.visitor import Placed
from transfer.books import Record
from transfer.errors import FerryError
from transfer.model import MIB, DeliveryState, Outcome

EVERY = 0.15
"""Seconds between two looks at the ledger."""
NARROW = 100
"""Columns of a terminal below which the bars are short."""
COLOURS = {Outcome.DELIVERED: "green", Outcome.REFUSED: "yellow", Outcome.FAILED: "red"}
WORDS = {
    DeliveryState.UPLOADING: "sending",
    DeliveryState.VERIFIED: "verified",
    DeliveryState.INTENT: "publishing",
}

Records = Mapping[str, Record]
"""By the sys_id of the requested item."""


class Ledger:
    """What the daemon has written down so far; nothing before it has begun."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database: Database | None = None

    def records(self) -> Records:
        try:
            self._database = self._database or Database(self._path, read_only=True)
            found = SqliteArchive(self._database).search()
        except FerryError:
            return {}
        return {record.transfer.request.item_id: record for record in found}

    def close(self) -> None:
        if self._database:
            self._database.close()


class Books(Protocol):
    """What is watched."""

    def records(self) -> Records: ...

    def close(self) -> None: ...


class Board(Protocol):
    """Where the progress is shown."""

    def show(self, placed: Placed, record: Record | None) -> None: ...


class Bars:
    """A bar for each request. A context manager: the bars stay as they are at its end."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.fields[number]}"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=14 if console.width < NARROW else 30),
            TextColumn("{task.fields[state]}"),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def show(self, placed: Placed, record: Record | None) -> None:
        task = self._tasks.get(placed.item_id)
        if task is None:
            task = self._tasks[placed.item_id] = self._progress.add_task(
                placed.order.label, total=1.0, number=placed.number, state=""
            )
        self._progress.update(task, completed=share(record), state=coloured(placed, record))


class Lines:
    """A line whenever the state of a request changes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        pass

    def show(self, placed: Placed, record: Record | None) -> None:
        state = described(placed, record)
        if self._last.get(placed.item_id) != state:
            self._last[placed.item_id] = state
            text = f"{placed.number}  {placed.order.label:<20} {state}"
            self._console.print(text, highlight=False, markup=False, soft_wrap=True)


def watch(
    board: Board,
    placed: Sequence[Placed],
    ledger: Books,
    alive: Callable[[], None],
    deadline: float,
) -> Records:
    """Show what happens until every approved request is settled, or the deadline has passed.

    `alive` raises when there is nothing left to wait for; `deadline` is on time.monotonic's clock.
    """
    while True:
        records = ledger.records()
        for each in placed:
            board.show(each, records.get(each.item_id))
        open_ones = [each for each in placed if each.order.approved]
        settled = all(is_settled(records.get(each.item_id)) for each in open_ones)
        if settled or time.monotonic() > deadline:
            return records
        alive()
        time.sleep(EVERY)


def is_settled(record: Record | None) -> bool:
    """Closed, and every word of it has reached ServiceNow."""
    return record is not None and record.transfer.finished and not record.unsent


def share(record: Record | None) -> float:
    """How much of the bytes has arrived, from 0 to 1."""
    if record is None or not record.deliveries:
        return 0.0
    if all(each.state is DeliveryState.PUBLISHED for each in record.deliveries):
        return 1.0
    total = sum(each.size for each in record.deliveries)
    return sum(each.moved for each in record.deliveries) / total if total else 0.0


def described(placed: Placed, record: Record | None) -> str:
    """The state in a few words."""
    if record is None:
        return "waits for FileFerry" if placed.order.approved else "waits for approval"
    transfer = record.transfer
    if not transfer.finished:
        states = {each.state for each in record.deliveries}
        return next((word for state, word in WORDS.items() if state in states), transfer.stage)
    outcome = f"{transfer.outcome}"
    if transfer.failure:
        outcome += f": {transfer.failure.code}"
    return outcome if is_settled(record) else f"{outcome}, reporting"


def coloured(placed: Placed, record: Record | None) -> str:
    text = described(placed, record)
    if record and text == "sending":
        moved = sum(each.moved for each in record.deliveries) / MIB
        size = sum(each.size for each in record.deliveries) / MIB
        return f"sending {moved:,.1f} of {size:,.1f} MiB"
    outcome = record.transfer.outcome if record else None
    return f"[{COLOURS[outcome]}]{text}[/]" if outcome else f"[dim]{text}[/]"
