"""ServiceNow in trouble, and a daemon that is stopped, killed and started again."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from tests.crossing.commands import fileferry
from tests.crossing.world import DEADLINE, World
from tests.servers.proxy import Proxy
from transfer.model import CHUNK, MIB, Outcome


@pytest.mark.parametrize(
    ("mode", "options", "code"),
    [
        ("sso_page", {}, "servicenow.login_page"),
        ("unauthorized", {}, "servicenow.auth"),
        ("throttled", {"retry_after": 1}, "servicenow.throttled"),
        ("closed", {}, "servicenow.unreachable"),
        ("unavailable", {}, "servicenow.unreachable"),
    ],
)
def test_the_daemon_says_so_once_backs_off_and_goes_on(
    world: World, mode: str, options: dict[str, Any], code: str
) -> None:
    world.put("a", b"a")
    with world.daemon():
        world.servicenow.modes.set(mode, count=8, path="/sc_task", **options)
        world.until(lambda: "trouble over" in world.events())
        assert world.ended(world.order("a")).transfer.outcome is Outcome.DELIVERED
    polls = [line for line in world.log_lines() if line.get("at") == "poll"]
    assert [line["event"] for line in polls] == ["trouble", "trouble over"]
    assert polls[0]["code"] == code


def test_servicenow_that_is_not_there_at_all_is_waited_for(world: World) -> None:
    world.put("a", b"a")
    placed = world.order("a")
    world.servicenow.stop()
    with world.daemon():
        world.until(lambda: "trouble" in world.events())
        world.servicenow.start()
        assert world.ended(placed).transfer.outcome is Outcome.DELIVERED
    assert world.files() == {"a": b"a"}


def large(world: World, size: int = 48 * MIB) -> bytes:
    data = os.urandom(MIB) * (size // MIB)
    world.put("large", data)
    return data


def moving(world: World, placed: Any) -> bool:
    record = world.record(placed)
    return bool(record and record.deliveries and record.deliveries[0].moved >= CHUNK)


def test_a_killed_daemon_goes_on_at_its_next_start(world: World, line: Proxy) -> None:
    data = large(world)
    with world.daemon("first") as first:
        placed = world.order("large")
        world.until(lambda: moving(world, placed))
        first.send(signal.SIGKILL)
        assert first.wait(DEADLINE) == -signal.SIGKILL
    line.hasten()
    with world.daemon("second"):
        record = world.ended(placed)
    assert record.transfer.outcome is Outcome.DELIVERED
    assert record.transfer.epoch == 2
    assert world.files() == {"large": data}


def test_a_stop_finishes_or_checkpoints_what_runs_and_exits_in_order(
    world: World, line: Proxy
) -> None:
    data = large(world)
    world.config["transfers"]["drain"] = 0.0
    with world.daemon("first") as first:
        placed = world.order("large")
        world.until(lambda: moving(world, placed))
        first.send(signal.SIGTERM)
        assert first.wait(DEADLINE) == 0
    line.hasten()
    assert world.events("first")[-1] == "stopped"
    # A temp may stay: the second daemon goes on with it.
    final = {name: content for name, content in world.files().items() if name == "large"}
    assert final.get("large", data) == data
    with world.daemon("second"):
        assert world.ended(placed).transfer.outcome is Outcome.DELIVERED
    assert world.files() == {"large": data}


def test_a_stop_waits_for_a_short_transfer(world: World, line: Proxy) -> None:
    data = large(world)
    world.config["transfers"]["drain"] = DEADLINE
    with world.daemon() as daemon:
        placed = world.order("large")
        world.until(lambda: moving(world, placed))
        daemon.send(signal.SIGTERM)
        world.until(lambda: "stopping" in world.events())
        line.hasten()
        assert daemon.wait(DEADLINE) == 0
    assert world.files() == {"large": data}
    record = world.record(placed)
    assert record
    assert record.transfer.outcome is Outcome.DELIVERED


def test_a_second_daemon_on_the_same_ledger_is_refused_with_a_sentence(world: World) -> None:
    with world.daemon():
        second = fileferry(world, "run")
    assert second.returncode == 4
    assert "Another FileFerry is running" in second.stderr
