"""A grant that is taken away while a transfer waits: it is refused after the restart."""

from __future__ import annotations

import pytest

from sandbox.demo.visitor import Placed
from tests.crossing.test_decisions import moved
from tests.crossing.test_people import audit_of
from tests.crossing.test_refused import assert_next_one_runs, assert_told, code_of
from tests.crossing.world import World
from tests.servers.proxy import Proxy
from transfer.errors import Code
from transfer.model import CHUNK, MIB, DeliveryState, Outcome


def granted_to(world: World, *prefixes: str) -> None:
    world.config["grants"][0]["sources"] = [f"s3://{world.bucket}/{each}" for each in prefixes]


@pytest.mark.parametrize("state", [DeliveryState.UPLOADING, DeliveryState.VERIFIED])
def test_what_waited_over_a_restart_without_its_grant_leaves_nothing(
    world: World, line: Proxy, state: DeliveryState
) -> None:
    world.config["transfers"]["drain"] = 0.0
    world.put("large", b"x" * (48 * MIB))
    placed = world.order("large")
    with world.daemon("first"):
        world.until(lambda: moved(world, placed) >= CHUNK)
        if state is DeliveryState.VERIFIED:
            world.servicenow.modes.set("unavailable", path="sysapproval_approver")
            line.hasten()
            world.until(lambda: state_of(world, placed) is state)
    assert [name for name in world.files() if ".ff-" in name], world.logs()
    line.hasten()
    world.servicenow.modes.clear()
    granted_to(world, "next", "other")
    with world.daemon("second"):
        record = world.ended(placed)
        assert world.files() == {}
        assert_next_one_runs(world)
    assert (code_of(record), record.transfer.outcome) == (Code.GRANT_MISSING, Outcome.REFUSED)
    assert_told(world, record, Code.GRANT_MISSING)
    assert world.task(placed)["state"] == "4"
    assert [line for line in audit_of(world, record) if line.startswith("Approved by: carla.moss")]


def state_of(world: World, placed: Placed) -> DeliveryState | None:
    record = world.record(placed)
    return record.deliveries[0].state if record and record.deliveries else None
