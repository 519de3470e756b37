"""A thousand requests of mixed size, with faults all the time, in the clock's time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from sandbox.servicenow import Instance
from tests.adapters.servicenow.stage import Stage, staged
from tests.house import TOP
from tests.sweeps import WHOLE, tell

FIRST, EVERY = (200, 1_000) if WHOLE else (25, 75)
MOST = 250
"""Megabytes."""
SLACK = 12
"""Connections that are kept for the next call, and their threads."""
TICKETS = 2
TRIMMED = {"MALLOC_MMAP_THRESHOLD_": "262144", "MALLOC_TRIM_THRESHOLD_": "262144"}
"""The partner in memory holds whole files. What glibc keeps of them once they are freed grows with
each thread, and is no memory that anybody holds on to.
"""


def order(instance: Instance, number: int) -> None:
    """An approved one."""
    path = f"{number}.csv"
    wanted = {"source": f"s3://exports/payroll/{path}", "destination": "partner", "path": path}
    item = instance.order(wanted, "anna.berg")
    for row in instance.query("sysapproval_approver", f"sysapproval={item['sys_id']}"):
        instance.approve(row["sys_id"])


def served(stage: Stage, asked: dict[str, object]) -> bool:
    """Whether it was a wish."""
    orders, mode = asked.get("order"), asked.pop("mode", None)
    if isinstance(orders, list):
        for number in orders:
            order(stage.instance, number)
    elif isinstance(mode, str):
        stage.server.modes.clear()
        stage.server.modes.set(mode, path="/api/now/", **asked)  # type: ignore[arg-type]
    else:
        return False
    return True


def soaked(stage: Stage) -> list[dict[str, int]]:
    """What it held after the first ones, and after all."""
    said: list[dict[str, int]] = []
    place = (stage.server.url, str(stage.certificate.ca_file), str(FIRST), str(EVERY))
    with subprocess.Popen(
        [sys.executable, "-m", "tests.intake.soak", *place],
        cwd=TOP,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | TRIMMED,
    ) as child:
        assert child.stdin
        assert child.stdout
        for line in child.stdout:
            asked = json.loads(line)
            if served(stage, asked):
                child.stdin.write("done\n")
                child.stdin.flush()
            else:
                said.append(asked)
    assert child.returncode == 0
    return said


def test_nothing_is_lost_doubled_or_held_on_to(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        first, last = soaked(stage)
        for held in ("descriptors", "threads"):
            assert last[held] <= first[held] + SLACK, (first, last)
        assert last["megabytes"] <= MOST
        tickets = stage.instance.query("incident")
        tasks = stage.instance.query("sc_task")
        words = stage.instance.query("sys_journal_field")
    assert len(tickets) == TICKETS * len(tasks) >= TICKETS * EVERY
    assert {row["state"] for row in tickets} <= {"6", "7"}
    assert {row["state"] for row in tasks} == {"3"}
    assert max(Counter((row["element_id"], row["value"]) for row in words).values()) == 1
    tell(f"soak of {len(tasks):,} requests: {first} after {FIRST}, then {last}")
