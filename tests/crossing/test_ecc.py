"""Hints from the ECC queue, end to end: the daemon as a process, and no poll that could help."""

from __future__ import annotations

from tests.crossing.test_hinted import NEVER, polled_once
from tests.crossing.world import World
from transfer.model import Outcome

AGENT = "fileferry"


def put(world: World, **parameters: str) -> str:
    """A row of our agent's output; returns its sys_id."""
    rows = (f'<parameter name="{name}" value="{text}"/>' for name, text in parameters.items())
    row = {
        "agent": AGENT,
        "queue": "output",
        "topic": "FileFerry",
        "payload": f"<parameters>{''.join(rows)}</parameters>",
    }
    return world.servicenow.instance.create("ecc_queue", row)["sys_id"]


def test_a_row_brings_its_order_and_nothing_else_in_it_counts(world: World) -> None:
    world.config["servicenow"]["ecc"] = {"agent": AGENT, "every": 0.2}
    world.config["poll"] = {"every": NEVER, "max_backoff": NEVER}
    world.put("a", b"by the queue")
    instance = world.servicenow.instance

    def state(sys_id: str) -> str:
        return instance.get("ecc_queue", sys_id)["state"]

    with world.daemon():
        polled_once(world)
        placed, unapproved = world.order("a"), world.order("a", approve=False)
        good = put(world, request=placed.number)
        bad = put(world, request=f"{placed.number}^ORactive=true")
        lying = put(world, request=unapproved.number, approved="true")
        foreign = put(world, task="f" * 32)
        record = world.ended(placed)
        world.until(lambda: state(good) == "processed")
        world.until(lambda: state(bad) == "error")
        world.until(lambda: world.events().count("hint put back") >= 2)
    assert record.transfer.outcome is Outcome.DELIVERED
    assert (world.files(), world.record(unapproved)) == ({"a": b"by the queue"}, None)
    assert "(hint.malformed)" in instance.get("ecc_queue", bad)["error_string"]
    assert (state(lying), state(foreign)) == ("ready", "ready")
    answers = instance.query("ecc_queue", "queue=input^ORDERBYsys_created_on")
    assert {each["response_to"] for each in answers} == {good, bad}
    assert not [each for each in world.servicenow.site.served if "ORactive" in each.query]
