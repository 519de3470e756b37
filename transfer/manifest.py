"""A manifest: the files of a request as a list that lies in S3 itself.

CSV with a header (`source`, and if wanted `path` and `sha256`), or a JSON list of objects with the
same names. UTF-8. It is read at the version that was pinned.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from transfer.errors import Code, Permanent
from transfer.model import MIB, Source
from transfer.names import parse_source

LARGEST = 8 * MIB
"""Bytes of a manifest: 10,000 lines of the longest names."""
FIELDS = ("source", "path", "sha256")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One file: `path` is relative to the request's own path, `sha256` is what it must have."""

    source: Source
    path: str = ""
    sha256: str = ""


def parse(data: bytes, name: str) -> list[Wanted]:
    """The files, in the order of the manifest; `name` is the manifest's own, for the errors.

    Raises Permanent `manifest.malformed`, `source.malformed`, `name.refused`.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _malformed(name, "is not UTF-8 text") from error
    rows = _json(text, name) if text.lstrip().startswith(("[", "{")) else _csv(text, name)
    wanted = [_wanted(row, number, name) for number, row in enumerate(rows, start=1)]
    if not wanted:
        raise _malformed(name, "names no file")
    return wanted


def _csv(text: str, name: str) -> Iterator[Mapping[str, Any]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [field.strip() for field in reader.fieldnames or ()]
        reader.fieldnames = header
        if "source" not in header or not set(header) <= set(FIELDS):
            raise _malformed(name, "does not begin with the columns source, path, sha256")
        yield from reader
    except csv.Error as error:
        raise _malformed(name, f"is no CSV ({error})") from error


def _json(text: str, name: str) -> Iterator[Mapping[str, Any]]:
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _malformed(name, "is no JSON") from error
    if not isinstance(rows, list):
        raise _malformed(name, "is not a list of files")
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict) or not set(row) <= set(FIELDS):
            raise _malformed(name, f"has an entry {number} with other names than source, path")
        yield row


def _wanted(row: Mapping[str, Any], number: int, name: str) -> Wanted:
    values = {field: row.get(field) or "" for field in FIELDS}
    if not all(isinstance(value, str) for value in values.values()) or None in row:
        raise _malformed(name, f"has a malformed entry {number}")
    digest = values["sha256"].lower()
    if digest and not _SHA256.fullmatch(digest):
        raise _malformed(name, f"has an entry {number} whose sha256 is not 64 hex digits")
    return Wanted(source=parse_source(values["source"]), path=values["path"], sha256=digest)


def _malformed(name: str, what: str) -> Permanent:
    return Permanent(Code.MANIFEST_MALFORMED, f"The manifest {name} {what}.", file=name)
