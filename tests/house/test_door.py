"""All that is printed goes through adapters/terminal.py, all words on tickets through Writer."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.house import PACKAGES, TOP, name, tracked

DOOR = "adapters/terminal.py"
STREAMS = {
    DOOR,
    "adapters/telemetry/emf.py",  # JSON in ASCII, for Lambda
    "config/logging.py",  # the log, whose lines are tamed there
    "config/example.py",  # the developer's own generators
    "config/settings_table.py",
}
POSTS = {
    "transfer/telling/writing.py",  # the door
    "transfer/telling/notes.py",  # one note without a transfer, whose text is `lined`
    "adapters/servicenow/look/trial.py",  # words of ours alone
}
ATTRIBUTES = {
    *("echo", "secho", "print_json", "StreamHandler"),
    *("stdout", "stderr", "__stdout__", "__stderr__"),
}
FILES = [file for package in PACKAGES for file in tracked(f"{package}/*.py")]


def printed(tree: ast.AST) -> Iterator[str]:
    """Every way past the door that the code could take."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in ("print", "Console", "StreamHandler"):
                yield node.func.id
        elif isinstance(node, ast.Attribute):
            of_os = node.attr == "write" and getattr(node.value, "id", "") == "os"
            if node.attr in ATTRIBUTES or of_os:
                yield node.attr


def trees() -> Iterator[tuple[str, ast.Module]]:
    for file in FILES:
        yield name(file), ast.parse(file.read_text(encoding="utf-8"))


def test_nothing_is_printed_around_the_door() -> None:
    found = {file: list(printed(tree)) for file, tree in trees() if file not in STREAMS}
    assert {file: ways for file, ways in found.items() if ways} == {}


def test_no_post_is_made_around_the_writer() -> None:
    made = {
        file
        for file, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Post"
    }
    assert made <= POSTS


@pytest.mark.parametrize(
    "code",
    [
        "print('x')",
        "typer.echo('x')",
        "Console().print('x')",
        "sys.stdout.write('x')",
        "from sys import stderr; logging.StreamHandler()",
        "os.write(1, b'x')",
    ],
)
def test_the_guard_sees_each_way_around(code: str) -> None:
    assert list(printed(ast.parse(code)))


def test_the_exceptions_exist() -> None:
    assert all((TOP / each).is_file() for each in STREAMS | POSTS)
