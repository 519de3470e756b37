"""JSON from strangers: what two readers could understand differently is refused, not guessed."""

from __future__ import annotations

import json
import math
from typing import Any

MAX_BYTES = 256 * 1024
"""Of UTF-8: what every SQS queue carries."""
MAX_DEPTH = 8
MAX_DIGITS = 20

_BOM = "\ufeff"


class Rejected(ValueError):
    """The words complete a sentence that begins with “The message”."""


def load(document: str | bytes) -> Any:
    """The value. Raises Rejected with the rule that the document breaks.

    Beside what is no JSON (RFC 8259) it refuses more than MAX_BYTES, more levels than MAX_DEPTH,
    names that stand twice, NaN and infinities, numbers of more than MAX_DIGITS digits, lone
    surrogates and a byte order mark.
    """
    text = _text(document)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_no_number,
            parse_int=_whole,
            parse_float=_finite,
        )
    except json.JSONDecodeError as error:
        raise Rejected(f"is not JSON ({error.msg}, at character {error.pos + 1})") from None
    except RecursionError:
        raise _too_deep() from None
    _check(value, 0)
    return value


def _text(document: str | bytes) -> str:
    try:
        raw = document.encode() if isinstance(document, str) else document
        text = raw.decode()
    except UnicodeError:
        raise Rejected("is not UTF-8") from None
    if len(raw) > MAX_BYTES:
        raise Rejected(f"has {len(raw):,} bytes; {MAX_BYTES:,} is the most")
    if text.startswith(_BOM):
        raise Rejected("begins with a byte order mark")
    return text


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Rejected("names a field twice")
    return found


def _no_number(_constant: str) -> Any:
    raise Rejected("has NaN or an infinity, which JSON does not know")


def _whole(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise Rejected(f"has a number of {len(digits):,} digits; {MAX_DIGITS} is the most")
    return int(digits)


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise Rejected("has a number that is too large")
    return value


def _check(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise _too_deep()
    if isinstance(value, str) and not _whole_characters(value):
        raise Rejected("has half a character (a lone surrogate)")
    if isinstance(value, dict | list):
        children = [*value, *value.values()] if isinstance(value, dict) else value
        for child in children:
            _check(child, depth + 1)


def _whole_characters(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _too_deep() -> Rejected:
    return Rejected(f"has more than {MAX_DEPTH} levels")
