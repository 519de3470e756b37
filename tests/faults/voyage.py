"""One transfer by the real engine, with its retries, and the oracle that judges how it ended."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from time import sleep
from typing import Any
from uuid import uuid4

from adapters.digests import Stateable
from adapters.memory.ledger import MemoryArchive, MemoryLedger, MemoryLocks
from adapters.memory.notify import MemoryNotifier
from adapters.memory.objects import MemoryObjects
from adapters.memory.sessions import MemorySessions
from adapters.remotes import Register
from adapters.running.retries import retrying
from tests.faults.meddling import Hurried
from tests.faults.sightings import Sightings
from tests.servers.ftp_server import FtpServer
from tests.servers.openssh import OpenSSH
from tests.servers.proxy import Proxy
from transfer.destination import Destination, HostKey, Tls
from transfer.errors import Stopping
from transfer.journey import travel
from transfer.model import Delivery, DeliveryState, Outcome, Request, Transfer
from transfer.ports import ObjectStore, Remotes
from transfer.rules import Grant, Rules
from transfer.slots import Slots
from transfer.tools import Tools

RULES = Rules(
    catalog_items=frozenset(),
    variables=("", "", ""),
    grants=(
        Grant(requesters=frozenset({"*"}), sources=("s3://",), destinations=frozenset({"partner"})),
    ),
)


def clock() -> datetime:
    return datetime.now(UTC)


LONG = 30.0
"""Seconds, more than a busy machine takes for anything; where nothing hangs, nobody waits."""


class Consent:
    def confirm(self, request: Request) -> datetime:
        del request
        return clock()


class Watcher:
    """Every count of moved bytes that was told, by file; `then` is called after each."""

    def __init__(self) -> None:
        self.moves: list[tuple[int, int]] = []
        self.then: Callable[[], object] = list

    def moved(self, transfer: Transfer, delivery: Delivery) -> None:
        del transfer
        self.moves.append((delivery.number, delivery.moved))
        self.then()


@dataclass
class Voyage:
    """From `store` to `server`, by way of `port` where something stands in between.

    `contents` are the bytes of each source, `options` those of the request. `settings` are fields
    of Destination.
    """

    server: OpenSSH | FtpServer
    sightings: Sightings
    contents: dict[str, bytes]
    port: int = 0
    store: ObjectStore = field(default_factory=MemoryObjects)
    settings: dict[str, Any] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    tries: int = 3
    remotes: Remotes | None = None
    slots: Slots = field(default_factory=lambda: Slots(5))

    def __post_init__(self) -> None:
        self.id = uuid4().hex[:12]
        self.watcher = Watcher()
        self.ledger = MemoryLedger()
        self.register = Register(lambda name: str(getattr(self.server, name)))
        if isinstance(self.store, MemoryObjects):
            for uri, data in self.contents.items():
                self.store.put(uri, data)

    def sail(self) -> Ended:
        """Until it is closed; without the waits between the tries, nor long ones for a size."""
        admitted = self.ledger.admit(Transfer(request=self._request(), received_at=clock()))
        return self._travel(admitted)

    def go_on(self) -> Ended:
        """By an heir, from where an owner has left it."""
        [record] = MemoryArchive(self.ledger.store).search(self._request().id)
        self.ledger.renew(record.transfer, 0.0)
        return self._travel(record.transfer)

    def _travel(self, asked: Transfer) -> Ended:
        claimed = self.ledger.claim(asked.id)
        assert claimed
        attempt = retrying(self.tries, 0.001, lambda _seconds: None)
        ended = travel(claimed, self.tools(), attempt)
        [record] = MemoryArchive(self.ledger.store).search(asked.id)
        return Ended(self, ended, record.deliveries)

    def hurry(self, coming: Callable[[], object], timeout: float = 0.5) -> None:
        """Short times until the fault has struck, and more tries for what is late without one."""
        self.remotes = Hurried(self.register, coming, timeout, 2 * timeout)
        self.tries = 10

    def tools(self) -> Tools:
        return Tools(
            objects=self.store,
            remotes=self.remotes or self.register,
            sessions=MemorySessions(),
            authority=Consent(),
            ledger=self.ledger,
            locks=MemoryLocks(self.ledger.store),
            notifier=MemoryNotifier(),
            observer=self.watcher,
            destinations={"partner": self.destination()},
            rules=RULES,
            slots=self.slots,
            clock=clock,
            halt=lambda: None,
            pause=lambda seconds: sleep(seconds / 20),
            digests=Stateable(),
            keep_above=0,
        )

    def destination(self) -> Destination:
        fields: dict[str, Any] = {
            "name": "partner",
            "host": self.server.host,
            "port": self.port or self.server.port,
            "username": self.server.username,
            "root": str(self.server.root),
            "connect_timeout": LONG,
            "timeout": LONG,
        }
        return Destination(**fields | self._credential() | self.settings)

    def local(self, path: str) -> Path:
        """Where the file lies that a client calls `path`."""
        return Path(path)

    def settle(self) -> None:
        """Wait until the server's files are where they are looked for."""

    def _credential(self) -> dict[str, Any]:
        """The names of secrets are those of the server's attributes."""
        if isinstance(self.server, OpenSSH):
            pin = HostKey(fingerprint=self.server.host_key)
            return {"protocol": "sftp", "private_key": "private_key", "host_keys": (pin,)}
        if self.server.tls is None:
            return {"protocol": "ftp", "password": "password", "clear_text": "loopback only"}
        authority = Tls(ca_file=str(self.server.tls.ca_file))
        return {"protocol": "ftps", "password": "password", "tls": authority}

    def _request(self) -> Request:
        return Request(
            id=f"faults:{self.id}",
            number="FAULT",
            requester="tests",
            destination="partner",
            sources=tuple(self.contents),
            target=self.name if len(self.contents) == 1 else "",
            fingerprint="0" * 64,
            options=self.options,
        )

    @property
    def name(self) -> str:
        """The final name of a single file."""
        return f"{self.id}.bin"


