"""A standing approval at the simulated instance, made yesterday and approved an hour later."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from adapters.servicenow.reading.standing import StandingTable
from sandbox.servicenow import SEEDED, Instance
from sandbox.servicenow.seed import STANDING

TABLE = StandingTable(table=STANDING)
TERMS = {
    "u_prefix": "s3://exports/payroll/",
    "u_destination": "partner",
    "u_until": "2027-12-31 00:00:00",
}


@contextmanager
def at(instance: Instance, **ago: float) -> Iterator[None]:
    """Inside, the instance's clock stands still, that long ago."""
    clock, then = instance.clock, datetime.now(UTC) - timedelta(**ago)
    instance.clock = lambda: then
    yield
    instance.clock = clock


def stand(instance: Instance, *, approved: bool = True, **fields: str) -> dict[str, str]:
    with at(instance, hours=24):
        by = fields.pop("by", "anna.berg")
        record = instance.create(STANDING, {**TERMS, **fields}, by=by)
    if approved:
        agree(instance, record["sys_id"], hours=23)
    return instance.get(STANDING, record["sys_id"])


def agree(instance: Instance, record: str, by: str = "carla.moss", **ago: float) -> None:
    approver = SEEDED.users[by].sys_id
    with at(instance, **ago):
        [row] = instance.query(
            "sysapproval_approver", f"sysapproval={record}^approver={approver}"
        ) or [ask(instance, record, approver)]
        instance.approve(row["sys_id"])


def ask(instance: Instance, record: str, approver: str) -> dict[str, str]:
    """One more approver than the group has."""
    return instance.create("sysapproval_approver", {"sysapproval": record, "approver": approver})
