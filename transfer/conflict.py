"""When the final name is taken: fail, replace, or a free name beside it."""

from __future__ import annotations

from posixpath import dirname, join, splitext

from transfer.crossing import Crossing
from transfer.destination import Conflict
from transfer.errors import Code, Permanent
from transfer.model import Delivery

VERSIONS = 1000
"""Names that are tried before a person has to look."""


def settle_name(delivery: Delivery, crossing: Crossing) -> Delivery:
    """The delivery with the final name that it can have; looked up before a byte is sent.

    Raises Permanent `remote.exists`.
    """
    conflict = crossing.destination.on_conflict
    begun = crossing.in_place and delivery.temp == delivery.final
    if conflict is Conflict.REPLACE or begun or crossing.remote.size(delivery.final) is None:
        return delivery
    if conflict is Conflict.VERSION:
        return with_free_name(delivery, crossing)
    raise Permanent(
        Code.REMOTE_EXISTS,
        f"{delivery.final} exists already on {crossing.destination.name}, "
        "which does not allow to replace files.",
        file=delivery.final,
    )


def with_free_name(delivery: Delivery, crossing: Crossing) -> Delivery:
    """`pay.csv` becomes `pay.2.csv`, or the next free number; durable before it is used."""
    ordered = delivery.ordered or delivery.final
    for number in range(2, VERSIONS + 2):
        name = versioned(ordered, number)
        if crossing.remote.size(name) is None:
            return crossing.save(delivery, final=name, ordered=ordered)
    raise Permanent(
        Code.REMOTE_EXISTS,
        f"{VERSIONS} versions of {ordered} exist already on {crossing.destination.name}.",
        file=ordered,
    )


def versioned(path: str, number: int) -> str:
    """The number goes before the last extension, so that a partner who collects `*.csv` sees it."""
    stem, extension = splitext(path.rpartition("/")[2])
    return join(dirname(path), f"{stem}.{number}{extension}")
