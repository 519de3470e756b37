"""What the flows of a package do, step by step, with the values that the package compresses."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.servicenow.package.reading import Entry, Package

ACTIONS = {
    "f8f2e9920b10030085c083eb37673abd": "ask for approval",
    "af51fd0e73141300612c273ffff6a785": "create catalog task",
    "43400a1587003300663ca1bb36cb0b4b": "look up records",
    "f9d01dd2c31332002841b63b12d3aea1": "update record",
    "af4e1945c3e232002841b63b12d3ae3e": "if",
    "1f781bf3c32232002841b63b12d3aee6": "else",
}
"""sys_ids of ServiceNow's own actions and logic, the same on every instance."""


@dataclass(frozen=True, slots=True)
class Step:
    """`within`: the `ui_id` of the step in whose branch this one is; '' is the flow itself."""

    order: int
    does: str
    ui_id: str
    within: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Flow:
    """`trigger`: of what kind; `when`: its values."""

    sys_id: str
    name: str
    runs_as: str
    trigger: str
    when: Mapping[str, str]
    steps: tuple[Step, ...]

    def doing(self, action: str) -> list[Step]:
        return [step for step in self.steps if step.does == action]


def flows(package: Package) -> dict[str, Flow]:
    """Each flow by its sys_id. Raises ValueError for values that cannot be read."""
    return {entry.sys_id: _flow(package, entry) for entry in package.of("sys_hub_flow")}


def _flow(package: Package, entry: Entry) -> Flow:
    trigger = package.one("sys_hub_trigger_instance_v2", flow=entry.sys_id)
    steps = [
        _step(each)
        for table in ("sys_hub_action_instance_v2", "sys_hub_flow_logic_instance_v2")
        for each in package.of(table, flow=entry.sys_id)
    ]
    return Flow(
        entry.sys_id,
        entry["name"],
        entry["run_as"],
        trigger["trigger_type"],
        _values(trigger["trigger_inputs"]),
        tuple(sorted(steps, key=lambda step: step.order)),
    )


def _step(entry: Entry) -> Step:
    kind = entry["action_type"] or entry["logic_definition"]
    return Step(
        int(entry["order"]),
        ACTIONS.get(kind, kind),
        entry["ui_id"],
        entry["parent_ui_id"],
        _values(entry["values"]),
    )


def _values(compressed: str) -> dict[str, str]:
    told = unpacked(compressed)
    inputs = told["inputs"] if isinstance(told, dict) else told
    return {each["name"]: _plain(each["value"]) for each in inputs}


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def unpacked(compressed: str) -> Any:
    """JSON that is compressed with gzip and written in base64. Raises ValueError."""
    try:
        return json.loads(gzip.decompress(base64.b64decode(compressed, validate=True)))
    except (OSError, EOFError) as error:
        raise ValueError(f"a compressed value cannot be read: {error}") from error
