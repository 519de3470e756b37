"""What `servicenow sync` says: a line for each destination, and one for all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from transfer.visible import visible

if TYPE_CHECKING:  # requests and its libraries, as in survey_show
    from adapters.servicenow.application.offer import Change

_DONE = {
    "create": "created",
    "update": "updated",
    "take over": "taken over",
    "deactivate": "deactivated",
    "left": "left alone",
    "kept": "kept",
}
_QUIET = ("kept", "left")
"""What is done in any case, also by a dry run: nothing."""


def line(change: Change, *, dry_run: bool) -> str:
    done = _DONE[change.act]
    done = f"would be {done}" if dry_run and change.act not in _QUIET else done
    return visible(f"{change.name}: {done}" + (f" ({change.text})" if change.text else ""))


def sum_up(changes: Sequence[Change], *, dry_run: bool) -> str:
    counted = Counter(change.act for change in changes)
    words = ", ".join(f"{counted[act]} {_DONE[act]}" for act in counted)
    nothing = " Nothing was written." if dry_run else ""
    return f"{len(changes)} destinations: {words or 'none'}.{nothing}"


def document(changes: Sequence[Change], *, dry_run: bool) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "destinations": [
            {"name": change.name, "act": change.act, "text": change.text} for change in changes
        ],
    }
