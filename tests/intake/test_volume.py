"""Every message ten times, in any order: as many deliveries as there are orders."""

from __future__ import annotations

import json
import random

from structlog.testing import capture_logs

from tests.intake.town import Town
from tests.sweeps import WHOLE, tell
from transfer.model import Outcome, Stage

ORDERS = 10_000 if WHOLE else 1_000
COPIES = 10


def test_ten_copies_of_each_message_are_one_delivery_each() -> None:
    town = Town(parallel=5)
    names = []
    for number in range(ORDERS):
        town.order(number)
        named = {"task": f"{number:032x}"} if number % 10 else {"request": f"RITM{number:07}"}
        names += [json.dumps({"version": 1, **named})] * COPIES
    random.Random(1).shuffle(names)  # noqa: S311 no secret
    for body in names:
        town.queue.send(body, "")
    with capture_logs() as logs:
        while len(town.queue):
            town.hints.round()
        assert town.carrier.drain(300.0)
    expected = {f"/inbox/{number}.csv" for number in range(ORDERS)}
    assert town.appeared() == dict.fromkeys(expected, 1)
    assert {(each.stage, each.outcome) for each in town.transfers()} == {
        (Stage.CLOSED, Outcome.DELIVERED)
    }
    assert len(town.transfers()) == ORDERS
    assert {each.epoch for each in town.transfers()} == {1}
    assert town.queue.dead == []
    assert not [line for line in logs if line["log_level"] in ("warning", "error")]
    tell(f"{ORDERS:,} messages {COPIES} times each: {len(town.appeared()):,} deliveries")
