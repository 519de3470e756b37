"""A dry run: everything is looked at, nothing is sent, and the plan goes to the ticket."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from posixpath import dirname, join

from transfer.crossing.conflict import taken
from transfer.destination import Conflict, Destination
from transfer.errors import Code, Permanent
from transfer.model import Delivery, Failure, Transfer
from transfer.ports import Remote
from transfer.tools import Tools

MOST = 200
"""Names that are looked up at the partner's; the ticket could not show more."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What would happen to each file, in words; `failing` are those that would not arrive."""

    lines: list[str]
    failing: list[Delivery]


def rehearse(
    transfer: Transfer, destination: Destination, deliveries: Sequence[Delivery], tools: Tools
) -> Plan:
    """Logs in, and writes nothing."""
    with (
        tools.slots.take(transfer.id, destination, tools.halt),
        closing(tools.remotes.connect(destination)) as remote,
    ):
        head = f"Server: {remote.identity}"
        fates = [(item, *_fate(item.final, destination, remote)) for item in deliveries[:MOST]]
    lines = [
        f"{item.source.uri} → {item.final}: {item.size:,} bytes, {words}"
        for item, words, _ in fates
    ]
    failing = [item.evolve(failure=Failure.of(error)) for item, _, error in fates if error]
    rest = len(deliveries) - len(lines)
    more = [f"… and {rest:,} files more, not looked up"] if rest else []
    return Plan([head, *lines, *more], failing)


def _fate(final: str, destination: Destination, remote: Remote) -> tuple[str, Permanent | None]:
    """In words, and why it would fail where it would."""
    there = remote.size(final)
    if there is None:
        missing = next(
            (place for place in _places(final, destination) if remote.proof.lacks(place)), ""
        )
        if not missing:
            return "would be sent", None
        words = f"the directory {dirname(missing)} does not exist"
        message = f"{words[:1].upper()}{words[1:]} on {destination.name}."
        error = Permanent(Code.REMOTE_NO_DIRECTORY, message, file=final)
        return f"{words} and the delivery would fail", error
    found = f"the name is taken by a file of {there:,} bytes and "
    if destination.on_conflict is Conflict.FAIL:
        return f"{found}the delivery would fail", taken(final, destination)
    replaced = destination.on_conflict is Conflict.REPLACE
    end = "would be replaced" if replaced else "the new file would get another number"
    return f"{found}{end}", None


def _places(final: str, destination: Destination) -> list[str]:
    """Names in the directories that a delivery writes to."""
    folder = destination.temp.folder
    return [final, *([join(destination.root, folder, "-")] if folder else [])]
