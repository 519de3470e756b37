"""What `servicenow check` says: a table for people, JSON for programs, Markdown for a ticket."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from adapters.terminal import Terminal
from transfer.visible import legible

if (
    TYPE_CHECKING
):  # requests and its libraries: a tenth of a second that other commands need not pay
    from adapters.servicenow.look.survey import Report

_COLOURS = {"ok": "green", "degraded": "yellow", "unproven": "magenta", "broken": "red"}
_SENTENCE = {
    True: "FileFerry could work with {instance}.",
    False: "FileFerry could NOT work with {instance} as it is.",
}
_UNPROVEN = (
    "Nothing was found against working with {instance}, but not everything could be tried: "
    "mend what is unproven, and check again."
)
_UNTRIED = "Not tried: writing to a catalog task. Order a small transfer, and look at its task."


def document(report: Report, checked_at: datetime) -> dict[str, Any]:
    """The report as plain values; the names are documented in docs/servicenow.md."""
    return {
        "good": report.good,
        "instance": report.instance,
        "checked_at": checked_at.isoformat(timespec="seconds"),
        "calls": report.calls,
        "rate_rule": report.rule or None,
        "findings": [asdict(each) for each in report.findings],
        "tickets": [asdict(each) for each in report.tickets],
    }


def show(shown: dict[str, Any], out: Terminal, *, json: bool) -> None:
    if json:
        out.document(shown)
        return
    shown = legible(shown)
    if out.is_terminal:
        out.print(_table(shown))
    else:
        out.say(*_rows(shown))
    for made in shown["tickets"]:
        out.print(Text(f"\n{_ticket(made)}"), soft_wrap=True)
    out.print(Text(f"\n{_verdict(shown)}", style="bold"), soft_wrap=True)
    out.print(Text(_UNTRIED), soft_wrap=True)


def _rows(shown: dict[str, Any]) -> Iterator[str]:
    """Off a terminal each is one line, however long."""
    name = max((len(each["name"]) for each in shown["findings"]), default=0)
    verdict = max(map(len, _COLOURS))
    for each in shown["findings"]:
        yield f"{each['name']:{name}}  {each['verdict']:{verdict}}  {' '.join(_told(each).split())}"


def _table(shown: dict[str, Any]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for each in shown["findings"]:
        verdict = Text(each["verdict"], style=_COLOURS[each["verdict"]])
        table.add_row(Text(each["name"]), verdict, Text(_told(each)))
    return table


def markdown(shown: dict[str, Any]) -> str:
    return "\n".join([*_lines(legible(shown)), ""])


def _lines(shown: dict[str, Any]) -> Iterator[str]:
    yield from ("# ServiceNow check", "", _verdict(shown), "")
    yield f"{shown['checked_at']}, {shown['calls']} calls. {_UNTRIED}"
    yield from ("", "| what | verdict | seen | what to do |", "|---|---|---|---|")
    for each in shown["findings"]:
        cells = (each["name"], each["verdict"], each["text"], each["advice"])
        yield f"| {' | '.join(map(_cell, cells))} |"
    yield ""
    for made in shown["tickets"]:
        yield f"- {_cell(_ticket(made))}"


def _cell(text: str) -> str:
    """No bar ends the cell, no tag and no link comes out of what an instance has said."""
    for mark in "\\|<>[]`*_":
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())


def _told(finding: dict[str, Any]) -> str:
    advice = f" → {finding['advice']}" if finding["advice"] else ""
    return f"{finding['text']}{advice}"


def _ticket(made: dict[str, Any]) -> str:
    end = f", {made['end']}" if made["end"] else ""
    head = f"{made['role']} ticket {made['number']}, state {made['state']}{end}"
    return f"{head[:1].upper()}{head[1:]}: {made['url']}"


def _verdict(shown: dict[str, Any]) -> str:
    broken = any(each["verdict"] == "broken" for each in shown["findings"])
    sentence = _SENTENCE[shown["good"]] if shown["good"] or broken else _UNPROVEN
    return sentence.format(instance=shown["instance"])
