"""What the doctor has seen: one finding a question, marked by a word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from transfer.errors import FerryError


class Mark(StrEnum):
    """`warn`: it works, and somebody should know; `fail`: something has to be mended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """`seen` and `advice` are whole sentences; `code` is one of errors.py, where there is one."""

    name: str
    mark: Mark
    seen: str
    advice: str = ""
    code: str = ""


Tell = Callable[[Finding], None]
"""Told each finding when it is made."""


def ok(name: str, seen: str) -> Finding:
    return Finding(name, Mark.OK, seen)


def warn(name: str, seen: str, advice: str, error: FerryError | None = None) -> Finding:
    return Finding(name, Mark.WARN, seen, advice, error.code.value if error else "")


def fail(name: str, error: FerryError, advice: str = "") -> Finding:
    return Finding(name, Mark.FAIL, error.message, advice or error.action, error.code.value)
