"""One value, one text: the JSON Canonicalization Scheme (RFC 8785), as far as receipts need it.

Texts, whole numbers, true, false, null, lists and objects. Fractions are refused: receipts have
none, and their form is most of the RFC. What is left, the text of `json` is in all but two things:
the order of the names, and what it lets pass.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

LARGEST = 2**53 - 1
"""Whole numbers that every reader of JSON keeps as they are (RFC 7493, section 2.2)."""


def canonical(value: object) -> bytes:
    """UTF-8 without a line ending. Raises ValueError for what has no canonical form here."""
    text = json.dumps(_ordered(value), ensure_ascii=False, separators=(",", ":"))
    # A half of a character (a lone surrogate) is in no UTF-8: UnicodeEncodeError is a ValueError.
    return text.encode()


def _ordered(value: object) -> object:
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        if abs(value) > LARGEST:
            raise ValueError("a number is too large for JSON")
        return value
    if isinstance(value, Mapping):
        return {name: _ordered(value[name]) for name in sorted(value, key=_units)}
    if isinstance(value, list | tuple):
        return [_ordered(each) for each in value]
    raise ValueError(f"{type(value).__name__} has no canonical form here")


def _units(name: object) -> bytes:
    """Names are sorted by their units of UTF-16, not by their characters (RFC 8785, 3.2.3)."""
    if not isinstance(name, str):
        raise ValueError("a name is no text")  # noqa: TRY004 as for all else that has no form
    return name.encode("utf-16-be")
