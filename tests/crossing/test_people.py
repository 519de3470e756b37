"""Who decided, who wrote the order, and for whom: hostile and careless colleagues, each under his
own login at the instance.
"""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.demo.orders import Order
from sandbox.demo.visitor import Placed
from sandbox.servicenow.seed import SEEDED
from tests.crossing.test_decisions import told
from tests.crossing.test_refused import assert_next_one_runs, assert_told, code_of
from tests.crossing.test_standing import Nightly
from tests.crossing.test_standing import nightly as nightly  # noqa: PLC0414 a fixture
from tests.crossing.test_standing import refused as record_refused
from tests.crossing.world import World
from transfer.books import Record
from transfer.errors import Code
from transfer.model import Outcome
from transfer.tickets import TicketRole


def ordered(world: World, who: str = "anna.berg", **more: Any) -> Placed:
    world.put("a", b"a")
    return world.visitor.order(Order(label="", keys=("a",), requester=who), **more)


def audit_of(world: World, record: Record) -> list[str]:
    return told(world, record, TicketRole.AUDIT).splitlines()


def refused(world: World, placed: Placed, code: Code) -> list[str]:
    """What the audit ticket says; the next order is delivered all the same."""
    with world.daemon():
        record = world.ended(placed)
        assert world.files() == {}
        assert world.connections() == 0
        assert_next_one_runs(world)
    assert (code_of(record), record.transfer.outcome) == (code, Outcome.REFUSED)
    assert_told(world, record, code)
    assert world.task(placed)["state"] == "4"
    return audit_of(world, record)


def delivered(world: World, placed: Placed) -> list[str]:
    with world.daemon():
        record = world.ended(placed)
    assert record.transfer.outcome is Outcome.DELIVERED, record.transfer.failure
    return audit_of(world, record)


def test_a_requester_does_not_decide_as_the_approvers_delegate(world: World) -> None:
    world.visitor.appoint("carla.moss", "anna.berg")
    placed = ordered(world)
    world.visitor.approve(placed, by="anna.berg")
    lines = refused(world, placed, Code.APPROVAL_SELF)
    assert "Approved by: nobody" in lines
    [against] = {line for line in lines if line.startswith("Does not count: ")}
    assert against.startswith("Does not count: carla.moss (the decision was written by who asked")
    assert "decided by anna.berg at" in against


@pytest.mark.parametrize("actor", ["approver", "anybody"])
def test_who_orders_for_somebody_else_does_not_decide_either(world: World, actor: str) -> None:
    world.config["approvals"] = {"actor": actor}
    world.visitor.appoint("carla.moss", "tom.reyes")
    placed = ordered(world, "tom.reyes", for_whom="anna.berg")
    world.visitor.approve(placed, by="tom.reyes")
    lines = refused(world, placed, Code.APPROVAL_SELF)
    assert "Requester: tom.reyes (for anna.berg)" in lines


def test_an_administrator_does_not_decide_for_the_approver(world: World) -> None:
    placed = ordered(world)
    world.visitor.approve(placed, by="admin")
    lines = refused(world, placed, Code.APPROVAL_ACTOR)
    assert [line for line in lines if "decided by admin at" in line]


def test_an_administrator_does_not_decide_on_his_own_order(world: World) -> None:
    world.config["approvals"] = {"actor": "anybody", "accounts": ["admin"]}
    placed = ordered(world, "admin")
    world.visitor.approve(placed, by="admin")
    refused(world, placed, Code.APPROVAL_SELF)


def test_an_approver_who_rewrote_the_order_does_not_decide_on_it(world: World) -> None:
    placed = ordered(world)
    instance = world.servicenow.instance
    for link in instance.query("sc_item_option_mtom", f"request_item={placed.item_id}"):
        option = instance.get("sc_item_option", link["sc_item_option"])
        if option["value"] == "partner":
            world.visitor.write("carla.moss", "sc_item_option", option["sys_id"], value="vault")
    world.visitor.approve(placed)
    lines = refused(world, placed, Code.APPROVAL_SELF)
    assert [line for line in lines if line.startswith("Does not count: carla.moss (had a hand")]


@pytest.mark.parametrize("field", ["requested_for", "opened_by"])
def test_an_order_that_is_given_to_somebody_else_after_its_approval_is_stale(
    world: World, field: str
) -> None:
    placed = ordered(world, "tom.reyes")
    world.visitor.approve(placed)
    instance = world.servicenow.instance
    world.until(lambda: instance.now() > world.item(placed)["sys_updated_on"])
    anna = SEEDED.users["anna.berg"].sys_id
    world.visitor.write("admin", "sc_req_item", placed.item_id, **{field: anna})
    refused(world, placed, Code.APPROVAL_STALE)


