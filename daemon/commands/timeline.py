"""The history of a transfer for people: a line for each event, in the order of their times."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from adapters.terminal import Terminal
from transfer.history import MOST, Event, EventKind

Cell = str | tuple[str, str]
"""Words, and perhaps their style."""
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
    out.paint("\nHistory (UTC)", "bold")
    in_columns([(f"{each.at:%Y-%m-%d %H:%M:%S}", _line(each)) for each in events], out)


def in_columns(rows: Iterable[tuple[str, Cell]], out: Terminal) -> None:
    """On a terminal the second column is wrapped between words; elsewhere a row is one line."""
    pairs = [(name, cell if isinstance(cell, tuple) else (cell, "")) for name, cell in rows]
    if out.is_terminal:
        _drawn(pairs, out)
        return
    width = max(len(name) for name, _ in pairs)
    for name, (words, _) in pairs:
        for number, line in enumerate(words.split("\n")):
            out.say(f"{'' if number else name:{width}}  {line}")


def _drawn(pairs: Iterable[tuple[str, tuple[str, str]]], out: Terminal) -> None:
    from rich.table import Table  # noqa: PLC0415  slow to load
    from rich.text import Text  # noqa: PLC0415

    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for name, cell in pairs:
        grid.add_row(name, Text(*cell))
    out.print(grid)


def _line(event: Event) -> Cell:
    return _words(event), _COLOURS.get(event.kind, "")


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
