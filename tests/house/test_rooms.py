"""The plan keeps itself: rooms name their doors, no imports run in a circle, nothing lies about."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.house import PACKAGES, TOP, name, tracked

ROOMS = [
    file.parent
    for package in ("transfer", "adapters", "daemon")
    for file in tracked(f"{package}/*/__init__.py")
    if file.parent.name not in ("servicenow", "memory")  # a room of rooms; and siblings
]
LEFTOVER = re.compile(r"\.(orig|rej|bak|swp|tmp|pyc)$|~$|^\.#|\.(BASE|LOCAL|REMOTE)\.")
FILES = [file for package in PACKAGES for file in tracked(f"{package}/*.py")]


def module(file: Path) -> str:
    return ".".join(file.relative_to(TOP).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module(file): file for file in FILES}


def imports(file: Path) -> Iterator[str]:
    """Modules of ours; what is imported for types or late as well."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_imports_run_in_a_circle() -> None:
    graph = {each: set(imports(file)) & MODULES.keys() - {each} for each, file in MODULES.items()}
    assert circle(graph) == []


def test_a_circle_would_be_seen() -> None:
    assert set(circle({"a": {"b"}, "b": {"c"}, "c": {"a"}})) == {"a", "b", "c"}


@pytest.mark.parametrize("room", ROOMS, ids=name)
def test_a_room_names_its_door(room: Path) -> None:
    text = (room / "__init__.py").read_text(encoding="utf-8")
    said = ast.get_docstring(ast.parse(text)) or ""
    doors = re.findall(r"`([\w./]+)`", said.partition("; the door")[2])
    assert doors
    for door in doors:
        path = TOP / door if "/" in door else room / f"{door.replace('.', '/')}.py"
        assert path.is_file() or f"class {door}" in text


def test_no_leftovers_of_an_editor_or_a_merge() -> None:
    assert [name(file) for file in tracked() if LEFTOVER.search(file.name)] == []


@pytest.mark.parametrize("left", ["document.py.orig", "a.rej", "b.bak", "c~", ".#d", "e.BASE.py"])
def test_a_leftover_would_be_seen(left: str) -> None:
    assert LEFTOVER.search(left)
