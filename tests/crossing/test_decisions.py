"""Cancelled in the middle, tried again after a failure, set aside and released: with processes."""

from __future__ import annotations

import json
import os
import signal
from datetime import datetime
from functools import partial
from pathlib import Path

from sandbox.demo.visitor import Placed
from tests.crossing.commands import fileferry
from tests.crossing.world import DEADLINE, World
from tests.servers.proxy import Proxy
from transfer.books import Record
from transfer.errors import Code
from transfer.model import CHUNK, MIB, Outcome
from transfer.tickets import TicketRole

BOTH = (TicketRole.USER, TicketRole.AUDIT)


def large(world: World, size: int = 72 * MIB) -> bytes:
    data = os.urandom(MIB) * (size // MIB)
    world.put("large", data)
    return data


def moved(world: World, placed: Placed) -> int:
    record = world.record(placed)
    return record.deliveries[0].moved if record and record.deliveries else 0


def of_generation(world: World, placed: Placed, generation: int) -> Record:
    """The record of the order, once that generation is closed and its tickets are written."""

    def ended() -> bool:
        found = world.record(placed)
        return bool(
            found
            and found.transfer.generation == generation
            and found.transfer.finished
            and not found.unsent
        )

    world.until(ended)
    record = world.record(placed)
    assert record
    return record


def told(world: World, record: Record, role: TicketRole) -> str:
    """Everything that stands on that ticket."""
    ticket = world.servicenow.instance.get("incident", record.tickets[role].sys_id)
    journal = world.visitor.journal(ticket["sys_id"])
    return "\n".join((ticket["description"], ticket["close_notes"], journal))


def cancel(world: World, placed: Placed) -> None:
    world.servicenow.instance.update("sc_req_item", placed.item_id, {"active": "false"})


def open_again(world: World, placed: Placed) -> None:
    task = world.task(placed)["sys_id"]
    world.servicenow.instance.update("sc_req_item", placed.item_id, {"state": "2"})
    world.servicenow.instance.update("sc_task", task, {"state": "2"})


def test_a_cancelled_item_stops_the_upload_in_the_middle(world: World, line: Proxy) -> None:
    data = large(world)
    with world.daemon():
        placed = world.order("large")
        world.until(lambda: moved(world, placed) >= CHUNK)
        cancel(world, placed)
        record = world.ended(placed)
        line.hasten()
        world.put("next", b"next")
        assert world.ended(world.order("next")).transfer.outcome is Outcome.DELIVERED
    assert record.transfer.outcome is Outcome.CANCELLED
    assert record.transfer.failure
    assert record.transfer.failure.code == Code.REQUEST_CANCELLED
    assert record.deliveries[0].moved < len(data)
    assert world.files() == {"next": b"next"}
    for role in BOTH:
        assert "request.cancelled" in told(world, record, role)
    assert world.events().count("transfer is no longer wanted") == 1


def test_a_retry_sends_what_failed_once_servicenow_has_it_open_again(
    world: World, line: Proxy
) -> None:
    """And `show` tells the whole of it: killed, taken over, failed, retried, delivered."""
    data = large(world, 40 * MIB)
    in_the_way = Path(world.partner.root) / "large"
    placed = world.order("large")
    with world.daemon("victim") as victim:
        world.until(lambda: moved(world, placed) >= CHUNK)
        victim.send(signal.SIGKILL)
        assert victim.wait(DEADLINE) == -signal.SIGKILL
    in_the_way.write_bytes(b"theirs")
    line.hasten()
    with world.daemon():
        first = of_generation(world, placed, 1)
        assert first.transfer.outcome is Outcome.FAILED
        in_the_way.unlink()

        closed = fileferry(world, "retry", placed.number, "--reason", "the file is gone")
        assert (closed.returncode, closed.stdout) == (1, "")
        assert "Nothing was written." in closed.stderr
        assert "[request.cancelled]" in closed.stderr
        assert world.record(placed) == first

        open_again(world, placed)
        done = fileferry(world, "retry", placed.number, "--reason", "the task is open again")
        assert (done.returncode, done.stderr) == (0, "")
        second = of_generation(world, placed, 2)
    assert second.transfer.outcome is Outcome.DELIVERED
    sweeps_what_nobody_needs(world, second.transfer.request.token)
    assert world.files() == {"large": data}
    assert world.task(placed)["state"] == "3"
    numbers = {each.tickets[role].number for each in (first, second) for role in BOTH}
    assert len(numbers) == 4
    audit = told(world, second, TicketRole.AUDIT)
    for word in ("the task is open again", "Generation 2", first.tickets[TicketRole.AUDIT].number):
        assert word in audit
    reads_as_one_story(world, first, second)


def sweeps_what_nobody_needs(world: World, token: str) -> None:
    root = Path(world.partner.root)
    ours, aside, foreign = (
        root / f".ff-{name}"
        for name in (f"{token}-1-e1.part", f"{token}-1-e1.old", f"{'0' * 12}-1-e1.part")
    )
    for file in (ours, aside, foreign):
        file.write_bytes(b"left")
        os.utime(file, (0, 86_400))
    listed = fileferry(world, "sweep", "partner", "--json")
    temps = json.loads(listed.stdout)["temps"]
    needed = {each["path"].split("/")[-1]: each["needed"] for each in temps}
    assert {datetime.fromisoformat(each["modified"]).timestamp() for each in temps} == {86_400.0}
    assert needed == {ours.name: False, aside.name: True, foreign.name: True}
    asked = fileferry(world, "sweep", "partner", "--remove")
    assert (asked.returncode, ours.exists()) == (1, True)
    assert asked.stdout.count(" days old  ") == 3
    assert "nobody can be asked here" in asked.stderr
    done = fileferry(world, "sweep", "partner", "--remove", "--yes")
    assert done.returncode == 0, done.stderr
    assert "1 temps were removed." in done.stdout
    assert [file.exists() for file in (ours, aside, foreign)] == [False, True, True]
    aside.unlink()
    foreign.unlink()


def reads_as_one_story(world: World, first: Record, second: Record) -> None:
    """By the number of a ticket of the first generation, which is not the latest any more."""
    shown = fileferry(world, "show", first.tickets[TicketRole.AUDIT].number).stdout
    story = [line[21:] for line in shown.partition("History (UTC)\n")[2].splitlines()]
    parts = iter(story)
    for begins in (
        *("admitted, asked for by", "taken up, epoch 1, by", "reached pinned", "file 1 uploading"),
        *("taken up, epoch 2, by", "resumed at stage pinned"),
        *("failed [remote.exists]", "outcome failed", "reached closed"),
        "retried as generation 2, after failed (remote.exists), by ",
        *("taken up, epoch", "file 1 published: ", "outcome delivered", "reached closed"),
    ):
        assert any(line.startswith(begins) for line in parts), f"{begins}\n{shown}"
    for record in (first, second):
        for role in BOTH:
            number = record.tickets[role].number
            assert any(line.startswith(f"ticket open {number}") for line in story), shown
    receipt = second.deliveries[0].receipt
    assert receipt
    assert receipt.sha256 in shown


def test_what_arrived_is_not_retried_and_nonsense_is_told_so(world: World) -> None:
    world.put("a", b"a")
    with world.daemon():
        placed = world.order("a")
        world.ended(placed)
        for words, why in (
            ((placed.number, "--reason", "again"), "delivered already"),
            (("RITM9999999", "--reason", "again"), "knows no transfer"),
            ((placed.number, "--reason", " "), "needs a reason"),
        ):
            done = fileferry(world, "retry", *words)
            assert done.returncode == 1
            assert why in done.stderr
    assert fileferry(world, "quarantine", "list").stdout == "Nothing is in quarantine.\n"
    released = fileferry(world, "quarantine", "release", placed.number, "--reason", "why not")
    assert (released.returncode, "not in quarantine" in released.stderr) == (1, True)


def gone_on(world: World, placed: Placed, seen: int) -> bool:
    return moved(world, placed) > seen


def test_what_kills_five_daemons_is_set_aside_and_goes_on_when_it_is_released(
    world: World, line: Proxy
) -> None:
    data = large(world, 88 * MIB)
    placed = world.order("large")
    for number in range(5):
        with world.daemon(f"victim-{number}") as victim:
            seen = moved(world, placed)
            world.until(partial(gone_on, world, placed, seen))
            victim.send(signal.SIGKILL)
            assert victim.wait(DEADLINE) == -signal.SIGKILL
    line.hasten()
    with world.daemon("survivor"):
        world.until(lambda: "transfer quarantined" in world.events("survivor"))
        world.put("next", b"next")
        assert world.ended(world.order("next")).transfer.outcome is Outcome.DELIVERED
        assert world.files().get("large") is None
        listed = json.loads(fileferry(world, "quarantine", "list", "--json").stdout)
        [head] = listed["quarantined"]
        assert head["request"]["number"] == placed.number
        assert "5 times in a row" in head["failure"]["message"]
        assert placed.number in fileferry(world, "quarantine", "list").stdout
        assert "quarantined" in fileferry(world, "status").stdout

        reason = "the kernel was mended"
        done = fileferry(world, "quarantine", "release", placed.number, "--reason", reason)
        assert (done.returncode, done.stderr) == (0, "")
        record = world.ended(placed)
    assert record.transfer.outcome is Outcome.DELIVERED
    assert world.files() == {"large": data, "next": b"next"}
    user, audit = (told(world, record, role) for role in BOTH)
    assert user.count("is in quarantine") >= 1
    assert reason in audit
