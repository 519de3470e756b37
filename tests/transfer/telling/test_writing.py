"""One line of a ticket is one line, whatever a requester or a server put into it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from tests.transfer.made import NOON, evidence
from tests.transfer.telling.hostile import HARM, hostile, innocent
from transfer import decisions
from transfer.books import Record
from transfer.decisions import Word
from transfer.errors import Code, Transient
from transfer.model import Outcome
from transfer.telling import document, notes, reports
from transfer.tickets import Post, PostAction

WORD = Word(by="anna@bastion", at=NOON, reason="mended")


def retried(record: Record) -> list[Post]:
    settled = replace(record, transfer=record.transfer.evolve(quarantined_at=None), unsent=0)
    _, changes = decisions.retry(settled, WORD, resend_unknown=True, beside=[record.transfer])
    return [each for each in changes if isinstance(each, Post)]


def quarantined(record: Record) -> list[Post]:
    _, changes = decisions.quarantine(record.transfer, record.deliveries, NOON)
    return [each for each in changes if isinstance(each, Post)]


def refused(record: Record) -> list[Post]:
    """Before there was any delivery: the words of the order stand on the tickets as they came."""
    return reports.ending(record.transfer.evolve(outcome=Outcome.REFUSED), (), NOON)


WRITTEN: dict[str, Callable[[Record], Sequence[Post]]] = {
    "opening": lambda it: reports.opening(it.transfer, it.deliveries),
    "refused": refused,
    "ending": lambda it: reports.ending(it.transfer, it.deliveries, NOON, "Withdrawn."),
    "started": lambda it: notes.started(it.transfer, it.deliveries),
    "progress": lambda it: [notes.progress(it.transfer, it.deliveries[:1], 1)],
    "restarted": lambda it: [notes.restarted(it.transfer, it.deliveries[0], it.last_error or "")],
    "queued": lambda it: [notes.queued(it.transfer, it.transfer)],
    "rehearsal": lambda it: [notes.rehearsal(it.transfer, [it.last_error or ""], NOON)],
    "quarantine": quarantined,
    "retry": retried,
}


@pytest.mark.parametrize("what", WRITTEN)
def test_no_value_adds_a_line_or_a_hidden_character_to_a_ticket(what: str) -> None:
    good, bad = WRITTEN[what](innocent()), WRITTEN[what](hostile())
    assert good
    for honest, forged in zip(good, bad, strict=True):
        assert len(forged.text.split("\n")) == len(honest.text.split("\n"))
        assert not any(line.startswith("Approved by: mallory") for line in forged.text.split("\n"))
        for text in (forged.text, forged.title, forged.comment):
            assert not any(mark in text for mark in HARM)
        assert "\n" not in forged.title + forged.comment


def test_a_note_on_a_task_that_waits_is_one_line() -> None:
    why = Transient(Code.APPROVAL_PENDING, "Nobody has\ndecided\x1b yet.")
    assert notes.waiting(evidence(), why).text.isprintable()


def test_a_receipt_is_json_that_shows_nothing_but_what_is_seen() -> None:
    record = hostile()
    (head,) = [
        post.text
        for post in reports.ending(record.transfer, record.deliveries, NOON)
        if post.action is PostAction.ATTACH
    ]
    content = document.document(head, record.transfer, record.deliveries)
    assert content.decode().removesuffix("\n").isprintable()
    told = json.loads(content)
    assert told["request"]["destination"] == record.transfer.request.destination.replace(
        "\ud800", "?"
    )
