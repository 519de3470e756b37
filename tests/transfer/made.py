"""Values that the tests begin from: one approved request, and what ServiceNow says of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from transfer.destination import Destination, HostKey
from transfer.evidence import Approval, Evidence, Variable
from transfer.model import Request
from transfer.rules import Grant, Rules

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
ITEM = "1" * 32
PARTNER = Destination(
    name="partner",
    protocol="memory",
    host="sftp.example.com",
    port=22,
    username="ferry",
    root="/inbox",
    password="partner",
    host_keys=(HostKey(fingerprint="SHA256:" + "A" * 43),),
)
VAULT = Destination(
    name="vault", protocol="memory", host="v.example.com", port=22, username="f", root="/"
)
DESTINATIONS = {"partner": PARTNER, "vault": VAULT}
RULES = Rules(
    catalog_items=frozenset({ITEM}),
    variables=("source", "destination", "path"),
    grants=(
        Grant(
            requesters=frozenset({"anna.berg"}),
            sources=("s3://exports/payroll/",),
            destinations=frozenset({"partner"}),
        ),
    ),
)


def approval(**changes: Any) -> Approval:
    fields: dict[str, Any] = {
        "approver_id": "c" * 32,
        "approver": "carla.moss",
        "state": "approved",
        "decided_at": NOON,
        "in_group": True,
        "actor": changes.get("approver", "carla.moss"),
    }
    return Approval(**fields | changes)


def evidence(**changes: Any) -> Evidence:
    """An approved, unaltered request of anna.berg for s3://exports/payroll/nov.csv."""
    ordered = NOON - timedelta(hours=1)
    fields: dict[str, Any] = {
        "instance": "example.service-now.com",
        "task_id": "7" * 32,
        "task_number": "SCTASK0010001",
        "task_active": True,
        "task_state": "1",
        "item_id": "8" * 32,
        "item_number": "RITM0010001",
        "item_active": True,
        "item_state": "1",
        "item_approval": "approved",
        "catalog_item": ITEM,
        "request_number": "REQ0010001",
        "requester_id": "a" * 32,
        "requester": "anna.berg",
        "opened_by_id": "a" * 32,
        "opener": "anna.berg",
        "approvals": (approval(),),
        "variables": variables(ordered),
        "read_at": NOON + timedelta(minutes=1),
        "asked_since": ordered,
    }
    return Evidence(**fields | changes)


def order_of_its_own(number: int, **changes: Any) -> Evidence:
    """As evidence(), but of another item: tasks of one item are carried once."""
    names = {"task_id": f"{number:032x}", "item_id": f"{number + 2**64:032x}"}
    return evidence(**{**names, "item_number": f"RITM{number:07}", **changes})


def variables(
    changed_at: datetime = NOON - timedelta(hours=1),
    source: str = "s3://exports/payroll/nov.csv",
    destination: str = "partner",
    path: str = "pay/nov.csv",
) -> dict[str, Variable]:
    values = {"source": source, "destination": destination, "path": path}
    return {name: Variable(value=value, changed_at=changed_at) for name, value in values.items()}


def request(**changes: Any) -> Request:
    fields: dict[str, Any] = {
        "id": "example.service-now.com:sc_task:" + "7" * 32,
        "number": "RITM0010001",
        "requester": "anna.berg",
        "destination": "partner",
        "sources": ("s3://exports/payroll/nov.csv",),
        "target": "pay/nov.csv",
        "fingerprint": "f" * 64,
        "task_id": "7" * 32,
        "task_number": "SCTASK0010001",
    }
    return Request(**fields | changes)
