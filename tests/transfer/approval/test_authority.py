"""The approval read again, immediately before a file gets its final name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from tests.transfer.made import NOON, RULES, evidence, order_of_its_own, request, variables
from transfer.approval import policy
from transfer.approval.authority import InstanceAuthority
from transfer.errors import Code, FerryError, Permanent, Transient
from transfer.evidence import Evidence
from transfer.model import Request

LATER = NOON + timedelta(seconds=1)


class OneTask:
    """An Inbox of one task that the test changes between looks."""

    def __init__(self, found: Evidence | None) -> None:
        self.found = found
        self.failure: FerryError | None = None
        self.asked = 0

    def fetch(self, *, more: bool = False) -> Sequence[Evidence]:
        del more
        return [self.found] if self.found else []

    def standing(self, record_id: str = "") -> Sequence[Evidence]:
        raise NotImplementedError

    def ended(self, task_ids: Sequence[str]) -> frozenset[str]:
        raise NotImplementedError

    def find(self, number: str) -> tuple[str, ...]:
        raise NotImplementedError

    def read(self, task_id: str) -> Evidence | None:
        self.asked += 1
        if self.failure:
            raise self.failure
        return self.found if self.found and self.found.task_id == task_id else None


def confirmed(now: Evidence | None) -> datetime:
    taken: Request = policy.authorise(evidence(), RULES)
    return InstanceAuthority(OneTask(now), RULES).confirm(taken)


def test_a_standing_approval_is_confirmed_with_the_time_of_the_look() -> None:
    assert confirmed(evidence(task_state="2", read_at=LATER)) == LATER


@pytest.mark.parametrize(
    ("now", "code"),
    [
        (None, Code.REQUEST_VANISHED),
        (evidence(item_approval="requested"), Code.APPROVAL_WITHDRAWN),
        (evidence(item_active=False), Code.REQUEST_CANCELLED),
        (evidence(variables=variables(path="other")), Code.REQUEST_ALTERED),
        (evidence(variables=variables(changed_at=LATER)), Code.APPROVAL_STALE),
    ],
)
def test_an_approval_that_no_longer_holds_stops_the_publish(
    now: Evidence | None, code: Code
) -> None:
    with pytest.raises(Permanent) as stopped:
        confirmed(now)
    assert stopped.value.code is code


def test_an_approval_that_cannot_be_read_is_tried_again() -> None:
    with pytest.raises(FerryError) as waits:
        confirmed(evidence(item_approval=None))
    assert not waits.value.permanent


@pytest.mark.parametrize("code", [Code.SERVICENOW_AUTH, Code.SERVICENOW_DENIED])
def test_a_login_that_servicenow_refuses_is_waited_for(code: Code) -> None:
    """A verified file is not given up because somebody let a secret expire."""
    inbox = OneTask(evidence())
    inbox.failure = Permanent(code, "No.", action="Mend it.")
    with pytest.raises(Transient) as waits:
        InstanceAuthority(inbox, RULES).confirm(request())
    assert (waits.value.code, waits.value.action) == (code, "Mend it.")


def test_an_answer_counts_for_a_second_and_for_its_own_request() -> None:
    inbox, time = OneTask(evidence()), [100.0]
    authority = InstanceAuthority(inbox, RULES, lambda: time[0])
    taken = policy.authorise(evidence(), RULES)
    first = authority.confirm(taken)
    inbox.found = evidence(item_active=False)
    time[0] += 0.9
    assert authority.confirm(taken) == first
    assert inbox.asked == 1
    time[0] += 0.2
    with pytest.raises(Permanent):
        authority.confirm(taken)
    inbox.found = evidence()
    authority.confirm(taken)
    with pytest.raises(Permanent, match="altered"):
        authority.confirm(request(fingerprint="0" * 64))


def test_transfers_that_ask_in_turn_keep_their_answers() -> None:
    inbox, time = OneTask(evidence()), [100.0]
    authority = InstanceAuthority(inbox, RULES, lambda: time[0])
    one = policy.authorise(evidence(), RULES)
    authority.confirm(one)
    inbox.found = order_of_its_own(2)
    other = policy.authorise(inbox.found, RULES)
    for taken in (other, one, other):
        authority.confirm(taken)
    assert inbox.asked == 2
    time[0] += InstanceAuthority.FRESH
    authority.confirm(other)
    assert inbox.asked == 3
