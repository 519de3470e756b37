"""A partner in memory whose software takes notice of what arrives, and acknowledges it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from tests.transfer.bench import FINAL, Bench, Fuse
from tests.transfer.made import NOON, PARTNER
from tests.transfer.test_journey import SOURCE
from transfer.destination import Acknowledgement
from transfer.errors import Stopping, Transient, Waiting
from transfer.journey import travel
from transfer.model import Receipt, Transfer
from transfer.steps import Step
from transfer.tools import Tools

DATA = b"name;pay\n" * 100
SHA256 = hashlib.sha256(DATA).hexdigest()
MD5 = hashlib.md5(DATA, usedforsecurity=False).hexdigest()
ACK = f"{FINAL}.ack"
SIDE = f"{FINAL}.sha256"
ASKED = Acknowledgement(name="{name}.ack")
DIGEST = Acknowledgement(name="{name}.ack", digest="sha256")


def sha256sum(content: bytes) -> bytes:
    return f"{hashlib.sha256(content).hexdigest()}  {FINAL}\n".encode()


def bench(content: bytes = DATA) -> Bench:
    made = Bench()
    made.objects.put(SOURCE, content)
    return made


@dataclass
class Software:
    """Acknowledges our file once `seen` is there: at the `patience`-th look of FileFerry's."""

    world: Bench
    says: Callable[[bytes], bytes] = sha256sum
    patience: int = 1
    seen: str = FINAL
    path: str = ACK
    looks: int = 0
    written: int = 0

    def __post_init__(self) -> None:
        self.world.remotes.hooks.append(self.notice)

    def notice(self, verb: str, path: str, place: int) -> None:
        del place
        files = self.world.remotes.files
        arrived = self.seen in files and bytes(files.get(FINAL, b"")) == DATA
        if self.written or not arrived:
            return
        self.looks += verb == "size" and path == self.path
        if self.looks >= self.patience:
            files[self.path] = bytearray(self.says(bytes(files[FINAL])))
            self.written += 1


def tools_for(world: Bench, fuse: Fuse | None = None, **settings: Any) -> Tools:
    """The clock of these tools is what the bench's is: `world.time` seconds after noon."""
    destination = replace(PARTNER, **settings)
    return replace(
        world.tools(fuse),
        destinations={"partner": destination},
        clock=lambda: NOON + timedelta(seconds=world.time[0]),
    )


def tried(step: Step, transfer: Transfer, tools: Tools) -> Transfer:
    """Three tries of what broke; what waits is for the carrier."""
    for _ in range(2):
        try:
            return step(transfer, tools)
        except Transient as error:
            if isinstance(error, Stopping | Waiting):
                raise
    return step(transfer, tools)


def carried(world: Bench, fuse: Fuse | None = None, **settings: Any) -> Transfer:
    """To the end, as the carrier does it: what waits is given back, and taken up when it asks."""
    transfer = world.received()
    while True:
        try:
            return travel(transfer, tools_for(world, fuse, **settings), tried)
        except Waiting as waiting:
            world.ledger.renew(transfer, 0)
            world.time[0] += waiting.retry_after or 1.0
            claimed = world.ledger.claim(transfer.id)
            assert claimed
            transfer = claimed


def receipt_of(world: Bench) -> Receipt:
    [delivery] = world.record().deliveries
    assert delivery.receipt
    return delivery.receipt


def words(world: Bench) -> str:
    return "\n".join(f"{post.key}\n{post.text}" for post in world.posts())
