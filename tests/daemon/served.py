"""A whole service in this process: every port in memory, its socket and its files real."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from structlog.testing import capture_logs

from adapters.memory.books import memory_books
from adapters.memory.servicenow import MemoryDesk, MemoryInbox
from adapters.remotes import Register
from adapters.running.live import LiveList, LiveMap
from adapters.running.quota import Quota
from adapters.running.traffic import Traffic
from adapters.running.trouble import Board
from adapters.systemd import Supervisor
from adapters.wiring import House
from config.settings import Settings
from daemon.control.client import ask
from daemon.control.words import Words
from daemon.service import Service
from tests.daemon.ferry import until
from tests.transfer.bench import Bench
from tests.transfer.made import DESTINATIONS
from tests.transfer.test_journey import SOURCE
from transfer.destination import Destination
from transfer.errors import Stopping


class Told(Supervisor):
    """What systemd would hear, one list of assignments after the other."""

    def __init__(self) -> None:
        super().__init__({})
        self.heard: list[tuple[str, ...]] = []

    def _send(self, *assignments: str) -> None:
        self.heard.append(assignments)

    def ready_times(self) -> int:
        return sum("READY=1" in words for words in self.heard)


@dataclass
class Served:
    """`config` is the file that a reload reads; the service begins with its settings."""

    directory: Path
    settings: Settings
    config: Path
    bench: Bench = field(default_factory=Bench)
    inbox: MemoryInbox = field(default_factory=MemoryInbox)
    told: Told = field(default_factory=Told)
    stop: threading.Event = field(default_factory=threading.Event)
    hangup: threading.Event = field(default_factory=threading.Event)
    register: Register | None = None
    quota: Quota | None = None
    destinations: dict[str, Destination] = field(default_factory=lambda: dict(DESTINATIONS))
    vitals: list[Mapping[str, str]] = field(default_factory=list)
    """What the application on the instance has heard."""
    look_over: Callable[[Callable[[], bool]], None] | None = None

    def __post_init__(self) -> None:
        self.bench.objects.put(SOURCE, b"x" * 100)

    @contextmanager
    def running(self) -> Iterator[Service]:
        """One run of it, over the books of the run before."""
        self.stop.clear()
        traffic = Traffic(Board())
        service = Service(
            self._house(traffic),
            self.told,
            self.stop,
            traffic,
            hangup=self.hangup,
            path=self.config,
        )
        thread = threading.Thread(target=service.run, name="service")
        # What a command prints in this process must not have the service's log in it.
        with capture_logs():
            thread.start()
            try:
                until(self.socket.exists)
                yield service
            finally:
                self.stop.set()
                thread.join(60)
        assert not thread.is_alive()

    @property
    def socket(self) -> Path:
        return self.directory / "ledger.db.socket"

    def say(self, verb: str, **more: Any) -> Words:
        return ask(self.socket, {"do": verb, **more}, {0, self.directory.stat().st_uid})

    def status(self) -> Words:
        return self.say("status")

    def _house(self, traffic: Traffic) -> House:
        books = replace(
            memory_books(self.bench.store, owner="served"), shared=False, look_over=self.look_over
        )
        halting, plain = threading.Event(), self.bench.tools()

        def halt() -> None:
            if halting.is_set():
                raise Stopping

        traffic.then = self.bench.watcher
        tools = replace(
            plain,
            ledger=books.ledger,
            observer=traffic,
            halt=halt,
            destinations=LiveMap(self.destinations),
            quota=self.quota or plain.quota,
            rules=replace(plain.rules, grants=LiveList(plain.rules.grants)),
        )
        return House(
            settings=self.settings,
            tools=tools,
            books=books,
            register=self.register,
            inbox=self.inbox,
            queue=None,
            ecc=None,
            desk=MemoryDesk(),
            short=lambda: False,
            halting=halting,
            close=lambda: None,
            pulse=lambda vitals, pressing: self.vitals.append(vitals),  # noqa: ARG005
        )
