"""Which digests of a file are known before its bytes are read, and what is remembered of them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from transfer import digests as digesting
from transfer import recollection
from transfer.crossing.crossing import Crossing
from transfer.digests import NOTHING, Known
from transfer.errors import Transient
from transfer.model import Delivery
from transfer.recollection import Recollection


def known(delivery: Delivery, crossing: Crossing) -> Mapping[str, Known]:
    """Those that need not be computed for the destination: attested by S3, else remembered.

    What an order demands is computed all the same: it is what the approval is about.
    """
    wanted = crossing.destination.attest
    if delivery.source.sha256:
        wanted = tuple(name for name in wanted if name != "sha256")
    if delivery.pin is None or not wanted:
        return NOTHING
    attested = digesting.told(wanted, delivery.pin)
    if len(attested) == len(wanted):
        return attested
    remembered = _found(delivery, crossing)
    return (remembered.known(wanted) if remembered else {}) | attested


def remember(delivery: Delivery, crossing: Crossing) -> None:
    """What was computed of a file that has been verified. A ledger that does not answer stops
    nothing.
    """
    with suppress(Transient):
        made = recollection.made(crossing.transfer, delivery, _found(delivery, crossing))
        if made and crossing.tools.recollections:
            crossing.tools.recollections.keep(made)


def _found(delivery: Delivery, crossing: Crossing) -> Recollection | None:
    name = recollection.name_of(delivery)
    books = crossing.tools.recollections
    try:
        return books.find(name) if books and name else None
    except Transient:
        return None
