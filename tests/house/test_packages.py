"""Our package names are ours alone, each package says what it is, and transfer/ stays pure."""

from __future__ import annotations

import ast
import importlib.metadata
import sys
from pathlib import Path

import pytest

from tests.house import PACKAGES, TOP, name, tracked

# systemd/ holds no package, but the wheel ships the folder, so its name must be free as well.
NAMES = (*PACKAGES, "systemd")


def test_no_other_distribution_owns_one_of_our_names() -> None:
    owners = importlib.metadata.packages_distributions()
    for package in NAMES:
        assert set(owners.get(package, [])) <= {"fileferry"}, package
        assert package not in sys.stdlib_module_names


@pytest.mark.parametrize("file", tracked("*/__init__.py"), ids=name)
def test_a_package_says_in_one_sentence_what_is_in_it(file: Path) -> None:
    said = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    assert said.endswith(".")
    assert "\n" not in said


def imports(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


@pytest.mark.parametrize("file", tracked("transfer/*.py"), ids=name)
def test_transfer_imports_the_standard_library_only_and_does_no_io(file: Path) -> None:
    foreign = imports(file) - set(sys.stdlib_module_names) - {"transfer"}
    assert not foreign
    assert not imports(file) & {"os", "socket", "sqlite3", "subprocess", "urllib", "http", "ssl"}


def test_systemd_holds_data_only() -> None:
    assert not list((TOP / "systemd").glob("*.py"))
