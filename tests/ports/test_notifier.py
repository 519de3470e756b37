"""What the Notifier port promises: any ending can be told, and nothing is raised."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from adapters.memory.notify import MemoryNotifier
from adapters.notify import LogNotifier
from transfer.errors import Code, Permanent
from transfer.model import Delivery, Outcome, Receipt, Request, Source, Stage, Transfer
from transfer.ports import Notifier

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
REQUEST = Request(
    id="dev1:sc_task:" + "0" * 32,
    number="RITM0010001",
    requester="beth.anglin",
    destination="bank",
    sources=("s3://exports/a", "s3://exports/b"),
    target="in/",
    fingerprint="f" * 64,
)
DELIVERED = Transfer(request=REQUEST, stage=Stage.REPORTED, outcome=Outcome.DELIVERED, epoch=3)
FAILED = Transfer(request=REQUEST, stage=Stage.VALIDATED).failed(
    Permanent(Code.SOURCE_DENIED, "S3 does not let FileFerry read s3://exports/b.")
)


def delivery(number: int, size: int | None) -> Delivery:
    receipt = size is not None and Receipt(
        path="/in/a",
        size=size,
        md5="",
        sha256="",
        tier="T2",
        source_check="MD5",
        server="ssh-ed25519",
        started_at=NOON,
        rechecked_at=NOON,
        published_at=NOON,
    )
    source = Source(bucket="exports", key="a")
    return Delivery(number=number, source=source, final="/in/a", receipt=receipt or None)


@pytest.fixture(params=[LogNotifier, MemoryNotifier])
def notifier(request: pytest.FixtureRequest) -> Notifier:
    made: Notifier = request.param()
    return made


@pytest.mark.parametrize("transfer", [DELIVERED, FAILED, Transfer(request=REQUEST)])
@pytest.mark.parametrize("deliveries", [(), (delivery(1, 5), delivery(2, None))])
def test_every_ending_can_be_told_twice(
    notifier: Notifier, transfer: Transfer, deliveries: tuple[Delivery, ...]
) -> None:
    with capture_logs():
        notifier.tell(transfer, deliveries)
        notifier.tell(transfer, deliveries)


def test_the_log_has_one_line_with_what_counts() -> None:
    with capture_logs() as lines:
        LogNotifier().tell(DELIVERED, [delivery(1, 5), delivery(2, 7)])
    assert lines == [
        {
            "event": "transfer ended",
            "log_level": "info",
            "transfer": REQUEST.id,
            "request": "RITM0010001",
            "epoch": 3,
            "outcome": "delivered",
            "files": 2,
            "delivered": 2,
            "bytes": 12,
            "code": None,
        }
    ]


def test_the_log_names_the_code_of_a_failure() -> None:
    with capture_logs() as lines:
        LogNotifier().tell(FAILED, [delivery(1, 5), delivery(2, None)])
    (line,) = lines
    assert (line["outcome"], line["code"]) == ("failed", "source.denied")
    assert (line["files"], line["delivered"], line["bytes"]) == (2, 1, 5)


def test_memory_keeps_what_it_was_told() -> None:
    notifier = MemoryNotifier()
    notifier.tell(DELIVERED, [delivery(1, 5)])
    notifier.tell(FAILED, [])
    assert notifier.told == [(DELIVERED, (delivery(1, 5),)), (FAILED, ())]
