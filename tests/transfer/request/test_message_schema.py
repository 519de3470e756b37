"""The published schema and the parser agree on what a message of FileFerry's own is."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any

import pytest

from transfer.errors import Permanent
from transfer.request.hints import FIELDS, read

SCHEMA = json.loads((files("transfer") / "message.schema.json").read_text("utf-8"))
TASK = "0123456789abcdef" * 2
TYPES: dict[str, type] = {"object": dict, "string": str}
CHECKED = {"type", "const", "pattern", "required", "properties", "oneOf", "additionalProperties"}
TOLD = {"$schema", "title", "description"}


def valid(value: Any, schema: dict[str, Any]) -> bool:
    """JSON Schema 2020-12, as far as CHECKED; `pattern` matches the whole text, as ^…$ says."""
    assert set(schema) <= CHECKED | TOLD
    named = value if isinstance(value, dict) else {}
    return all(
        [
            isinstance(value, TYPES.get(schema.get("type", ""), object)),
            "const" not in schema or (value == schema["const"] and not isinstance(value, bool)),
            "pattern" not in schema
            or not isinstance(value, str)
            or re.fullmatch(schema["pattern"].strip("^$"), value) is not None,
            set(schema.get("required", ())) <= set(named),
            all(
                valid(named[name], part)
                for name, part in schema.get("properties", {}).items()
                if name in named
            ),
            "oneOf" not in schema or sum(valid(value, part) for part in schema["oneOf"]) == 1,
        ]
    )


def accepted(value: Any) -> bool:
    try:
        return bool(read(json.dumps(value)).hints)
    except Permanent:
        return False


@pytest.mark.parametrize(
    "value",
    [
        {"version": 1, "request": "RITM0010001"},
        {"version": 1.0, "request": "REQ00100"},
        {"version": 1, "request": "SCTASK123456789012345"},
        {"version": 1, "task": TASK},
        {"version": 1, "task": TASK, "note": None},
        {"version": 1, "task": TASK, "note": {"run": [1, 2], "by": "nightly"}},
        {"version": 1, "task": TASK, "approved": True, "more": {"a": 1}},
    ],
)
def test_both_take_it(value: Any) -> None:
    assert valid(value, SCHEMA)
    assert accepted(value)


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        "RITM0010001",
        {},
        {"version": 1},
        {"request": "RITM0010001"},
        {"version": 2, "request": "RITM0010001"},
        {"version": "1", "request": "RITM0010001"},
        {"version": True, "request": "RITM0010001"},
        {"version": None, "request": "RITM0010001"},
        {"version": 1, "request": "RITM0001"},
        {"version": 1, "request": "RITM1234567890123456"},
        {"version": 1, "request": "RITM0010001\n"},
        {"version": 1, "request": "xRITM0010001"},
        {"version": 1, "request": "INC0010001"},
        {"version": 1, "request": None},
        {"version": 1, "request": 10001},
        {"version": 1, "task": TASK[1:]},
        {"version": 1, "task": TASK.upper()},
        {"version": 1, "task": f" {TASK}"},
        {"version": 1, "task": TASK, "request": "RITM0010001"},
        {"version": 1, "note": "RITM0010001"},
    ],
)
def test_both_refuse_it(value: Any) -> None:
    assert not valid(value, SCHEMA)
    assert not accepted(value)


def test_they_name_the_same_fields() -> None:
    assert set(SCHEMA["properties"]) == set(FIELDS)
