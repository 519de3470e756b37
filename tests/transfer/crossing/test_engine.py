"""The crossing on unusual roads: continued uploads, several connections, tiers and modes."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from adapters.memory.remotes import ALL_POWERS
from tests.transfer.bench import FINAL, Bench
from tests.transfer.made import PARTNER
from tests.transfer.test_journey import SOURCE, three_tries
from transfer.destination import Conflict, Mode, Tier
from transfer.errors import Code, Permanent, Transient
from transfer.journey import travel
from transfer.model import CHUNK, MIB, DeliveryState, Outcome, Receipt, Transfer
from transfer.ports import Powers
from transfer.width import Width

DATA = bytes(range(256)) * (3 * CHUNK // 256) + b"tail"


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.objects.put(SOURCE, DATA)
    return bench


def carried(bench: Bench, width: Width | None = None, **settings: Any) -> Transfer:
    destination = replace(PARTNER, **settings)
    tools = replace(bench.tools(), destinations={"partner": destination}, width=width or Width())
    return travel(bench.received(), tools, three_tries)


def receipt_of(bench: Bench) -> Receipt:
    [delivery] = bench.record().deliveries
    assert delivery.receipt
    return delivery.receipt


def break_once(bench: Bench) -> None:
    """The line breaks once, when the third chunk is written."""

    def hook(verb: str, path: str, place: int) -> None:
        del path
        if verb == "write" and place >= 2 * CHUNK:
            bench.remotes.hooks.remove(hook)
            raise Transient(Code.REMOTE_DROPPED, "The line broke.")

    bench.remotes.hooks.append(hook)


@pytest.mark.parametrize(
    "powers",
    [ALL_POWERS, replace(ALL_POWERS, ranges=False)],
    ids=["anywhere", "at the end"],
)
def test_a_broken_upload_is_continued(bench: Bench, powers: Powers) -> None:
    bench.remotes.powers = powers
    break_once(bench)
    assert carried(bench).outcome is Outcome.DELIVERED
    assert bench.remotes.opened == [0, 2 * CHUNK]
    assert bytes(bench.remotes.files[FINAL]) == DATA
    assert receipt_of(bench).sha256 == hashlib.sha256(DATA).hexdigest()


def test_a_server_that_cannot_continue_starts_over(bench: Bench) -> None:
    bench.remotes.powers = replace(ALL_POWERS, resumes=False, ranges=False)
    break_once(bench)
    assert carried(bench).outcome is Outcome.DELIVERED
    assert bench.remotes.opened == [0, 0]
    assert bytes(bench.remotes.files[FINAL]) == DATA


def test_a_server_that_lost_bytes_starts_over(bench: Bench) -> None:
    """It filled what it lost with zeros: the last chunk does not compare."""
    break_once(bench)

    def lose(verb: str, path: str, place: int) -> None:
        del place
        if verb == "size" and path in bench.remotes.files and bench.remotes.opened == [0]:
            bench.remotes.files[path][2 * CHUNK - 100 : 2 * CHUNK] = bytes(100)

    bench.remotes.hooks.append(lose)
    assert carried(bench).outcome is Outcome.DELIVERED
    assert bench.remotes.opened == [0, 0]
    assert bytes(bench.remotes.files[FINAL]) == DATA


def test_who_may_write_but_not_read_starts_over(bench: Bench) -> None:
    break_once(bench)
    bench.remotes.unreadable = True
    assert carried(bench).outcome is Outcome.DELIVERED
    assert bench.remotes.opened == [0, 0]
    assert bytes(bench.remotes.files[FINAL]) == DATA


def test_a_large_file_goes_over_several_connections(bench: Bench) -> None:
    assert carried(bench, width=Width(wide=CHUNK, share=CHUNK)).outcome is Outcome.DELIVERED
    assert bench.remotes.logins == 2
    assert bytes(bench.remotes.files[FINAL]) == DATA


def test_one_connection_is_enough_where_no_more_are_allowed(bench: Bench) -> None:
    width = Width(wide=CHUNK, share=CHUNK)
    assert carried(bench, width=width, connections=1).outcome is Outcome.DELIVERED
    assert bench.remotes.logins == 1


def test_a_partner_that_wants_each_file_in_order_gets_it_over_one_connection(bench: Bench) -> None:
    width = Width(wide=CHUNK, share=CHUNK)
    assert carried(bench, width=width, connections_per_file=1).outcome is Outcome.DELIVERED
    assert bench.remotes.logins == 1
    assert bytes(bench.remotes.files[FINAL]) == DATA


@pytest.mark.parametrize(
    ("mib", "round_trip", "lanes"),
    [
        *(
            (64, 0.0, 1),
            (256, 0.0, 2),
            (256, 0.012, 4),
            (256, 0.04, 8),
            (64, 0.04, 2),
            (31, 0.04, 1),
        ),
        *((4096, 0.001, 2), (4096, 0.1, 20)),
    ],
)
def test_size_and_round_trip_say_how_many_connections(
    mib: int, round_trip: float, lanes: int
) -> None:
    assert Width().lanes(mib * MIB, round_trip) == lanes


@pytest.mark.parametrize(
    ("wanted", "powers", "reached"),
    [
        (None, Powers(), "T0"),
        (None, Powers(digests=frozenset({"md5"})), "T1"),
        (Tier.SERVER_HASH, Powers(digests=frozenset({"sha256"})), "T1"),
        (Tier.SERVER_HASH, Powers(), "T2"),
        (Tier.READ_BACK, Powers(digests=frozenset({"sha256"})), "T2"),
    ],
)
def test_the_tier_that_was_reached_is_on_the_receipt(
    bench: Bench, wanted: Tier | None, powers: Powers, reached: str
) -> None:
    bench.remotes.powers = powers
    assert carried(bench, tier=wanted).outcome is Outcome.DELIVERED
    assert receipt_of(bench).tier == reached
    assert f"tier {reached}" in " ".join(post.text for post in bench.posts())


@pytest.mark.parametrize("tier", [Tier.SERVER_HASH, Tier.READ_BACK])
def test_stored_bytes_that_are_wrong_are_never_published(bench: Bench, tier: Tier) -> None:

    def flip(verb: str, path: str, place: int) -> None:
        del place
        if verb == "finish":
            bench.remotes.files[path][5] ^= 1

    bench.remotes.hooks.append(flip)
    done = carried(bench, tier=tier)
    assert done.failure
    assert done.failure.code == Code.CHECKSUM_MISMATCH
    assert bench.remotes.files == {}


def test_a_proof_by_content_without_a_digest_is_refused(bench: Bench) -> None:
    done = carried(bench, tier=Tier.READ_BACK, digests=())
    assert done.failure
    assert done.failure.code == Code.VERIFICATION_TOO_WEAK
    assert bench.remotes.files == {}


def test_without_digests_the_receipt_has_none(bench: Bench) -> None:
    assert carried(bench, digests=()).outcome is Outcome.DELIVERED
    assert (receipt_of(bench).md5, receipt_of(bench).sha256) == ("", "")
    assert "not computed" in " ".join(post.text for post in bench.posts())


def test_swap_replaces_where_the_server_cannot(bench: Bench) -> None:
    bench.remotes.powers = replace(ALL_POWERS, replaces=False)
    bench.remotes.files[FINAL] = bytearray(b"old")
    assert carried(bench, on_conflict=Conflict.REPLACE).outcome is Outcome.DELIVERED
    assert {name: bytes(content) for name, content in bench.remotes.files.items()} == {FINAL: DATA}


def test_a_swap_that_fails_brings_the_old_file_back(bench: Bench) -> None:
    bench.remotes.powers = replace(ALL_POWERS, replaces=False)
    bench.remotes.files[FINAL] = bytearray(b"old")

    def refuse(verb: str, path: str, place: int) -> None:
        del place
        if verb == "rename" and path.endswith(".part"):
            raise Permanent(Code.REMOTE_DENIED, "No.")

    bench.remotes.hooks.append(refuse)
    done = carried(bench, on_conflict=Conflict.REPLACE, mode=Mode.SWAP)
    assert done.failure
    assert done.failure.code == Code.REMOTE_DENIED
    assert bench.remotes.files == {FINAL: b"old"}


def test_replace_takes_one_step_where_the_server_can(bench: Bench) -> None:
    bench.remotes.files[FINAL] = bytearray(b"old")
    assert carried(bench, on_conflict=Conflict.REPLACE).outcome is Outcome.DELIVERED
    assert bytes(bench.remotes.files[FINAL]) == DATA


def test_direct_writes_in_place_and_says_so(bench: Bench) -> None:
    assert carried(bench, mode=Mode.DIRECT).outcome is Outcome.DELIVERED
    assert bench.remotes.appeared == {}
    assert bytes(bench.remotes.files[FINAL]) == DATA
    assert receipt_of(bench).in_place
    assert "at-least-once" in " ".join(post.text for post in bench.posts())


def test_direct_leaves_no_part_of_a_file_behind(bench: Bench) -> None:
    bench.remotes.capacity = CHUNK
    done = carried(bench, mode=Mode.DIRECT)
    assert done.failure
    assert done.failure.code == Code.REMOTE_FULL
    assert bench.remotes.files == {}


def test_direct_does_not_touch_a_file_that_is_there(bench: Bench) -> None:
    bench.remotes.files[FINAL] = bytearray(b"theirs")
    done = carried(bench, mode=Mode.DIRECT)
    assert done.failure
    assert done.failure.code == Code.REMOTE_EXISTS
    assert bench.remotes.files == {FINAL: b"theirs"}


def test_the_source_s_time_goes_with_the_file(bench: Bench) -> None:
    carried(bench)
    [delivery] = bench.record().deliveries
    assert delivery.state is DeliveryState.PUBLISHED
    assert delivery.pin
    assert delivery.pin.modified == bench.remotes.modified.get(FINAL)
