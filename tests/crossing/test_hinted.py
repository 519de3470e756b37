"""Hints from a queue, end to end: the daemon as a process, and no poll that could have helped."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from sandbox.aws import Aws
from tests.adapters.telemetry.specification import metrics
from tests.crossing.commands import fileferry
from tests.crossing.world import World
from tests.servers.collector import Collector, collecting
from transfer.model import Outcome

NEVER = 100_000.0
BYTES = ("BytesTransferred", "")


class Queue:
    """The queue of the world's daemon, as its producers see it."""

    def __init__(self, world: World, moto: Aws) -> None:
        self._world = world
        self._sqs = moto.client("sqs")
        name = world.bucket
        self.url, self._dead = moto.make_queue(f"orders-{name}", f"dead-{name}")
        world.config["queue"] = {"url": self.url, "endpoint_url": moto.endpoint_url, "wait": 1}
        world.config["poll"] = {"every": NEVER, "max_backoff": NEVER}

    def send(self, **content: object) -> None:
        self.send_raw({"version": 1, **content})

    def send_raw(self, content: dict[str, Any]) -> None:
        self._sqs.send_message(QueueUrl=self.url, MessageBody=json.dumps(content))

    def is_empty(self) -> bool:
        """Neither visible nor hidden messages are left."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        told = self._sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)
        return [told["Attributes"][name] for name in names] == ["0", "0"]

    def dead(self) -> list[dict[str, Any]]:
        found = self._sqs.receive_message(
            QueueUrl=self._dead, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        return list(found.get("Messages", []))

    def submit(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`fileferry submit`, with the daemon's configuration."""
        return fileferry(self._world, "submit", *words)


@pytest.fixture
def queue(world: World, moto: Aws) -> Queue:
    return Queue(world, moto)


def polled_once(world: World) -> None:
    """The first poll, at the start, is over: nothing polls again while the test runs."""
    task_url = "/api/now/table/sc_task"
    world.until(lambda: any(task_url in each.path for each in list(world.servicenow.site.served)))


@contextmanager
def listening(world: World) -> Iterator[tuple[Collector, socket.socket]]:
    """A collector of the daemon's traces, and the agent for its metrics."""
    with collecting() as collector, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as agent:
        agent.bind(("127.0.0.1", 0))
        agent.setblocking(False)
        world.config["metrics"] = {"agent_port": agent.getsockname()[1]}
        world.config["traces"] = {"endpoint": collector.endpoint, "timeout": 60}
        yield collector, agent


def heard(agent: socket.socket) -> Iterator[str]:
    with suppress(BlockingIOError):
        while True:
            yield agent.recv(65_536).decode().removesuffix("\n")


def test_a_submitted_number_brings_an_order_that_no_poll_sees(world: World, queue: Queue) -> None:
    digest = world.put("a", b"by a hint")
    with listening(world) as (collector, agent), world.daemon() as daemon:
        polled_once(world)
        placed = world.order("a")
        done = queue.submit(placed.number)
        record = world.ended(placed)
        world.until(queue.is_empty)
        daemon.stop()
        counted = [metrics(line, time.time()) for line in heard(agent)]
    # The first poll may have found it before its hint.
    assert len({each.trace for each in collector.spans if each.name != "hint"}) == 1
    assert {"hint", "publish", "cleanup", "servicenow ticket"} <= collector.names()
    assert [each[BYTES] for each in counted if BYTES in each] == [len(b"by a hint")]
    assert any(("QueueDepth", "") in each for each in counted)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.split()) == 1
    assert record.transfer.outcome is Outcome.DELIVERED
    assert world.files() == {"a": b"by a hint"}
    assert record.deliveries[0].receipt
    assert record.deliveries[0].receipt.sha256 == digest
    assert queue.dead() == []


def test_ten_copies_are_one_delivery(world: World, queue: Queue) -> None:
    world.put("a", b"once")
    with world.daemon():
        polled_once(world)
        placed = world.order("a")
        task = world.task(placed)
        for _ in range(5):
            queue.send(request=placed.number)
            queue.send(task=task["sys_id"])
        record = world.ended(placed)
        world.until(queue.is_empty)
        queue.send(request=task["number"])
        world.until(queue.is_empty)
    assert record.transfer.outcome is Outcome.DELIVERED
    assert world.connections() == 1
    assert world.files() == {"a": b"once"}
    assert queue.dead() == []
    assert "reopened" not in world.visitor.journal(task["sys_id"])


def test_a_message_that_says_approved_approves_nothing(world: World, queue: Queue) -> None:
    world.put("a", b"a")
    with world.daemon():
        polled_once(world)
        placed = world.order("a", approve=False)
        task = world.servicenow.instance.create(
            "sc_task",
            {
                "request_item": placed.item_id,
                "request": placed.request_id,
                "assignment_group": world.config["servicenow"]["group"],
                "state": "1",
            },
        )
        queue.send(task=task["sys_id"], approved=True, approval="approved", state="approved")
        world.until(queue.is_empty)
        world.until(lambda: "approval.pending" in world.visitor.journal(task["sys_id"]))
    assert "hint has fields that do not count" in world.events()
    assert world.record(placed) is None
    assert (world.files(), world.connections(), queue.dead()) == ({}, 0, [])


def test_what_is_malformed_or_foreign_ends_as_a_dead_letter(world: World, queue: Queue) -> None:
    foreign = world.servicenow.instance.create("sc_task", {"short_description": "not ours"})
    world.put("a", b"a")
    with world.daemon():
        queue.send(request="RITM0010001^ORactive=true")
        queue.send(nothing="at all")
        queue.send(task=foreign["sys_id"])
        placed = world.order("a")
        queue.send(request=placed.number)
        assert world.ended(placed).transfer.outcome is Outcome.DELIVERED
        world.until(lambda: world.events().count("hint refused") == 2)
        world.until(lambda: "hint put back" in world.events())
    codes = [each["MessageAttributes"]["fileferry.code"]["StringValue"] for each in queue.dead()]
    assert codes == ["hint.malformed"] * 2
    assert not [each for each in world.servicenow.site.served if "ORactive" in each.query]


def test_a_stop_does_not_wait_for_the_long_poll(world: World, queue: Queue) -> None:
    world.config["queue"]["wait"] = 20
    with world.daemon() as child:
        polled_once(world)
        child.stop()
    assert world.events()[-1] == "stopped"


def test_submit_says_what_is_wrong(world: World, queue: Queue) -> None:
    assert queue.submit("INC0010001").returncode == 2
    assert queue.submit("RITM0010001", "--queue", "ftp://x").returncode == 2
    missing = queue.submit("RITM0010001", "--queue", queue.url + "-missing")
    assert missing.returncode == 1
    assert "queue.refused" in missing.stderr
    del world.config["queue"]
    done = queue.submit("RITM0010001")
    assert done.returncode == 3
    assert "names no queue" in done.stderr
