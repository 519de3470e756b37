"""What the page tells, counted from the records of the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import median

from transfer.books import Archive, Record
from transfer.model import Delivery, Outcome, Receipt, Route

MOST = 20_000
"""Transfers of one page; the page says when there are more."""
FIRST_LOOK = 500
HOURLY = timedelta(days=3)
"""Up to this long each column is an hour; after it a day, and a week after WEEKLY."""
WEEKLY = timedelta(days=120)
NOT_YET = "under way"


@dataclass(slots=True)
class Share:
    """A destination or a requester."""

    transfers: int = 0
    failed: int = 0
    files: int = 0
    bytes: int = 0
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Bytes a second while files were sent; 0 where none was."""
        return self.bytes / self.seconds if self.seconds else 0.0


@dataclass(slots=True)
class Column:
    """A piece of time."""

    begins: datetime
    outcomes: Counter[str] = field(default_factory=Counter)
    files: int = 0
    bytes: int = 0
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        return self.bytes / self.seconds if self.seconds else 0.0


@dataclass(slots=True, kw_only=True)
class Figures:
    """All of a period; `cut` is the number of transfers that were looked at, where there are more.

    `again` counts the transfers that an operator had sent anew, `resumed` those that were taken up
    more than once in a generation: they waited, the service was stopped, or their owner died. Of
    those in AWS, where each step is a claim of its own, nobody can tell.
    """

    since: datetime
    until: datetime
    step: timedelta
    columns: list[Column] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    causes: Counter[str] = field(default_factory=Counter)
    tiers: Counter[str] = field(default_factory=Counter)
    destinations: dict[str, Share] = field(default_factory=dict)
    requesters: dict[str, Share] = field(default_factory=dict)
    took: list[float] = field(default_factory=list)
    again: int = 0
    resumed: int = 0
    cut: int = 0

    @property
    def transfers(self) -> int:
        return len(self.records)

    @property
    def files(self) -> int:
        return sum(column.files for column in self.columns)

    @property
    def bytes(self) -> int:
        return sum(column.bytes for column in self.columns)

    @property
    def seconds(self) -> float:
        """From order to end, of half of the delivered ones at most; 0 where there is none."""
        return median(self.took) if self.took else 0.0


def recent(archive: Archive, since: datetime, most: int = MOST) -> tuple[list[Record], int]:
    """What came in since then, newest first; and how many were looked at, if that was not all."""
    limit = FIRST_LOOK
    while True:
        found = archive.search(limit=min(limit, most))
        young = [each for each in found if _received(each) >= since]
        if len(young) < min(limit, most):
            return young, 0
        if limit >= most:
            return young, most
        limit *= 8


def figures(records: Sequence[Record], since: datetime, until: datetime, cut: int = 0) -> Figures:
    step = _step(until - since)
    told = Figures(since=since, until=until, step=step, records=list(records), cut=cut)
    begins = _floor(since, step)
    while begins < until:
        told.columns.append(Column(begins))
        begins += step
    for record in records:
        _count(record, told)
    return told


def _count(record: Record, told: Figures) -> None:
    transfer = record.transfer
    outcome = outcome_of(record)
    told.outcomes[outcome] += 1
    if transfer.failure:
        told.causes[transfer.failure.code] += 1
    told.again += transfer.generation > 1
    told.resumed += transfer.route is Route.IN_PROCESS and transfer.epoch > transfer.generation
    if transfer.outcome is Outcome.DELIVERED and transfer.received_at and transfer.closed_at:
        told.took.append((transfer.closed_at - transfer.received_at).total_seconds())
    if column := _column(told, _received(record)):
        column.outcomes[outcome] += 1
    sent = [receipt for item in record.deliveries if (receipt := item.receipt)]
    for share in _shares(record, told):
        share.transfers += 1
        share.failed += outcome in (Outcome.FAILED, Outcome.UNKNOWN)
        share.files += len(sent)
        share.bytes += sum(receipt.size for receipt in sent)
        share.seconds += sum(receipt.seconds for receipt in sent)
    _count_files(sent, told)


def _count_files(sent: Iterable[Receipt], told: Figures) -> None:
    for receipt in sent:
        told.tiers[receipt.tier or "none"] += 1
        if column := _column(told, receipt.published_at):
            column.files += 1
            column.bytes += receipt.size
            column.seconds += receipt.seconds


def _shares(record: Record, told: Figures) -> Iterator[Share]:
    request = record.transfer.request
    yield told.destinations.setdefault(request.destination or "unnamed", Share())
    yield told.requesters.setdefault(request.requester or "unnamed", Share())


def _column(told: Figures, moment: datetime) -> Column | None:
    if not told.columns:
        return None
    place = (moment - told.columns[0].begins) // told.step
    return told.columns[min(max(place, 0), len(told.columns) - 1)]


def outcome_of(record: Record) -> str:
    return record.transfer.outcome or NOT_YET


def sizes(deliveries: Iterable[Delivery]) -> Mapping[str, int]:
    """Files and bytes that arrived."""
    sent = [item.receipt for item in deliveries if item.receipt]
    return {"files": len(sent), "bytes": sum(receipt.size for receipt in sent)}


def _received(record: Record) -> datetime:
    return record.transfer.received_at or record.updated_at


def _step(period: timedelta) -> timedelta:
    if period <= HOURLY:
        return timedelta(hours=1)
    return timedelta(days=7 if period > WEEKLY else 1)


def _floor(moment: datetime, step: timedelta) -> datetime:
    day = moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return day if step < timedelta(days=1) else day.replace(hour=0)
