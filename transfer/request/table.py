"""CSV as people and Excel write it, row by row; no more of it is held than one row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

MOST_FIELDS = 32
"""Fields of a row, the empty ones at its end and all."""
LONGEST = 32 * 1024
"""Characters of a field."""

_BLANKS = " \t\u00a0\u2007\u202f\u3000"
_BREAK = re.compile(r"\r\n|\r|\n")
_END = r"(?:\r\n|\r|\n|\Z)"


class Malformed(ValueError):
    """The words complete a sentence that begins with the name of the file."""


def records(
    text: str, separator: str, at: int, remarks: Callable[[], bool]
) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, each with the number of its line, from the character `at` on.

    Blanks around a field are none of it, unless quotes hold them. As long as there may be `remarks`
    a line that begins with `#` is none of them, whatever stands in it. Raises Malformed.
    """
    field, empty = _field(separator), re.compile(f"[{_BLANKS}{separator}]*+{_END}")
    remark = re.compile(rf"[{_blanks(separator)}]*+#[^\r\n]*+{_END}")
    line, passed = 1, 0
    while at < len(text):
        line, passed = line + len(_BREAK.findall(text, passed, at)), at
        if found := empty.match(text, at) or (remarks() and remark.match(text, at)):
            at = found.end()
            continue
        cells: list[str] = []
        end = separator
        while end == separator:
            found = field.match(text, at)
            if not found or len(cells) == MOST_FIELDS or len(found[0]) > LONGEST:
                raise Malformed(f"has {_trouble(found)} in line {line}")
            cells.append(_value(found))
            at, end = found.end(), found["end"]
        if any(cells):
            yield line, cells


def _trouble(found: re.Match[str] | None) -> str:
    if not found:
        return "a quote that is not closed"
    long = len(found[0]) > LONGEST
    return "a field that is too long" if long else f"more than {MOST_FIELDS} fields"


def _blanks(separator: str) -> str:
    return re.escape(_BLANKS.replace(separator, ""))


def _field(separator: str) -> re.Pattern[str]:
    """A field with what ends it. Nothing in it is tried twice, however long it is."""
    blanks = _blanks(separator)
    return re.compile(
        rf'[{blanks}]*+(?:"(?P<quoted>[^"]*+(?:""[^"]*+)*+)"[{blanks}]*+'
        rf'|(?!")(?P<plain>[^{separator}\r\n]*+))(?P<end>{separator}|{_END})'
    )


def _value(found: re.Match[str]) -> str:
    quoted = found["quoted"]
    return found["plain"].rstrip(_BLANKS) if quoted is None else quoted.replace('""', '"')
