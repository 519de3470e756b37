"""Two hosts and functions want one partner's connections: together their crossings never have more
than it allows. Cleanup, which may take one beside (docs/cloud.md), is not counted.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

import transfer.steps as do
from adapters.remotes import Register
from adapters.running.places import Places
from cloud.environment import Environment
from cloud.functions import FUNCTIONS
from tests.cloud.door import DIGEST, MACHINE, Door
from tests.cloud.machine import Execution
from tests.ports import dynamo_store
from tests.servers.openssh import OpenSSH
from tests.transfer.bench import Bench
from tests.transfer.made import PARTNER, request
from transfer.books import Books
from transfer.destination import Destination, HostKey
from transfer.errors import Code, Waiting
from transfer.journey import STEPS, advance
from transfer.model import Outcome, Route, Transfer
from transfer.ports import Remote
from transfer.routing import execution_name
from transfer.slots import Slots
from transfer.steps import Step
from transfer.tools import Tools

CONNECTIONS, FILES = 3, 6
LEASE = 120.0
LONGEST = 300.0
"""Seconds that a test waits, and that a busy machine never needs."""


@dataclass
class Counted:
    """The Remotes port; counts the lines that are open at once. The first `held` of them wait
    until somebody had to do without one.
    """

    register: Register
    held: int = CONNECTIONS
    now: int = 0
    most: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    refused: threading.Event = field(default_factory=threading.Event)
    begun: threading.Event = field(default_factory=threading.Event)

    @property
    def protocols(self) -> frozenset[str]:
        return self.register.protocols

    def connect(self, destination: Destination, *, beside: Remote | None = None) -> Remote:
        if beside is not None:
            return self.register.connect(destination, beside=beside)
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
            waits, self.held = self.held > 0, self.held - 1
        self.begun.set()
        if waits:
            assert self.refused.wait(LONGEST)
        try:
            remote: Any = self.register.connect(destination)
        except BaseException:
            self._closed()
            raise
        closed, once = remote.close, threading.Lock()

        def close() -> None:
            closed()
            if once.acquire(blocking=False):
                self._closed()

        remote.close = close
        return remote  # type: ignore[no-any-return]

    def _closed(self) -> None:
        with self.lock:
            self.now -= 1


@dataclass
class World:
    """One ledger and one partner; each owner of `open` is a process of its own."""

    open: Callable[[str], Books]
    partner: OpenSSH
    remotes: Counted
    bench: Bench = field(default_factory=Bench)

    def destination(self) -> Destination:
        return replace(
            PARTNER,
            protocol="sftp",
            host=self.partner.host,
            port=self.partner.port,
            username=self.partner.username,
            root=str(self.partner.root),
            password=None,
            private_key="private_key",
            host_keys=(HostKey(fingerprint=self.partner.host_key),),
            connections=CONNECTIONS,
        )

    def tools(self, step: Step = do.transfer_ftp) -> Tools:
        remotes: Any = self.remotes.register if step is do.cleanup else self.remotes
        plain = self.bench.tools()
        return replace(plain, remotes=remotes, destinations={"partner": self.destination()})

    def ordered(self, number: int) -> Transfer:
        """Of some files in a folder of their own."""
        for file in range(FILES):
            self.bench.objects.put(f"s3://exports/payroll/{number}/{file}.csv", content(file))
        asked = request(
            id=f"example.service-now.com:sc_task:{number:032}",
            number=f"RITM{number:07}",
            item_id=f"{number:032x}",
            sources=(f"s3://exports/payroll/{number}/*",),
            target=f"{number}/",
        )
        folder = Path(self.partner.root, str(number))
        folder.mkdir()
        # The server's own user writes there.
        folder.chmod(0o777)
        return self.open("poll").ledger.admit(Transfer(request=asked))


def content(file: int) -> bytes:
    return bytes([file]) * 70_000


@pytest.fixture
def world() -> Iterator[World]:
    for name in dynamo_store.table():
        with OpenSSH() as partner:
            counted = Counted(Register(lambda secret: str(getattr(partner, secret))))
            yield World(dynamo_store.opener(name, time.monotonic, LEASE), partner, counted)


def until(happened: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + LONGEST
    while not (found := happened()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def host(world: World, name: str, heads: list[Transfer]) -> None:
    """A service: several transfers at once, over one set of places."""
    books, slots = world.open(name), Slots(8)
    places = Places(books.limits, name, slots, LEASE)

    def tools(step: Step) -> Tools:
        own: dict[str, Any] = {
            "ledger": books.ledger,
            "locks": books.locks,
            "chain": books.chain,
            "slots": slots,
            "places": places,
        }
        return replace(world.tools(step), **own)

    def carry(head: Transfer) -> None:
        while True:
            claim = taken = until(lambda: books.ledger.claim(head.id))
            try:
                for step in STEPS:
                    taken = advance(taken, tools(step), step)
            except Waiting as wait:
                if wait.code is not Code.DESTINATION_BUSY:
                    raise
                world.remotes.refused.set()
                books.ledger.renew(claim, 0)
                time.sleep(0.02)
            else:
                return

    with ThreadPoolExecutor(len(heads)) as pool:
        list(pool.map(carry, heads))


@dataclass
class Functions(Door):
    """The functions over that world."""

    world: World = field(kw_only=True)

    def environment(self) -> Environment:
        [called] = [each for each in FUNCTIONS if each.name == self.calls[-1]]
        tools = self.world.tools(called.step)
        return replace(super().environment(), tools=tools, books=self.world.open)

    def carry(self, head: Transfer) -> None:
        ledger = self.world.open("poll").ledger
        claim = ledger.claim(head.id)
        assert claim
        name = execution_name(claim)
        ledger.save(claim.evolve(route=Route.STEP_FUNCTIONS, execution=name, door=DIGEST))
        ledger.renew(claim, 0)
        execution = Execution(MACHINE, name, self.invoke, pause=lambda _: time.sleep(0.02))
        execution.run({"transfer": head.id, "generation": 1, "door": DIGEST})
        assert execution.status == "SUCCEEDED"


def test_together_they_never_have_more_connections_than_the_partner_allows(world: World) -> None:
    heads = [world.ordered(number) for number in range(1, 6)]
    functions = Functions(world=world)
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(host, world, "one", heads[:2])
        until(world.remotes.begun.is_set)
        others = [
            pool.submit(host, world, "two", heads[2:4]),
            pool.submit(functions.carry, heads[4]),
        ]
        for each in (first, *others):
            each.result(LONGEST)
    assert (world.remotes.most, world.remotes.now) == (CONNECTIONS, 0)
    for number, head in enumerate(heads, 1):
        [record] = world.open("look").archive.search(head.id)
        assert record.transfer.outcome is Outcome.DELIVERED, record.transfer.failure
        folder = Path(world.partner.root, str(number))
        found = {each.name: each.read_bytes() for each in folder.iterdir()}
        assert found == {f"{file}.csv": content(file) for file in range(FILES)}
