"""Telling people by a line in the log, which a bastion's log shipper can turn into an alarm."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.log import Log
from transfer.model import Delivery, Transfer

log = Log()


class LogNotifier:
    """The Notifier port by one line, `transfer ended`.

    `files` counts the files of the request, `delivered` those that arrived; `bytes` is the size of
    the latter; `code` is that of the failure, None after a delivery.
    """

    def tell(self, transfer: Transfer, deliveries: Sequence[Delivery]) -> None:
        receipts = [item.receipt for item in deliveries if item.receipt]
        log.info(
            "transfer ended",
            **transfer.log_context(),
            outcome=transfer.outcome.value if transfer.outcome else None,
            files=len(deliveries),
            delivered=len(receipts),
            bytes=sum(receipt.size for receipt in receipts),
            code=transfer.failure.code if transfer.failure else None,
        )