def test_words_that_are_added_to_the_item_after_its_approval_change_nothing(world: World) -> None:
    placed = ordered(world)
    world.visitor.approve(placed)
    instance = world.servicenow.instance
    world.until(lambda: instance.now() > world.item(placed)["sys_updated_on"])
    world.visitor.write("admin", "sc_req_item", placed.item_id, description="For the auditors.")
    lines = delivered(world, placed)
    assert "Decision written by: carla.moss" in lines


def test_nobody_sends_by_the_grant_of_whom_he_orders_for(world: World) -> None:
    placed = ordered(world, "tom.reyes", for_whom="anna.berg")
    world.visitor.approve(placed)
    lines = refused(world, placed, Code.GRANT_MISSING)
    assert [line for line in lines if "tom.reyes may not send" in line]


def test_where_both_have_a_grant_one_may_order_for_the_other(world: World) -> None:
    world.config["grants"][0]["requesters"].append("tom.reyes")
    placed = ordered(world, "tom.reyes", for_whom="anna.berg")
    world.visitor.approve(placed)
    assert "Requester: tom.reyes (for anna.berg)" in delivered(world, placed)


def test_a_delegate_may_decide_where_the_operators_say_so(world: World) -> None:
    world.config["approvals"] = {"actor": "anybody"}
    world.visitor.appoint("carla.moss", "otto.lind")
    placed = ordered(world)
    world.visitor.approve(placed, by="otto.lind")
    lines = delivered(world, placed)
    assert "Decision written by: otto.lind" in lines


def test_an_account_that_decides_for_approvers_is_named(world: World) -> None:
    world.config["approvals"] = {"accounts": ["otto.lind"]}
    world.visitor.appoint("carla.moss", "otto.lind")
    placed = ordered(world)
    world.visitor.approve(placed, by="otto.lind")
    assert "Decision written by: otto.lind" in delivered(world, placed)


def test_a_destination_of_several_lines_forges_no_approval(world: World) -> None:
    world.put("a", b"a")
    forged = "partner:\nApproved by: carla.moss at 2026-11-23 12:00:00 UTC\nDecision written by: x"
    placed = world.order("a", destination=forged, path="b\nApproved by: otto.lind")
    lines = refused(world, placed, Code.DESTINATION_UNKNOWN)
    named = {line for line in lines if line.startswith("Approved by:")}
    assert len(named) == 1
    assert named.pop().startswith("Approved by: carla.moss at 20")
    assert {line for line in lines if line.startswith("Decision written by:")} == {
        "Decision written by: carla.moss"
    }


def with_dry_run(world: World) -> None:
    """The item asks whether it is a dry run."""
    question = {"cat_item": SEEDED.catalog_item, "name": "dry_run", "type": "7", "order": "400"}
    world.servicenow.instance.create("item_option_new", question)
    world.config["servicenow"]["variables"] = {"dry_run": "dry_run"}


def link_of(world: World, placed: Placed, value: str) -> dict[str, str]:
    instance = world.servicenow.instance
    links = instance.query("sc_item_option_mtom", f"request_item={placed.item_id}")
    options = [instance.get("sc_item_option", link["sc_item_option"]) for link in links]
    return next(
        link for link, option in zip(links, options, strict=True) if option["value"] == value
    )


def test_a_dry_run_is_one(world: World) -> None:
    with_dry_run(world)
    placed = ordered(world, dry_run="true")
    world.visitor.approve(placed)
    with world.daemon():
        assert world.ended(placed).transfer.outcome is Outcome.REHEARSED
    assert world.files() == {}


@pytest.mark.parametrize("how", ["hidden", "twice"])
def test_a_dry_run_that_cannot_be_read_is_not_carried_out(world: World, how: str) -> None:
    with_dry_run(world)
    placed = ordered(world, dry_run="true")
    world.visitor.approve(placed)
    link = link_of(world, placed, "true")
    if how == "twice":
        again = {"request_item": placed.item_id, "sc_item_option": link["sc_item_option"]}
        world.servicenow.instance.create("sc_item_option_mtom", again)
    else:
        query = f"sys_id={link['sys_id']}"
        world.servicenow.modes.set("row_acl", table="sc_item_option_mtom", query=query)
    with world.daemon():
        record = world.ended(placed)
    assert (code_of(record), record.transfer.outcome) == (
        Code.REQUEST_INCOMPLETE,
        Outcome.REFUSED,
    )
    assert record.transfer.failure
    assert "dry_run" in record.transfer.failure.message
    assert world.files() == {}


def test_a_standing_approval_that_an_administrator_flipped_sends_nothing(nightly: Nightly) -> None:
    record = nightly.agree(nightly.stand(), by="admin")
    record_refused(nightly, record, Code.APPROVAL_ACTOR)


def test_a_standing_approval_that_its_requester_flipped_sends_nothing(nightly: Nightly) -> None:
    nightly.world.visitor.appoint("carla.moss", "anna.berg")
    record = nightly.agree(nightly.stand(), by="anna.berg")
    record_refused(nightly, record, Code.APPROVAL_SELF)
