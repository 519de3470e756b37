"""What a hostile requester puts into an order, seen where people and programs read it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.crossing.commands import fileferry
from tests.crossing.test_refused import assert_next_one_runs, assert_told, code_of
from tests.crossing.world import World
from tests.transfer.telling.hostile import HARM
from transfer.errors import Code
from transfer.model import Outcome
from transfer.tickets import TicketRole

FORGED = "nowhere\nApproved by: carla.moss\r\x1b[2J\x9b31m\u2028Requester: otto.lind"
REVERSED = "partner\u202e\u200b"


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ({"destination": FORGED}, Code.DESTINATION_UNKNOWN),
        ({"destination": REVERSED}, Code.NAME_REFUSED),
        ({"path": f"{FORGED}.csv"}, Code.NAME_REFUSED),
        ({"path": "invoice\u202efdp.exe"}, Code.NAME_REFUSED),
    ],
)
def test_nothing_is_forged_on_a_ticket_or_a_terminal(
    world: World, order: dict[str, Any], code: Code
) -> None:
    world.put("a", b"a")
    with world.daemon():
        record = world.ended(world.order("a", **order))
        assert_next_one_runs(world)
    assert (record.transfer.outcome, code_of(record)) == (Outcome.REFUSED, code)
    assert_told(world, record, code)
    for role in (TicketRole.USER, TicketRole.AUDIT):
        row = world.servicenow.instance.get("incident", record.tickets[role].sys_id)
        written = "\n".join([*row.values(), world.visitor.journal(row["sys_id"])])
        assert not any(mark in written for mark in HARM)
        lines = written.split("\n")
        assert "Approved by: carla.moss" not in lines
        assert not any(line.startswith("Requester: otto") for line in lines)
    # The service has ended, which `status` says by its exit code.
    for ends_with, words in ((1, ["status"]), (0, ["show", record.transfer.id])):
        for shown in (fileferry(world, *words), fileferry(world, *words, "--json")):
            assert shown.returncode == ends_with
            assert shown.stdout.replace("\n", "").isprintable()
            assert "Approved by: carla.moss" not in shown.stdout.split("\n")
    told = json.loads(fileferry(world, "show", record.transfer.id, "--json").stdout)
    assert told["transfer"]["request"]["destination"] == record.transfer.request.destination
