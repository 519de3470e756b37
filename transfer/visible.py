"""Text as a person may see it: what steers a terminal, begins a line or hides is shown by number.

The one rule for whatever is printed, logged, or written to a ticket; names that break it are
refused (names.py).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from typing import Any, TypeVar, cast

T = TypeVar("T")

# Unicode's Default_Ignorable_Code_Point, which show as nothing at all and among which are all marks
# that turn the direction of text; and the annotations of U+FFF9 to U+FFFB, which hide text.
HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)


def visible(text: str) -> str:
    """One line: what is not seen as itself stands there by its number, a line break too."""
    # All that hides lies beyond ASCII, and a receipt of ten thousand files is long to search.
    if text.isprintable() and (text.isascii() or not HIDDEN.search(text)):
        return text
    return "".join(c if c.isprintable() and not HIDDEN.match(c) else _number(c) for c in text)


def visible_lines(text: str) -> str:
    """The same, where each line feed was meant."""
    return "\n".join(map(visible, text.split("\n")))


def hidden(text: str) -> str | None:
    """The first character that shows as nothing or turns text around: `U+202E (its name)`."""
    found = HIDDEN.search(text)
    if not found:
        return None
    name = unicodedata.name(found.group(), "")
    return f"U+{ord(found.group()):04X}" + (f" ({name})" if name else "")


def legible(value: T) -> T:
    """A copy of a value of ours in which each text is `visible`, however deep it stands."""
    return cast("T", _legible(value))


def _legible(value: Any) -> Any:
    if type(value) is str:
        return visible(value)
    if is_dataclass(value) and not isinstance(value, type):
        changed = {
            each.name: after
            for each in fields(value)
            if (after := _legible(before := getattr(value, each.name))) is not before
        }
        return replace(value, **changed) if changed else value
    if isinstance(value, tuple | list):
        return type(value)(map(_legible, value))
    if isinstance(value, Mapping):
        return {key: _legible(item) for key, item in value.items()}
    return value


def _number(character: str) -> str:
    """As JSON writes it, beyond U+FFFF in two halves: so the text of a document stays the same."""
    halves = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{halves[at : at + 4]}" for at in range(0, len(halves), 4))


def in_utc(moment: datetime) -> str:
    """A time as it is written in words for people."""
    return f"{moment.replace(tzinfo=None).isoformat(' ', 'seconds')} UTC"
