"""Where the links come from: the ledger, or receipts as files; `audit.py` tells what they prove."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from transfer.audit.chain import Entry, Link
from transfer.audit.proof import Found
from transfer.books import Archive, Chain
from transfer.errors import Code, Permanent
from transfer.telling import document

LARGEST = 256 * 1024 * 1024
"""Bytes of a receipt; one of 10,000 files has about 10 MiB."""


@dataclass(slots=True)
class Receipts:
    """Those of a place, by chain and in the order of their numbers; `left_out` says why some are
    not among them.
    """

    chains: dict[str, list[Found]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def in_ledger(archive: Archive, chain: Chain, instance: str) -> Iterator[Found]:
    """Each link with what its receipt would be if it were built now."""
    for link in chain.links(instance):
        yield Found(link=link, content=_rebuilt(link, archive, chain))


def _rebuilt(link: Link, archive: Archive, chain: Chain) -> str | None:
    """None where the ledger has forgotten the transfer, or knows a later generation of it."""
    record = next(iter(archive.search(link.transfer, limit=1)), None)
    if record is None or record.transfer.id != link.transfer:
        return None
    entry = chain.find(record.transfer)
    if entry is None or not _is_of(entry, link):
        return None
    return document.content_digest(entry.ending, record.transfer, record.deliveries)


def _is_of(entry: Entry, link: Link) -> bool:
    return (entry.link.number, entry.link.generation) == (link.number, link.generation)


def receipts(place: Path) -> Receipts:
    """The receipts of a directory and below, or one. Raises Permanent `audit.broken`."""
    found = Receipts()
    if not place.is_dir():
        each = _receipt(place)
        found.chains[each.link.name] = [each]
        return found
    for path in sorted(place.rglob("*.json")):
        try:
            each = _receipt(path)
        except Permanent as error:
            found.left_out.append(error.message)
        else:
            known = found.chains.setdefault(each.link.name, [])
            # The same receipt may lie there twice.
            if each not in known:
                known.append(each)
    for known in found.chains.values():
        known.sort(key=lambda each: each.link.number)
    return found


def _receipt(path: Path) -> Found:
    """Raises Permanent `audit.broken`."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise _broken(path, "is too large")
        link, content = document.parted(_parsed(data))
    except OSError as error:
        raise _broken(path, f"cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise _broken(path, f"is no receipt that can be verified: {error}") from error
    return Found(link=link, content=content)


def _parsed(data: bytes) -> dict[str, Any]:
    """As strict as whoever wrote it: no name twice, no fraction, no NaN."""
    value = json.loads(data, object_pairs_hook=_once, parse_float=_refused, parse_constant=_refused)
    if not isinstance(value, dict) or value.get("format") != document.FORMAT:
        raise ValueError(f"it is not of the form {document.FORMAT}")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands in it twice")
    return found


def _refused(text: str) -> NoReturn:
    raise ValueError(f"it has the number {text[:40]}, which no receipt has")


def _broken(path: Path, why: str) -> Permanent:
    return Permanent(Code.AUDIT_BROKEN, f"The file {path} {why}.")
