"""What a start costs: the CPU of commands that only look something up.

`python -m tests.bench.start --against ../other` alternates with another checkout that has a `.venv`
of its own, and prints the ratio. Both are compiled before.
"""

from __future__ import annotations

import argparse
import compileall
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median

from adapters.ledger.sqlite.books import sqlite_books
from adapters.terminal import Terminal
from tests.config.conftest import GOOD
from transfer.model import Request, Stage, Transfer

ENDS = (0, 1, 3)
"""Nothing runs there, and nothing is furnished with secrets."""
HERE = Path(__file__).parents[2]
ROUNDS = 7
NUMBER = "RITM0010028"
FURNISHED = "adapters", "cloud", "config", "daemon", "sandbox", "transfer"
COMMANDS = {
    "--version": ("--version",),
    "-h": ("-h",),
    "status": ("status",),
    "status --json": ("status", "--json"),
    "show": ("show", NUMBER),
    "config check": ("config", "check"),
    "quarantine list": ("quarantine", "list"),
    "completion of a command": (),
    "completion of an option": (),
}
TYPED = {
    "completion of a command": "fileferry sta",
    "completion of an option": "fileferry status --",
}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--against", type=Path, metavar="PATH", help="another checkout")
    options.add_argument("--rounds", type=int, default=ROUNDS)
    asked = options.parse_args()
    trees = [HERE, *filter(None, (asked.against,))]
    for tree in trees:
        for room in FURNISHED:
            compileall.compile_dir(tree / room, quiet=2)
    with tempfile.TemporaryDirectory(prefix="fileferry-start-") as place:
        environment = furnished(Path(place))
        Terminal().say(*table(trees, asked.rounds, environment))


def furnished(place: Path) -> dict[str, str]:
    """A configuration and a ledger with one transfer, and the variables that name them."""
    ledger = place / "ledger.db"
    now = datetime.now(UTC)
    asked = Request(
        id="bench", number=NUMBER, requester="anna", destination="bank", target="",
        sources=("s3://exports/payroll/a.csv",), fingerprint="0" * 64,
    )  # fmt: skip
    books = sqlite_books(ledger, "bench", 60.0)
    books.ledger.admit(replace(Transfer(request=asked, received_at=now), stage=Stage.RECEIVED))
    books.close()
    file = place / "fileferry.yaml"
    file.write_text(f"{GOOD}ledger:\n  path: {ledger}\n")
    return {"PATH": os.environ["PATH"], "FILEFERRY_CONFIG": str(file)}


def table(trees: Sequence[Path], rounds: int, environment: Mapping[str, str]) -> Iterator[str]:
    """CPU-ms of each command in each tree, and how the first compares with the second."""
    yield f"{'CPU-ms':26}{'here':>8}{'there':>8}{'ratio':>8}"
    for name, words in COMMANDS.items():
        told = {**environment, **completing(TYPED[name])} if name in TYPED else environment
        taken: list[list[float]] = [[] for _ in trees]
        for _ in range(rounds):
            for tree, found in zip(trees, taken, strict=True):
                found.append(cpu([str(tree / ".venv/bin/fileferry"), *words], told))
        mine, *theirs = map(median, taken)
        more = "".join(f"{1000 * it:8.0f}{mine / it:8.2f}" for it in theirs)
        yield f"{name:26}{1000 * mine:8.0f}{more}"


def completing(line: str) -> dict[str, str]:
    """What bash sets when somebody presses Tab at the end of the line."""
    words = line.split()
    return {
        "_FILEFERRY_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }


def cpu(command: Sequence[str], environment: Mapping[str, str]) -> float:
    """User and system seconds. Raises SystemExit for what does not even begin."""
    before = getrusage(RUSAGE_CHILDREN)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    after = getrusage(RUSAGE_CHILDREN)
    if done.returncode not in ENDS:
        sys.exit(f"{command}: {done.stderr}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
