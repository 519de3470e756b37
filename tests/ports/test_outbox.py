"""The promises of Outbox, kept by every adapter."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.ports.books import TICKET, Store, post, received
from transfer.books import Outbox
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
    outbox.settle(note("a", TicketRole.AUDIT), TICKET)
    outbox.settle(note("1"), TICKET)
    assert due(outbox) == [("2", 0)]


def test_a_key_is_added_once_and_keeps_its_words(outbox: Outbox) -> None:
    outbox.add(note("1", text="first"))
    outbox.add(note("1", text="second"))
    [(found, _)] = outbox.due()
    assert found == note("1", text="first")
    outbox.settle(found, TICKET)
    outbox.add(note("1"))
    assert due(outbox) == []


def test_nothing_to_add_is_fine(outbox: Outbox) -> None:
    outbox.add()
    assert due(outbox) == []


def test_a_post_that_did_not_arrive_holds_up_its_lane_only(store: Store, outbox: Outbox) -> None:
    outbox.add(note("1"), note("2"), note("a", TicketRole.AUDIT))
    assert due(outbox) == [("1", 0), ("a", 0)]
    outbox.settle(note("a", TicketRole.AUDIT), TICKET)
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
    outbox.settle(note("1"), TICKET)
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
