"""What operators decide: a retry sends what is missing, and never what may be there unasked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.servicenow.desk.forms import ticket_id
from tests.transfer.made import NOON, request
from transfer import decisions
from transfer.books import Record
from transfer.decisions import Word
from transfer.errors import Code, Permanent
from transfer.history import Event
from transfer.model import (
    Delivery,
    DeliveryState,
    Failure,
    Outcome,
    Pin,
    Session,
    Stage,
    Transfer,
)
from transfer.request.names import parse_source
from transfer.telling import reports
from transfer.tickets import Post, PostAction, Ticket, TicketRole

WORD = Word(by="eva@bastion", at=NOON, reason="the key was mended")
PIN = Pin(size=9, etag="e")
FULL = Failure(code="remote.full", message="The disk is full.", action="Ask for room.")
FAILED = Transfer(
    request=request(),
    epoch=7,
    stage=Stage.CLOSED,
    session=Session(id="s", identity="arn", opened_at=NOON),
    outcome=Outcome.FAILED,
    failure=FULL,
    loose_ends=(FULL,),
    received_at=NOON,
    closed_at=NOON,
)


def item(state: DeliveryState, number: int = 1, **more: Any) -> Delivery:
    fields: dict[str, Any] = {
        "source": parse_source(f"s3://exports/payroll/{number}"),
        "final": f"/inbox/{number}",
        "pin": PIN,
        "temp": f"/inbox/.ff-{number}-e2",
        "candidates": (f"/inbox/.ff-{number}-e1", f"/inbox/.ff-{number}-e2"),
        "moved": 9,
        "server": "key",
        "tier": "T0",
        "failure": FULL,
        "started_at": NOON,
        "rechecked_at": NOON,
    }
    return Delivery(number=number, state=state, **fields | more)


def record(transfer: Transfer = FAILED, *deliveries: Delivery, unsent: int = 0) -> Record:
    tickets = {
        role: Ticket(role=role, sys_id=number, number=number, url="", state="7")
        for role, number in ((TicketRole.USER, "INC1"), (TicketRole.AUDIT, "INC2"))
    }
    return Record(
        transfer=transfer,
        deliveries=deliveries,
        tickets=tickets,
        unsent=unsent,
        last_error=None,
        updated_at=NOON,
    )


def retried(of: Record, *, resend_unknown: bool = False) -> tuple[Transfer, list[Delivery]]:
    head, changes = decisions.retry(of, WORD, resend_unknown=resend_unknown)
    return head, [each for each in changes if isinstance(each, Delivery)]


def posts_of(of: Record) -> list[Post]:
    _, changes = decisions.retry(of, WORD, resend_unknown=False)
    return [each for each in changes if isinstance(each, Post)]


def assert_refused(of: Record, *words: str, resend_unknown: bool = False) -> None:
    with pytest.raises(Permanent) as told:
        decisions.retry(of, WORD, resend_unknown=resend_unknown)
    assert told.value.code is Code.DECISION_REFUSED
    for word in words:
        assert word in str(told.value)


@pytest.mark.parametrize(
    "outcome", [Outcome.FAILED, Outcome.REFUSED, Outcome.CANCELLED, Outcome.UNKNOWN]
)
def test_a_retry_begins_a_generation_from_the_first_step(outcome: Outcome) -> None:
    head, _ = retried(record(FAILED.evolve(outcome=outcome)))
    assert head == Transfer(request=request(), generation=2, epoch=7, received_at=NOON)


def test_what_arrived_stays_and_what_did_not_starts_anew() -> None:
    published = item(DeliveryState.PUBLISHED)
    failed = item(DeliveryState.FAILED, 2, older=("/inbox/.ff-2-e0",))
    head, changed = retried(record(FAILED, published, failed))
    assert head.stage is Stage.RECEIVED
    assert changed == [
        Delivery(
            number=2,
            source=failed.source,
            final="/inbox/2",
            older=("/inbox/.ff-2-e0", "/inbox/.ff-2-e1", "/inbox/.ff-2-e2"),
            pin=failed.pin,
        )
    ]


@pytest.mark.parametrize(
    ("pins", "pin_anew", "words"),
    [
        ((PIN, PIN), False, "2 of 2 files stay pinned as before."),
        ((PIN, None), False, "1 of 2 files stay pinned as before; the others are pinned now"),
        ((None, None), False, "pinned now; the earlier run had pinned nothing"),
        ((PIN, PIN), True, "pinned anew, whatever the earlier run had pinned"),
    ],
)
def test_a_retry_keeps_the_pins_unless_it_is_told_otherwise_and_says_so(
    pins: tuple[Pin | None, ...], pin_anew: bool, words: str
) -> None:
    files = [item(DeliveryState.FAILED, n, pin=pin) for n, pin in enumerate(pins, start=1)]
    _, changes = decisions.retry(
        record(FAILED, *files), WORD, resend_unknown=False, pin_anew=pin_anew
    )
    anew = [each for each in changes if isinstance(each, Delivery)]
    assert [each.pin for each in anew] == ([None, None] if pin_anew else list(pins))
    posts = [each for each in changes if isinstance(each, Post)]
    assert all(f"Content: {words}" in post.text for post in posts)


def test_a_file_that_was_to_get_another_name_begins_with_the_ordered_one() -> None:
    versioned = item(DeliveryState.FAILED, final="/inbox/1.2", ordered="/inbox/1")
    _, [anew] = retried(record(FAILED, versioned))
    assert (anew.final, anew.ordered) == ("/inbox/1", "")


def test_a_file_written_in_place_is_not_taken_for_a_temp() -> None:
    in_place = item(DeliveryState.FAILED, temp="/inbox/1", candidates=("/inbox/1",))
    _, [anew] = retried(record(FAILED, in_place))
    assert anew.older == ()


@pytest.mark.parametrize("state", [DeliveryState.UNKNOWN, DeliveryState.INTENT])
def test_what_may_have_arrived_is_sent_again_only_on_request(state: DeliveryState) -> None:
    unknown = record(FAILED.evolve(outcome=Outcome.UNKNOWN), item(state))
    assert_refused(unknown, "/inbox/1", "doubled", "Ask the partner first", "--resend-unknown")
    _, [anew] = retried(unknown, resend_unknown=True)
    assert anew.state is DeliveryState.WAITING


def test_one_in_quarantine_is_retried_unless_it_can_find_out_by_itself() -> None:
    caught = FAILED.evolve(stage=Stage.PINNED, outcome=None, closed_at=None, quarantined_at=NOON)
    head, _ = retried(record(caught, item(DeliveryState.UPLOADING)))
    assert (head.generation, head.at_rest) == (2, False)
    at_intent = record(caught, item(DeliveryState.INTENT))
    assert_refused(at_intent, "Release it", resend_unknown=True)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"stage": Stage.PINNED, "closed_at": None}, "still under way"),
        ({"outcome": Outcome.DELIVERED, "failure": None}, "delivered already"),
    ],
)
def test_there_is_no_retry_of_what_runs_or_has_arrived(changes: dict[str, Any], words: str) -> None:
    assert_refused(record(FAILED.evolve(**changes)), words)


def test_a_retry_waits_for_the_notes_of_the_generation_before() -> None:
    assert_refused(record(FAILED, unsent=2), "2 notes", "ServiceNow")


def test_the_new_tickets_open_with_the_word_of_the_operator() -> None:
    user, audit = posts_of(record())
    assert (user.ticket, audit.ticket) == (TicketRole.USER, TicketRole.AUDIT)
    for post in (user, audit):
        assert (post.action, post.generation) == (PostAction.OPEN, 2)
        for word in ("eva@bastion", "2026-11-23 12:00:00 UTC", "the key was mended"):
            assert word in post.text
        assert "INC1 (user), INC2 (audit)" in post.text
        assert "Generation 2" in post.text


def test_they_name_the_other_tasks_of_the_item() -> None:
    first = FAILED.evolve(request=request(id="i:sc_task:1", task_number="SCTASK1"))
    held = FAILED.evolve(
        request=request(id="i:sc_task:2", task_number=""),
        stage=Stage.PINNED,
        quarantined_at=NOON,
        outcome=None,
    )
    _, changes = decisions.retry(record(), WORD, resend_unknown=False, beside=[first, held])
    for post in changes[:-1]:
        assert isinstance(post, Post)
        assert "Other tasks of the same item: SCTASK1 (failed), i:sc_task:2 (in quarantine)." in (
            post.text
        )


def test_they_are_tickets_of_their_own_and_opened_once() -> None:
    """The opening of the first step has the same key: it adds nothing to the operator's."""
    head, _ = retried(record())
    mine = posts_of(record())
    first = reports.opening(FAILED, ())
    second = reports.opening(head, ())
    assert [post.key for post in mine] == [post.key for post in second[:2]]
    for old, new in zip(first, mine, strict=False):
        assert ticket_id(old) != ticket_id(new)
        assert old.lane != new.lane


