"""What the Queue port promises, in memory and on SQS by moto, standard and FIFO."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Protocol
from uuid import uuid4

import pytest

from adapters.aws.sqs import SqsQueue, make_client
from adapters.memory.queue import DeadLetter, MemoryQueue
from sandbox.aws import Aws
from transfer.errors import Code, Permanent
from transfer.ports import Message, Queue

SECONDS = 60.0
WHY = Permanent(Code.HINT_UNKNOWN, "Nobody knows RITM0010001.", action="Order – again\n.")


class World(Protocol):
    """A queue, and the hand of whoever looks at it from outside."""

    @property
    def queue(self) -> Queue: ...

    @property
    def fifo(self) -> bool: ...

    def dead(self) -> list[DeadLetter]: ...


class Memory:
    fifo = False

    def __init__(self) -> None:
        self.queue = MemoryQueue()

    def dead(self) -> list[DeadLetter]:
        return self.queue.dead


class Moto:
    def __init__(self, server: Aws, *, fifo: bool) -> None:
        self.fifo = fifo
        name, ending = uuid4().hex, ".fifo" if fifo else ""
        url, self._dead_url = server.make_queue(f"q-{name}{ending}", f"dead-{name}{ending}")
        self._sqs = server.client("sqs")
        client = make_client(server.region, server.endpoint_url, timeout=60)
        self.queue = SqsQueue(client, url, wait=1)

    def dead(self) -> list[DeadLetter]:
        found: list[DeadLetter] = []
        while answer := self._sqs.receive_message(
            QueueUrl=self._dead_url,
            MaxNumberOfMessages=10,
            MessageAttributeNames=["All"],
            AttributeNames=["All"],
        ).get("Messages"):
            found += [_letter(each) for each in answer]
            for each in answer:
                self._sqs.delete_message(
                    QueueUrl=self._dead_url, ReceiptHandle=each["ReceiptHandle"]
                )
        return found


def _letter(found: dict[str, Any]) -> DeadLetter:
    told = found.get("MessageAttributes", {})
    code, reason = (
        told.get(f"fileferry.{name}", {}).get("StringValue", "") for name in ("code", "reason")
    )
    group = found["Attributes"].get("MessageGroupId", "")
    return DeadLetter(found["Body"], code, reason, group)


@pytest.fixture(params=["memory", "sqs", "sqs-fifo"])
def world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> World:
    if request.param == "memory":
        return Memory()
    server: Aws = request.getfixturevalue("moto")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", server.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", server.secret_key)
    return Moto(server, fifo=request.param == "sqs-fifo")


def taken(queue: Queue, count: int = 1) -> list[Message]:
    """So many messages, received in as many calls as it takes."""
    found: list[Message] = []
    deadline = time.monotonic() + SECONDS
    while len(found) < count:
        assert time.monotonic() < deadline
        found += queue.receive()
        time.sleep(0.02)
    return found


def bodies_of(letters: Sequence[DeadLetter]) -> list[str]:
    return [letter.body for letter in letters]


def bodies(messages: Sequence[Message]) -> list[str]:
    return [message.body for message in messages]


def test_what_was_sent_is_handed_out_as_it_is(world: World) -> None:
    sent = world.queue.send('{"note": "Größe – März"}', "a")
    [message] = taken(world.queue)
    assert (message.id, message.body) == (sent, '{"note": "Größe – März"}')
    assert (message.receives, message.last) == (1, False)
    assert message.receipt not in repr(message)


def test_an_empty_queue_hands_out_nothing(world: World) -> None:
    assert list(world.queue.receive()) == []


def test_ten_at_most_are_handed_out_at_once(world: World) -> None:
    for number in range(12):
        world.queue.send(str(number), f"group-{number}")
    first = world.queue.receive()
    assert 0 < len(first) <= 10
    rest = taken(world.queue, 12 - len(first))
    assert sorted(bodies([*first, *rest]), key=int) == [str(n) for n in range(12)]


def test_the_same_body_sent_twice_is_two_messages(world: World) -> None:
    assert world.queue.send("same", "a") != world.queue.send("same", "b")
    assert bodies(taken(world.queue, 2)) == ["same", "same"]


def test_what_is_in_hand_is_hidden_until_it_is_given_back(world: World) -> None:
    world.queue.send("one", "a")
    [message] = taken(world.queue)
    assert list(world.queue.receive()) == []
    world.queue.keep(0, message)
    [again] = taken(world.queue)
    assert (again.id, again.receives) == (message.id, 2)


def test_what_is_kept_comes_again_after_that_time(world: World) -> None:
    world.queue.send("one", "a")
    [message] = taken(world.queue)
    world.queue.keep(0.5, message)
    [again] = taken(world.queue)
    assert again.receives == 2


def test_the_last_hand_out_is_told_and_the_queue_gives_up_after_it(world: World) -> None:
    world.queue.send("poison", "a")
    told = []
    for _ in range(5):
        [message] = taken(world.queue)
        told.append((message.receives, message.last))
        world.queue.keep(0, message)
    assert told == [(1, False), (2, False), (3, False), (4, False), (5, True)]
    assert list(world.queue.receive()) == []
    assert [(letter.body, letter.code) for letter in world.dead()] == [("poison", "")]


def test_what_is_settled_is_gone(world: World) -> None:
    for number in range(11):
        world.queue.send(str(number), f"group-{number}")
    messages = taken(world.queue, 11)
    world.queue.settle(*messages)
    world.queue.keep(0, *messages)
    assert list(world.queue.receive()) == []
    assert world.dead() == []


def test_settling_nothing_is_fine(world: World) -> None:
    world.queue.settle()
    world.queue.keep(5)


def test_what_is_refused_is_a_dead_letter_with_its_reason(world: World) -> None:
    world.queue.send("bad", "group-7")
    [message] = taken(world.queue)
    world.queue.refuse(message, WHY)
    world.queue.keep(0, message)
    assert list(world.queue.receive()) == []
    [letter] = world.dead()
    assert (letter.body, letter.code) == ("bad", "hint.unknown")
    assert "Nobody knows RITM0010001. Order – again" in letter.reason
    assert letter.group == ("group-7" if world.fifo else message.group)


def test_a_body_that_fills_a_message_can_be_refused(world: World) -> None:
    world.queue.send("ß" * 131_072, "a")
    [message] = taken(world.queue)
    world.queue.refuse(message, WHY)
    [letter] = world.dead()
    assert letter.body.startswith("ß" * 100_000)


def test_a_message_that_is_gone_is_passed_over(world: World) -> None:
    world.queue.send("one", "a")
    world.queue.send("two", "b")
    one, two = taken(world.queue, 2)
    world.queue.settle(one)
    world.queue.settle(one, two)
    world.queue.keep(0, one, two)
    assert list(world.queue.receive()) == []


def test_it_is_safe_to_refuse_twice(world: World) -> None:
    """After a lost answer, or beside a second owner; a FIFO queue keeps one letter of the two."""
    world.queue.send("bad", "a")
    [message] = taken(world.queue)
    world.queue.refuse(message, WHY)
    world.queue.refuse(message, WHY)
    letters = bodies_of(world.dead())
    assert letters == (["bad"] if world.fifo else ["bad", "bad"])
    assert list(world.queue.receive()) == []


def test_one_group_of_a_fifo_queue_keeps_its_order(world: World) -> None:
    for number in range(5):
        world.queue.send(str(number), "the group")
    found: list[str] = []
    while len(found) < 5:
        messages = taken(world.queue)
        found += bodies(messages)
        world.queue.settle(*messages)
    assert found == ["0", "1", "2", "3", "4"]
