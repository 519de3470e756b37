"""What an S3 event becomes: transfers for the records that approve it, tickets for its refusal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from daemon.standing import FRESH, StandingDoor
from tests.daemon.door import CountingInbox, Door
from tests.transfer.approval.test_standing import WITH, record, terms
from tests.transfer.made import DESTINATIONS, NOON, RULES, approval
from tests.transfer.request.messages import s3_record
from transfer.errors import Code, Permanent, Transient
from transfer.evidence import Evidence
from transfer.model import Outcome
from transfer.request.hints import ObjectHint
from transfer.rules import Rules

OTHER = "6" * 32


class LookedAt(CountingInbox):
    """Counts the listings."""

    looks = 0

    def standing(self, record_id: str = "") -> Sequence[Evidence]:
        self.looks += 1
        return super().standing(record_id)


@dataclass
class Events(Door):
    """The queue's loop with standing approvals; `today` is the day on the tickets."""

    inbox: LookedAt = field(default_factory=LookedAt)
    today: datetime = NOON
    rules: Rules = WITH

    def __post_init__(self) -> None:
        self.standing = StandingDoor(
            inbox=self.inbox,
            ledger=self.books,
            carrier=self,
            rules=self.rules,
            destinations=DESTINATIONS,
            clock=lambda: self.today,
            now=self.clock,
        )
        super().__post_init__()

    def event(self, *keys: str, **more: Any) -> None:
        records = [s3_record(key, **more) for key in keys]
        self.queue.send(json.dumps({"Records": records}), "")

    def outcomes(self) -> list[tuple[str, str]]:
        """(number, code) of what the ledger has; no code is on its way."""
        found = [each.transfer for each in self.archive.search(limit=1000)]
        return sorted(
            (each.request.number, each.failure.code if each.failure else "") for each in found
        )


@pytest.fixture
def events() -> Events:
    return Events()


def add(events: Events, *records: Evidence) -> None:
    for each in records:
        events.inbox.put_standing(each)


def test_an_event_that_is_covered_is_taken_up_and_its_message_goes(events: Events) -> None:
    add(events, record())
    events.event("payroll/nov.csv", versionId="v1")
    events.drain()
    assert events.outcomes() == [("CHG0030001", "")]
    assert len(events.carried) == 1
    assert (len(events.queue), events.codes()) == (0, [])
    assert events.lookup.counts["taken"] == 1


def test_an_event_that_cannot_be_read_keeps_back_no_other_of_its_message(events: Events) -> None:
    add(events, record())
    events.event("payroll/a%0Ab", "payroll/nov.csv", "payroll/%zz")
    events.drain()
    assert events.outcomes() == [("CHG0030001", "")]
    assert events.codes() == [Code.NAME_REFUSED]


def test_the_same_event_again_is_the_same_transfer_and_each_version_another(events: Events) -> None:
    add(events, record())
    for version in ("v1", "v1", "v2"):
        events.event("payroll/nov.csv", versionId=version)
    events.drain()
    assert len(events.known()) == 2


def test_without_versions_the_number_of_the_write_tells_them_apart(events: Events) -> None:
    add(events, record())
    for write in ("0055AED6DCD90281E5", "0055AED6DCD90281E5", "0055AED6DCD90281E6"):
        events.event("payroll/nov.csv", sequencer=write)
        events.event("payroll/nov.csv", sequencer=write, versionId="null")
    events.drain()
    assert len(events.known()) == 2


def test_the_events_of_one_moment_share_a_reading_and_no_longer(events: Events) -> None:
    add(events, record())
    events.event(*(f"payroll/{number}" for number in range(50)))
    events.event("payroll/a")
    events.hints.round()
    assert (len(events.known()), events.inbox.looks) == (51, 1)
    events.clock.now += FRESH
    events.event("payroll/b")
    events.hints.round()
    assert events.inbox.looks == 2


REFUSED: list[tuple[dict[str, Any], Code]] = [
    ({"variables": terms(u_until="2026-11-22")}, Code.STANDING_ENDED),
    ({"variables": terms(NOON + timedelta(seconds=1))}, Code.APPROVAL_STALE),
    ({"approvals": (approval(approver_id="a" * 32),)}, Code.APPROVAL_SELF),
    ({"authors": frozenset({"carla.moss"})}, Code.APPROVAL_SELF),
    ({"approvals": (approval(in_group=False),)}, Code.APPROVAL_OUTSIDER),
    ({"item_approval": "rejected"}, Code.APPROVAL_REJECTED),
    ({"item_approval": "cancelled"}, Code.STANDING_ENDED),
    ({"variables": terms(u_destination="nowhere")}, Code.DESTINATION_UNKNOWN),
    ({"variables": terms(u_destination="vault")}, Code.GRANT_MISSING),
    ({"variables": terms(u_destination="")}, Code.STANDING_INCOMPLETE),
    ({"requester": ""}, Code.STANDING_INCOMPLETE),
]


