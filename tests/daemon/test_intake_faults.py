"""A fault over one task leaves out that one alone, and notes about drafts wait for better times."""

from __future__ import annotations

from threading import Event

import pytest
from structlog.testing import capture_logs

from adapters.memory.ledger import MemoryLedger
from adapters.memory.servicenow import MemoryDesk
from adapters.running.alarm import LedgerAlarm
from adapters.running.sender import Sender
from tests.daemon.test_intake import Desk
from tests.transfer.made import evidence
from transfer.errors import Code, FerryError, Permanent, Transient
from transfer.model import Transfer

BAD, GOOD = "1" * 32, "2" * 32


class Choosy(MemoryLedger):
    """Does not take one of the tasks."""

    fault: Exception = RuntimeError("a bug")

    def admit(self, transfer: Transfer) -> Transfer:
        if transfer.request.task_id == BAD:
            raise self.fault
        return super().admit(transfer)


@pytest.mark.parametrize("fault", [RuntimeError("a bug"), Permanent(Code.INTERNAL, "Too large.")])
def test_a_fault_over_one_task_leaves_out_that_one(fault: Exception) -> None:
    ledger = Choosy()
    ledger.fault = fault
    desk = Desk(ledger=ledger)
    desk.inbox.put(evidence(task_id=BAD))
    desk.inbox.put(evidence(task_id=GOOD))
    with capture_logs() as logs:
        assert desk.intake.round() == 2
    assert desk.carried == [evidence(task_id=GOOD).request_id]
    [told] = [line for line in logs if line["log_level"] == "error"]
    assert told["transfer"] == evidence(task_id=BAD).request_id


def test_a_ledger_that_does_not_write_still_stops_the_poll() -> None:
    ledger = Choosy()
    ledger.fault = Transient(Code.LEDGER_BUSY, "Locked.")
    desk = Desk(ledger=ledger)
    desk.inbox.put(evidence(task_id=BAD))
    with pytest.raises(FerryError):
        desk.intake.round()


@pytest.mark.parametrize("approved", [True, False])
def test_while_calls_are_scarce_a_note_on_a_task_that_waits_waits_too(approved: bool) -> None:
    desk = Desk()
    desk.inbox.put(evidence(item_approval="requested"))
    desk.intake.round()
    if approved:
        desk.inbox.put(evidence())
        desk.intake.round()
    tickets = MemoryDesk()
    tickets.put_task(evidence().task_id)
    sender = Sender(
        outbox=desk.outbox,
        archive=desk.archive,
        desk=tickets,
        stop=Event(),
        alarm=LedgerAlarm(desk.ruin.append),
        lease=60.0,
        short=lambda: True,
    )
    sender.round()
    # What comes behind it on the ticket of a task that goes on is not held up.
    assert bool(tickets.cards[evidence().task_id].notes) is approved
