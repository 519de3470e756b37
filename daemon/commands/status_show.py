"""The lines of `fileferry status`: a code is never cut, and off a terminal nothing is left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from rich.cells import cell_len
from rich.filesize import decimal

from config.faults import ConfigError
from daemon.control.words import Words
from transfer.books import Record
from transfer.errors import FerryError
from transfer.tickets import TicketRole
from transfer.visible import legible, visible

Row = Sequence[str]
HEADS = ("Request", "State", "Bytes", "To", "Ticket", "Updated (UTC)")
SPARED = (4, 2, 3, 5)
"""Columns that go, in this order, where a terminal is too narrow."""
MOST = 20
"""Lines of what runs, and of what waits."""


def lines(  # noqa: PLR0913, PLR0917 what a Picture has
    service: Words | None,
    why: FerryError | None,
    running: bool | None,
    records: Sequence[Record],
    width: int | None,
    paused: Sequence[Words] = (),
) -> Iterator[str]:
    """`width` is the terminal's; None off one: then each row is one line, however long."""
    found = _whole(service) if service else _silent(running, why, paused)
    for line in found:
        yield from _folded(visible(line), width)
    if not records:
        yield "No transfer to show."
        return
    yield from _table([_row(legible(record), width) for record in records], width)


def faulty(fault: ConfigError, width: int | None) -> Iterator[str]:
    """That the file is not the one that the service goes by, and the first of what is wrong."""
    first, more = fault.faults[0] if fault.faults else fault, len(fault.faults) - 1
    others = f" And {more} more." if more > 0 else ""
    yield from _folded(
        visible(
            "The service goes by what it read before: the configuration on the disk is faulty, so "
            f"a reload or a start is refused. {str(first).rstrip('.')}.{others} "
            "`fileferry config check` lists every fault."
        ),
        width,
    )


def _silent(running: bool | None, why: FerryError | None, paused: Sequence[Words]) -> Iterator[str]:
    if running:
        yield f"The service is running, but does not answer: {why}"
    elif running is None:
        yield f"Whether the service runs is not known: {why}"
    else:
        yield "The service is not running. What follows is the ledger's word."
    yield from _pauses(paused)
    yield ""


def _whole(service: Words) -> Iterator[str]:
    calls, left = service["servicenow_calls"]["made"], service["servicenow_calls"]["left"]
    budget = f"{calls} calls to ServiceNow in the last hour"
    budget += "" if left is None else f", {left} left"
    yield f"The service is running: {_state(service)}. Since {_time(service['since'])}; {budget}."
    if service.get("ledger_checked") is False:
        yield "The ledger is being looked over: what is older than the open work is read now."
    for trouble in service["troubles"]:
        times = f"{trouble['failures']} failure{'s' if trouble['failures'] > 1 else ''}"
        yield (
            f"{trouble['what']}: {trouble['code']} since {_time(trouble['since'])}, {times}. "
            f"{trouble['message']} {trouble['action']}"
        )
    yield from map(_restraint, service.get("destinations", ()))
    yield from _held(service)
    yield from _running(service)
    yield from _waiting(service)
    yield ""


def _state(service: Words) -> str:
    words = {
        "starting": "not ready yet, it waits for ServiceNow",
        "troubled": "in trouble",
        "stopping": "it is being stopped",
    }
    return words.get(service["state"], str(service["state"]))


def _restraint(row: Words) -> str:
    name = row["destination"]
    if row["held"] == "refused":
        return (
            f"Destination {name}: {row['code']} since {_time(row['since'])}, not tried again until "
            f"its secret changes or `fileferry resume {name}`. {row['reason']}"
        )
    if row["held"] == "bandwidth":
        until = f" until {_time(row['until'])}" if row["until"] else ""
        return f"Destination {name} is held to {decimal(row['bytes_a_second'])}/s{until}."
    if row["held"] == "quota":
        more = f", the next at {_time(row['until'])}" if row["until"] else ""
        return f"Destination {name}: {row['files']} of {row['most']} files this hour{more}."
    return (
        f"Destination {name} rests since {_time(row['since'])} after {row['failures']} failed "
        f"connections ({row['code']}), next try at {_time(row['until'])}. {row['reason']}"
    )


def _pauses(paused: Sequence[Words]) -> Iterator[str]:
    for pause in paused:
        name = f"Destination {pause['destination']}" if pause["destination"] else "All work"
        yield f"{name} is paused{_by(pause)}"


def _held(service: Words) -> Iterator[str]:
    yield from _pauses(service["paused"])
    if service["drained"]:
        yield f"Nothing new is begun: drained{_by(service['drained'])}"


