"""Tier T3: the partner's own word, awaited without end to anything but itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.transfer.bench import FINAL
from tests.transfer.partner import (
    ACK,
    ASKED,
    DATA,
    DIGEST,
    MD5,
    SHA256,
    Software,
    bench,
    carried,
    receipt_of,
    tools_for,
    tried,
    words,
)
from transfer.destination import Acknowledgement, Tier
from transfer.errors import Code, Waiting
from transfer.journey import travel
from transfer.model import DeliveryState, Outcome, Stage


def test_the_partner_s_word_makes_it_t3() -> None:
    world = bench()
    Software(world)
    assert carried(world, acknowledgement=ASKED).outcome is Outcome.DELIVERED
    receipt = receipt_of(world)
    assert (receipt.tier, receipt.acknowledgement) == ("T3", ACK)
    assert receipt.acknowledged_at
    assert receipt.acknowledged_at >= receipt.published_at
    assert "tier T3" in words(world)
    assert f"Acknowledged: {ACK}" in words(world)
    assert ":awaiting" not in words(world)


def test_what_is_waited_for_holds_nothing_and_is_announced_once() -> None:
    world = bench()
    software = Software(world, patience=3)
    transfer = world.received()
    with pytest.raises(Waiting) as waiting:
        travel(transfer, tools_for(world, acknowledgement=ASKED), tried)
    assert (waiting.value.code, waiting.value.retry_after) == ("acknowledgement.pending", 2.0)
    [delivery] = world.record().deliveries
    assert world.record().transfer.stage is Stage.PINNED
    assert delivery.state is DeliveryState.PUBLISHED
    assert delivery.receipt
    assert delivery.receipt.tier == "T0"
    world.ledger.renew(transfer, 0)
    assert carried(world, acknowledgement=ASKED).outcome is Outcome.DELIVERED
    assert software.looks == 3
    assert words(world).count("#1:user:awaiting") == 1
    assert receipt_of(world).tier == "T3"


def test_the_looks_grow_rarer_and_end_just_in_time() -> None:
    world = bench()
    transfer = world.received()
    start, asked = world.time[0], []
    tools = tools_for(world, acknowledgement=replace(ASKED, within=300.0))
    while not transfer.finished:
        try:
            transfer = travel(transfer, tools, tried)
        except Waiting as waiting:
            asked.append(waiting.retry_after or 0.0)
            world.time[0] += asked[-1]
            transfer = world.record().transfer
    assert asked == sorted(asked[:-1]) + asked[-1:]
    assert (asked[0], max(asked)) == (2.0, 60.0)
    assert world.time[0] - start == pytest.approx(300.0, abs=1.0)
    assert transfer.failure
    assert transfer.failure.code == Code.ACKNOWLEDGEMENT_MISSING


def test_a_word_that_does_not_come_fails_and_sends_nothing_again() -> None:
    world = bench()
    done = carried(world, acknowledgement=ASKED)
    assert (done.stage, done.outcome) == (Stage.CLOSED, Outcome.FAILED)
    assert done.failure
    assert done.failure.code == Code.ACKNOWLEDGEMENT_MISSING
    assert "within 900 seconds" in done.failure.message
    assert "was published at 2026-11-23 12:01:01 UTC" in done.failure.message
    assert "do not order again" in done.failure.action
    [delivery] = world.record().deliveries
    assert delivery.state is DeliveryState.PUBLISHED
    assert receipt_of(world).tier == "T0"
    assert world.remotes.appeared == {FINAL: 1}
    assert bytes(world.remotes.files[FINAL]) == DATA
    assert world.remotes.opened == [0]


def says(told: bytes) -> Callable[[bytes], bytes]:
    return lambda _data: told


@pytest.mark.parametrize(
    "text",
    [
        f"{SHA256}",
        f"{SHA256}  pay/nov.csv\n",
        f"{SHA256.upper()} *nov.csv\r\n",
        f"SHA256 (nov.csv) = {SHA256}\n",
        f"SHA2-256(nov.csv)= {SHA256}\n",
        f"<sum>{SHA256}</sum>",
        f"received nov.csv\nmd5:{MD5} sha256:{SHA256}\n",
        f"{'0' * 64}  other.csv\n{SHA256}  nov.csv\n",
    ],
)
def test_our_digest_is_found_in_any_common_form(text: str) -> None:
    for content in (text.encode(), text.encode("utf-16")):
        world = bench()
        Software(world, says=says(content))
        assert carried(world, acknowledgement=DIGEST).outcome is Outcome.DELIVERED
        assert receipt_of(world).tier == "T3"


def test_md5_is_as_good_where_the_partner_knows_no_better() -> None:
    world = bench()
    Software(world, says=says(f"{MD5}  nov.csv".encode()))
    asked = replace(ASKED, digest="md5")
    assert carried(world, acknowledgement=asked).outcome is Outcome.DELIVERED


def test_another_digest_says_that_the_file_is_damaged() -> None:
    world = bench()
    Software(world, says=says(b"0" * 64))
    done = carried(world, acknowledgement=DIGEST)
    assert done.outcome is Outcome.FAILED
    assert done.failure
    assert done.failure.code == Code.ACKNOWLEDGEMENT_MISMATCH
    assert SHA256 in done.failure.message
    assert "may be damaged" in done.failure.message
    assert world.remotes.appeared == {FINAL: 1}
    assert receipt_of(world).tier == "T0"
    assert "But: " in words(world)
    assert ACK in world.remotes.files


@pytest.mark.parametrize("text", [b"", b"RECEIVED", SHA256[:63].encode(), SHA256.encode() + b"0"])
def test_a_word_without_the_digest_is_still_being_written(text: bytes) -> None:
    world = bench()
    Software(world, says=says(text))
    done = carried(world, acknowledgement=DIGEST)
    assert done.failure
    assert done.failure.code == Code.ACKNOWLEDGEMENT_MISSING


def test_an_empty_file_is_word_enough_where_no_digest_is_asked_for() -> None:
    world = bench()
    Software(world, says=says(b""))
    assert carried(world, acknowledgement=ASKED).outcome is Outcome.DELIVERED


def test_a_word_in_a_directory_of_its_own_is_found() -> None:
    world = bench()
    path = "/inbox/pay/ack/nov.csv.sha256"
    Software(world, path=path)
    asked = Acknowledgement(name="ack/{name}.sha256", digest="sha256")
    assert carried(world, acknowledgement=asked).outcome is Outcome.DELIVERED
    assert receipt_of(world).acknowledgement == path


def test_the_word_is_taken_away_where_that_is_asked_for() -> None:
    world = bench()
    Software(world)
    asked = replace(ASKED, remove=True)
    assert carried(world, acknowledgement=asked).outcome is Outcome.DELIVERED
    assert world.remotes.files == {FINAL: DATA}
    assert receipt_of(world).acknowledgement == ACK


def test_a_word_that_cannot_be_taken_away_is_a_loose_end() -> None:
    world = bench()
    Software(world, path="/inbox/pay/ack/nov.csv")
    world.remotes.read_only.add("/inbox/pay/ack")
    asked = Acknowledgement(name="ack/{name}", remove=True)
    done = carried(world, acknowledgement=asked)
    assert done.outcome is Outcome.DELIVERED
    assert [end.code for end in done.loose_ends] == [Code.REMOTE_DENIED]


def test_what_is_usual_before_the_publish_is_proven_all_the_same() -> None:
    world = bench()
    Software(world)
    done = carried(world, acknowledgement=ASKED, tier=Tier.ACKNOWLEDGED)
    assert done.outcome is Outcome.DELIVERED
    [delivery] = world.record().deliveries
    assert (delivery.tier, receipt_of(world).tier) == ("T0", "T3")
    assert "before the publish the size" in words(world)
    world = bench()
    Software(world)
    carried(world, acknowledgement=ASKED, tier=Tier.READ_BACK)
    assert world.record().deliveries[0].tier == "T2"


def test_each_of_several_files_needs_its_own_word() -> None:
    world = bench()
    sources = tuple(f"s3://exports/payroll/{name}" for name in ("a", "b"))
    for uri in sources:
        world.objects.put(uri, DATA)
    transfer = world.received(sources=sources, target="many")
    tools = tools_for(world, acknowledgement=ASKED)
    with pytest.raises(Waiting):
        travel(transfer, tools, tried)
    world.remotes.files["/inbox/many/a.ack"] = bytearray()
    world.time[0] += 2
    with pytest.raises(Waiting):
        travel(world.record().transfer, tools, tried)
    tiers = [item.receipt and item.receipt.tier for item in world.record().deliveries]
    assert tiers == ["T3", "T0"]
    world.time[0] += 900
    done = travel(world.record().transfer, tools, tried)
    assert done.failure
    assert "/inbox/many/b was published" in done.failure.message
    failures = [item.failure and item.failure.code for item in world.record().deliveries]
    assert failures == [None, Code.ACKNOWLEDGEMENT_MISSING]


@pytest.mark.parametrize("target", ["pay/nov.csv.ack", "pay/Other.ACK", "pay/" + "x" * 252])
def test_a_name_that_would_pass_for_a_word_is_refused(target: str) -> None:
    world = bench()
    transfer = world.received(target=target)
    done = travel(transfer, tools_for(world, acknowledgement=ASKED), tried)
    assert done.outcome is Outcome.REFUSED
    assert done.failure
    assert done.failure.code == Code.NAME_REFUSED
    assert world.remotes.logins == 0
