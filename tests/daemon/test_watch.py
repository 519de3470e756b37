"""What the watch makes of tasks that have ended, and of a ServiceNow that does not answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pytest

from adapters.memory.servicenow import MemoryInbox
from daemon.watch import WAITING, Watch
from tests.transfer.made import NOON, RULES, evidence, request
from transfer.approval.authority import InstanceAuthority
from transfer.approval.policy import fingerprint
from transfer.errors import Code, FerryError, Permanent, Transient
from transfer.evidence import Evidence
from transfer.model import Request, Transfer


class Counting(MemoryInbox):
    """Notes which tasks are asked for, and how often one is read whole."""

    def __init__(self, *evidence: Evidence) -> None:
        super().__init__(*evidence)
        self.asked: list[list[str]] = []
        self.reads = 0

    def ended(self, task_ids: Sequence[str]) -> frozenset[str]:
        self.asked.append(list(task_ids))
        return super().ended(task_ids)

    def read(self, task_id: str) -> Evidence | None:
        self.reads += 1
        return super().read(task_id)


def task(number: int) -> Evidence:
    return evidence(task_id=f"{number:032}")


def transfer(of: Evidence) -> Transfer:
    asked = request(id=of.request_id, task_id=of.task_id, fingerprint=fingerprint(of))
    return Transfer(request=asked)


class Lookout:
    def __init__(self) -> None:
        self.tasks = [task(number) for number in range(3)]
        self.transfers = [transfer(each) for each in self.tasks]
        self.inbox = Counting(*self.tasks)
        # Every answer is a fresh one: the clock moves by more than the authority remembers.
        self.time = 0.0
        authority = InstanceAuthority(self.inbox, RULES, self._tick)
        self.watch = Watch(self.inbox, authority, lambda: self.transfers)

    def _tick(self) -> float:
        self.time += 10.0
        return self.time

    def cancel(self, number: int) -> None:
        self.inbox.put(evidence(task_id=self.tasks[number].task_id, task_active=False))

    def codes(self) -> list[str | None]:
        verdicts = [self.watch.verdict(each) for each in self.transfers]
        return [each.code if each else None for each in verdicts]


@pytest.fixture
def lookout() -> Lookout:
    return Lookout()


def test_one_call_asks_for_all_and_nothing_is_read_while_all_goes_well(lookout: Lookout) -> None:
    lookout.watch.round()
    assert lookout.inbox.asked == [[each.task_id for each in lookout.tasks]]
    assert lookout.inbox.reads == 0
    assert lookout.codes() == [None, None, None]


def test_only_the_cancelled_one_is_judged(lookout: Lookout) -> None:
    lookout.cancel(1)
    lookout.watch.round()
    assert lookout.codes() == [None, Code.REQUEST_CANCELLED, None]
    assert lookout.inbox.reads == 1


def test_a_task_that_is_gone_is_judged_as_well(lookout: Lookout) -> None:
    lookout.inbox.remove(lookout.tasks[0].task_id)
    lookout.watch.round()
    assert lookout.codes() == [Code.REQUEST_VANISHED, None, None]


def test_a_task_that_is_open_again_is_wanted_again(lookout: Lookout) -> None:
    lookout.cancel(1)
    lookout.watch.round()
    lookout.inbox.put(lookout.tasks[1])
    lookout.watch.round()
    assert lookout.codes() == [None, None, None]


def test_nothing_under_way_costs_no_call(lookout: Lookout) -> None:
    lookout.transfers = []
    lookout.watch.round()
    assert lookout.inbox.asked == []


def test_an_operators_transfer_has_no_task_to_be_asked_for(lookout: Lookout) -> None:
    lookout.transfers = [Transfer(request=request(task_id=""))]
    lookout.watch.round()
    assert lookout.inbox.asked == []


@pytest.mark.parametrize(
    "error",
    [
        Transient(Code.SERVICENOW_UNREACHABLE, "No answer."),
        Permanent(Code.SERVICENOW_AUTH, "The login was refused."),
    ],
)
def test_a_servicenow_that_does_not_answer_ends_nothing(
    lookout: Lookout, error: FerryError
) -> None:
    lookout.cancel(0)
    lookout.watch.round()
    lookout.inbox.failure = error
    with pytest.raises(type(error)):
        lookout.watch.round()
    assert lookout.codes() == [Code.REQUEST_CANCELLED, None, None]


def test_an_approval_that_cannot_be_read_now_ends_nothing(lookout: Lookout) -> None:
    class Unsure:
        def confirm(self, asked: Request) -> datetime:
            raise Transient(Code.APPROVAL_UNREADABLE, f"{asked.number} cannot be read at {NOON}.")

    watch = Watch(lookout.inbox, Unsure(), lambda: lookout.transfers)
    lookout.cancel(0)
    watch.round()
    assert watch.verdict(lookout.transfers[0]) is None


def test_a_verdict_on_one_generation_says_nothing_of_the_next(lookout: Lookout) -> None:
    lookout.cancel(0)
    lookout.watch.round()
    assert lookout.watch.verdict(lookout.transfers[0].evolve(generation=2)) is None


def test_of_many_that_wait_some_are_asked_for_at_a_time_and_all_in_turn() -> None:
    lookout = Lookout()
    tasks = [task(number) for number in range(3, WAITING + 203)]
    waiting = [transfer(each) for each in tasks]
    for each in tasks:
        lookout.inbox.put(each)
    authority = InstanceAuthority(lookout.inbox, RULES, lookout._tick)
    watch = Watch(lookout.inbox, authority, lambda: lookout.transfers, lambda: waiting)
    lookout.inbox.put(evidence(task_id=tasks[0].task_id, task_active=False))
    for _ in range(2):
        watch.round()
        # It was not asked for again, and is as unwanted as before.
        assert watch.verdict(waiting[0])
    first, second = (set(asked) for asked in lookout.inbox.asked)
    moving = {each.task_id for each in lookout.tasks}
    assert {len(first), len(second)} == {WAITING + len(moving)}
    assert first | second == moving | {each.task_id for each in tasks}
    assert moving <= first & second
