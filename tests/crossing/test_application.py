"""A whole transfer on the instance that the package of FileFerry's application makes."""

from __future__ import annotations

import pytest

from sandbox.servicenow.installed import setup_of
from sandbox.servicenow.package.reading import read
from sandbox.servicenow.seed import SEEDED, Setup
from tests.crossing.world import World
from transfer.model import Outcome
from transfer.tickets import TicketRole


@pytest.fixture
def instance_setup() -> Setup:
    return setup_of(read())


def test_what_a_customer_would_install_carries_a_transfer(world: World) -> None:
    """The account has the application's rights alone; a missing one would be in the log."""
    part = world.config["servicenow"]
    part |= {"application": "x_fferry", "known_as": "bastion-1"}
    instance = world.servicenow.instance
    digest = world.put("pay.csv", b"november")
    with world.daemon():
        placed = world.order("pay.csv", path="pay.csv")
        found = world.ended(placed)
        world.until(lambda: instance.query("x_fferry_heartbeat"))
    assert found.transfer.outcome is Outcome.DELIVERED
    assert world.files() == {"pay.csv": b"november"}
    assert world.task(placed)["assignment_group"] == instance.setup.group != SEEDED.group
    assert (world.item(placed)["state"], world.item(placed)["approval"]) == ("3", "approved")
    user = instance.get("incident", found.tickets[TicketRole.USER].sys_id)
    assert digest in user["close_notes"] + world.visitor.journal(user["sys_id"])
    [pulse] = instance.query("x_fferry_heartbeat")
    assert (pulse["instance"], pulse["health"]) == ("bastion-1", "stopped")
    troubles = [line for line in world.log_lines() if line["event"] == "trouble"]
    assert troubles == []
