"""Bad input: each ends in its own code on its tickets, and the next request runs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.crossing.world import World
from tests.servers.openssh import OpenSSH, is_root
from transfer.books import Record
from transfer.errors import Code
from transfer.model import MIB, Outcome
from transfer.tickets import TicketRole


def code_of(record: Record) -> str | None:
    return record.transfer.failure.code if record.transfer.failure else None


def assert_told(world: World, record: Record, code: Code) -> None:
    """The code stands on both tickets, and the audit ticket is closed."""
    for role in (TicketRole.USER, TicketRole.AUDIT):
        ticket = world.servicenow.instance.get("incident", record.tickets[role].sys_id)
        told = ticket["close_notes"] + world.visitor.journal(ticket["sys_id"])
        assert code in told
        if role is TicketRole.AUDIT:
            assert ticket["state"] == "7"


def assert_next_one_runs(world: World) -> None:
    world.put("next", b"next")
    assert world.ended(world.order("next")).transfer.outcome is Outcome.DELIVERED


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ({"destination": "nowhere"}, Code.DESTINATION_UNKNOWN),
        ({"destination": "vault"}, Code.GRANT_MISSING),
        ({"requester": "tom.reyes"}, Code.GRANT_MISSING),
        ({"path": "../../etc/cron.d/x"}, Code.NAME_REFUSED),
        ({"path": "/etc/passwd"}, Code.NAME_REFUSED),
        ({"path": "trailing."}, Code.NAME_REFUSED),
        ({"path": "bell\x07"}, Code.NAME_REFUSED),
    ],
)
def test_what_breaks_a_rule_is_refused_before_any_connection(
    world: World, order: dict[str, Any], code: Code
) -> None:
    world.put("a", b"a")
    with world.daemon():
        placed = world.order("a", **order)
        record = world.ended(placed)
    assert code_of(record) == code
    assert record.transfer.outcome is Outcome.REFUSED
    assert_told(world, record, code)
    assert world.task(placed)["state"] == "4"
    assert world.files() == {}
    assert world.connections() == 0


def test_a_missing_object_fails_and_the_next_request_runs(world: World) -> None:
    with world.daemon():
        record = world.ended(world.order("never-uploaded"))
        assert code_of(record) == Code.SOURCE_MISSING
        assert_told(world, record, Code.SOURCE_MISSING)
        assert_next_one_runs(world)


def test_an_object_that_may_not_be_read_fails(world: World) -> None:
    world.put("a", b"a")
    world.environment |= {
        "AWS_ACCESS_KEY_ID": "OUTSIDER",
        "AWS_SECRET_ACCESS_KEY": "outsider-secret",
    }
    with world.daemon():
        record = world.ended(world.order("a"))
    assert code_of(record) == Code.SOURCE_DENIED
    assert_told(world, record, Code.SOURCE_DENIED)


def test_a_refused_login_fails_after_one_try(world: World) -> None:
    world.put("a", b"a")
    world.secrets["partner-key"] = world.partner.stranger
    with world.daemon():
        record = world.ended(world.order("a"))
    assert code_of(record) == Code.AUTH_REFUSED
    assert_told(world, record, Code.AUTH_REFUSED)
    assert world.connections() == 1


def test_an_unknown_host_key_fails_before_the_login(world: World) -> None:
    world.put("a", b"a")
    world.config["destinations"]["partner"]["host_keys"] = ["SHA256:" + "A" * 43]
    with world.daemon():
        record = world.ended(world.order("a"))
    assert code_of(record) == Code.HOSTKEY_UNKNOWN
    assert record.transfer.failure
    assert world.partner.host_key in record.transfer.failure.message
    assert_told(world, record, Code.HOSTKEY_UNKNOWN)
    assert "Accepted" not in world.partner.log


@pytest.mark.skipif(not is_root(), reason="only root can mount a small file system")
def test_a_full_disk_fails_and_the_temp_is_removed(world: World) -> None:
    world.put("large", b"x" * (12 * MIB))
    world.put("small", b"x" * MIB)
    with OpenSSH(capacity=4 * MIB) as full:
        world.config["destinations"]["partner"] |= {"port": full.port, "host_keys": [full.host_key]}
        world.config["destinations"]["partner"]["root"] = str(full.root)
        world.secrets["partner-key"] = full.private_key
        with world.daemon():
            record = world.ended(world.order("large"))
            assert code_of(record) == Code.REMOTE_FULL
            assert_told(world, record, Code.REMOTE_FULL)
            # Room for it is there again only if the temp of the large one is gone.
            for number in range(3):
                placed = world.order("small", path=f"small-{number}")
                assert world.ended(placed).transfer.outcome is Outcome.DELIVERED


def test_an_existing_file_is_not_replaced(world: World) -> None:
    world.put("a", b"ours")
    with world.daemon():
        assert world.ended(world.order("a")).transfer.outcome is Outcome.DELIVERED
        world.put("a", b"again")
        record = world.ended(world.order("a"))
    assert code_of(record) == Code.REMOTE_EXISTS
    assert world.files() == {"a": b"ours"}


def test_what_nobody_approved_is_left_alone(world: World) -> None:
    world.put("a", b"a")
    world.put("next", b"next")
    with world.daemon():
        placed = world.order("a", approve=False)
        assert world.ended(world.order("next")).transfer.outcome is Outcome.DELIVERED
    assert world.record(placed) is None
    assert world.item(placed)["approval"] == "requested"
    assert set(world.files()) == {"next"}


def test_a_task_of_an_unapproved_item_gets_a_note_that_says_why(world: World) -> None:
    world.put("a", b"a")
    placed = world.order("a", approve=False)
    task = world.servicenow.instance.create(
        "sc_task",
        {
            "request_item": placed.item_id,
            "request": placed.request_id,
            "assignment_group": world.config["servicenow"]["group"],
            "state": "1",
        },
    )
    with world.daemon():
        world.until(lambda: "approval.pending" in world.visitor.journal(task["sys_id"]))
        world.until(lambda: len([e for e in world.events() if e == "ticket written"]) == 1)
    assert world.record(placed) is None
    assert world.servicenow.instance.get("sc_task", task["sys_id"])["state"] == "1"
    assert world.files() == {}


def test_a_request_altered_after_its_approval_is_refused(world: World) -> None:
    world.put("a", b"a")
    world.put("other", b"o")
    placed = world.order("a")
    instance = world.servicenow.instance
    query = f"request_item={placed.item_id}"
    for row in instance.query("sc_item_option_mtom", query):
        option = instance.get("sc_item_option", row["sc_item_option"])
        if option["value"].endswith("/a"):
            world.until(lambda: instance.now() > world.item(placed)["sys_updated_on"])
            instance.update(
                "sc_item_option", option["sys_id"], {"value": f"s3://{world.bucket}/other"}
            )
    with world.daemon():
        record = world.ended(placed)
    assert code_of(record) == Code.APPROVAL_STALE
    assert_told(world, record, Code.APPROVAL_STALE)
    assert world.files() == {}
