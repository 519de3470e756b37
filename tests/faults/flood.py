"""Sends the first bytes of made-up objects of 100 GB into nothing, and tells the memory it took.

`python -m tests.faults.flood FILES GB…` prints the resident megabytes of the process each time
that one of the files has come so far.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from adapters.memory.ledger import MemoryLedger, MemoryLocks
from adapters.memory.notify import MemoryNotifier
from adapters.memory.sessions import MemorySessions
from tests.faults.voyage import RULES, Consent, clock
from transfer.destination import Destination
from transfer.digests import Makers
from transfer.errors import Stopping
from transfer.journey import travel
from transfer.model import Delivery, Pin, Request, Source, Transfer
from transfer.ports import Powers, Remote
from transfer.slots import Slots
from transfer.tools import Tools

GB = 10**9
SIZE = 100 * GB


class Zeros:
    """The ObjectStore of one endless object."""

    checksums: Makers = {}  # noqa: RUF012  the port's attribute

    def list(self, bucket: str, prefix: str) -> Iterator[str]:
        raise NotImplementedError("nothing asks for a list of one object")

    def describe(self, source: Source) -> Pin:
        del source
        return Pin(size=SIZE, etag='"zeros"')

    def read(self, source: Source, pin: Pin, start: int, length: int) -> bytes:
        del source, pin, start
        return bytes(length)

    def read_into(self, source: Source, pin: Pin, start: int, buffer: memoryview) -> None:
        """The buffer was zeroed when it was made, and nothing else is ever read into it."""


class Nowhere:
    """The Remotes, a Remote and an Upload that take everything and keep nothing."""

    protocols = frozenset({"nowhere"})
    identity = "nowhere"
    powers = Powers(ranges=True, resumes=True)
    proof = None

    def __init__(self) -> None:
        self.acknowledged = 0

    def connect(self, destination: Destination, *, beside: Remote | None = None) -> Any:
        del destination, beside
        return Nowhere()

    def size(self, path: str) -> None:
        """Nothing is there."""

    def create(self, path: str, *, at: int = 0) -> Nowhere:
        del path, at
        return self

    def write(self, data: bytes | memoryview, offset: int) -> None:
        del offset
        self.acknowledged += len(data)

    def finish(self, modified: datetime | None = None) -> None: ...

    def rename(self, old: str, new: str, *, replace: bool) -> bool:
        del old, new, replace
        return True

    def remove(self, path: str) -> None: ...

    def abandon(self) -> None: ...

    def close(self) -> None: ...


class Measure:
    """The Observer that looks at the memory and, after the last amount, stops the work."""

    def __init__(self, amounts: list[int]) -> None:
        self._amounts = amounts
        self.told: list[int] = []

    def moved(self, transfer: Transfer, delivery: Delivery) -> None:
        del transfer
        while self._amounts and delivery.moved >= self._amounts[0] * GB:
            self._amounts.pop(0)
            self.told.append(resident())

    def halt(self) -> None:
        if not self._amounts:
            raise Stopping


def resident() -> int:
    """Megabytes that this process holds now."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024 // 10**6


def flood(files: int, amounts: list[int]) -> list[int]:
    ledger, measure, asked = MemoryLedger(), Measure(amounts), request(files)
    ledger.admit(Transfer(request=asked, received_at=clock()))
    claimed = ledger.claim(asked.id)
    assert claimed
    try:
        travel(claimed, tools(ledger, measure))
    except Stopping:
        return measure.told
    raise AssertionError(f"it ended before it was stopped: {ledger.deliveries(asked.id)}")


def request(files: int) -> Request:
    return Request(
        id="flood",
        number="FLOOD",
        requester="tests",
        destination="partner",
        sources=tuple(f"s3://exports/zeros-{number}" for number in range(files)),
        target="",
        fingerprint="0" * 64,
    )


def tools(ledger: MemoryLedger, measure: Measure) -> Tools:
    return Tools(
        objects=Zeros(),
        remotes=Nowhere(),
        sessions=MemorySessions(),
        authority=Consent(),
        ledger=ledger,
        locks=MemoryLocks(ledger.store),
        notifier=MemoryNotifier(),
        observer=measure,
        destinations={"partner": nowhere()},
        rules=RULES,
        slots=Slots(5),
        clock=clock,
        halt=measure.halt,
    )


def nowhere() -> Destination:
    return Destination(
        name="partner", protocol="nowhere", host="", port=0, username="", root="/",
        digests=("sha256",), connections=5,
    )  # fmt: skip


if __name__ == "__main__":
    asked_for = [int(word) for word in sys.argv[1:]]
    sys.stdout.write(" ".join(map(str, flood(asked_for[0], asked_for[1:]))))
