"""The log is opened by the first line that somebody wants to read."""

from __future__ import annotations

import subprocess
import sys

from structlog.testing import capture_logs

from adapters.log import Log

PROGRAM = """
import sys
from adapters.log import Log
Log().{level}("line")
print("structlog" in sys.modules)
"""


def loads(level: str) -> bool:
    words = [sys.executable, "-c", PROGRAM.format(level=level)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return done.stdout.split()[-1] == "True"


def test_a_line_that_nobody_wants_loads_nothing() -> None:
    assert not loads("debug")
    assert loads("warning")


def test_lines_are_structlogs() -> None:
    with capture_logs() as lines:
        Log().debug("one", file="a")
        Log().info("two")
        Log().warning("three")
    assert [(line["event"], line["log_level"]) for line in lines] == [
        ("one", "debug"), ("two", "info"), ("three", "warning"),
    ]  # fmt: skip
    assert lines[0]["file"] == "a"


def test_an_error_comes_with_its_traceback() -> None:
    with capture_logs() as lines:
        try:
            raise ValueError
        except ValueError:
            Log().exception("failed")
    [line] = lines
    assert (line["log_level"], line["exc_info"]) == ("error", True)
