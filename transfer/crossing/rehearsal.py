"""A dry run: everything is looked at, nothing is sent, and the plan goes to the ticket."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

from transfer.destination import Conflict, Destination
from transfer.model import Delivery, Transfer
from transfer.tools import Tools

MOST = 200
"""Names that are looked up at the partner's; the ticket could not show more."""


def rehearse(
    transfer: Transfer, destination: Destination, deliveries: Sequence[Delivery], tools: Tools
) -> list[str]:
    """What would happen to each file, in words. Logs in, and writes nothing."""
    with (
        tools.slots.take(transfer.id, destination, tools.halt),
        closing(tools.remotes.connect(destination)) as remote,
    ):
        head = f"Server: {remote.identity}"
        lines = [
            f"{item.source.uri} → {item.final}: {item.size:,} bytes, "
            + _fate(remote.size(item.final), destination)
            for item in deliveries[:MOST]
        ]
    rest = len(deliveries) - len(lines)
    return [head, *lines, *([f"… and {rest:,} files more, not looked up"] if rest else [])]


def _fate(there: int | None, destination: Destination) -> str:
    if there is None:
        return "would be sent"
    taken = f"the name is taken by a file of {there:,} bytes and "
    return (
        taken
        + {
            Conflict.FAIL: "the delivery would fail",
            Conflict.REPLACE: "would be replaced",
            Conflict.VERSION: "the new file would get another number",
        }[destination.on_conflict]
    )
