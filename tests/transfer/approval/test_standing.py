"""Standing approvals: a record of ServiceNow that approves what comes under a prefix."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.transfer.bench import Bench
from tests.transfer.made import DESTINATIONS, NOON, RULES, approval, evidence
from tests.transfer.test_journey import three_tries
from transfer.approval import standing
from transfer.errors import Code, FerryError, Permanent, Transient
from transfer.evidence import Evidence, Variable
from transfer.journey import travel
from transfer.model import Outcome, Source, Transfer
from transfer.request import planning
from transfer.rules import Standing

TERMS = Standing(
    table="u_standing", prefix="u_prefix", destination="u_destination", until="u_until", path="u_to"
)
WITH = replace(RULES, standing=TERMS)
OBJECT = Source(bucket="exports", key="payroll/nov.csv", version_id="v1")


def terms(changed_at: datetime = NOON - timedelta(days=1), **values: str) -> dict[str, Variable]:
    written = {
        "u_prefix": "s3://exports/payroll/",
        "u_destination": "partner",
        "u_until": "2026-12-31",
        "u_to": "pay",
    }
    return {
        name: Variable(value=value, changed_at=changed_at)
        for name, value in {**written, **values}.items()
    }


def record(**changes: Any) -> Evidence:
    about = {"item_id": "5" * 32, "item_number": "CHG0030001", "variables": terms()}
    return evidence(**{**about, **changes})


def test_an_object_under_the_prefix_is_approved_by_the_record() -> None:
    [request] = standing.requests_for(OBJECT, [record()], WITH, NOON)
    assert request.number == "CHG0030001"
    assert (request.destination, request.target) == ("partner", "pay/")
    assert request.sources == ("s3://exports/payroll/nov.csv",)
    assert request.approvers == ("carla.moss",)
    [delivery] = planning.plan(request, WITH, DESTINATIONS)
    assert delivery.source == OBJECT
    assert delivery.final == "/inbox/pay/nov.csv"


def test_the_same_event_is_the_same_request_and_a_new_version_another() -> None:
    [first] = standing.requests_for(OBJECT, [record()], WITH, NOON)
    [again] = standing.requests_for(OBJECT, [record()], WITH, NOON + timedelta(days=1))
    [newer] = standing.requests_for(replace(OBJECT, version_id="v2"), [record()], WITH, NOON)
    assert first == again
    assert newer.id != first.id


BROKEN: list[tuple[dict[str, Any], Code]] = [
    ({"variables": terms(u_prefix="s3://exports/other/")}, Code.STANDING_MISSING),
    ({"variables": terms(u_prefix="s3://exports")}, Code.STANDING_MISSING),
    ({"variables": terms(u_prefix="s3://")}, Code.STANDING_MISSING),
    ({"variables": terms(u_prefix="")}, Code.STANDING_MISSING),
    ({"variables": terms(u_until="2026-11-22")}, Code.STANDING_ENDED),
    ({"variables": terms(u_until="2026-11-23 11:59:59")}, Code.STANDING_ENDED),
    ({"variables": terms(u_until="")}, Code.STANDING_INCOMPLETE),
    ({"variables": terms(u_until="soon")}, Code.REQUEST_MALFORMED),
    ({"variables": terms(u_destination="")}, Code.STANDING_INCOMPLETE),
    ({"variables": terms(changed_at=NOON + timedelta(seconds=1))}, Code.APPROVAL_STALE),
    ({"item_active": False}, Code.STANDING_ENDED),
    ({"item_approval": "requested"}, Code.APPROVAL_PENDING),
    ({"item_approval": None}, Code.APPROVAL_UNREADABLE),
    ({"approvals": ()}, Code.APPROVAL_UNREADABLE),
    ({"approvals": (approval(approver_id="a" * 32),)}, Code.APPROVAL_SELF),
    ({"approvals": (approval(in_group=False),)}, Code.APPROVAL_OUTSIDER),
    ({"authors": frozenset({"carla.moss"})}, Code.APPROVAL_SELF),
    ({"history": False}, Code.APPROVAL_UNREADABLE),
    ({"item_approval": "rejected"}, Code.APPROVAL_REJECTED),
    ({"item_approval": "cancelled"}, Code.STANDING_ENDED),
    ({"requester": ""}, Code.STANDING_INCOMPLETE),
    ({"requester_id": ""}, Code.STANDING_INCOMPLETE),
    ({"opened_by_id": ""}, Code.STANDING_INCOMPLETE),
    ({"variables": {k: v for k, v in terms().items() if k != "u_to"}}, Code.STANDING_INCOMPLETE),
]


@pytest.mark.parametrize(("changes", "code"), BROKEN)
def test_a_broken_link_refuses(changes: dict[str, Any], code: Code) -> None:
    with pytest.raises(FerryError) as refused:
        standing.requests_for(OBJECT, [record(**changes)], WITH, NOON)
    assert refused.value.code == code


def test_without_a_record_or_a_table_nothing_moves() -> None:
    for rules in (WITH, RULES):
        with pytest.raises(Permanent) as refused:
            standing.requests_for(OBJECT, [], rules, NOON)
        assert refused.value.code == Code.STANDING_MISSING


def test_two_records_are_two_requests_and_a_bad_one_spoils_no_good_one() -> None:
    other = record(item_id="6" * 32, variables=terms(u_to="copy"))
    ended = record(item_id="7" * 32, item_active=False)
    found = standing.requests_for(OBJECT, [record(), ended, other], WITH, NOON)
    assert [request.target for request in found] == ["pay/", "copy/"]
    assert len({request.id for request in found}) == 2


def test_a_record_that_may_yet_hold_holds_up_none_that_does() -> None:
    waiting = record(item_id="6" * 32, item_approval="requested")
    assert len(standing.requests_for(OBJECT, [waiting, record()], WITH, NOON)) == 1
    ended = record(item_active=False)
    with pytest.raises(Transient):
        standing.requests_for(OBJECT, [ended, waiting], WITH, NOON)


def test_a_write_of_a_bucket_without_versions_is_known_by_its_number() -> None:
    plain = replace(OBJECT, version_id=None)
    ids = {
        standing.requests_for(source, [record()], WITH, NOON, event)[0].id
        for source in (plain, replace(OBJECT, version_id="null"))
        for event in ("1", "2", "1")
    }
    assert len(ids) == 2
    versioned = {
        standing.requests_for(OBJECT, [record()], WITH, NOON, event)[0].id for event in ("1", "2")
    }
    assert len(versioned) == 1


def test_refusals_of_one_record_code_and_day_are_one_request() -> None:
    why = Permanent(Code.STANDING_ENDED, "Over.")
    first = standing.refused(record(), OBJECT, WITH, why, NOON)
    assert first.id == standing.refused(record(), replace(OBJECT, key="x"), WITH, why, NOON).id
    for other in (
        standing.refused(record(), OBJECT, WITH, why, NOON + timedelta(days=1)),
        standing.refused(record(item_id="6" * 32), OBJECT, WITH, why, NOON),
        standing.refused(record(), OBJECT, WITH, Permanent(Code.APPROVAL_SELF, "Self."), NOON),
    ):
        assert other.id != first.id


@pytest.mark.parametrize("key", ["payroll/*.csv", "payroll/[ab].csv", "payroll/**/a"])
def test_the_key_of_an_event_is_never_a_pattern(key: str) -> None:
    [request] = standing.requests_for(replace(OBJECT, key=key), [record()], WITH, NOON)
    assert planning.lines_to_expand(request) == []
    try:
        [delivery] = planning.plan(request, WITH, DESTINATIONS)
    except Permanent as error:
        refusal: Code | None = error.code
    else:
        refusal = None
        assert delivery.source.key == key
    assert refusal in (None, Code.NAME_REFUSED)


def test_it_gives_no_right_that_the_requester_has_not() -> None:
    [request] = standing.requests_for(OBJECT, [record(requester="eve")], WITH, NOON)
    with pytest.raises(Permanent) as refused:
        planning.plan(request, WITH, DESTINATIONS)
    assert refused.value.code == Code.GRANT_MISSING


def test_the_version_of_the_event_is_sent_and_the_record_is_named_on_the_audit_ticket() -> None:
    bench = Bench()
    bench.objects.put(OBJECT.uri, b"of the event")
    bench.objects.put(OBJECT.uri, b"written later")
    [request] = standing.requests_for(replace(OBJECT, version_id="1"), [record()], WITH, NOON)
    bench.ledger.admit(Transfer(request=request, received_at=NOON))
    claimed = bench.ledger.claim(request.id)
    assert claimed
    done = travel(claimed, replace(bench.tools(), rules=WITH), three_tries)
    assert done.outcome is Outcome.DELIVERED
    assert bytes(bench.remotes.files["/inbox/pay/nov.csv"]) == b"of the event"
    posts = bench.posts()
    assert {post.ticket.value for post in posts} == {"user", "audit"}
    assert any("Standing approval: CHG0030001" in post.text for post in posts)
