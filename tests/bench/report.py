"""The tables as text and as Markdown, with the machine that they were measured on."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.programs import versions
from tests.bench.results import MEDIANS, REACHED, Results, Row, medians, reached
from tests.bench.workloads import Workload

BENCH = "bench"
"""What stands in the marks of the file, `<!-- bench: begin -->` and `<!-- bench: end -->`."""


def text(results: Results, workloads: Sequence[Workload], runs: int) -> str:
    """For the terminal."""
    tables = (
        columns([MEDIANS, *medians(results, workloads)]),
        columns([REACHED, *reached(results, workloads)]),
    )
    return "\n\n".join((machine(runs), *tables)) + "\n"


def markdown(results: Results, workloads: Sequence[Workload], runs: int) -> str:
    tables = (
        marked([MEDIANS, *medians(results, workloads)]),
        marked([REACHED, *reached(results, workloads)]),
    )
    return "\n\n".join((machine(runs), *tables))


def rewrite(path: Path, what: str, mark: str = BENCH) -> None:
    """Put `what` between the marks of the file. Raises ValueError when it has none."""
    before = path.read_text(encoding="utf-8")
    begin, end = marks_of(mark)
    marks = re.compile(f"(?<={re.escape(begin)}\n).*(?={re.escape(end)})", re.DOTALL)
    if not marks.search(before):
        raise ValueError(f"{path} has no marks {begin} and {end}")
    path.write_text(marks.sub(lambda _: f"\n{what}\n\n", before), encoding="utf-8")


def marks_of(mark: str) -> tuple[str, str]:
    return f"<!-- {mark}: begin -->", f"<!-- {mark}: end -->"


def machine(runs: int) -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    rounds = f"medians of {runs} alternating rounds" if runs > 1 else "one round"
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d}: {_cpu()}, {os.cpu_count()} cores shared by S3, "
        f"client and file server, {memory:.0f} GiB of memory, Linux {platform.release()}, "
        f"Python {platform.python_version()}; {', '.join(versions())}; {rounds}; "
        f"load {os.getloadavg()[2]:.2f} over the 15 minutes before the end."
    )


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def columns(rows: Sequence[Row]) -> str:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
    return "\n".join(lines)


def marked(rows: Sequence[Row]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    lines.insert(1, "|" + "---|" * len(rows[0]))
    return "\n".join(lines)
