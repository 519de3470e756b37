"""What a person sees of the demo: states, bars, lines and the table at the end."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from sandbox.demo.table import result_table
from sandbox.demo.watch import Bars, Ledger, Lines, coloured, described, share, watch
from tests.sandbox.demo.world import World, good_world
from transfer.books import Record
from transfer.model import DeliveryState, Stage

LARGE, UNSEEN = "a 1 MiB file", "nobody approved"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with good_world(tmp_path_factory.mktemp("partner")) as good:
        yield good


def record_of(world: World, label: str) -> Record:
    return world.records[world.labelled(label).item_id]


def sending(record: Record, moved: int) -> Record:
    [delivery] = record.deliveries
    under_way = delivery.evolve(
        state=DeliveryState.UPLOADING,
        moved=moved,
        pin=replace(delivery.pin, size=4 * 1024 * 1024) if delivery.pin else None,
    )
    head = record.transfer.evolve(stage=Stage.PINNED, outcome=None)
    return replace(record, transfer=head, deliveries=(under_way,))


def test_states_in_words(world: World) -> None:
    placed, record = world.labelled(LARGE), record_of(world, LARGE)
    assert described(placed, None) == "waits for FileFerry"
    assert described(world.labelled(UNSEEN), None) == "waits for approval"
    assert described(placed, record) == "delivered"
    assert described(placed, replace(record, unsent=1)) == "delivered, reporting"
    gone = world.labelled("no such object")
    assert described(gone, record_of(world, "no such object")) == "failed: source.missing"
    under_way = sending(record, 1024 * 1024)
    assert described(placed, under_way) == "sending"
    assert coloured(placed, under_way) == "sending 1.0 of 4.0 MiB"
    assert share(under_way) == 0.25


def test_shares(world: World) -> None:
    assert share(None) == 0.0
    assert share(record_of(world, "an empty file")) == 1.0
    assert share(record_of(world, "no such object")) == 0.0


def test_lines_are_printed_once_a_state(world: World) -> None:
    text = io.StringIO()
    board = Lines(Console(file=text, width=200))
    placed, record = world.labelled(LARGE), record_of(world, LARGE)
    for each in (None, None, sending(record, 5), sending(record, 9), record, record):
        board.show(placed, each)
    states = [line.split(maxsplit=5)[5] for line in text.getvalue().splitlines()]
    assert states == ["waits for FileFerry", "sending", "delivered"]


def test_bars_end_as_they_should(world: World) -> None:
    text = io.StringIO()
    with Bars(Console(file=text, width=80, force_terminal=True)) as board:
        for placed in world.placed:
            board.show(placed, world.records.get(placed.item_id))
    last = text.getvalue()
    for placed in world.placed:
        assert placed.number in last
    assert "refused: grant.missing" in last


def test_watching_ends_at_the_deadline(world: World, tmp_path: Path) -> None:
    board = Lines(Console(file=io.StringIO(), width=200))
    ledger = Ledger(tmp_path / "absent.db")
    asked = []
    found = watch(board, world.placed, ledger, lambda: asked.append(1), time.monotonic() + 0.3)
    assert found == {}
    assert asked


@pytest.mark.parametrize("width", [80, 140])
def test_the_table_has_everything_at_any_width(world: World, width: int) -> None:
    text = io.StringIO()
    Console(file=text, width=width).print(result_table(world.placed, world.records, width))
    shown = text.getvalue()
    assert max(map(len, shown.splitlines())) <= width
    for placed in world.placed:
        assert placed.number in shown
    for record in world.records.values():
        for ticket in record.tickets.values():
            assert ticket.number in shown
        for delivery in record.deliveries:
            assert delivery.receipt
            assert delivery.final.lstrip("/") in shown
            assert delivery.receipt.sha256[:12] in shown
    for title in ("request", "outcome", "file", "bytes", "seconds", "SHA-256", "audit ticket"):
        assert title in shown
