"""The outbox among several hosts: the order of a lane, hand-outs, waits without a common clock."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from tests.adapters.ledger.dynamo.line import Line
from tests.adapters.ledger.dynamo.scenes import World, claimed
from tests.ports import dynamo_store
from tests.ports.books import LEASE, TICKET, post, received
from transfer.books import Outbox
from transfer.tickets import Post, TicketRole

pytest_plugins = ["tests.adapters.ledger.dynamo.fixtures"]


def note(key: str) -> Post:
    return post(received(), key)


def drained(outbox: Outbox) -> list[str]:
    sent = []
    while batch := outbox.due():
        for found, _ in batch:
            sent.append(found.key)
            outbox.settle((found, TICKET))
    return sent


def test_a_lane_keeps_the_order_of_the_adding_whoever_adds(world: World) -> None:
    hosts = [world.books.outbox, world.other().outbox]
    for number in range(10):
        hosts[number % 2].add(note(f"k{number}"))
    assert drained(world.other("sender").outbox) == [f"k{number}" for number in range(10)]


def test_two_hosts_that_add_at_the_same_time_lose_and_swap_nothing(world: World) -> None:
    def add(host: int) -> None:
        outbox = world.other(f"host {host}").outbox
        for number in range(10):
            outbox.add(note(f"{host}-{number}"), note(f"both-{number}"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(4)))
    lane = world.item(f"T#{received().id}", "lane#000001:user")
    stands = [key["S"].removeprefix("post#") for key in lane["unsent"]["L"]]
    assert len(stands) == len(set(stands)) == 50
    for host in (*range(4), "both"):
        own = [key for key in stands if key.startswith(f"{host}-")]
        assert own == [f"{host}-{number}" for number in range(10)]
    assert drained(world.books.outbox) == stands


def test_a_save_and_its_words_take_one_place_in_the_lane(world: World) -> None:
    taken = claimed(world)
    world.other().outbox.add(note("early"))
    world.books.ledger.save(taken, note("1"), note("early"), note("2"), note("1"))
    assert drained(world.books.outbox) == ["early", "1", "2"]


def test_a_sender_that_wakes_late_spoils_nothing(world: World) -> None:
    frozen, heir = world.books.outbox, world.other().outbox
    frozen.add(note("1"), note("2"))
    [(held, _)] = frozen.due()
    assert heir.due() == []
    world.time.passes(LEASE + 0.1)
    assert [(found.key, tries) for found, tries in heir.due()] == [("1", 1)]
    frozen.defer(held, 900.0, "time-out")
    lane = world.item(f"T#{received().id}", "lane#000001:user")
    assert lane["sender"]["S"].startswith("other/")
    assert "last_error" not in lane
    heir.settle((note("1"), TICKET))
    assert [(found.key, tries) for found, tries in heir.due()] == [("2", 0)]
    frozen.settle((held, TICKET))
    heir.settle((note("2"), TICKET))
    assert frozen.due() == heir.due() == []


def test_what_has_arrived_is_settled_whoever_holds_the_lane(world: World) -> None:
    slow, heir = world.books.outbox, world.other().outbox
    slow.add(note("1"), note("2"))
    [(held, _)] = slow.due()
    assert heir.due() == []
    world.time.passes(LEASE + 0.1)
    assert heir.due()
    slow.settle((held, TICKET))
    heir.defer(note("1"), 900.0, "time-out")
    assert [found.key for found, _ in slow.due()] == ["2"]


def test_ten_lanes_are_settled_in_one_call_and_a_taken_one_holds_up_none(world: World) -> None:
    line = Line(dynamo_store.client())
    outbox = world.other("counted", line).outbox
    outbox.add(*(post(received(number), str(number)) for number in range(20)))
    arrived = [(found, TICKET) for found, _ in outbox.due()]
    line.calls.clear()
    outbox.settle(*arrived[:10])
    assert line.calls == ["transact_write_items"]
    # Another sender has it, of those that are left.
    world.books.outbox.settle(arrived[15])
    outbox.settle(*arrived[10:])
    assert outbox.due() == []


def test_each_host_waits_the_whole_delay_by_its_own_clock(world: World) -> None:
    one, two = world.books.outbox, world.other().outbox
    one.add(note("1"))
    assert one.due()
    one.defer(note("1"), 10.0, "no answer")
    world.time.passes(8.0)
    assert two.due() == []
    world.time.passes(3.0)
    assert two.due() == []
    assert [tries for _, tries in one.due()] == [1]


def test_a_lane_that_is_put_off_costs_no_reading(world: World) -> None:
    line = Line(dynamo_store.client())
    outbox = world.other("counted", line).outbox
    outbox.add(note("1"))
    assert outbox.due()
    outbox.defer(note("1"), 10.0, "no answer")
    line.calls.clear()
    assert outbox.due() == []
    assert line.calls == ["query"]


def test_words_that_stand_cost_no_call_the_second_time(world: World) -> None:
    line = Line(dynamo_store.client())
    outbox = world.other("counted", line).outbox
    outbox.add(note("1"))
    line.calls.clear()
    outbox.add(note("1"))
    assert line.calls == []


def test_the_ticket_of_the_latest_generation_is_shown(world: World) -> None:
    taken = claimed(world)
    second = replace(note("again"), generation=2)
    world.books.ledger.save(taken, note("1"), second)
    for found, _ in world.books.outbox.due():
        number = f"INC000000{found.generation}"
        world.books.outbox.settle((found, replace(TICKET, number=number)))
    [record] = world.books.archive.search(taken.id)
    assert record.tickets[TicketRole.USER].number == "INC0000002"
