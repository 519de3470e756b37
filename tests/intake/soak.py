"""The daemon through many requests with faults on, in a process of its own: what it holds on to.

`python -m tests.intake.soak URL CA_FILE FIRST ALL` asks by lines of JSON for orders and for faults
of the instance there, which whoever reads them answers with a line each. It prints what it holds
when FIRST requests are through, and when ALL are: resident megabytes, descriptors, threads. Ends
with 1 when one is lost, doubled or altered, or has left something behind.

The ledger is SQLite; partner and S3 are in memory, and made of the number of each order.
"""

from __future__ import annotations

import gc
import itertools
import json
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zlib import crc32

from adapters.ledger.sqlite.books import over
from adapters.ledger.sqlite.database import Database
from adapters.servicenow.desk.desk import ServiceNowDesk
from adapters.servicenow.desk.forms import TicketForm
from adapters.servicenow.line.client import Client
from adapters.servicenow.reading.inbox import ServiceNowInbox
from config.logging import configure
from config.settings import LogSettings
from tests.adapters.servicenow.stage import INTAKE, OAUTH
from tests.daemon.door import Clock
from tests.intake.flooded import ANYBODY
from tests.intake.town import Works
from tests.transfer.bench import Bench
from transfer.books import Books, Record
from transfer.digests import Makers
from transfer.errors import Code, Transient
from transfer.model import MIB, Outcome, Pin, Source

AT_ONCE, EVERY = 25, 60
"""So many orders come each minute."""
MODES = (
    *("unavailable", "server_error", "dropped", "truncated", "result_and_error", "empty"),
    *("reset_after_commit", "overloaded", "expire_tokens", "closed", "throttled", "hibernating"),
)
MINUTES = 300
"""Of the clock, in which all must be through."""
SPARED = (40, 0, 150, 15, 400)
HITS = 3
"""Calls of each minute that meet one of them."""
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def size_of(number: int) -> int:
    """Empty ones, small ones, some of a few pieces."""
    return {0: 9 * MIB, 1: 0, 2: 300_000}.get(number % 40, number * 37 % 5_000)


