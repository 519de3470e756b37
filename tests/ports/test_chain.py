"""The promises of Chain, kept by every ledger: one chain, whoever writes to it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest

from tests.ports.books import Store, id_of, post, received
from tests.transfer.made import NOON
from transfer.audit.chain import FIRST, Entry, Link, Signature, following, marks_of
from transfer.audit.proof import Found, walked
from transfer.books import Books
from transfer.errors import ChainMoved, ClaimLost
from transfer.model import Outcome, Stage, Transfer

pytest_plugins = ("tests.ports.book_fixtures",)

HOSTS, EACH = 3, 4
SIGNED = Signature(algorithm="Ed25519", key="a" * 64, value="c2lnbmVk")


def entry(transfer: Transfer, last: Link | None, receipt: str = "f" * 64) -> Entry:
    link = following(
        last,
        instance="i",
        transfer=transfer.id,
        generation=transfer.generation,
        at="2026-11-23T12:00:00.000000+00:00",
        receipt=receipt,
    )
    return Entry(link=link, ending='{"outcome":"März \u202e"}')


def reported(books: Books, number: int) -> Entry:
    """As a host does it: look, write, and look again where another was quicker."""
    claimed = books.ledger.claim(books.ledger.admit(received(number)).id)
    assert claimed
    while True:
        made = entry(claimed, books.chain.last("i"))
        with suppress(ChainMoved):
            books.ledger.save(claimed, made, post(claimed, f"k{number}"))
            return made


def test_a_link_is_found_again_as_it_was_written(store: Store) -> None:
    books, claimed = store.open("one"), store.claimed()
    assert (books.chain.last("i"), books.chain.find(claimed)) == (None, None)
    made = entry(claimed, None)
    signed = Entry(link=Link.read(made.link.shown() | {"signature": _shown()}), ending=made.ending)
    books.ledger.save(claimed, signed)
    other = store.open("two").chain
    assert signed.link.previous == FIRST
    assert signed.link.signature == SIGNED
    assert other.find(claimed) == signed
    assert other.find(claimed.evolve(generation=2)) is None
    assert other.last("i") == signed.link
    assert list(other.links("i")) == [signed.link]
    assert (other.last("j"), list(other.links("j"))) == (None, [])


def test_what_does_not_follow_is_refused_with_all_that_goes_with_it(store: Store) -> None:
    books, claimed = store.open("one"), store.claimed()
    first = entry(claimed, None)
    books.ledger.save(claimed, first)
    late = store.claimed("two", 2)
    for wrong in (entry(late, None, "e" * 64), entry(late, first.link)):
        moved = late.evolve(stage=Stage.REPORTED)
        if wrong.link.number == 2:
            books.ledger.save(claimed, entry(claimed.evolve(generation=2), first.link))
        with pytest.raises(ChainMoved):
            books.ledger.save(moved, wrong, post(late, "late"))
        [record] = books.archive.search(late.id)
        assert (record.transfer.stage, record.unsent) == (Stage.RECEIVED, 0)
        assert books.chain.find(late) is None


def test_who_has_lost_the_claim_writes_no_link(store: Store) -> None:
    books, claimed = store.open("one"), store.claimed()
    books.ledger.renew(claimed, 0)
    assert id_of(store.open("two").ledger.claim(claimed.id)) == claimed.id
    with pytest.raises(ClaimLost):
        books.ledger.save(claimed, entry(claimed, None))
    assert books.chain.last("i") is None


def test_hosts_that_report_at_once_make_one_chain(store: Store) -> None:
    def host(name: int) -> None:
        books = store.open(f"host {name}")
        for number in range(EACH):
            reported(books, name * EACH + number)

    # A file that is not there yet is made by one, as `ledger init` does.
    store.open("one")
    with ThreadPoolExecutor(HOSTS) as hosts:
        list(hosts.map(host, range(HOSTS)))
    links = list(store.open("one").chain.links("i"))
    assert [link.number for link in links] == list(range(1, HOSTS * EACH + 1))
    assert [link.previous for link in links] == [FIRST, *(link.hash for link in links[:-1])]
    assert len({link.transfer for link in links}) == HOSTS * EACH
    assert len({link.ledger for link in links}) == 1
    assert all(link.hash == link.right_hash for link in links)


def test_links_outlive_their_transfers_and_their_endings_do_not(store: Store) -> None:
    books = store.open("one")
    claimed = store.claimed()
    closed = claimed.evolve(stage=Stage.CLOSED, outcome=Outcome.DELIVERED, closed_at=NOON)
    made = entry(claimed, None)
    books.ledger.save(closed, made)
    # With DynamoDB an index tells which are old, and may be late.
    assert books.keeper.forget(NOON + timedelta(days=1)) == 1
    assert books.archive.search(claimed.id) == []
    assert books.chain.find(claimed) is None
    assert list(books.chain.links("i")) == [made.link]
    [marked] = books.chain.links(marks_of("i"))
    assert (marked.transfer, marked.number, marked.receipt) == (claimed.id, 1, made.link.receipt)
    assert marked.hash == marked.right_hash
    again = store.claimed()
    second = entry(again, made.link)
    books.ledger.save(again, second)
    assert books.chain.find(again) == second
    assert [link.transfer for link in books.chain.links("i")] == [claimed.id] * 2


def test_hosts_that_forget_at_once_leave_one_chain_of_marks(store: Store) -> None:
    books = store.open("one")
    for number in range(EACH):
        made = reported(books, number)
        claimed = books.archive.search(made.link.transfer)[0].transfer
        ended = claimed.evolve(stage=Stage.CLOSED, outcome=Outcome.DELIVERED, closed_at=NOON)
        books.ledger.save(ended)

    def host(name: int) -> int:
        return store.open(f"host {name}").keeper.forget(NOON + timedelta(days=1))

    with ThreadPoolExecutor(HOSTS) as hosts:
        assert sum(hosts.map(host, range(HOSTS))) == EACH
    marks = [Found(link=each) for each in books.chain.links(marks_of("i"))]
    assert walked(marks, whole=True).holds
    assert len({each.link.transfer for each in marks}) == EACH


def test_what_was_never_reported_is_forgotten_without_a_mark(store: Store) -> None:
    books, claimed = store.open("one"), store.claimed()
    books.ledger.save(claimed.evolve(stage=Stage.CLOSED, closed_at=NOON))
    assert books.keeper.forget(NOON + timedelta(days=1)) == 1
    assert list(books.chain.links(marks_of("i"))) == []


def _shown() -> dict[str, str]:
    return {"algorithm": SIGNED.algorithm, "key": SIGNED.key, "value": SIGNED.value}
