"""What this FileFerry expects of its application on an instance: `application.json`, which is
written from the package (sandbox/servicenow/package/expecting.py), never by hand.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).parents[1] / "application.json"
DICTIONARY = "sys_dictionary"
"""Its records are known by table and field; what they are called elsewhere, an instance decides."""
PACKED = frozenset({"values", "trigger_inputs"})
"""Fields of a flow: JSON, compressed, in base64."""
LONG = PACKED | {"script"}
"""Fields of which the digest alone is kept."""
_GZIP = zlib.MAX_WBITS | 16
"""What tells zlib that a header of gzip comes first."""
_MOST = 4 * 1024 * 1024
"""Bytes of a flow's values beyond which they are not unpacked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One record of the application, `key` is its sys_id, or `table.field` of the dictionary.

    `title` is what a person calls it; `values` are those that must stand in it.
    """

    table: str
    key: str
    title: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """`settings` are the values that the package gives to settings of FileFerry; `tables` are the
    application's own, with their fields.
    """

    name: str
    scope: str
    version: str
    settings: Mapping[str, str]
    tables: Mapping[str, tuple[str, ...]]
    pieces: tuple[Piece, ...]

    def under(self, scope: str) -> Expected:
        """The same, where the customer had to install it under another prefix."""
        if scope == self.scope:
            return self
        return _expected(FILE.read_text("utf-8").replace(self.scope, scope))


def expected() -> Expected:
    return _expected(FILE.read_text("utf-8"))


def _expected(text: str) -> Expected:
    told = json.loads(text)
    pieces = tuple(Piece(**each) for each in told.pop("pieces"))
    tables = {name: tuple(fields) for name, fields in told.pop("tables").items()}
    return Expected(**told, tables=tables, pieces=pieces)


def measured(field: str, value: str, scope: str) -> str:
    """The value as it is compared: of a long text its digest, whatever the lines end with, and
    under whatever prefix the application is installed.
    """
    if field not in LONG:
        return value
    text = _unpacked(value) if field in PACKED else value
    lines = (line.rstrip() for line in text.replace(scope, "{scope}").strip().splitlines())
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return f"sha256:{digest[:32]}"


def _unpacked(value: str) -> str:
    """In one spelling; as it is when it cannot be read: then it is another than expected."""
    try:
        packed = base64.b64decode(value, validate=True)
        opened = zlib.decompressobj(wbits=_GZIP).decompress(packed, _MOST)
        return json.dumps(json.loads(opened), sort_keys=True)
    except (binascii.Error, zlib.error, ValueError):
        return value
