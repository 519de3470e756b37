"""The promises of Limits, kept by every store that several doors share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.ledger.sqlite.ledger import SqliteLedger
from tests.ports.books import LEASE, STORES, Store
from transfer.books import Limits
from transfer.limits import HOUR, PATIENT, WINDOW

NAME, MOST = "servicenow", 100


@pytest.fixture(params=STORES, ids=lambda kind: kind.__name__)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    yield from request.param(tmp_path)


def limits(store: Store, owner: str) -> Limits:
    return store.open(owner).limits


def test_a_store_of_one_process_is_shared_with_nobody(store: Store) -> None:
    books = store.open("one")
    assert books.shared is not isinstance(books.ledger, SqliteLedger)


def test_two_owners_together_stay_within_the_calls_of_an_hour(store: Store) -> None:
    one, two = limits(store, "one"), limits(store, "two")
    assert one.calls(NAME, 60, MOST).calls == 60
    store.time.passes(HOUR - WINDOW - 60)
    assert two.calls(NAME, 60, MOST).calls == 40
    assert one.calls(NAME, 1, MOST).calls == 0
    assert two.calls("another", 100, MOST).calls == 100


def test_calls_of_a_dead_owner_count_for_an_hour_and_no_longer(store: Store) -> None:
    one, two = limits(store, "one"), limits(store, "two")
    dead = one.calls(NAME, MOST, MOST)
    refused = two.calls(NAME, 10, MOST)
    assert (refused.calls, refused.until) == (0, 0)
    wait = refused.room_in(MOST, store.time())
    assert HOUR < wait <= HOUR + WINDOW + 60
    store.time.passes(wait - 1)
    assert two.calls(NAME, 10, MOST).calls == 0
    store.time.passes(1)
    assert two.calls(NAME, 10, MOST).calls == 10
    assert store.time() >= dead.until + HOUR


def test_calls_that_are_given_back_are_free_at_once(store: Store) -> None:
    one, two = limits(store, "one"), limits(store, "two")
    lease = one.calls(NAME, MOST, MOST)
    again = one.calls(NAME, 10, MOST, replace(lease, calls=70))
    assert (again.calls, again.taken) == (10, 40)
    assert two.calls(NAME, MOST, MOST).calls == 60


def test_what_a_clock_far_ahead_has_taken_ages_from_now_on(store: Store) -> None:
    one, two = limits(store, "one"), limits(store, "two")
    store.time.passes(10 * HOUR)
    one.calls(NAME, MOST, MOST)
    store.time.passes(-10 * HOUR)
    assert two.calls(NAME, 1, MOST).calls == 0
    two.calls(NAME, 1, MOST)
    store.time.passes(2 * HOUR)
    assert two.calls(NAME, 1, MOST).calls > 0


def test_of_many_threads_no_more_calls_are_leased_than_there_are(store: Store) -> None:
    doors = [limits(store, f"door {number}") for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        leases = list(pool.map(lambda door: door.calls(NAME, 30, MOST).calls, doors))
    assert sorted(leases) == [0, 0, 10, 30, 30, 30]


def test_places_are_held_until_they_are_given_back(store: Store) -> None:
    one, two = limits(store, "one"), limits(store, "two")
    assert one.places("partner", "one", 3, 4) == 3
    assert two.places("partner", "two", 3, 4) == 1
    assert two.places("other", "two", 3, 4) == 3
    assert one.places("partner", "one", 0, 4) == 0
    assert two.places("partner", "two", 3, 4) == 3


def test_places_of_a_dead_owner_are_free_after_a_lease(store: Store) -> None:
    one, two = limits(store, "one"), limits(store, "two")
    assert one.places("partner", "one", 4, 4) == 4
    assert two.places("partner", "two", 4, 4) == 0
    store.time.passes(LEASE - 1)
    assert two.places("partner", "two", 4, 4) == 0
    store.time.passes(1)
    assert two.places("partner", "two", 4, 4) == 4


def test_places_are_kept_by_asking_again(store: Store) -> None:
    one, two = limits(store, "one"), limits(store, "two")
    for _ in range(4):
        assert one.places("partner", "one", 4, 4) == 4
        store.time.passes(LEASE / 2)
    assert two.places("partner", "two", 4, 4) == 0


def test_who_waits_is_left_its_share_and_nothing_in_use_is_promised_twice(store: Store) -> None:
    one, two = limits(store, "one"), limits(store, "two")
    assert one.places("partner", "one", 4, 4, using=4) == 4
    assert two.places("partner", "two", 4, 4) == 0
    assert one.places("partner", "one", 4, 4, using=4) == 2
    assert two.places("partner", "two", 4, 4) == 0
    assert one.places("partner", "one", 4, 4, using=3) == 2
    assert two.places("partner", "two", 4, 4) == 1
    assert one.places("partner", "one", 4, 4, using=2) == 3


def test_who_waited_and_never_came_again_is_forgotten(store: Store) -> None:
    one, two = limits(store, "one"), limits(store, "two")
    assert one.places("partner", "one", 4, 4, using=4) == 4
    assert two.places("partner", "two", 4, 4) == 0
    store.time.passes(LEASE - 1)
    assert one.places("partner", "one", 4, 4) == 2
    store.time.passes(PATIENT)
    assert one.places("partner", "one", 4, 4) == 4


def test_of_many_threads_no_more_places_are_held_than_there_are(store: Store) -> None:
    doors = [(f"door {number}", limits(store, f"door {number}")) for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        held = list(pool.map(lambda door: door[1].places("partner", door[0], 1, 4), doors))
    assert sorted(held) == [0, 0, 1, 1, 1, 1]


def test_a_page_is_kept_as_it_was_changed_last_for_all_and_each_by_its_name(store: Store) -> None:
    one, two = limits(store, "one"), limits(store, "two")
    assert one.change("a", lambda _, now: (now, {"by": "one", "é": [1, None]})) == store.time()
    assert two.change("a", lambda page, _: (dict(page), page)) == {"by": "one", "é": [1, None]}
    assert two.change("b", lambda page, _: (dict(page), page)) == {}
    assert two.change("a", lambda *_: (None, {})) is None
    assert one.change("a", lambda page, _: (dict(page), page)) == {}


def test_of_many_threads_each_sees_what_the_one_before_has_written(store: Store) -> None:
    doors = [limits(store, f"door {number}") for number in range(6)]

    def counted(page: Mapping[str, Any], _now: float) -> tuple[int, Mapping[str, Any]]:
        count = page.get("count", 0)
        return count, {"count": count + 1}

    with ThreadPoolExecutor(6) as pool:
        seen = list(pool.map(lambda door: door.change("a", counted), doors))
    assert sorted(seen) == list(range(6))


def test_what_stumbles_changes_nothing(store: Store) -> None:
    one = limits(store, "one")
    one.change("a", lambda *_: (None, {"by": "one"}))

    def stumbles(page: Mapping[str, Any], _now: float) -> tuple[None, Mapping[str, Any]]:
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        one.change("a", stumbles)
    assert one.change("a", lambda page, _: (dict(page), page)) == {"by": "one"}