@dataclass
class Stopped(Voyage):
    """The service is stopped as soon as `when` says so."""

    when: Callable[[], bool] = lambda: False

    def tools(self) -> Tools:
        return replace(super().tools(), halt=self._halt)

    def _halt(self) -> None:
        if self.when():
            raise Stopping


def carried(proxy: Proxy) -> int:
    """Bytes that went to the server."""
    return sum(link.up.carried for link in proxy.links)


@dataclass(frozen=True, slots=True)
class Ended:
    voyage: Voyage
    transfer: Transfer
    deliveries: Sequence[Delivery]

    @property
    def delivered(self) -> bool:
        return self.transfer.outcome is Outcome.DELIVERED

    @property
    def code(self) -> str:
        """Why it failed; empty when it did not."""
        return self.transfer.failure.code if self.transfer.failure else ""

    def judged(self) -> Ended:
        """Never a false success, never a part of a file, never twice, never a leftover."""
        assert self.transfer.finished
        assert self.delivered == (not self.code)
        assert self.code != "internal"
        self.voyage.settle()
        for delivery in self.deliveries:
            self._judge(delivery)
        if not self.transfer.loose_ends:
            assert self.temps() == []
        return self

    def temps(self) -> list[str]:
        """Whatever their pattern, wherever they lie."""
        token = self.transfer.request.token
        return [path.name for path in self.voyage.server.root.rglob(f"*{token}*")]

    def _judge(self, delivery: Delivery) -> None:
        data = self.voyage.contents[delivery.source.uri]
        final = self.voyage.local(delivery.final)
        stands = final.exists()
        assert not stands or final.read_bytes() == data
        published = delivery.state is DeliveryState.PUBLISHED
        assert published or not self.delivered
        if published:
            assert stands
            assert self.voyage.sightings.of(final.name) == 1
            receipt = delivery.receipt
            assert receipt
            assert receipt.size == len(data)
            left_out = "sha256" not in self.voyage.settings.get("digests", ("sha256",))
            assert receipt.sha256 == ("" if left_out else hashlib.sha256(data).hexdigest())
        elif delivery.state is not DeliveryState.UNKNOWN:
            assert not stands
