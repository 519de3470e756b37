"""Reads a seed file: JSON or YAML with the records that a ServiceNow simulator begins with."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from sandbox.plan import Unusable

_TABLE = re.compile(r"[a-z][a-z0-9_]*")


def read_seed(file: Path) -> dict[str, list[dict[str, str]]]:
    """{table: [record]} with every value as the string that the Table API would hold.

    Raises Unusable with a sentence that names what is wrong, and where.
    """
    try:
        content = yaml.safe_load(file.read_text("utf-8"))
    except OSError as error:
        raise Unusable(f"The seed file {file} cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Unusable(
            f"The seed file {file} is neither JSON nor YAML: {_where(error)}."
        ) from error
    if not isinstance(content, dict):
        raise Unusable(f"The seed file {file} must be a mapping of a table's name to its records.")
    return {_table(file, name): _records(file, name, rows) for name, rows in content.items()}


def _where(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or "not UTF-8 text"
    return f"{what} in line {mark.line + 1}" if mark else str(what)


def _table(file: Path, name: Any) -> str:
    if not isinstance(name, str) or not _TABLE.fullmatch(name):
        raise Unusable(f"The seed file {file} has {name!r} where a table's name should stand.")
    return name


def _records(file: Path, table: str, rows: Any) -> list[dict[str, str]]:
    if not isinstance(rows, list):
        raise Unusable(f"In the seed file {file}, {table} must be a list of records.")
    return [_record(file, f"{table}[{number}]", row) for number, row in enumerate(rows)]


def _record(file: Path, place: str, row: Any) -> dict[str, str]:
    if not isinstance(row, dict):
        raise Unusable(f"In the seed file {file}, {place} must be a mapping of fields to values.")
    return {str(name): _text(file, f"{place}.{name}", value) for name, value in row.items()}


def _text(file: Path, place: str, value: Any) -> str:
    if isinstance(value, (dict, list)):
        raise Unusable(f"In the seed file {file}, {place} must be a single value.")
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
