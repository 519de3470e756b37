"""The repository tells nothing of the machine it was written on, nor of hosts of packages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house import name, tracked

# Put together here, so that this file does not find itself.
ELSEWHERE = ("ho" + "me", "wo" + "rk", "ro" + "ot", "Us" + "ers", "mn" + "t")
MACHINE = re.compile(rf"(?<![\w.~/*}}-])/(?:{'|'.join(ELSEWHERE)})/")
HOSTS = re.compile("|".join(("py" + r"pi\.org", "python" + "hosted", "debian" + r"\.org/debian")))
BINARY = {".png", ".jpg", ".gif", ".ico", ".db", ".gz", ".zip"}
FILES = [file for file in tracked() if file.suffix not in BINARY]


def hits(pattern: re.Pattern[str], file: Path) -> list[str]:
    text = file.read_text(encoding="utf-8")
    return [f"line {text.count(chr(10), 0, hit.start()) + 1}" for hit in pattern.finditer(text)]


@pytest.mark.parametrize("pattern", [MACHINE, HOSTS], ids=["path", "host"])
def test_no_path_of_this_machine_and_no_package_host(pattern: re.Pattern[str]) -> None:
    found = {name(file): hits(pattern, file) for file in FILES}
    assert {file: lines for file, lines in found.items() if lines} == {}
