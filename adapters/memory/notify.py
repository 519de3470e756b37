"""A Notifier in memory: it keeps what it was told."""

from __future__ import annotations

from collections.abc import Sequence

from transfer.model import Delivery, Transfer


class MemoryNotifier:
    """The Notifier port; `told` holds every word, oldest first."""

    def __init__(self) -> None:
        self.told: list[tuple[Transfer, tuple[Delivery, ...]]] = []

    def tell(self, transfer: Transfer, deliveries: Sequence[Delivery]) -> None:
        self.told.append((transfer, tuple(deliveries)))
