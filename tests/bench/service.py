"""`python -m tests.bench.service`: what the whole service does and costs, from poll to closed.

The simulator, S3 and an SFTP server stand around one daemon, which is a process whose CPU is
measured alone. With `--against PATH` the daemon of another checkout takes turns with this one, in
the same world and by the same interpreter and packages: what is compared is a ratio of one round.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.compiled import ROOMS, TOP, compile_all, environment
from tests.bench.report import columns, machine, marked, rewrite
from tests.bench.results import Row, spread, yes_or_no
from tests.bench.town import Taken, Town

MARK = "service"
TRACED = 20
"""Requests at most whose synced writes are counted: strace makes each many times slower."""
WARMING = 4
"""Orders before those that are measured: connections are made, tokens fetched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Of one round; None where it was not asked for."""

    rate: float
    cpu: float
    instance: float
    calls: float
    writes: float | None
    files: float | None


@dataclass(frozen=True, slots=True)
class Aim:
    """What a figure is called, and what it should be: by itself, or as a ratio to the other's."""

    field: str
    title: str
    form: str
    most: float | None = None
    ratio: float | None = None
    more: bool = False


AIMS = (
    Aim("rate", "requests a second", "{:.1f}", ratio=3.0, more=True),
    Aim("cpu", "CPU ms of the daemon a request", "{:.1f}", ratio=0.4),
    Aim("instance", "CPU ms of the simulated instance a request", "{:.1f}"),
    Aim("calls", "calls to ServiceNow a request", "{:.1f}", most=10),
    Aim("writes", "synced writes a request", "{:.1f}", most=8),
    Aim("files", "CPU s of the daemon for a request of many files", "{:.2f}", ratio=0.25),
)
HEAD: Row = ("of the service", "this", "from – to", "the other", "ratio", "to reach", "reached")


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _parser().parse_args(arguments)
    checkouts = [TOP, *([asked.against.resolve()] if asked.against else [])]
    for checkout in checkouts:
        _refuse_stranger(checkout)
        compile_all([checkout / room for room in ROOMS if (checkout / room).is_dir()])
    compile_all()
    rounds: list[list[Figures]] = []
    for number in range(asked.rounds):
        turn = checkouts if number % 2 == 0 else checkouts[::-1]
        taken = {checkout: measured(checkout, asked) for checkout in turn}
        rounds.append([taken[checkout] for checkout in checkouts])
        sys.stderr.write(f"round {number + 1}: {rounds[-1]}\n")
    rows = [HEAD, *table(rounds)]
    said = f"{machine(asked.rounds)} {_about(asked)}"
    sys.stdout.write(f"{said}\n\n{columns(rows)}\n")
    if asked.write:
        rewrite(asked.write, f"{said}\n\n{marked(rows)}", MARK)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.service", description=__doc__)
    parser.add_argument("--against", type=Path, help="another checkout, whose daemon takes turns")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=100, help="small requests of one file")
    parser.add_argument("--files", type=int, default=10_000, help="files of one request; 0: none")
    parser.add_argument("--writes", action="store_true", help="count synced writes, by strace")
    parser.add_argument("--write", type=Path, help="Markdown file with the marks of the service")
    return parser


def _about(asked: argparse.Namespace) -> str:
    other = f" The other is {_commit(asked.against)}." if asked.against else ""
    many = f", and one of {asked.files:,} files of 1 KiB" if asked.files else ""
    return f"{asked.requests:,} requests of one file{many}.{other}"


def _commit(checkout: Path) -> str:
    """Its name and time, and what of the program stands there otherwise than in it."""
    name = _git(checkout, "log", "-1", "--format=%h of %cd", "--date=format:%F %H:%M")
    altered = _git(checkout, "diff", "HEAD", "--name-only", "--", *ROOMS).split()
    return f"{name or checkout.name}{', but for ' if altered else ''}{', '.join(altered)}"


def _git(checkout: Path, *words: str) -> str:
    asked = ["git", "-C", str(checkout), *words]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()


def _refuse_stranger(checkout: Path) -> None:
    """Raises SystemExit unless the daemon that would run is the checkout's."""
    words = [sys.executable, "-c", "import daemon; print(daemon.__file__)"]
    done = subprocess.run(
        words, env=at(checkout), cwd=checkout, capture_output=True, text=True, check=False
    )
    if not Path(done.stdout.strip() or os.devnull).is_relative_to(checkout):
        raise SystemExit(f"{checkout} has no daemon: {done.stdout}{done.stderr}")


def at(checkout: Path) -> dict[str, str]:
    """The environment in which Python finds our rooms there."""
    return environment() | {"PYTHONPATH": str(checkout)}


def measured(checkout: Path, asked: argparse.Namespace) -> Figures:
    """A new world for each part, so that none begins with another's ledger."""
    small = _small(checkout, asked.requests)
    return Figures(
        rate=asked.requests / small.wall,
        cpu=small.cpu / asked.requests * 1000,
        instance=small.instance / asked.requests * 1000,
        calls=small.calls / asked.requests,
        writes=_writes(checkout, asked.requests) if asked.writes else None,
        files=_files(checkout, asked.files) if asked.files else None,
    )


def _small(checkout: Path, count: int) -> Taken:
    return _taken(checkout, count, [[number] for number in range(count)])


def _writes(checkout: Path, count: int) -> float:
    few = min(count, TRACED)
    requests = [[number] for number in range(few)]
    return _taken(checkout, few, requests, traced=True).writes / few


def _files(checkout: Path, count: int) -> float:
    return _taken(checkout, count, [range(count)]).cpu


def _taken(
    checkout: Path, count: int, requests: Sequence[Sequence[int]], *, traced: bool = False
) -> Taken:
    warming = [[number] for number in range(count, count + WARMING)]
    with (
        tempfile.TemporaryDirectory(prefix="service-") as home,
        Town(Path(home), files=count + WARMING, size=1024) as town,
        town.daemon(checkout, at(checkout), traced=traced),
    ):
        town.carried(warming)
        return town.carried(requests)


def table(rounds: Sequence[Sequence[Figures]]) -> Iterator[Row]:
    """`rounds` have ours first, and the other's where there is one."""
    for aim in AIMS:
        pairs = [[getattr(each, aim.field) for each in one] for one in rounds]
        if any(None in pair for pair in pairs):
            continue
        ours = [pair[0] for pair in pairs]
        others = [pair[1] for pair in pairs if pair[1:]]
        ratios = [pair[0] / pair[1] for pair in pairs if pair[1:]]
        yield (
            aim.title,
            aim.form.format(statistics.median(ours)),
            spread(ours, aim.form),
            aim.form.format(statistics.median(others)) if others else "–",
            f"{statistics.median(ratios):.2f} ({spread(ratios, '{:.2f}')})" if ratios else "–",
            *_judged(aim, ours, ratios),
        )


def _judged(aim: Aim, ours: Sequence[float], ratios: Sequence[float]) -> tuple[str, str]:
    """What is to be reached, and whether it is."""
    if aim.most is not None:
        return f"≤ {aim.most:g}", yes_or_no(statistics.median(ours) <= aim.most)
    if aim.ratio is None:
        return "–", "–"
    goal = f"{'≥' if aim.more else '≤'} {aim.ratio:g} ×"
    if not ratios:
        return goal, "–"
    middle = statistics.median(ratios)
    return goal, yes_or_no(middle >= aim.ratio if aim.more else middle <= aim.ratio)


if __name__ == "__main__":
    sys.exit(main())
