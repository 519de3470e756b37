"""The ledger in trouble under a running daemon: full, locked, lost; and a daemon that froze."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.crossing.commands import fileferry
from tests.crossing.world import DEADLINE, World
from tests.servers import need
from tests.servers.openssh import is_root
from tests.servers.proxy import Proxy
from transfer.model import CHUNK, MIB, Outcome


def troubles(world: World) -> list[str]:
    lines = (world.directory / "daemon.log").read_text().split("\n")[:-1]
    return [line for line in lines if '"at": "ledger"' in line]


@pytest.fixture
def cramped(world: World) -> Iterator[Path]:
    """The world's ledger on a disk of 2 MiB."""
    folder = world.directory / "state"
    folder.mkdir()
    subprocess.run([need("mount"), "-t", "tmpfs", "-o", "size=2m", "none", folder], check=True)
    world.config["ledger"]["path"] = str(folder / "ledger.db")
    yield folder
    subprocess.run([need("umount"), "-l", folder], check=True)


def fill(folder: Path) -> Path:
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (MIB // 4, 4096, 1):
            while True:
                try:
                    file.write(b"x" * size)
                except OSError:
                    break
    return filler


@pytest.mark.skipif(not is_root(), reason="only root can mount a small file system")
def test_a_full_disk_stops_the_intake_and_the_service_goes_on_by_itself(
    world: World, cramped: Path
) -> None:
    """Ledger, socket and metrics file stand on it."""
    world.put("a", b"a")
    world.config["metrics"] = {"textfile": str(cramped / "ferry.prom")}
    with world.daemon() as daemon:
        filler = fill(cramped)
        placed = world.order("a")
        world.until(lambda: len(troubles(world)) == 1)
        polls = world.servicenow.site.served
        seen = len(polls)
        world.until(lambda: len(polls) > seen + 5)
        daemon.check()
        assert len(troubles(world)) == 1
        assert world.files() == {}
        told = fileferry(world, "status")
        assert told.returncode == 1
        assert "ledger.full" in told.stdout
        filler.unlink()
        world.until(lambda: world.task(placed)["state"] == "3")
    assert world.files() == {"a": b"a"}
    assert "trouble over" in troubles(world)[-1]


def test_a_ledger_that_is_locked_for_a_while_is_waited_for(world: World) -> None:
    world.put("a", b"a")
    with world.daemon():
        with closing(sqlite3.connect(world.directory / "ledger.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            placed = world.order("a")
            world.until(lambda: len(troubles(world)) == 1)
            assert world.files() == {}
            other.execute("ROLLBACK")
        assert world.ended(placed).transfer.outcome is Outcome.DELIVERED
    assert world.files() == {"a": b"a"}


def test_a_daemon_that_was_frozen_past_its_lease_delivers_once(world: World, line: Proxy) -> None:
    data = os.urandom(MIB) * 48
    world.put("large", data)
    world.config["ledger"]["lease"] = 1.0
    with world.daemon() as daemon:
        placed = world.order("large")

        def moving() -> bool:
            record = world.record(placed)
            return bool(record and record.deliveries and record.deliveries[0].moved >= CHUNK)

        world.until(moving)
        daemon.send(signal.SIGSTOP)
        time.sleep(1.5)
        line.hasten()
        daemon.send(signal.SIGCONT)
        record = world.ended(placed)
    assert record.transfer.outcome is Outcome.DELIVERED
    assert world.files() == {"large": data}


@pytest.mark.skipif(not is_root(), reason="only root may trace a process")
def test_after_a_failed_fsync_the_service_ends_with_4_and_the_next_one_delivers(
    world: World,
) -> None:
    """Nobody knows what is on the disk then, so nothing is written with that handle any more."""
    world.put("a", b"a")
    inject = ["-e", "trace=fdatasync,fsync", "-e", "inject=fdatasync,fsync:error=EIO"]
    with world.daemon("first") as first:
        traced = [need("strace"), "-f", "-qq", "-p", str(first.pid), *inject]
        with subprocess.Popen(traced, stderr=subprocess.DEVNULL) as tracer:
            world.until(lambda: _is_traced(first.pid))
            placed = world.order("a")
            assert first.wait(DEADLINE) == 4
            tracer.wait(DEADLINE)
    assert world.files() == {}
    log = (world.directory / "first.log").read_text()
    assert log.count('"ledger lost"') == 1
    assert "fileferry: [ledger.unusable]" in log
    with world.daemon("second"):
        assert world.ended(placed).transfer.outcome is Outcome.DELIVERED
    assert world.files() == {"a": b"a"}


def _is_traced(pid: int) -> bool:
    """All of its threads."""
    threads = Path(f"/proc/{pid}/task").glob("*/status")
    return all("TracerPid:\t0" not in status.read_text() for status in threads)
