"""The YAML file as plain data, with the line of each value, so that a fault can be found again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from yaml.constructor import SafeConstructor

from config.faults import Fault, Place

_QUOTED = re.compile(r"""(['"])(?!<)(?:(?!\1).){3,}\1""")
_TEXT = "tag:yaml.org,2002:str"
_MERGE = "tag:yaml.org,2002:merge"


class Unreadable(Exception):
    """The text is not YAML; the message says what and where."""


@dataclass(frozen=True, slots=True)
class Document:
    """`data` is the file as plain values; a key that stands twice has its last value."""

    data: dict[str, Any]
    lines: dict[Place, int]
    faults: tuple[Fault, ...]

    def line(self, place: Place) -> int | None:
        """The line of the value, or of the nearest section around it."""
        for end in range(len(place), 0, -1):
            if place[:end] in self.lines:
                return self.lines[place[:end]]
        return None


def parse(text: str) -> Document:
    """Raises Unreadable, whose message repeats nothing that could be a secret."""
    try:
        node = yaml.compose(text, Loader=_Plain)
        walk = _Walk(node)
        data = SafeConstructor().construct_document(node) if node else {}
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        complaint = _complaint(error)
    else:
        return Document(data, walk.lines, tuple(walk.faults))
    # Raised out here, so that no traceback leads to an error of yaml, which quotes the file.
    raise Unreadable(complaint)


def _complaint(error: Exception) -> str:
    if isinstance(error, _NotSettings):
        return str(error)
    if not isinstance(error, yaml.MarkedYAMLError):
        return "it holds a value or a character that YAML does not allow"
    words = ", ".join(part for part in (error.context, error.problem) if part)
    words = _QUOTED.sub("something", words)
    if "\\t" in words:
        words += " (indent with spaces, not with tabs)"
    mark = error.problem_mark or error.context_mark
    return f"{words}, line {mark.line + 1}, column {mark.column + 1}" if mark else words


class _NotSettings(ValueError):
    """YAML, but nothing that could be settings."""


class _Plain(yaml.SafeLoader):
    """Without anchors and aliases: nine lines of them can stand for a thousand million values."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if getattr(event, "anchor", None) is not None:
            raise _NotSettings(
                "an anchor or an alias (& or * before a name) is not allowed: write the value out, "
                f"or put it in quotes, line {event.start_mark.line + 1}"
            )
        node: yaml.Node | None = super().compose_node(parent, index)
        return node


class _Walk:
    """Walks the nodes once, noting lines and what plain YAML would let pass."""

    def __init__(self, node: yaml.Node | None) -> None:
        self.lines: dict[Place, int] = {}
        self.faults: list[Fault] = []
        if node and not isinstance(node, yaml.MappingNode):
            raise _NotSettings("it must hold sections of settings, e.g. `servicenow:`")
        if node:
            self._visit(node, ())

    def _visit(self, node: yaml.Node, place: Place) -> None:
        for step, line, child in self._children(node, place):
            self.lines[*place, step] = line
            self._visit(child, (*place, step))

    def _children(
        self, node: yaml.Node, place: Place
    ) -> Iterator[tuple[str | int, int, yaml.Node]]:
        if isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                yield index, item.start_mark.line + 1, item
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, value in node.value:
                line = key.start_mark.line + 1
                self._check(key, place, line, seen)
                yield str(key.value), line, value

    def _check(self, key: yaml.Node, place: Place, line: int, seen: set[str]) -> None:
        if key.tag not in (_TEXT, _MERGE):
            self.faults.append(
                Fault((*place, str(key.value)), "is no text: put it in quotes", line)
            )
            key.tag = _TEXT  # taken as text from here on, so that what it names is checked too
        elif key.value in seen:
            self.faults.append(Fault((*place, key.value), "stands twice; keep one", line))
        seen.add(str(key.value))
