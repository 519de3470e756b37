"""What all meters count of a transfer, by names that the configuration and the code bound."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence

from transfer.errors import FerryError
from transfer.model import Delivery, DeliveryState, Outcome, Transfer
from transfer.ports import Meter, Standing

OTHER = "other"
"""The destination of a request that names none of ours: anybody may write anything there."""
DURATIONS = (10, 30, 60, 120, 300, 900, 1800, 3600, 7200, 21_600, 86_400)
"""Seconds, of a histogram: from a small file that is approved already to a day of waiting."""


def destination_of(transfer: Transfer, known: Container[str]) -> str:
    name = transfer.request.destination
    return name if name in known else OTHER


def outcome_of(transfer: Transfer) -> str:
    return (transfer.outcome or Outcome.UNKNOWN).value


def seconds_of(transfer: Transfer) -> float:
    """From its receipt to its close."""
    began, closed = transfer.received_at, transfer.closed_at
    # A wall clock may be set back meanwhile.
    return max((closed - began).total_seconds(), 0.0) if began and closed else 0.0


def delivered(deliveries: Callable[[], Sequence[Delivery]]) -> int:
    """Bytes of the files that are published; 0 where the ledger does not tell them."""
    try:
        found = deliveries()
    except FerryError:
        # That it has ended counts for more.
        return 0
    return sum(item.size for item in found if item.state is DeliveryState.PUBLISHED)


class Meters:
    """The Meter port, for several of them."""

    def __init__(self, *meters: Meter) -> None:
        self._meters = meters

    def ended(self, transfer: Transfer, deliveries: Callable[[], Sequence[Delivery]]) -> None:
        for meter in self._meters:
            meter.ended(transfer, deliveries)

    def again(self, transfer: Transfer) -> None:
        for meter in self._meters:
            meter.again(transfer)

    def standing(self, figures: Standing) -> None:
        for meter in self._meters:
            meter.standing(figures)