@pytest.mark.parametrize(("changes", "code"), REFUSED)
def test_a_refusal_is_a_dead_letter_each_time_and_tickets_once_a_day(
    events: Events, changes: dict[str, Any], code: Code
) -> None:
    add(events, record(**changes))
    for number in range(5):
        events.event(f"payroll/{number}")
    events.drain()
    assert events.codes() == [code] * 5
    assert events.outcomes() == [("CHG0030001", code)]
    [found] = events.archive.search()
    assert found.transfer.outcome is Outcome.REFUSED
    assert set(events.carried) == {found.transfer.id}
    events.today += timedelta(days=1)
    events.event("payroll/again")
    events.drain()
    assert len(events.known()) == 2


def test_what_no_record_covers_opens_no_ticket(events: Events) -> None:
    add(events, record())
    events.event("other/nov.csv")
    events.drain()
    assert (events.codes(), events.outcomes()) == ([Code.STANDING_MISSING], [])


def test_one_that_waits_for_its_approval_gets_time_and_then_a_dead_letter(events: Events) -> None:
    add(events, record(item_approval="requested"))
    events.event("payroll/nov.csv")
    events.hints.round()
    assert (len(events.queue), events.codes()) == (1, [])
    events.drain()
    assert events.codes() == [Code.APPROVAL_PENDING]
    assert events.outcomes() == []


def test_one_that_is_approved_meanwhile_is_taken_up(events: Events) -> None:
    add(events, record(item_approval="requested"))
    events.event("payroll/nov.csv")
    events.hints.round()
    add(events, record())
    events.drain()
    assert (events.codes(), events.outcomes()) == ([], [("CHG0030001", "")])


def test_a_record_that_waits_holds_up_none_that_holds(events: Events) -> None:
    add(events, record(item_id=OTHER, item_number="CHG2", item_approval="requested"), record())
    add(events, record(item_id="7" * 32, item_number="CHG3", variables=terms(u_until="2026-1-1")))
    events.event("payroll/nov.csv")
    events.drain()
    assert (events.codes(), events.outcomes()) == ([], [("CHG0030001", "")])


def test_of_one_message_what_waits_keeps_it_and_what_is_covered_goes(events: Events) -> None:
    waiting = terms(u_prefix="s3://exports/payroll/late/")
    add(events, record(variables=terms(u_prefix="s3://exports/payroll/now")))
    add(events, record(item_id=OTHER, item_approval="requested", variables=waiting))
    events.event("payroll/late/a", "nothing", "payroll/now.csv")
    events.hints.round()
    assert (len(events.known()), len(events.queue), events.codes()) == (1, 1, [])
    events.drain()
    assert events.codes() == [Code.APPROVAL_PENDING]


def test_a_silent_servicenow_keeps_the_message_and_refuses_nothing(events: Events) -> None:
    add(events, record())
    events.inbox.failure = Transient(Code.SERVICENOW_UNREACHABLE, "Gone.")
    events.event("payroll/nov.csv")

    def back() -> None:
        if len(events.stop.waits) > 3:
            events.inbox.failure = None

    events.stop.meanwhile = back
    events.drain()
    assert (events.codes(), events.outcomes()) == ([], [("CHG0030001", "")])


@pytest.mark.parametrize("key", ["payroll/*.csv", "payroll/[ab]", "payroll/**/x", "payroll/?"])
def test_a_key_is_never_a_pattern(events: Events, key: str) -> None:
    add(events, record())
    events.event(key.replace("?", "%3F"))
    events.drain()
    assert events.codes() in ([], [Code.NAME_REFUSED])
    for each in events.archive.search():
        assert each.transfer.request.sources == (f"s3://exports/{key}",)


def test_a_folder_marker_is_refused(events: Events) -> None:
    add(events, record())
    with pytest.raises(Permanent) as refused:
        events.standing(ObjectHint(bucket="exports", key="payroll/sub/"))
    assert refused.value.code is Code.NAME_REFUSED


def test_there_are_none_without_a_table() -> None:
    events = Events(rules=RULES)
    add(events, record())
    events.event("payroll/nov.csv")
    events.drain()
    assert events.codes() == [Code.STANDING_MISSING]
