"""Which temps are left alone, and why: told by their names and by what the ledger says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.transfer.made import DESTINATIONS, NOON, request
from transfer.books import Record
from transfer.destination import Destination, TempNames
from transfer.model import Delivery, DeliveryState, Outcome, Source, Stage, Transfer
from transfer.sweeping import age, folders, found

DESTINATION = replace(next(iter(DESTINATIONS.values())), root="/inbox")
CLOSED = Transfer(
    request=request(), stage=Stage.CLOSED, outcome=Outcome.DELIVERED, closed_at=NOON, epoch=4
)
TOKEN = CLOSED.request.token


def record(transfer: Transfer = CLOSED, state: DeliveryState = DeliveryState.PUBLISHED) -> Record:
    source = Source(bucket="exports", key="a")
    item = Delivery(number=1, source=source, final="/inbox/pay/a", state=state)
    return Record(
        transfer=transfer,
        deliveries=(item,),
        tickets={},
        unsent=0,
        last_error=None,
        updated_at=NOON,
    )


def keep(name: str, known: Record, destination: Destination = DESTINATION) -> str:
    [temp] = found(destination, "/inbox", [name], [known])
    return temp.keep


@pytest.mark.parametrize("rest", ["1-e1.part", "7-e12-2.part", "1-s3.part", "1-e1.void.part"])
def test_what_a_closed_transfer_left_nobody_needs(rest: str) -> None:
    [temp] = found(DESTINATION, "/inbox", [f".ff-{TOKEN}-{rest}"], [record()])
    assert (temp.keep, temp.number) == ("", CLOSED.request.number)
    assert (temp.path, temp.closed) == (f"/inbox/.ff-{TOKEN}-{rest}", "2026-11-23")


@pytest.mark.parametrize(
    ("name", "known", "why"),
    [
        (f".ff-{'0' * 12}-1-e1.part", record(), "of no transfer that this ledger knows"),
        (f".ff-{TOKEN}-1-e1.old", record(), "the partner's own file"),
        (f".ff-{TOKEN}-1-e1.part", record(CLOSED.evolve(stage=Stage.PINNED)), "is not over"),
        (f".ff-{TOKEN}-1-e1.part", record(state=DeliveryState.UNKNOWN), "may be evidence"),
        (f".ff-{TOKEN}-1-e1.part", record(state=DeliveryState.INTENT), "may be evidence"),
    ],
)
def test_what_may_be_needed_stays(name: str, known: Record, why: str) -> None:
    assert why in keep(name, known)


def test_quarantine_is_not_the_end() -> None:
    aside = CLOSED.evolve(stage=Stage.PINNED, outcome=None, closed_at=None, quarantined_at=NOON)
    assert "is not over" in keep(f".ff-{TOKEN}-1-e1.part", record(aside))


def test_no_other_file_is_ours() -> None:
    names = ["pay.csv", ".ff-", f"{TOKEN}-1-e1.part", f".ff-{TOKEN}-1-e1.part.csv.gz x", "a\nb"]
    assert found(DESTINATION, "/inbox", names, [record()]) == []


def test_the_destination_says_how_they_are_called_and_where_they_lie() -> None:
    other = replace(DESTINATION, temp=TempNames(prefix="", suffix=".tmp", folder="work"))
    assert keep(f"{TOKEN}-1-e1.tmp", record(), other) == ""
    assert "the partner's own" in keep(f"{TOKEN}-1-e1.old.tmp", record(), other)
    assert found(other, "/inbox/work", [f".ff-{TOKEN}-1-e1.part"], [record()]) == []
    assert folders(other, [record()]) == ["/inbox/work"]
    assert folders(DESTINATION, [record()]) == ["/inbox", "/inbox/pay"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-90, "0 minutes"),
        (59, "0 minutes"),
        (60, "1 minute"),
        (7_199, "1 hour"),
        (180_000, "2 days"),
    ],
)
def test_an_age_is_told_in_whole_units(seconds: int, said: str) -> None:
    assert age(NOON - timedelta(seconds=seconds), NOON) == f"{said} old"
    assert age(None, NOON) == "of unknown age"
