"""A grant that is taken away while a transfer waits: it is refused after the restart."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.demo.visitor import Placed
from tests.crossing.test_decisions import RATE, moved
from tests.crossing.test_people import audit_of
from tests.crossing.test_refused import assert_next_one_runs, assert_told, code_of
from tests.crossing.world import World
from tests.servers.proxy import Proxy
from transfer.errors import Code
from transfer.model import CHUNK, MIB, DeliveryState, Outcome


@pytest.fixture
def slow(world: World) -> Iterator[World]:
    with Proxy(world.partner.host, world.partner.port, rate=RATE) as proxy:
        world.config["destinations"]["partner"]["port"] = proxy.port
        world.config["transfers"]["drain"] = 0.0
        world.put("large", b"x" * (48 * MIB))
        yield world


def granted_to(world: World, *prefixes: str) -> None:
    world.config["grants"][0]["sources"] = [f"s3://{world.bucket}/{each}" for each in prefixes]


@pytest.mark.parametrize("state", [DeliveryState.UPLOADING, DeliveryState.VERIFIED])
def test_what_waited_over_a_restart_without_its_grant_leaves_nothing(
    slow: World, state: DeliveryState
) -> None:
    placed = slow.order("large")
    with slow.daemon("first"):
        slow.until(lambda: moved(slow, placed) >= CHUNK)
        if state is DeliveryState.VERIFIED:
            slow.servicenow.modes.set("unavailable", path="sysapproval_approver")
            slow.until(lambda: state_of(slow, placed) is state)
    assert [name for name in slow.files() if ".ff-" in name], slow.logs()
    slow.servicenow.modes.clear()
    granted_to(slow, "next", "other")
    with slow.daemon("second"):
        record = slow.ended(placed)
        assert slow.files() == {}
        assert_next_one_runs(slow)
    assert (code_of(record), record.transfer.outcome) == (Code.GRANT_MISSING, Outcome.REFUSED)
    assert_told(slow, record, Code.GRANT_MISSING)
    assert slow.task(placed)["state"] == "4"
    assert [line for line in audit_of(slow, record) if line.startswith("Approved by: carla.moss")]


def state_of(world: World, placed: Placed) -> DeliveryState | None:
    record = world.record(placed)
    return record.deliveries[0].state if record and record.deliveries else None
