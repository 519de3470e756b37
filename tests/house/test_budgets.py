"""Functions stay short, files stay readable, ports stay narrow."""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

from tests.house import PACKAGES, name, tracked

Function = ast.FunctionDef | ast.AsyncFunctionDef
FILES = tracked("*.py")


def functions(file: Path) -> Iterator[Function]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, Function):
            yield node


def docstring(function: Function) -> ast.stmt | None:
    return function.body[0] if ast.get_docstring(function, clean=False) is not None else None


def size(function: Function) -> int:
    """Lines from `def` to the end; decorators and the docstring do not count."""
    said = docstring(function)
    end = function.end_lineno or function.lineno
    spoken = (said.end_lineno or said.lineno) - said.lineno + 1 if said else 0
    return end - function.lineno + 1 - spoken


def is_contract(function: Function) -> bool:
    """A stub of a Protocol: a docstring or an ellipsis and nothing else."""
    rest = function.body[1:] if docstring(function) else function.body
    return all(
        isinstance(line, ast.Expr)
        and isinstance(line.value, ast.Constant)
        and line.value.value is ...
        for line in rest
    )


def test_no_file_is_over_400_lines() -> None:
    lines = {name(file): file.read_text(encoding="utf-8").count("\n") for file in FILES}
    assert {file: count for file, count in lines.items() if count > 400} == {}


def test_no_function_is_over_40_lines() -> None:
    found = ((name(file), function) for file in FILES for function in functions(file))
    long = [f"{file}: {function.name}" for file, function in found if size(function) > 40]
    assert long == []


def test_most_functions_and_files_are_short() -> None:
    house = [file for file in FILES if name(file).split("/")[0] in PACKAGES]
    sizes = sorted(
        size(function)
        for file in house
        for function in functions(file)
        if not is_contract(function)
    )
    lines = [file.read_text(encoding="utf-8").count("\n") for file in house]
    assert statistics.median(sizes) <= 7
    assert statistics.quantiles(sizes, n=10)[-1] <= 22
    assert statistics.median(lines) <= 120


def test_a_port_has_at_most_five_verbs() -> None:
    for file in tracked("transfer/*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and "Protocol" in map(ast.unparse, node.bases):
                verbs = [
                    item.name
                    for item in node.body
                    if isinstance(item, Function)
                    and "property" not in map(ast.unparse, item.decorator_list)
                ]
                assert len(verbs) <= 5, f"{node.name}: {verbs}"


def test_every_module_begins_with_a_docstring() -> None:
    silent = [name(f) for f in FILES if not ast.get_docstring(ast.parse(f.read_text("utf-8")))]
    assert not silent
