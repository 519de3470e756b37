"""What a line of the request's sources names: one object, a pattern, or a manifest.

s3://exports/payroll/nov.csv        one object
s3://exports/payroll/2026-*.csv     every object that matches; * ? [] within a name, ** across
s3://exports/report[1].csv          one object: [1] are letters of its name
s3://exports/payroll/               everything below, as payroll/** does
@s3://exports/lists/nov.csv         a manifest: a list of objects, as CSV or JSON, in S3
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import translate

from transfer.errors import Code, Permanent
from transfer.model import Source
from transfer.request.names import parse_source, shown

_WILD = re.compile(r"[*?\[]")
_CLASS = re.compile(r"\[(!?\]?[^\]/]*)\]")
"""As fnmatch has them: one of those characters."""
_ONE, _NUMBER = re.compile(r"[^*?\[\]]"), re.compile(r"[^*?\[\]]|[0-9]+")
"""In brackets nobody means one of these: one character needs no choice, and browsers number second
downloads so. `report[1].csv` must never fetch report1.csv where it is not there itself.
"""
MOST_PARTS = 32
"""Folders in a pattern; more of them is a mistake."""


class Kind(StrEnum):
    OBJECT = "object"
    PATTERN = "pattern"
    MANIFEST = "manifest"


@dataclass(frozen=True, slots=True)
class Line:
    """One line; the key of a PATTERN is the pattern."""

    kind: Kind
    source: Source

    @property
    def prefix(self) -> str:
        """What every key begins with that the line can name."""
        if self.kind is not Kind.PATTERN:
            return self.source.key
        wild = _WILD.search(_masked(self.source.key))
        return self.source.key[: wild.start()] if wild else self.source.key

    @property
    def folder(self) -> str:
        """The fixed folders: what stands below them is kept in the path at the partner's."""
        return self.prefix[: self.prefix.rfind("/") + 1]

    def matches(self, key: str) -> bool:
        """Whether the pattern names this key."""
        return self.matcher()(key)

    def matcher(self) -> Callable[[str], bool]:
        """`matches`, made ready for many keys."""
        pattern = _lettered(self.source.key, lambda found: f"[[]{found[1]}]")
        pattern += "**" if pattern.endswith("/") else ""
        parts = [
            None if part == "**" else re.compile(translate(part)) for part in pattern.split("/")
        ]
        return lambda key: _match(parts, key.split("/"))


def parse_line(text: str) -> Line:
    """Raises Permanent `source.malformed`, `name.refused`."""
    if text.startswith("@"):
        return Line(Kind.MANIFEST, parse_source(text[1:]))
    source = parse_source(text)
    if not _WILD.search(_masked(source.key)) and not source.key.endswith("/"):
        return Line(Kind.OBJECT, source)
    parts = source.key.split("/")
    if len(parts) > MOST_PARTS or any("**" in part and part != "**" for part in parts):
        raise Permanent(
            Code.SOURCE_MALFORMED,
            f"The pattern {shown(text)} has “**” beside other characters, or too many folders.",
            action="Order again with “**” as a folder of its own, as in s3://bucket/a/**/b.csv.",
        )
    return Line(Kind.PATTERN, source)


def _masked(key: str) -> str:
    """As long, without a bracket where brackets are letters of a name."""
    return _lettered(key, lambda found: "-" * len(found[0]))


def _lettered(key: str, instead: Callable[[re.Match[str]], str]) -> str:
    """The key with something else for brackets that are letters: round a number they are, unless
    the key is a pattern anyway, as 2026-0[12]-*.csv.
    """
    letters = _ONE if re.search("[*?]", key) else _NUMBER
    return _CLASS.sub(
        lambda found: instead(found) if letters.fullmatch(found[1]) else found[0], key
    )


def _match(pattern: Sequence[re.Pattern[str] | None], parts: list[str]) -> bool:
    """None is any number of folders. Row by row, so that no pattern takes exponential time."""
    reached = {0}
    for piece in pattern:
        if piece is None:
            reached = set(range(min(reached, default=len(parts) + 1), len(parts) + 1))
        else:
            reached = {at + 1 for at in reached if at < len(parts) and piece.match(parts[at])}
    return len(parts) in reached