def content(number: int, start: int = 0, length: int = 10 * MIB) -> bytes:
    end = min(start + length, size_of(number))
    line = f"{number:09};".encode()
    skipped = start % len(line)
    return (line * ((end - start + skipped) // len(line) + 1))[skipped : skipped + end - start]


class Made:
    """The ObjectStore of all that can be ordered; every third object falters once."""

    checksums: Makers = {}  # noqa: RUF012  the port's attribute

    def __init__(self) -> None:
        self.faltered: set[int] = set()

    def list(self, bucket: str, prefix: str) -> Iterator[str]:
        raise NotImplementedError("nothing asks for a list of one object")

    def describe(self, source: Source) -> Pin:
        number = number_of(source.key)
        return Pin(size=size_of(number), etag=f'"{number}"', modified=LONG_AGO)

    def read(self, source: Source, pin: Pin, start: int, length: int) -> bytes:
        del pin
        number = number_of(source.key)
        if number % 3 == 0 and number not in self.faltered:
            self.faltered.add(number)
            raise Transient(Code.SOURCE_UNAVAILABLE, f"{source.uri} cannot be read now.")
        return content(number, start, length)

    def read_into(self, source: Source, pin: Pin, start: int, buffer: memoryview) -> None:
        buffer[:] = self.read(source, pin, start, len(buffer))


def number_of(path: str) -> int:
    return int(path.rpartition("/")[2].removesuffix(".csv"))


class Soak(Works):
    """`through` runs until all that was ordered is closed and told."""

    def __init__(self, url: str, ca_file: str, folder: Path) -> None:
        self._database = Database(folder / "ledger.db")
        # The silence after a refused login is by the real clock, on which hours pass in seconds.
        self.client = Client(url, OAUTH, timeout=60, verify=ca_file, pause=0.0)
        clock = Clock(99_990.0)
        # What it waits after a refusal passes with everybody's time.
        self.client.budget._clock = clock
        self._dropped: set[str] = set()
        self._modes = zip(itertools.cycle(MODES), itertools.cycle(SPARED))
        self._ordered = 0
        self.collected: set[int] = set()
        self._seen: set[str] = set()
        desk = ServiceNowDesk(self.client, TicketForm())
        super().__init__(ServiceNowInbox(self.client, INTAKE), desk, clock, ANYBODY)
        self.bench.remotes.hooks.append(self._falter)

    def _built_bench(self) -> Bench:
        return Bench(objects=Made())  # type: ignore[arg-type]

    def _built_books(self) -> Books:
        return over(self._database, "one", 60.0, self.clock)

    def closed(self) -> Iterator[Record]:
        """What has not been looked at: to read all each time takes memory of its own."""
        asked = "SELECT id FROM transfers WHERE closed_at IS NOT NULL"
        with self._database.reading() as connection:
            ids = {each for (each,) in connection.execute(asked)}
        for transfer_id in sorted(ids - self._seen):
            [record] = self.archive.search(transfer_id)
            if record.unsent == 0:
                self._seen.add(transfer_id)
                yield record

    def through(self, count: int) -> None:
        """So many in all."""
        for _ in range(MINUTES):
            if len(self.collected) >= count:
                return
            ask(order=[*range(self._ordered, self._ordered + AT_ONCE)])
            self._ordered += AT_ONCE
            mode, spared = next(self._modes)
            ask(mode=mode, count=HITS, skip=spared)
            self._goes_on()
        raise AssertionError(f"only {len(self.collected)} of {self._ordered} are through")

    def settles(self) -> None:
        """Those too that came while the last ones were waited for."""
        for _ in range(MINUTES):
            if len(self.collected) == self._ordered:
                return
            self._goes_on()
        raise AssertionError(f"only {len(self.collected)} of {self._ordered} are through")

    def _goes_on(self) -> None:
        self.runs(EVERY)
        self._collect()

    def _falter(self, verb: str, path: str, place: int) -> None:
        """Every fifth file loses its line once under its temporary name, in one of the verbs."""
        del place
        kind, verbs = crc32(path.encode()), ("create", "write", "finish", "rename", "size")
        breaks = ".ff-" in path and kind % 5 == 0 and verb == verbs[kind // 5 % 5]
        if breaks and path not in self._dropped:
            self._dropped.add(path)
            raise Transient(Code.REMOTE_DROPPED, f"The line broke at {path}.")

    def _collect(self) -> None:
        """The partner takes away what is closed and told, and looks at it."""
        for record in self.closed():
            assert record.transfer.outcome is Outcome.DELIVERED, record
            number = number_of(record.deliveries[0].final)
            found = self.bench.remotes.files.pop(f"/inbox/{number}.csv")
            assert found == content(number), f"{number} was altered"
            self.collected.add(number)

    def is_whole(self, count: int) -> None:
        """Nothing lost, doubled or left behind."""
        expected = {f"/inbox/{number}.csv" for number in range(count)}
        assert self.appeared() == dict.fromkeys(expected, 1)
        assert self.bench.remotes.files == {}, "temps are left"
        assert self.ruin == []


def figures() -> dict[str, int]:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {
        "megabytes": pages * os.sysconf("SC_PAGE_SIZE") // 2**20,
        "descriptors": len([*Path("/proc/self/fd").iterdir()]),
        "threads": threading.active_count(),
    }


def ask(**wanted: object) -> None:
    tell(wanted)
    assert sys.stdin.readline() == "done\n"


def tell(told: object) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def main(url: str, ca_file: str, *counts: str) -> None:
    configure(LogSettings(level="error"))
    with tempfile.TemporaryDirectory() as name:
        temps = Path(name, "temps")
        temps.mkdir()
        tempfile.tempdir = str(temps)
        soak = Soak(url, ca_file, Path(name))
        for count in map(int, counts):
            soak.through(count)
            tell(figures())
        soak.settles()
        soak.is_whole(len(soak.collected))
        assert list(temps.iterdir()) == [], "something is left in the temp folder"
        soak.carrier.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
