"""Which digests of a file are known before its bytes are read."""

from __future__ import annotations

from collections.abc import Mapping

from transfer import digests as digesting
from transfer.crossing.crossing import Crossing
from transfer.digests import NOTHING, Known
from transfer.model import Delivery


def known(delivery: Delivery, crossing: Crossing) -> Mapping[str, Known]:
    """Those that the destination has attested. What an order demands is computed all the same: it
    is what the approval is about.
    """
    if delivery.pin is None:
        return NOTHING
    wanted = crossing.destination.attest
    if delivery.source.sha256:
        wanted = tuple(name for name in wanted if name != "sha256")
    return digesting.told(wanted, delivery.pin)
