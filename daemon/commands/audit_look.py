"""Where the links come from: the ledger, or receipts as files; `audit.py` tells what they prove."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from transfer.audit import chain as chains
from transfer.audit.chain import Entry, Link
from transfer.audit.proof import Found, Verdict, walked
from transfer.books import Archive, Chain
from transfer.errors import Code, Permanent
from transfer.model import Transfer
from transfer.telling import document

ALTERED = "altered"
"""Instead of a digest: no receipt has it."""
GONE = "gone"
LARGEST = 256 * 1024 * 1024
"""Bytes of a receipt; one of 10,000 files has about 10 MiB."""


@dataclass(slots=True)
class Receipts:
    """Those of a place, by chain and in the order of their numbers; `left_out` says why some are
    not among them. `unproven` are those that should be: receipts that were spoilt, and what
    cannot be read.
    """

    chains: dict[str, list[Found]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    unproven: list[Permanent] = field(default_factory=list)


def in_ledger(archive: Archive, chain: Chain, instance: str) -> Iterator[Found]:
    """Each link with what its receipt would be if it were built now."""
    marks = _Marks(chain, instance)
    for link in chain.links(instance):
        content = _rebuilt(link, archive, chain)
        if content != GONE:
            yield Found(link=link, content=content)
        elif marks.tell_of(link):
            yield Found(link=link, forgotten=True)
        else:
            yield Found(link=link, gone=True)


def marks_in_ledger(chain: Chain, instance: str) -> Verdict:
    """Whether what tells of the forgotten holds itself."""
    marks = chain.links(chains.marks_of(instance))
    return walked((Found(link=each) for each in marks), whole=True)


class _Marks:
    """What was forgotten, read when the first transfer is missed."""

    def __init__(self, chain: Chain, instance: str) -> None:
        self._chain, self._name = chain, chains.marks_of(instance)
        self._known: dict[str, list[Link]] = {}

    def tell_of(self, link: Link) -> bool:
        if not self._known_of(link):
            # The daemon may have forgotten it this very moment.
            self._read()
        return self._known_of(link)

    def _known_of(self, link: Link) -> bool:
        now, marks = datetime.now(UTC), self._known.get(link.transfer, ())
        return any(chains.forgets(each, link, now) for each in marks)

    def _read(self) -> None:
        self._known = {}
        for each in self._chain.links(self._name):
            self._known.setdefault(each.transfer, []).append(each)


def _rebuilt(link: Link, archive: Archive, chain: Chain) -> str | None:
    """None where the ledger has a later generation of the transfer, GONE where it has none of it;
    ALTERED where what it has cannot have become so by itself.
    """
    found = archive.search(link.transfer)
    if not found:
        return GONE
    records = [each for each in found if each.transfer.id == link.transfer]
    if len(records) == 1:
        [record] = records
        transfer, entry = record.transfer, chain.find(record.transfer)
        # Whatever is closed was reported, and each report is a link of its own.
        if transfer.generation > link.generation and (entry or not transfer.finished):
            return None
        if entry and _is_of(entry, link) and _ends_so(transfer, entry.ending):
            return document.content_digest(entry.ending, transfer, record.deliveries)
    # Forgotten between the two looks, with its ending?
    return ALTERED if archive.search(link.transfer) else GONE


def _is_of(entry: Entry, link: Link) -> bool:
    return (entry.link.number, entry.link.generation) == (link.number, link.generation)


def _ends_so(transfer: Transfer, ending: str) -> bool:
    """How it ended stands in the ledger twice, and people are shown what the transfer has. Before
    it is closed a quarantine may stand there.
    """
    told = document.ending_of(transfer, datetime.now(UTC))
    return not transfer.finished or document.end_of(told) == document.end_of(ending)


def receipts(place: Path) -> Receipts:
    """The receipts of a directory and below, or one. Raises Permanent `audit.broken`."""
    found = Receipts()
    if not place.is_dir():
        each = _receipt(place)
        found.chains[each.link.name] = [each]
        return found
    for path in _files(place, found):
        try:
            each = _receipt(path)
        except _NoReceiptError as error:
            found.left_out.append(error.message)
        except Permanent as error:
            found.unproven.append(error)
        else:
            found.chains.setdefault(each.link.name, []).append(each)
    for known in found.chains.values():
        # The same receipt may lie there twice.
        known[:] = dict.fromkeys(known)
        known.sort(key=lambda each: each.link.number)
    return found


def _files(place: Path, found: Receipts) -> list[Path]:
    def unread(error: OSError) -> None:
        folder = Path(str(error.filename))
        found.unproven.append(_broken(folder, f"cannot be read: {error.strerror}"))

    walk = os.walk(place, onerror=unread)
    names = (Path(folder, name) for folder, _, files in walk for name in files)
    # Nobody waits for what comes out of a pipe.
    return sorted(path for path in names if path.suffix.lower() == ".json" and not path.is_fifo())


class _NoReceiptError(Permanent):
    """A file of somebody else, or from before there was a chain."""


def _receipt(path: Path) -> Found:
    """Raises Permanent `audit.broken`."""
    data = b""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise _broken(path, "is too large")
        link, content = document.parted(_parsed(data))
    except OSError as error:
        raise _broken(path, f"cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        chained = all(each.encode() in data for each in (document.FORMAT, chains.FORMAT))
        kind = _broken if chained else _foreign
        raise kind(path, f"is no receipt that can be verified: {error}") from error
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


def _foreign(path: Path, why: str) -> Permanent:
    return _NoReceiptError(Code.AUDIT_BROKEN, f"The file {path} {why}.")


def _broken(path: Path, why: str) -> Permanent:
    return Permanent(Code.AUDIT_BROKEN, f"The file {path} {why}.")