def _by(pause: Words) -> str:
    reason = f": {pause['reason']}" if pause["reason"] else "."
    return f" since {_time(pause['since'])} by {pause['by']}{reason}"


def _running(service: Words) -> Iterator[str]:
    for head in service["running"][:MOST]:
        why = _why(head["waits"])
        yield f"  {head['request']} to {head['destination']}, {head['stage']}{why}"
        for file in head["files"][:MOST]:
            yield f"    {_file(file)}"
    yield from _more(service["running_count"], "under way")


def _waiting(service: Words) -> Iterator[str]:
    if service["waiting_unknown"]:
        yield f"What waits cannot be read: {service['waiting_unknown']}"
    for head in service["waiting"][:MOST]:
        yield f"  {head['request']} to {head['destination']} waits{_why(head['waits'])}"
    yield from _more(service["waiting_count"], "waiting")


def _more(count: int, what: str) -> Iterator[str]:
    if count > MOST:
        yield f"  and {count - MOST} more {what}"


def _file(file: Words) -> str:
    size, moved = file["size"], file["moved"]
    if moved >= size:
        return f"{file['target']}: sent, {decimal(size)}"
    part = f"{100 * moved // size} % of {decimal(size)}"
    rate = "" if file["bytes_a_second"] is None else f", {decimal(file['bytes_a_second'])}/s"
    left = "" if file["seconds_left"] is None else f", {_duration(file['seconds_left'])} left"
    return f"{file['target']}: {part}{rate}{left}"


def _why(waits: Words | None) -> str:
    if waits is None:
        return ""
    until = f", again at {_time(waits['until'])}" if waits["until"] else ""
    return f": {waits['code']}{until} ({waits['reason']})"


def _duration(seconds: int) -> str:
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"


def _time(text: str) -> str:
    moment = datetime.fromisoformat(text).astimezone(UTC)
    today = moment.date() == datetime.now(UTC).date()
    return f"{moment:%H:%M:%S} UTC" if today else f"{moment:%m-%d %H:%M:%S} UTC"


def _row(record: Record, width: int | None) -> Row:
    user = record.tickets.get(TicketRole.USER)
    state, more = _outcome(record)
    return (
        record.transfer.request.number,
        state if width else " ".join(filter(None, (state, more and f"({more})"))),
        _moved(record),
        record.transfer.request.destination,
        user.number if user else "–",
        f"{record.updated_at:%m-%d %H:%M:%S}",
        more if width else "",
    )


def _outcome(record: Record) -> tuple[str, str]:
    """The state, and what there is to say beside it: the code, what is unsent."""
    transfer = record.transfer
    code = transfer.failure.code if transfer.failure else ""
    unsent = f"{record.unsent} unsent" if record.unsent else ""
    state = str(transfer.outcome or transfer.stage)
    if transfer.quarantined_at and not transfer.finished:
        state = "quarantined"
    return state, ", ".join(filter(None, (code, unsent)))


def _moved(record: Record) -> str:
    moved = sum(item.moved for item in record.deliveries)
    total = sum(item.size for item in record.deliveries)
    if moved == total:
        return decimal(total)
    return f"{100 * moved // total} % of {decimal(total)}"


def _table(rows: Sequence[Row], width: int | None) -> Iterator[str]:
    columns = list(range(len(HEADS)))
    widths = [max(cell_len(row[at]) for row in (HEADS, *rows)) for at in columns]
    for at in SPARED:
        if width and sum(widths[it] + 2 for it in columns) - 2 > width:
            columns.remove(at)
    yield _padded(HEADS, columns, widths)
    for row in rows:
        yield _padded(row, columns, widths)
        if row[-1] and len(row) > len(HEADS):
            yield from _folded(f"  {row[-1]}", width)


def _padded(row: Row, columns: Sequence[int], widths: Sequence[int]) -> str:
    cells = (row[at] + " " * (widths[at] - cell_len(row[at])) for at in columns)
    return "  ".join(cells).rstrip()


def _folded(line: str, width: int | None) -> Iterator[str]:
    """On a terminal broken between words only: a code is never cut, a long word runs over."""
    if not width or cell_len(line) <= width:
        yield line
        return
    indent = " " * (len(line) - len(line.lstrip()))
    broken = indent
    for word in line.split():
        longer = f"{broken} {word}" if broken.strip() else broken + word
        if cell_len(longer) > width and broken.strip():
            yield broken
            longer = f"{indent}  {word}"
        broken = longer
    yield broken
