"""Whatever goes wrong in the demo is noticed and named: a good world is spoilt in one place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.sandbox.demo.world import World, good_world
from transfer.errors import Code
from transfer.model import Failure, Outcome, Stage
from transfer.tickets import TicketRole

LARGE, GONE, REFUSED, UNSEEN = "a 1 MiB file", "no such object", "no grant", "nobody approved"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with good_world(tmp_path) as good:
        yield good


def transfer(world: World, label: str, **changes: object) -> None:
    record = world.records[world.labelled(label).item_id]
    world.change(label, transfer=record.transfer.evolve(**changes))


def test_a_good_world_has_no_faults(world: World) -> None:
    assert world.faults() == []


def test_a_world_where_nothing_happened(world: World) -> None:
    world.records.clear()
    faults = world.faults()
    assert [fault.endswith("FileFerry never took it up.") for fault in faults] == [True] * 6
    assert faults[0] == f"{world.placed[0].number} (a 1 MiB file): FileFerry never took it up."


def wrong_bytes(world: World) -> None:
    (world.root / "ledger.bin").write_bytes(b"exports/ledger.bim")


def no_file(world: World) -> None:
    (world.root / "quarter/march.csv").unlink()


def temp_left(world: World) -> None:
    (world.root / "quarter/.ff-0123456789ab-1-e1.part").write_bytes(b"")


def unordered(world: World) -> None:
    (world.root / "vault").mkdir()
    (world.root / "vault/ledger.bin").write_bytes(b"")


def no_receipt(world: World) -> None:
    world.change(LARGE, deliveries=())


def wrong_receipt(world: World) -> None:
    [delivery] = world.records[world.labelled(LARGE).item_id].deliveries
    assert delivery.receipt
    receipt = replace(delivery.receipt, size=0)
    world.change(LARGE, deliveries=(delivery.evolve(receipt=receipt),))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (wrong_bytes, "ledger.bin arrived with other bytes than the source has."),
        (no_file, "quarter/march.csv did not arrive."),
        (temp_left, "A temp file was left at the partner's: quarter/.ff-0123456789ab-1-e1.part."),
        (unordered, "A file nobody ordered was left at the partner's: vault/ledger.bin."),
        (no_receipt, "There is no receipt for ledger.bin."),
        (wrong_receipt, "names another size or checksum than the source's."),
    ],
)
def test_files(world: World, spoil: Callable[[World], None], words: str) -> None:
    spoil(world)
    [fault] = world.faults()
    assert fault.endswith(words)


@pytest.mark.parametrize(
    ("label", "changes", "words"),
    [
        (LARGE, {"outcome": Outcome.FAILED}, "It was to be delivered, and was failed."),
        (LARGE, {"stage": Stage.NOTIFIED}, "It is still at stage notified, 0 posts unsent."),
        (
            GONE,
            {"failure": Failure(code=Code.INTERNAL, message="It is gone.", action="Call.")},
            "Its code is internal instead of source.missing.",
        ),
        (
            LARGE,
            {"loose_ends": (Failure(code=Code.INTERNAL, message="It hangs.", action="Call."),)},
            "A loose end was left: It hangs.",
        ),
    ],
)
def test_outcomes(world: World, label: str, changes: dict[str, object], words: str) -> None:
    transfer(world, label, **changes)
    [fault] = world.faults()
    assert fault.endswith(words)


def test_unsent_posts_and_why(world: World) -> None:
    world.change(LARGE, unsent=2, last_error="It answers 401.")
    first, second = world.faults()
    assert first.endswith("It is still at stage closed, 2 posts unsent.")
    assert second.endswith("ServiceNow does not take its posts: It answers 401.")


@pytest.mark.parametrize(
    ("label", "role", "fields", "words"),
    [
        (LARGE, TicketRole.USER, {"urgency": "3"}, "has urgency 3."),
        (LARGE, TicketRole.AUDIT, {"urgency": "1"}, "has urgency 1."),
        (LARGE, TicketRole.USER, {"state": "2"}, "is in state 2."),
        (LARGE, TicketRole.AUDIT, {"state": "6"}, "is in state 6."),
        (REFUSED, TicketRole.USER, {"state": "1"}, "is in state 1."),
        (GONE, TicketRole.USER, {"state": "6", "close_code": "x", "close_notes": "x"}, "state 6."),
        (LARGE, TicketRole.AUDIT, {"close_notes": "done"}, "lacks the checksum of /ledger.bin."),
        (REFUSED, TicketRole.AUDIT, {"close_notes": "no"}, "does not say why."),
    ],
)
def test_tickets(
    world: World, label: str, role: TicketRole, fields: dict[str, str], words: str
) -> None:
    world.instance.update("incident", world.ticket(label, role), fields)
    [fault] = world.faults()
    assert fault.endswith(words)


def test_a_missing_ticket(world: World) -> None:
    world.instance.delete("incident", world.ticket(LARGE, TicketRole.AUDIT))
    [fault] = world.faults()
    assert fault.endswith("There is no audit ticket in ServiceNow.")


def test_tasks_and_requests(world: World) -> None:
    placed = world.labelled(LARGE)
    [task] = world.instance.query("sc_task", f"request_item={placed.item_id}")
    world.instance.update("sc_task", task["sys_id"], {"state": "4"})
    world.instance.update("sc_request", placed.request_id, {"request_state": "closed_skipped"})
    first, second = world.faults()
    assert first.endswith("Its catalog tasks are in the states ['4'].")
    assert second.endswith("is closed_skipped.")


def test_what_nobody_approved_must_stay_untouched(world: World) -> None:
    placed = world.labelled(UNSEEN)
    world.records[placed.item_id] = world.records[world.labelled(LARGE).item_id]
    world.instance.update("sc_req_item", placed.item_id, {"approval": "cancelled"})
    title = {"short_description": f"File transfer {placed.number} to partner"}
    ticket = world.instance.create("incident", title)
    faults = [fault.partition("and yet ")[2] for fault in world.faults()]
    assert faults == [
        "FileFerry took it up.",
        "its approval is “cancelled”.",
        f"there is the ticket {ticket['number']}.",
    ]