@pytest.mark.parametrize("reason", ["", "  ", "x" * 1001])
def test_a_decision_needs_a_reason(reason: str) -> None:
    with pytest.raises(Permanent) as told:
        Word(by="eva", at=datetime.now(UTC), reason=reason)
    assert told.value.code is Code.DECISION_REFUSED


def caught(**changes: Any) -> Transfer:
    claim = FAILED.evolve(
        stage=Stage.PINNED, claims=6, outcome=None, failure=None, loose_ends=(), closed_at=None
    )
    head, _ = decisions.quarantine(claim.evolve(**changes), (), NOON)
    return head


def test_a_quarantine_is_undone_by_its_release() -> None:
    before = caught().evolve(quarantined_at=None, failure=None)
    head, posts = decisions.release(record(caught()), WORD)
    assert head == before
    user, audit, event = posts
    assert isinstance(user, Post)
    assert isinstance(audit, Post)
    assert isinstance(event, Event)
    assert [user.ticket, audit.ticket] == [TicketRole.USER, TicketRole.AUDIT]
    for words in (audit.text, event.words):
        assert "eva@bastion" in words
        assert "the key was mended" in words


def test_an_earlier_failure_outlasts_quarantine_and_release() -> None:
    """It decides that nothing more is sent: an UNKNOWN file would be doubled otherwise."""
    set_aside = caught(failure=FULL, outcome=Outcome.FAILED)
    assert set_aside.failure == FULL
    assert [end.code for end in set_aside.loose_ends] == ["transfer.quarantined"]
    head, _ = decisions.release(record(set_aside), WORD)
    assert (head.failure, head.loose_ends) == (FULL, ())


def test_only_what_is_in_quarantine_is_released() -> None:
    for other in (FAILED, FAILED.evolve(stage=Stage.PINNED)):
        with pytest.raises(Permanent) as told:
            decisions.release(record(other), WORD)
        assert told.value.code is Code.DECISION_REFUSED


def test_the_note_says_how_much_has_arrived() -> None:
    files = (item(DeliveryState.PUBLISHED), item(DeliveryState.INTENT, 2))
    _, posts = decisions.quarantine(replace(caught(), claims=6), files, NOON)
    texts = [each.text for each in posts if isinstance(each, Post)]
    assert "1 of 2 files have arrived. Of 1 nobody knows yet." in texts[-1]
