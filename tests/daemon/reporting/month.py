"""A month of transfers, always the same, with what somebody may have meant to be HTML."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from tests.transfer.made import NOON, request
from transfer.books import Record
from transfer.errors import Code
from transfer.model import (
    Delivery,
    DeliveryState,
    Failure,
    Outcome,
    Receipt,
    Source,
    Stage,
    Transfer,
)

SINCE, UNTIL = NOON - timedelta(days=30), NOON
CANARY = "</td><script>alert('canary')</script><img src=//x onerror=y> \u202e & \"q\""
COUNT = 120
CODES = (Code.AUTH_REFUSED, Code.REMOTE_FULL, Code.SOURCE_MISSING)
MIB = 1024 * 1024


def month(count: int = COUNT) -> list[Record]:
    """Newest first, as the archive gives them."""
    return [_record(number) for number in range(count)]


def _record(number: int) -> Record:
    received = UNTIL - timedelta(hours=6 * number, minutes=5)
    outcome = (Outcome.DELIVERED, Outcome.DELIVERED, Outcome.FAILED, Outcome.REFUSED)[number % 4]
    asked = request(
        id=f"i:sc_task:{number:032}",
        number=f"RITM{number:07}",
        requester=CANARY if number % 10 == 0 else f"user.{number % 5}",
        destination=("bank", "insurer", "press")[number % 3],
    )
    failure = Failure(code=CODES[number % 3], message="No.", action="Ask.")
    head = Transfer(
        request=asked,
        received_at=received,
        closed_at=received + timedelta(minutes=1 + number % 7),
        stage=Stage.CLOSED,
        outcome=outcome,
        failure=None if outcome is Outcome.DELIVERED else failure,
        generation=2 if number % 12 == 0 else 1,
        epoch=1 + number % 2,
    )
    files = [_file(each, received, number) for each in range(1, 1 + number % 4)]
    if outcome is not Outcome.DELIVERED:
        files = [replace(each, state=DeliveryState.FAILED, receipt=None) for each in files]
    return Record(
        transfer=head, deliveries=tuple(files), tickets={}, unsent=0, last_error=None,
        updated_at=received,
    )  # fmt: skip


def _file(number: int, at: datetime, transfer: int) -> Delivery:
    size = (1 + 37 * transfer * number % 400) * MIB
    path = f"/in/{transfer}-{number}.csv"
    receipt = Receipt(
        path=path,
        size=size,
        md5="",
        sha256="5" * 64,
        tier=("T0", "T1", "T2")[transfer % 3],
        source_check="MD5",
        server="s",
        started_at=at,
        rechecked_at=at,
        published_at=at + timedelta(seconds=size / MIB / (5 + 20 * (transfer % 3))),
    )
    source = Source(bucket="exports", key=f"{number}.csv")
    return Delivery(
        number=number, source=source, final=path, state=DeliveryState.PUBLISHED, receipt=receipt
    )
