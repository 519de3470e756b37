"""Digests that were computed of a version once are not computed again, and never believed alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from adapters.memory.objects import MemoryObjects
from tests.transfer.bench import FINAL, Bench
from tests.transfer.crossing.test_attested import ALL, holding, value
from tests.transfer.made import PARTNER, request
from tests.transfer.test_journey import SOURCE, three_tries
from transfer.destination import Conflict
from transfer.digests import COMPUTED
from transfer.errors import Code, Transient
from transfer.journey import travel
from transfer.model import CHUNK, Delivery, Outcome, Pin, Receipt, Transfer
from transfer.recollection import Recollection, name_of

BOTH = {"attest": ("md5", "sha256"), "on_conflict": Conflict.REPLACE}
FIRST, SECOND = request(), request(id="i:sc_task:" + "8" * 32, number="RITM0010002")
LARGE = bytes(range(256)) * (CHUNK // 256) + b"tail"
OTHER = LARGE[:-1] + b"!"


@pytest.fixture
def bench() -> Bench:
    """A bucket with versions, of whose objects S3 holds a CRC of the whole."""
    made = Bench()
    made.objects.put(SOURCE, LARGE)
    made.objects.word, made.objects.checksums = holding("crc64nvme"), ALL
    return made


def sent(bench: Bench, number: int = 1, **settings: Any) -> tuple[Transfer, Delivery]:
    destination = replace(PARTNER, **BOTH | settings)
    tools = replace(bench.tools(), destinations={"partner": destination})
    asked = FIRST if number == 1 else SECOND
    changes = {"id": asked.id, "number": asked.number}
    done = travel(bench.received(**changes), tools, three_tries)
    [delivery] = tools.ledger.deliveries(asked.id)
    return done, delivery


def receipt_of(bench: Bench, number: int = 1, **settings: Any) -> Receipt:
    done, delivery = sent(bench, number, **settings)
    assert done.outcome is Outcome.DELIVERED
    assert delivery.receipt
    return delivery.receipt


def test_the_second_partner_gets_what_was_computed_for_the_first(bench: Bench) -> None:
    first, second = receipt_of(bench), receipt_of(bench, 2)
    assert first.origins == {"md5": COMPUTED, "sha256": COMPUTED}
    remembered = f"remembered from {FIRST.number}"
    assert second.origins == {"md5": remembered, "sha256": remembered}
    assert (second.md5, second.sha256) == (value("md5", LARGE), value("sha256", LARGE))
    assert second.source_check == "CRC64NVME"
    posts = "\n".join(post.text for post in bench.posts())
    assert f"SHA-256: {second.sha256} ({remembered})" in posts


def test_who_wants_them_computed_gets_them_computed(bench: Bench) -> None:
    receipt_of(bench)
    assert receipt_of(bench, 2, attest=()).origins == {"md5": COMPUTED, "sha256": COMPUTED}


def test_what_was_left_out_once_is_computed_then_and_remembered_with_the_rest(bench: Bench) -> None:
    receipt_of(bench, digests=("md5",))
    second = receipt_of(bench, 2)
    assert second.origins == {"md5": f"remembered from {FIRST.number}", "sha256": COMPUTED}
    [kept] = bench.store.recollections.values()
    assert kept.numbers == {"md5": FIRST.number, "sha256": SECOND.number}


@pytest.mark.parametrize(
    "word",
    [
        lambda pin, _: replace(pin, version_id="8"),
        lambda pin, _: replace(pin, version_id=None),
        lambda pin, _: replace(pin, etag='"another"'),
        lambda pin, _: replace(pin, crc64nvme="0" * 16),
        lambda pin, _: replace(pin, size=pin.size + 1),
    ],
)
def test_nothing_is_remembered_of_another_version(
    bench: Bench, word: Callable[[Pin, bytes], Pin]
) -> None:
    _, delivery = sent(bench)
    assert delivery.pin
    other = delivery.evolve(pin=word(delivery.pin, LARGE))
    assert name_of(delivery) in bench.store.recollections
    assert name_of(other) not in bench.store.recollections


def test_another_version_is_computed(bench: Bench) -> None:
    receipt_of(bench)
    bench.objects.put(SOURCE, OTHER)
    second = receipt_of(bench, 2)
    assert second.origins == {"md5": COMPUTED, "sha256": COMPUTED}
    assert second.sha256 == value("sha256", OTHER)


def test_without_versions_nothing_is_remembered(bench: Bench) -> None:
    bench.objects = MemoryObjects(versioned=False)
    bench.objects.put(SOURCE, LARGE)
    bench.objects.word, bench.objects.checksums = holding("crc64nvme"), ALL
    receipt_of(bench)
    assert bench.store.recollections == {}


def test_what_nothing_proved_is_not_remembered(
    bench: Bench,
) -> None:
    proven = bench.objects.word
    bench.objects.word = holding()
    assert receipt_of(bench).source_check == "size only"
    assert bench.store.recollections == {}
    bench.objects.word = proven
    receipt_of(bench, 2)
    assert len(bench.store.recollections) == 1


def test_a_bit_that_flips_is_found_although_all_is_remembered(bench: Bench) -> None:
    receipt_of(bench)
    bench.remotes.files.clear()
    read_into = bench.objects.read_into

    def flipped(source: Any, pin: Pin, start: int, buffer: memoryview) -> None:
        read_into(source, pin, start, buffer)
        buffer[0] ^= 1

    bench.objects.read_into = flipped  # type: ignore[method-assign]
    done, _ = sent(bench, 2)
    assert done.failure
    assert done.failure.code == Code.CHECKSUM_MISMATCH
    assert FINAL not in bench.remotes.files


class Silent:
    """A ledger that does not answer."""

    def find(self, name: str) -> Recollection | None:
        raise Transient(Code.LEDGER_BUSY, f"{name} was not found in time.")

    def keep(self, recollection: Recollection) -> None:
        raise Transient(Code.LEDGER_BUSY, f"{recollection.name} was not kept in time.")


def test_a_ledger_that_does_not_answer_stops_nothing(bench: Bench) -> None:
    destination = replace(PARTNER, attest=("md5", "sha256"))
    tools = replace(bench.tools(), destinations={"partner": destination}, recollections=Silent())
    assert travel(bench.received(), tools, three_tries).outcome is Outcome.DELIVERED
    assert bench.store.recollections == {}
