"""The promises of Outbox, kept by every adapter."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.ports.books import TICKET, Store, post, received
from transfer.books import Outbox
from transfer.history import EventKind
from transfer.tickets import Post, TicketRole

pytest_plugins = ["tests.ports.book_fixtures"]


def note(key: str, ticket: TicketRole = TicketRole.USER, text: str = "x") -> Post:
    return post(received(), key, ticket, text)


def due(outbox: Outbox) -> list[tuple[str, int]]:
    return [(found.key, tries) for found, tries in outbox.due()]


@pytest.fixture
def outbox(store: Store) -> Outbox:
    return store.open("one").outbox


def test_posts_of_one_ticket_go_out_one_after_the_other(outbox: Outbox) -> None:
    outbox.add(note("1"), note("2"), note("a", TicketRole.AUDIT))
    assert due(outbox) == [("1", 0), ("a", 0)]
    outbox.settle((note("a", TicketRole.AUDIT), TICKET))
    outbox.settle((note("1"), TICKET))
    assert due(outbox) == [("2", 0)]


def test_a_key_is_added_once_and_keeps_its_words(outbox: Outbox) -> None:
    outbox.add(note("1", text="first"))
    outbox.add(note("1", text="second"))
    [(found, _)] = outbox.due()
    assert found == note("1", text="first")
    outbox.settle((found, TICKET))
    outbox.add(note("1"))
    assert due(outbox) == []


def test_nothing_to_add_is_fine(outbox: Outbox) -> None:
    outbox.add()
    assert due(outbox) == []


def test_a_post_that_did_not_arrive_holds_up_its_lane_only(store: Store, outbox: Outbox) -> None:
    outbox.add(note("1"), note("2"), note("a", TicketRole.AUDIT))
    assert due(outbox) == [("1", 0), ("a", 0)]
    outbox.settle((note("a", TicketRole.AUDIT), TICKET))
    outbox.defer(note("1"), 10.0, "no answer")
    store.time.passes(9.9)
    assert due(outbox) == []
    store.time.passes(0.2)
    assert due(outbox) == [("1", 1)]


def test_a_post_can_be_put_off_for_no_time(outbox: Outbox) -> None:
    outbox.add(note("1"))
    for tries in range(3):
        assert due(outbox) == [("1", tries)]
        outbox.defer(note("1"), 0.0, "no answer")


def test_the_limit_holds(outbox: Outbox) -> None:
    outbox.add(*(note(role, role) for role in TicketRole))
    assert len(outbox.due(limit=2)) == 2


def test_what_one_sender_holds_another_does_not_get(store: Store, outbox: Outbox) -> None:
    other = store.open("two").outbox
    outbox.add(note("1"), note("2"))
    assert due(outbox) == [("1", 0)]
    assert due(other) == []
    outbox.settle((note("1"), TICKET))
    assert due(other) == [("2", 0)]
    assert due(outbox) == []


def test_what_a_silent_sender_held_comes_back_as_a_second_try(store: Store, outbox: Outbox) -> None:
    other = store.open("two").outbox
    outbox.add(note("1"))
    assert due(outbox) == [("1", 0)]
    assert due(other) == []
    store.time.passes(60.1)
    assert due(other) == [("1", 1)]


def test_who_asks_again_did_not_send_it(outbox: Outbox) -> None:
    outbox.add(note("1"))
    assert [due(outbox), due(outbox), due(outbox)] == [[("1", tries)] for tries in range(3)]


def test_of_many_threads_one_holds_the_post(store: Store, outbox: Outbox) -> None:
    outbox.add(*(note(role, role) for role in TicketRole))
    senders = [store.open(f"sender {number}").outbox for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        held = list(pool.map(due, senders))
    assert sorted(key for one in held for key, _ in one) == sorted(TicketRole)


def test_what_arrived_together_is_settled_together(store: Store, outbox: Outbox) -> None:
    """More lanes than one transaction of any store takes; the next of each lane follows."""
    about = [store.claimed("one", number) for number in range(1, 14)]
    outbox.add(*(post(each, f"{each.id}-{number}") for each in about for number in (1, 2)))
    for number in (1, 2):
        batch = outbox.due()
        assert {found.key for found, _ in batch} == {f"{each.id}-{number}" for each in about}
        outbox.settle(*((found, TICKET) for found, _ in batch))
    assert due(outbox) == []
    for record in store.open("reader").archive.search():
        words = [each.words for each in record.history if each.kind is EventKind.TICKET]
        assert words == [f"note INC0010001 (user), {record.transfer.id[10:]}-{n}" for n in (1, 2)]
        assert (record.unsent, dict(record.tickets)) == (0, {TicketRole.USER: TICKET})


def test_of_those_settled_together_one_may_be_settled_already(store: Store, outbox: Outbox) -> None:
    transfer = store.claimed()
    user, audit = (post(transfer, role, role) for role in (TicketRole.USER, TicketRole.AUDIT))
    outbox.add(user, audit, post(transfer, "next"))
    outbox.due()
    store.open("heir").outbox.settle((user, TICKET))
    outbox.settle((user, TICKET), (audit, TICKET))
    outbox.settle((audit, TICKET), (user, TICKET), (audit, TICKET))
    assert due(outbox) == [("next", 0)]
    [record] = store.open("reader").archive.search()
    told = [each.words for each in record.history if each.kind is EventKind.TICKET]
    assert sorted(told) == ["note INC0010001 (audit), audit", "note INC0010001 (user), user"]


def test_two_of_one_ticket_may_be_settled_together(store: Store, outbox: Outbox) -> None:
    transfer = store.claimed()
    first, second = post(transfer, "1"), post(transfer, "2")
    outbox.add(first, second, post(transfer, "3"))
    outbox.due()
    outbox.settle((first, TICKET), (second, TICKET))
    assert due(outbox) == [("3", 0)]


def test_nothing_to_settle_is_fine(outbox: Outbox) -> None:
    outbox.add(note("1"))
    outbox.settle()
    assert due(outbox) == [("1", 0)]
