"""A record in which every text is what a hostile requester or server would put there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from tests.transfer.made import NOON, request
from transfer.books import Record
from transfer.model import (
    Delivery,
    DeliveryState,
    Failure,
    Outcome,
    Pin,
    Receipt,
    Session,
    Source,
    Stage,
    Transfer,
)
from transfer.tickets import Ticket, TicketRole

NASTY = "x\r\nApproved by: mallory\x1b[2J\x9b31m\u2028\x85\u202e\u200b\ud800[red]\U000e0041"
HARM = "\r\x1b\x9b\x85\u2028\u202e\u200b\ud800\U000e0041"

T = TypeVar("T")


def mapped(value: T, change: Callable[[str], str]) -> T:
    """The value with each of its texts changed; those of enumerations stay."""
    found: Any = value
    if type(found) is str:
        found = change(found)
    elif is_dataclass(value) and not isinstance(value, type):
        parts = {each.name: mapped(getattr(value, each.name), change) for each in fields(value)}
        found = replace(value, **parts)
    elif isinstance(value, tuple):
        found = tuple(mapped(item, change) for item in value)
    elif isinstance(value, Mapping):
        found = {key: mapped(item, change) for key, item in value.items()}
    return found  # type: ignore[no-any-return]


def innocent() -> Record:
    """One file that arrived and one that failed, with everything on it that is ever told."""
    failure = Failure(code="remote.full", message="It is full.", action="Wait.", permanent=True)
    head = Transfer(
        request=request(approvers=("carla.moss",), approved_at=NOON),
        stage=Stage.CLOSED,
        session=Session(id="one", identity="arn:aws:iam::1:role/ferry", opened_at=NOON),
        outcome=Outcome.FAILED,
        failure=failure,
        loose_ends=(failure,),
        claims=3,
        quarantined_at=NOON,
    )
    tickets = {
        role: Ticket(role=role, sys_id="5" * 32, number="INC1", url="https://x", state="2")
        for role in TicketRole
    }
    return Record(
        transfer=head,
        deliveries=(_delivery(1, receipt=_receipt()), _delivery(2, failure=failure)),
        tickets=tickets,
        unsent=1,
        last_error="It did not answer.",
        updated_at=NOON,
    )


def hostile() -> Record:
    return mapped(innocent(), lambda text: text if text == "T0" else NASTY)


def _delivery(number: int, **changes: Any) -> Delivery:
    return Delivery(
        number=number,
        source=Source(bucket="exports", key="payroll/nov.csv"),
        final="/inbox/nov.csv",
        ordered="/inbox/dec.csv",
        state=DeliveryState.PUBLISHED if "receipt" in changes else DeliveryState.UPLOADING,
        pin=Pin(version_id="v", etag="e", size=5, doubt="Two of them."),
        tier="T0",
        **changes,
    )


def _receipt() -> Receipt:
    return Receipt(
        path="/inbox/nov.csv",
        size=5,
        md5="m",
        sha256="s",
        tier="T0",
        source_check="size",
        origins={"md5": "attested", "sha256": "computed"},
        server="SSH-2.0-OpenSSH",
        sidecar="/inbox/nov.csv.sha256",
        started_at=NOON,
        rechecked_at=NOON,
        published_at=NOON,
        acknowledgement="/inbox/nov.csv.ack",
        acknowledged_at=NOON,
    )
