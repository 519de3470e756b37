"""When the final name is taken: fail, replace, or a free name beside it."""

from __future__ import annotations

from collections.abc import Sequence
from posixpath import basename, dirname, join, splitext

from transfer.crossing.crossing import Crossing, temp_of
from transfer.destination import Conflict, Destination
from transfer.errors import Code, Permanent
from transfer.model import Delivery

VERSIONS = 1000
"""Names that are tried before a person has to look."""


def settle_name(delivery: Delivery, crossing: Crossing) -> Delivery:
    """The delivery with the final name that it can have; looked up before a byte is sent.

    Raises Permanent `remote.exists`.
    """
    conflict = crossing.destination.on_conflict
    if conflict is Conflict.REPLACE and crossing.in_place:
        _demand_own_name(delivery, (), crossing)
    begun = crossing.in_place and delivery.temp == delivery.final
    if conflict is Conflict.REPLACE or begun or crossing.remote.size(delivery.final) is None:
        return delivery
    if conflict is Conflict.VERSION:
        return with_free_name(delivery, crossing)
    raise taken(delivery.final, crossing.destination)


def taken(final: str, destination: Destination) -> Permanent:
    return Permanent(
        Code.REMOTE_EXISTS,
        f"{final} exists already on {destination.name}, which does not allow to replace files.",
        file=final,
    )


def demand_own_names(deliveries: Sequence[Delivery], crossing: Crossing) -> None:
    """With `replace`, where the server does not tell A from a: nothing is replaced that stands
    under another name, or is ordered under it. Raises Permanent `remote.exists`.

    Our own temp is there, so that a server that shows it under capital letters is such a one.
    """
    if not crossing.destination.replace or crossing.in_place:
        return
    tellers = {dirname(item.final): temp_of(item) for item in deliveries}
    blind = {place for place, temp in tellers.items() if _is_shown_otherwise(temp, crossing)}
    if not blind:
        return
    ordered = [item.final for item in crossing.tools.ledger.deliveries(crossing.transfer.id)]
    folding = {place for place in blind if _is_folded(tellers[place], crossing)}
    for item in deliveries:
        place = dirname(item.final)
        if place in blind:
            _demand_own_name(item, ordered, crossing, folded=place in folding)


def _is_shown_otherwise(temp: str, crossing: Crossing) -> bool:
    other = join(dirname(temp), basename(temp).swapcase())
    return crossing.remote.size(other) is not None


def _is_folded(temp: str, crossing: Crossing) -> bool:
    """Whether every name is kept in letters of one kind: then what stands has our name."""
    return crossing.remote.proof.standing(temp) not in (None, temp)


def _demand_own_name(
    delivery: Delivery, others: Sequence[str], crossing: Crossing, *, folded: bool = False
) -> None:
    final, remote = delivery.final, crossing.remote
    twins = [name for name in others if name != final and name.casefold() == final.casefold()]
    if not twins and not folded and remote.size(final) is not None:
        stands = remote.proof.standing(final)
        twins = [stands] if stands not in (None, final) else []
    if twins:
        raise Permanent(
            Code.REMOTE_EXISTS,
            f"{crossing.destination.name} does not tell {final} from {twins[0]}: one of them would "
            "replace the other.",
            file=final,
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
