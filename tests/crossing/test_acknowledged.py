"""Tier T3 from the order to the ticket: the partner's software answers, late, wrongly, or not."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.crossing.commands import fileferry
from tests.crossing.world import DEADLINE, World
from transfer.books import Record
from transfer.model import Outcome
from transfer.tickets import TicketRole

ACK = "a.csv.ack"
SIDE = "a.csv.sha256"
DATA = b"a;b\n" * 1000


@pytest.fixture
def asking(world: World) -> World:
    """The partner gets a sidecar, and is asked for our digest within two minutes."""
    world.put("a", DATA)
    world.config["destinations"]["partner"] |= {
        "tier": "T3",
        "sidecar": {"name": "{name}.sha256"},
        "acknowledgement": {"name": "{name}.ack", "digest": "sha256", "within": 120},
    }
    return world


@contextmanager
def software(world: World, says: str) -> Iterator[threading.Event]:
    """Acknowledges once the sidecar is there and the event is set; the digest is `says` or ours."""
    root, may, over = Path(world.partner.root), threading.Event(), threading.Event()

    def run() -> None:
        while not over.wait(0.02):
            if may.is_set() and (root / SIDE).exists():
                digest = says or hashlib.sha256((root / "a.csv").read_bytes()).hexdigest()
                (root / ACK).write_text(f"{digest}  a.csv\n")
                return

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield may
    finally:
        over.set()
        thread.join()


def receipt(record: Record) -> Any:
    [delivery] = record.deliveries
    assert delivery.receipt
    return delivery.receipt


def told(world: World, record: Record) -> str:
    ticket = world.servicenow.instance.get("incident", record.tickets[TicketRole.USER].sys_id)
    return str(ticket["close_notes"]) + world.visitor.journal(ticket["sys_id"])


def test_the_partner_s_word_stands_on_the_ticket(asking: World) -> None:
    with software(asking, "") as may, asking.daemon():
        may.set()
        record = asking.ended(asking.order("a", path="a.csv"))
    assert record.transfer.outcome is Outcome.DELIVERED
    assert (receipt(record).tier, receipt(record).sidecar[-12:]) == ("T3", SIDE)
    assert "tier T3" in told(asking, record)
    assert set(asking.files()) == {"a.csv", SIDE, ACK}


def test_a_late_word_is_waited_for_over_a_kill(asking: World) -> None:
    with software(asking, "") as may:
        with asking.daemon("first") as first:
            placed = asking.order("a", path="a.csv")
            asking.until(lambda: "waiting for the partner" in _journal(asking, placed))
            first.send(signal.SIGKILL)
            first.wait(DEADLINE)
        with asking.daemon("second"):
            may.set()
            record = asking.ended(placed)
    assert record.transfer.outcome is Outcome.DELIVERED
    assert receipt(record).tier == "T3"
    assert told(asking, record).count("waiting for the partner") == 1


def _journal(world: World, placed: Any) -> str:
    record = world.record(placed)
    ticket = record.tickets.get(TicketRole.USER) if record else None
    return world.visitor.journal(ticket.sys_id) if ticket else ""


def test_a_wrong_word_fails_and_another_request_is_carried_meanwhile(asking: World) -> None:
    asking.put("next", b"next")
    with software(asking, "0" * 64) as may, asking.daemon():
        placed = asking.order("a", path="a.csv")
        asking.until(lambda: SIDE in asking.files())
        other = asking.order("next", path="b.csv")
        asking.until(lambda: "b.csv" in asking.files())
        may.set()
        record = asking.ended(placed)
        (Path(asking.partner.root) / "b.csv.ack").write_text(hashlib.sha256(b"next").hexdigest())
        assert asking.ended(other).transfer.outcome is Outcome.DELIVERED
    assert record.transfer.failure
    assert record.transfer.failure.code == "acknowledgement.mismatch"
    assert "may be damaged" in told(asking, record)


def test_silence_fails_and_the_file_stays(asking: World) -> None:
    asking.config["destinations"]["partner"]["acknowledgement"]["within"] = 1
    with asking.daemon():
        record = asking.ended(asking.order("a", path="a.csv"))
    assert record.transfer.failure
    assert record.transfer.failure.code == "acknowledgement.missing"
    assert "do not order again" in told(asking, record)
    assert asking.files()["a.csv"] == DATA


def test_send_waits_in_place(asking: World) -> None:
    done: list[subprocess.CompletedProcess[str]] = []
    words = ("send", f"s3://{asking.bucket}/a", "partner:a.csv", "--json")
    with software(asking, "") as may:
        sender = threading.Thread(target=lambda: done.append(fileferry(asking, *words)))
        sender.start()
        asking.until(lambda: SIDE in asking.files())
        may.set()
        sender.join(DEADLINE)
    assert done[0].returncode == 0, done[0].stderr
    [file] = json.loads(done[0].stdout)["files"]
    assert (file["receipt"]["tier"], file["receipt"]["acknowledgement"][-9:]) == ("T3", ACK)
