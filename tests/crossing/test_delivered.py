"""An approved request becomes a verified file, two tickets and a closed request."""

from __future__ import annotations

import hashlib
import json

from tests.crossing.world import World
from transfer.model import CHUNK, Outcome
from transfer.tickets import TicketRole

ACCENTED = "Übersicht März – Größe.csv"


def test_an_approved_request_becomes_a_file_and_two_tickets(world: World) -> None:
    data = b"0123456789abcdef" * (CHUNK // 16) + b"tail"
    digest = world.put("exports/ledger.bin", data)
    with world.daemon():
        placed = world.order("exports/ledger.bin", path="in.bin")
        record = world.ended(placed)
    assert world.files() == {"in.bin": data}
    assert record.transfer.outcome is Outcome.DELIVERED
    assert world.task(placed)["state"] == "3"
    assert (world.item(placed)["state"], world.item(placed)["active"]) == ("3", "false")
    assert world.request(placed)["request_state"] == "closed_complete"
    tickets = {
        role: world.servicenow.instance.get("incident", ticket.sys_id)
        for role, ticket in record.tickets.items()
        if role is not TicketRole.TASK
    }
    user, audit = tickets[TicketRole.USER], tickets[TicketRole.AUDIT]
    assert (user["urgency"], user["state"]) == ("2", "6")
    assert (audit["urgency"], audit["state"]) == ("3", "7")
    for ticket in (user, audit):
        told = ticket["close_notes"] + world.visitor.journal(ticket["sys_id"])
        assert digest in told
        assert str(f"{len(data):,}") in told
    assert "carla.moss" in audit["close_notes"] + world.visitor.journal(audit["sys_id"])
    _has_its_receipt(world, audit, digest)


def _has_its_receipt(world: World, audit: dict[str, str], digest: str) -> None:
    instance = world.servicenow.instance
    [attached] = instance.query("sys_attachment", f"table_sys_id={audit['sys_id']}")
    content = instance.files[attached["sys_id"]]
    assert (attached["file_name"], attached["state"]) == ("receipt.json", "available")
    assert attached["hash"] == hashlib.sha256(content).hexdigest()
    assert attached["hash"] in audit["close_notes"]
    assert [file["sha256"] for file in json.loads(content)["files"]] == [digest]


def test_several_empty_and_accented_files_arrive(world: World) -> None:
    world.put("empty", b"")
    world.put(ACCENTED, b"Pfennig;Cent")
    with world.daemon():
        placed = world.order("empty", ACCENTED, path="")
        assert world.ended(placed).transfer.outcome is Outcome.DELIVERED
    assert world.files() == {"empty": b"", ACCENTED: b"Pfennig;Cent"}


def test_five_requests_at_once_all_arrive(world: World) -> None:
    names = [f"file-{number}" for number in range(5)]
    for name in names:
        world.put(name, name.encode() * 1000)
    with world.daemon():
        placed = [world.order(name) for name in names]
        for one in placed:
            assert world.ended(one).transfer.outcome is Outcome.DELIVERED
    assert world.files() == {name: name.encode() * 1000 for name in names}


def test_every_line_about_the_transfer_bears_its_id_and_no_line_a_secret(world: World) -> None:
    world.put("a", b"a")
    world.environment["FILEFERRY_LOG__LEVEL"] = "debug"
    with world.daemon():
        record = world.ended(world.order("a"))
    lines = [line for line in world.log_lines() if line["event"].startswith("transfer")]
    assert len(lines) >= 2
    assert {line["transfer"] for line in lines} == {record.transfer.id}
    whole = json.dumps(world.log_lines())
    keys = [line for line in world.partner.private_key.splitlines() if len(line) > 40]
    for secret in (*keys, world.secrets["servicenow"], "admin-secret"):
        assert secret not in whole
    assert world.secrets["servicenow"].encode() not in (world.directory / "ledger.db").read_bytes()
