"""The history of a transfer for people: a line for each event, in the order of their times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.table import Table
from rich.text import Text

from adapters.terminal import Terminal
from transfer.history import MOST, Event, EventKind

_COLOURS = {
    EventKind.TRY_FAILED: "yellow",
    EventKind.WAITS: "yellow",
    EventKind.LOOSE_END: "yellow",
    EventKind.RESUMED: "yellow",
    EventKind.FAILED: "red",
    EventKind.QUARANTINED: "red",
    EventKind.DECIDED: "bold",
}


def printed(events: Sequence[Event], out: Terminal) -> None:
    """Of an old transfer there may be none."""
    if not events:
        return
    out.print(Text("\nHistory (UTC)", style="bold"))
    rows = [(f"{each.at:%Y-%m-%d %H:%M:%S}", _line(each)) for each in events]
    in_columns(rows, out)


def in_columns(rows: Sequence[tuple[str, Text]] | Mapping[str, Text], out: Terminal) -> None:
    """On a terminal the second column is wrapped between words; elsewhere a row is one line."""
    pairs = list(rows.items()) if isinstance(rows, Mapping) else list(rows)
    if out.is_terminal:
        grid = Table.grid(padding=(0, 2))
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        for name, value in pairs:
            grid.add_row(name, value)
        out.print(grid)
        return
    width = max(len(name) for name, _ in pairs)
    for name, value in pairs:
        for number, line in enumerate(value.split("\n")):
            out.print(Text(f"{'' if number else name:{width}}  ").append(line), soft_wrap=True)


def _line(event: Event) -> Text:
    return Text(_words(event), style=_COLOURS.get(event.kind, ""))


def _words(event: Event) -> str:
    if event.kind is EventKind.LEFT_OUT:
        return f"… {event.words} events left out: at most {MOST} are kept …"
    if event.kind is EventKind.ADMITTED:
        return f"admitted, asked for by {event.words}"
    if event.kind is EventKind.TAKEN_UP:
        return f"taken up, epoch {event.epoch}, by {event.owner}"
    if event.kind is EventKind.TAKEN_BACK:
        return f"taken back from its owner, epoch {event.epoch}"
    kind = "" if event.kind is EventKind.DECIDED else event.kind.value
    code = f"[{event.code}]" if event.code else ""
    return " ".join(filter(None, (kind, code, event.words)))
