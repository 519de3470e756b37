"""Which temps that lie at a partner's no transfer can still need.

A temp's name has the token of its request (Request.token), so that those of another FileFerry, of
a one-off and of a request that the ledger has forgotten are told apart: they are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from posixpath import dirname, join

from transfer.books import Record
from transfer.destination import Destination
from transfer.model import DeliveryState

UNSURE = (DeliveryState.INTENT, DeliveryState.UNKNOWN)
"""States in which a temp may be evidence of what happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Temp:
    """A file of ours at the partner's; `keep` says why it is left alone, empty when nobody can
    still need it. `number` is that of its request, empty where the ledger does not know it.
    """

    path: str
    keep: str
    number: str = ""
    closed: str = ""


def folders(destination: Destination, records: Iterable[Record]) -> list[str]:
    """Where temps of these transfers may lie."""
    if destination.temp.folder:
        return [join(destination.root, destination.temp.folder)]
    finals = [item.final for record in records for item in record.deliveries]
    return sorted({destination.root, *map(dirname, finals)})


def found(
    destination: Destination, folder: str, names: Iterable[str], records: Sequence[Record]
) -> list[Temp]:
    """Those of the names that are temps, each judged by what the ledger says now."""
    known = {record.transfer.request.token: record for record in records}
    prefix, suffix = re.escape(destination.temp.prefix), re.escape(destination.temp.suffix)
    pattern = re.compile(
        rf"{prefix}(?P<token>[0-9a-f]{{12}})-(?P<file>\d+)-[es]\d+(?:-\d+)?"
        rf"(?P<kind>(?:\.[a-z0-9]+)*?)(?:{suffix})?"
    )
    matches = [match for name in sorted(set(names)) if (match := pattern.fullmatch(name))]
    return [_judged(join(folder, match[0]), match.groupdict(), known) for match in matches]


def age(modified: datetime | None, now: datetime) -> str:
    """In whole units, for a person; the partner's clock may be ahead of ours."""
    if modified is None:
        return "of unknown age"
    minutes = max(0, int((now - modified).total_seconds()) // 60)
    hours = minutes // 60
    whole = (hours // 24, "day"), (hours, "hour"), (minutes, "minute")
    count, unit = next((each for each in whole if each[0]), whole[-1])
    return f"{count} {unit}{'s' * (count != 1)} old"


def _judged(path: str, parts: Mapping[str, str], known: Mapping[str, Record]) -> Temp:
    record = known.get(parts["token"])
    if record is None:
        keep = "of no transfer that this ledger knows: another FileFerry's, or sent by hand"
        return Temp(path=path, keep=keep)
    return Temp(
        path=path,
        keep=_needed(record, int(parts["file"]), parts["kind"]),
        number=record.transfer.request.number,
        closed=f"{at:%Y-%m-%d}" if (at := record.transfer.closed_at) else "",
    )


def _needed(record: Record, number: int, kind: str) -> str:
    """Why it stays, or nothing."""
    if not record.transfer.finished:
        return "its transfer is not over"
    if ".old" in kind:
        return "the partner's own file, moved aside: a person gives it its name back"
    states = [item.state for item in record.deliveries if item.number == number]
    if any(state in UNSURE for state in states):
        return "nobody knows whether its file arrived: it may be evidence"
    return ""
