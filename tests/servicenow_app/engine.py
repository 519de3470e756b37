"""Runs the plain JavaScript of the package on records of the simulator, in the `vm` of Node."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.servers import need

STAND_INS = Path(__file__).with_name("glide.cjs")
World = dict[str, list[dict[str, str]]]


def run(**task: Any) -> dict[str, Any]:
    """What became of the task: see glide.cjs."""
    done = subprocess.run(
        [need("node"), str(STAND_INS)],
        input=json.dumps(task),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def rule(
    script: str, current: Mapping[str, str], changed: Mapping[str, str], world: World | None = None
) -> dict[str, Any]:
    """A rule before an update: `current` as it was, and what is altered. Gives what is stored."""
    return run(
        kind="rule", script=script, previous=current, current={**current, **changed}, world=world
    )


def submit(script: str, orders: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """For each order what the form finds wrong, by field; empty: it may be sent."""
    found: list[dict[str, str]] = run(kind="form", script=script, orders=orders)["faults"]
    return found
