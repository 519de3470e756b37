"""A manifest: the files of a request as a list that lies in S3 itself.

CSV with a header (`source`, and if wanted `path` and `sha256`), or a JSON list of objects with the
same names. UTF-8. It is read at the version that was pinned, and as people and Excel write it:
with blanks around the fields, empty rows and columns, `;` or tabs for commas, and remarks: rows
that begin with `#` and name no object. Nothing is read further than to the first row too many.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from transfer.errors import Code, Permanent
from transfer.model import MIB, Source
from transfer.request.names import parse_source
from transfer.request.options import SHA256
from transfer.request.table import Malformed, records

LARGEST = 8 * MIB
"""Bytes of a manifest: 10,000 lines of the longest names."""
MOST = 10_000
"""Files of a manifest, as of a request."""
MOST_LINES = 2 * MOST
"""Lines of CSV, empty ones and all."""
LONGEST = 32 * 1024
"""Characters of an entry in JSON: the longest names, each character as an escape."""
FIELDS = ("source", "path", "sha256")
_SEPARATORS = (",", ";", "\t")
_SEP_LINE = re.compile(r"sep=[,;\t]\r?\n?")
_GAP = re.compile(r"[ \t\r\n]*+")

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One file: `path` is relative to the request's own path, `place` where it was asked for."""

    source: Source
    path: str = ""
    place: str = ""


@contextmanager
def placed(place: str) -> Iterator[None]:
    """An error about what stands there says so."""
    try:
        yield
    except Permanent as error:
        if not place:
            raise
        words = f"In {place}: {error.message}"
        raise Permanent(error.code, words, action=error.action, file=error.file) from None


def parse(data: bytes, name: str) -> list[Wanted]:
    """The files, in the order of the manifest; `name` is the manifest's own, for the errors.

    Raises Permanent `manifest.malformed`, `source.malformed`, `name.refused`.
    """
    try:
        wanted: list[Wanted] = []
        for place, row in _rows(data):
            if len(wanted) == MOST:
                raise Malformed(f"names more than {MOST:,} files")
            wanted.append(_wanted(row, f"{place} of the manifest {name}"))
        if not wanted:
            raise Malformed("names no file")
    except Malformed as malformed:
        raise _refusal(f"The manifest {name} {malformed}.", name) from None
    return wanted


def _rows(data: bytes) -> Iterator[tuple[str, Row]]:
    """Each row with the words for its place. Raises Malformed."""
    text = _text(data)
    if text.lstrip(" \t\r\n")[:1] in ("[", "{"):
        yield from _json(text)
        return
    lines = max(text.count("\n"), text.count("\r"))
    if lines > MOST_LINES:
        raise Malformed(f"has {lines:,} lines; {MOST_LINES:,} is the most, for {MOST:,} files")
    yield from _csv(text)


def _text(data: bytes) -> str:
    """UTF-8, or UTF-16 where its mark says so, as Excel's “Unicode Text” and PowerShell write."""
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if wide else "utf-8").lstrip("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Malformed(f"is not UTF-8 text in line {line} (Excel: “CSV UTF-8”)") from None


def _csv(text: str) -> Iterator[tuple[str, Row]]:
    told, header = _SEP_LINE.match(text), list[str]()

    def remarks() -> bool:
        # No source begins with #, while a path may: then its row has to be read.
        return header[:1] in ([], ["source"])

    for separator in text[4] if told else _SEPARATORS:
        header.clear()
        rows = records(text, separator, told.end() if told else 0, remarks)
        line, cells = next((row for row in rows if not row[1][0].startswith("#")), (1, []))
        header += _header(cells)
        if "source" in header:
            break
    else:
        raise Malformed(f"does not begin with the columns source, path, sha256 in line {line}")
    for line, cells in rows:
        named = dict(zip(header, cells, strict=False))
        if cells[0].startswith("#") and named.get("source", "")[:1] in ("", "#"):
            continue
        if any(cells[len(header) :]) or named.get(""):
            raise Malformed(f"has a field too many in line {line}")
        yield f"line {line}", named


def _header(cells: Sequence[str]) -> list[str]:
    """The names of the columns; '' for those without; none when they are not ours."""
    names = [cell.lower() for cell in cells]
    given = list(filter(None, names))
    return names if set(given) <= set(FIELDS) and len(set(given)) == len(given) else []


def _json(text: str) -> Iterator[tuple[str, Row]]:
    """Entry by entry: a list of a million costs no more than its first one too many."""
    at, number = _gap(text, 0), 0
    line = 1 + text.count("\n", 0, at)
    if text[at] != "[":
        raise Malformed(f"is not a list of files, [{{…}}, …], in line {line}")
    counted, at = at, _gap(text, at + 1)
    more = text[at : at + 1] != "]"
    while more:
        number += 1
        line += text.count("\n", counted, at)
        counted, place = at, f"entry {number:,} (line {line})"
        row, end = _entry(text[at : at + LONGEST], place)
        yield place.replace(" (line", ", line").rstrip(")"), row
        at = _gap(text, at + end)
        more = text[at : at + 1] == ","
        at = _gap(text, at + 1) if more else at
    if text[at : at + 1] != "]" or _gap(text, at + 1) != len(text):
        raise Malformed(f"is no JSON after entry {number:,}")


def _entry(window: str, place: str) -> tuple[Row, int]:
    """The object that the text begins with, and how long it is."""
    try:
        row, end = _DECODER.raw_decode(window) if window.startswith("{") else (None, 0)
    except (ValueError, RecursionError):
        raise Malformed(f"has an {place} that is no JSON, or is too long") from None
    if row is None or not set(row) <= set(FIELDS):
        raise Malformed(f"has an {place} with other names than source, path, sha256")
    if not all(value is None or isinstance(value, str) for value in row.values()):
        raise Malformed(f"has an {place} with a value that is no text")
    return row, end


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_unique)


def _gap(text: str, at: int) -> int:
    found = _GAP.match(text, at)
    return found.end() if found else at


def _wanted(row: Row, place: str) -> Wanted:
    source, path, digest = (row.get(field) or "" for field in FIELDS)
    with placed(place):
        found = parse_source(source)
        if digest and not SHA256.fullmatch(digest):
            raise _refusal("The sha256 is not 64 hex digits.", found.uri)
    asked = Source(bucket=found.bucket, key=found.key, sha256=digest.lower())
    return Wanted(source=asked, path=path, place=place)


def _refusal(words: str, name: str) -> Permanent:
    return Permanent(Code.MANIFEST_MALFORMED, words, file=name)
