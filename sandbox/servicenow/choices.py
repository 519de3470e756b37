"""The choice lists of a fresh instance, as rows of sys_choice."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.servicenow.schema import CHOICES
from sandbox.servicenow.seed import Record, fixed_id


def choice_rows() -> Iterator[Record]:
    for table, columns in CHOICES.items():
        for element, labels in columns.items():
            for sequence, (value, label) in enumerate(labels.items()):
                yield {
                    "sys_id": fixed_id(f"choice {table} {element} {value}"),
                    "name": table,
                    "element": element,
                    "value": value,
                    "label": label,
                    "sequence": str(sequence),
                }
