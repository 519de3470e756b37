"""`python -m tests.bench`: measures, prints the tables and, when asked, writes them to a file."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.bench import report
from tests.bench.clients import Command, available, command
from tests.bench.compiled import compile_all
from tests.bench.meter import Meter
from tests.bench.results import Results, Sample
from tests.bench.stage import Stage
from tests.bench.workloads import CLIENTS, PARTS, WORKLOADS, Workload

GAUGE = Path(__file__).with_name("gauge.py")
PATIENCE = 300.0
"""Seconds after which a client is given up."""
QUICK = 8


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _parser().parse_args(arguments)
    divisor = QUICK if asked.quick else asked.shrink
    wanted = [work for work in WORKLOADS if not asked.only or work.name in asked.only]
    clients = available().intersection(asked.clients or CLIENTS)
    workloads = [work for each in wanted if (work := each.shrunk(divisor).by(clients)).clients]
    runs = 1 if asked.quick else asked.runs
    results = Results()
    compile_all()
    with Stage(workloads) as stage:
        for workload in workloads:
            for number in range(runs):
                _round(number, workload, stage, results)
    sys.stdout.write(report.text(results, workloads, runs))
    if asked.write:
        report.rewrite(asked.write, report.markdown(results, workloads, runs))
    return int(any(None in samples for samples in results.samples.values()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="rounds of each workload")
    parser.add_argument("--quick", action="store_true", help=f"one round, {QUICK} times less data")
    parser.add_argument("--shrink", type=int, default=1, help="so many times less data")
    names = [workload.name for workload in WORKLOADS]
    parser.add_argument("--only", nargs="+", choices=names, help="these workloads alone")
    parser.add_argument("--clients", nargs="+", choices=CLIENTS, help="these clients alone")
    parser.add_argument("--write", type=Path, help="Markdown file with the bench's marks")
    return parser


def _round(number: int, workload: Workload, stage: Stage, results: Results) -> None:
    """Every client once; who begins changes from round to round."""
    clients = workload.clients
    turn = number % len(clients)
    for client in clients[turn:] + clients[:turn]:
        sample = _measured(client, workload, stage)
        results.samples[workload.name, client].append(sample)
        took = f"{sample.wall:.2f} s" if sample else "failed"
        sys.stderr.write(f"{workload.title}, round {number + 1}, {client}: {took}\n")


def _measured(client: str, workload: Workload, stage: Stage) -> Sample | None:
    stage.clear(workload)
    with tempfile.TemporaryDirectory() as home:
        asked = command(client, workload, stage.errand(workload), Path(home))
        with Meter(stage.servers(workload)) as meter:
            taken = _run(asked)
    wrong = [] if client in PARTS else stage.differences(workload)
    if wrong:
        sys.stderr.write(f"{client} did not deliver {len(wrong)} files, e.g. {wrong[0]}\n")
    if wrong or not taken or taken.pop("status"):
        return None
    return Sample(**taken, s3=meter.spent("s3"), server=meter.spent("server"))


def _run(asked: Command) -> dict[str, Any]:
    """What the gauge says; empty when time was up."""
    words = [sys.executable, "-I", "-S", str(GAUGE), *asked.words]
    with subprocess.Popen(
        words, env=dict(asked.environment), stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        try:
            said, _ = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return {}
    taken: dict[str, Any] = json.loads(said)
    return taken


if __name__ == "__main__":
    sys.exit(main())
