"""One value, one text: the JSON Canonicalization Scheme (RFC 8785), as far as receipts need it.

Texts, whole numbers, true, false, null, lists and objects. Fractions are refused: receipts have
none, and their form is most of the RFC. What is left, the text of `json` is in all but two things:
the order of the names, and what it lets pass.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

_AS_THEY_ARE = (str, bool, type(None))
LARGEST = 2**53 - 1
"""Whole numbers that every reader of JSON keeps as they are (RFC 7493, section 2.2)."""


def canonical(value: object) -> bytes:
    """UTF-8 without a line ending. Raises ValueError for what has no canonical form here."""
    text = json.dumps(_ordered(value), ensure_ascii=False, separators=(",", ":"))
    # A half of a character (a lone surrogate) is in no UTF-8: UnicodeEncodeError is a ValueError.
    return text.encode()


def _ordered(value: object) -> object:
    if isinstance(value, _AS_THEY_ARE):
        return value
    if isinstance(value, int):
        if abs(value) > LARGEST:
            raise ValueError("a number is too large for JSON")
        return value
    if isinstance(value, Mapping):
        return {
            name: found if isinstance(found := value[name], str) else _ordered(found)
            for name in _names(value)
        }
    if isinstance(value, list | tuple):
        return [_ordered(each) for each in value]
    raise ValueError(f"{type(value).__name__} has no canonical form here")


def _names(value: Mapping[str, object]) -> list[str]:
    """Sorted by their units of UTF-16, not by their characters (RFC 8785, 3.2.3)."""
    try:
        plain = "".join(value).isascii()
    except TypeError as error:
        raise ValueError("a name is no text") from error
    # Of ASCII both orders are one, and this is the quick one.
    return sorted(value) if plain else sorted(value, key=lambda name: name.encode("utf-16-be"))
