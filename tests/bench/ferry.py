"""This client in the bench: the real engine and adapters on one Request, without ServiceNow."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import tee
from pathlib import Path

from adapters.memory.ledger import MemoryLedger, MemoryLocks
from adapters.memory.notify import MemoryNotifier
from adapters.memory.sessions import MemorySessions
from adapters.remotes import Register
from adapters.running.retries import retrying
from adapters.s3.store import S3Objects, make_objects
from tests.bench.errand import ACCESS_KEY, REGION, SECRET_KEY, Errand, read
from transfer.destination import Destination, HostKey, Tier, Tls
from transfer.journey import travel
from transfer.model import Delivery, Outcome, Pin, Request, Source, Transfer
from transfer.request.planning import MAX_FILES
from transfer.rules import Grant, Rules
from transfer.slots import Slots
from transfer.tools import Tools

PARALLEL = 5


def clock() -> datetime:
    return datetime.now(UTC)


class Consent:
    def confirm(self, request: Request) -> datetime:
        del request
        return clock()


class Silence:
    def moved(self, transfer: Transfer, delivery: Delivery) -> None:
        """Nobody watches."""


class Vouched:
    """The store as AWS: nginx's ETags are no MD5s, so what AWS would attest is told beside it."""

    def __init__(self, store: S3Objects, md5s: Mapping[str, str]) -> None:
        self._store, self._md5s = store, md5s
        self.checksums = store.checksums
        self.list, self.read, self.read_into = store.list, store.read, store.read_into
        self.read_all = store.read_all

    def describe(self, source: Source) -> Pin:
        return self._vouched(source, self._store.describe(source))

    def describe_all(self, sources: Iterable[Source]) -> Iterator[Pin]:
        ours, theirs = tee(sources)
        return map(self._vouched, ours, self._store.describe_all(theirs))

    def _vouched(self, source: Source, pin: Pin) -> Pin:
        return replace(pin, md5=self._md5s[source.key], attested=("md5",))


def main(errand: Errand) -> int:
    os.environ |= {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    ledger = MemoryLedger(owner="bench")
    ours = tools(errand, ledger)
    ended = [carry(asked, ours, ledger) for asked in requests(errand)]
    sys.stderr.writelines(f"{transfer.failure}\n" for transfer in ended if transfer.failure)
    return int(any(transfer.outcome is not Outcome.DELIVERED for transfer in ended))


def carry(asked: Request, ours: Tools, ledger: MemoryLedger) -> Transfer:
    ledger.admit(Transfer(request=asked, received_at=clock()))
    claimed = ledger.claim(asked.id)
    assert claimed
    return travel(claimed, ours, retrying(tries=3, first_wait=0.1))


def requests(errand: Errand) -> Iterator[Request]:
    """One, unless there are more files than one may name."""
    for start in range(0, len(errand.keys), MAX_FILES):
        keys = errand.keys[start : start + MAX_FILES]
        yield Request(
            id=f"bench:{start}",
            number=f"BENCH-{start}",
            requester="bench",
            destination="partner",
            sources=tuple(f"s3://{errand.bucket}/{key}" for key in keys),
            target="",
            fingerprint="0" * 64,
        )


def tools(errand: Errand, ledger: MemoryLedger) -> Tools:
    every = Grant(
        requesters=frozenset({"*"}), sources=("s3://",), destinations=frozenset({"partner"})
    )
    return Tools(
        objects=Vouched(make_objects(REGION, errand.endpoint), errand.md5s),
        remotes=Register(secrets(errand).__getitem__),
        sessions=MemorySessions(),
        authority=Consent(),
        ledger=ledger,
        locks=MemoryLocks(ledger.store),
        notifier=MemoryNotifier(),
        observer=Silence(),
        destinations={"partner": destination(errand)},
        rules=Rules(catalog_items=frozenset(), variables=("", "", ""), grants=(every,)),
        slots=Slots(PARALLEL),
        clock=clock,
        halt=lambda: None,
    )


def destination(errand: Errand) -> Destination:
    by_key = bool(errand.key_file)
    return Destination(
        name="partner",
        protocol=errand.protocol,
        host=errand.host,
        port=errand.port,
        username=errand.username,
        root=errand.root,
        private_key="key" if by_key else None,
        password=None if by_key else "password",
        host_keys=(HostKey(fingerprint=errand.host_key),) if errand.host_key else (),
        tls=Tls(ca_file=errand.ca_file or None),
        clear_text="the bench" if errand.protocol == "ftp" else "",
        connections=errand.connections,
        connections_per_file=errand.connections,
        # What rclone checks without its hash check, and what the figures were set for.
        tier=Tier.SIZE,
        digests=errand.digests,
        attest=errand.attest,
    )


def secrets(errand: Errand) -> dict[str, str]:
    if errand.key_file:
        return {"key": Path(errand.key_file).read_text()}
    return {"password": errand.password}


if __name__ == "__main__":
    sys.exit(main(read(sys.argv[1])))
