"""One approved item with several tasks: it is sent once, and nobody else waits for that."""

from __future__ import annotations

import pytest

from adapters.ledger.sqlite.archive import SqliteArchive
from sandbox.aws import Aws
from sandbox.demo.visitor import Placed, Row
from tests.crossing.commands import fileferry
from tests.crossing.test_hinted import Queue
from tests.crossing.test_refused import assert_told, code_of
from tests.crossing.world import World
from transfer.books import Record
from transfer.errors import Code
from transfer.model import Outcome
from transfer.tickets import TicketRole


def task_of(world: World, placed: Placed) -> Row:
    """The first one: the flow made it at the approval."""
    [task] = world.visitor.rows("sc_task", f"request_item={placed.item_id}^ORDERBYnumber")
    return task


def second_task(world: World, placed: Placed, group: str = "") -> Row:
    return world.visitor.add_task(placed, group or world.config["servicenow"]["group"])


def of_task(world: World, task: Row) -> Record | None:
    found = SqliteArchive.at(world.directory / "ledger.db").search(task["number"])
    return found[0] if found else None


def ended(world: World, task: Row, generation: int = 1) -> Record:
    """The record of the task, once it is closed in that generation and every ticket is written."""

    def over() -> bool:
        found = of_task(world, task)
        whole = found and found.transfer.finished and not found.unsent
        return bool(found and whole and found.transfer.generation == generation)

    world.until(over)
    record = of_task(world, task)
    assert record
    return record


def assert_repeated(world: World, task: Row, first: Row) -> None:
    """Refused with its own code, which names the first, on both tickets and on the closed task."""
    record = ended(world, task)
    assert code_of(record) == Code.REQUEST_REPEATED
    assert record.transfer.outcome is Outcome.REFUSED
    assert record.transfer.failure
    assert first["number"] in record.transfer.failure.message
    assert_told(world, record, Code.REQUEST_REPEATED)
    [row] = world.visitor.rows("sc_task", f"sys_id={task['sys_id']}")
    assert row["state"] == "4"
    journal = world.visitor.journal(task["sys_id"])
    assert first["number"] in journal + row["close_notes"]


@pytest.fixture
def kept(world: World) -> World:
    """A second delivery would be seen: it would take another name."""
    world.config["destinations"]["partner"]["on_conflict"] = "version"
    return world


def test_a_second_task_of_an_approved_item_sends_nothing(kept: World) -> None:
    kept.put("a", b"once")
    kept.put("b", b"innocent")
    placed, innocent = kept.order("a"), kept.order("b")
    tasks = [task_of(kept, placed), second_task(kept, placed)]
    with kept.daemon():
        records = [ended(kept, task) for task in tasks]
        assert kept.ended(innocent).transfer.outcome is Outcome.DELIVERED
        first, second = sorted(records, key=lambda record: code_of(record) or "")
        tasks.sort(key=lambda task: task["number"] != first.transfer.request.task_number)
        assert first.transfer.outcome is Outcome.DELIVERED
        assert second.transfer.request.task_number == tasks[1]["number"]
        assert_repeated(kept, tasks[1], tasks[0])
    assert kept.files() == {"a": b"once", "b": b"innocent"}
    # One for each, or one for both where the other had ended with it.
    assert 1 <= kept.connections() <= 2


def test_a_task_that_comes_when_all_is_delivered_sends_nothing_either(kept: World) -> None:
    kept.put("a", b"once")
    kept.put("b", b"innocent")
    placed = kept.order("a")
    first = task_of(kept, placed)
    # A task of others, so that the item stays open.
    second_task(kept, placed, group="0" * 32)
    with kept.daemon():
        assert ended(kept, first).transfer.outcome is Outcome.DELIVERED
        late, innocent = second_task(kept, placed), kept.order("b")
        assert_repeated(kept, late, first)
        assert kept.ended(innocent).transfer.outcome is Outcome.DELIVERED
    with kept.daemon("again"):
        later = second_task(kept, placed)
        assert_repeated(kept, later, first)
    refused = [line for line in kept.log_lines("daemon") if line["event"] == "request refused"]
    assert [line["code"] for line in refused] == ["request.repeated"]
    assert kept.files() == {"a": b"once", "b": b"innocent"}


def test_hints_that_name_both_tasks_send_it_once(kept: World, moto: Aws) -> None:
    queue = Queue(kept, moto)
    kept.put("a", b"once")
    kept.put("b", b"innocent")
    kept.put("c", b"polled")
    polled = kept.order("c")
    with kept.daemon():
        # The only poll is over when it has found this.
        kept.ended(polled)
        placed, innocent = kept.order("a"), kept.order("b")
        first, second = task_of(kept, placed), second_task(kept, placed)
        for _ in range(3):
            queue.send(task=first["sys_id"])
            kept.until(lambda: of_task(kept, first))
            queue.send(task=second["sys_id"])
            queue.send(request=second["number"])
        queue.send(request=innocent.number)
        assert ended(kept, first).transfer.outcome is Outcome.DELIVERED
        assert_repeated(kept, second, first)
        assert kept.ended(innocent).transfer.outcome is Outcome.DELIVERED
        kept.until(queue.is_empty)
    codes = [each["MessageAttributes"]["fileferry.code"]["StringValue"] for each in queue.dead()]
    assert codes == ["request.repeated"]
    assert kept.files() == {"a": b"once", "b": b"innocent", "c": b"polled"}


def test_an_operator_sends_it_again_and_the_audit_ticket_says_so(kept: World) -> None:
    kept.put("a", b"twice")
    placed = kept.order("a")
    first = task_of(kept, placed)
    second_task(kept, placed, group="0" * 32)
    with kept.daemon():
        assert ended(kept, first).transfer.outcome is Outcome.DELIVERED
        second = second_task(kept, placed)
        assert_repeated(kept, second, first)
        unclear = fileferry(kept, "retry", placed.number, "--reason", "sent again")
        assert "stands for several transfers" in unclear.stderr
        kept.visitor.work_on("sc_task", second["sys_id"])
        told = fileferry(kept, "retry", second["number"], "--reason", "the partner lost it")
        assert (told.returncode, told.stderr) == (0, "")
        assert f"Its task {first['number']} is delivered." in told.stdout
        record = ended(kept, second, generation=2)
        third = second_task(kept, placed)
        assert_repeated(kept, third, first)
    assert record.transfer.outcome is Outcome.DELIVERED
    assert kept.files() == {"a": b"twice", "a.2": b"twice"}
    audit = record.tickets[TicketRole.AUDIT].sys_id
    [ticket] = kept.visitor.rows("incident", f"sys_id={audit}")
    for word in ("the partner lost it", f"{first['number']} (delivered)"):
        assert word in ticket["description"]


def test_a_new_task_of_an_item_of_which_nothing_was_sent_gets_its_chance(world: World) -> None:
    [grant] = world.config["grants"]
    world.config["grants"] = [grant | {"requesters": ["tom.reyes"]}]
    world.put("a", b"a")
    placed = world.order("a")
    first = task_of(world, placed)
    second_task(world, placed, group="0" * 32)
    with world.daemon():
        assert code_of(ended(world, first)) == Code.GRANT_MISSING
    world.config["grants"] = [grant]
    with world.daemon("granted"):
        second = second_task(world, placed)
        assert ended(world, second).transfer.outcome is Outcome.DELIVERED
        third = second_task(world, placed)
        assert_repeated(world, third, second)
    assert world.files() == {"a": b"a"}
