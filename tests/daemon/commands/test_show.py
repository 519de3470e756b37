"""What `status`, `show` and `send` print of a record that others have filled."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from adapters.terminal import Terminal
from daemon.commands import show, status, survey_show
from tests.transfer.telling.hostile import HARM, NASTY, hostile, innocent
from transfer.books import Record
from transfer.model import DeliveryState, Failure, Sharing

SHOWN: dict[str, Callable[[Record, Terminal, bool], None]] = {
    "status": lambda it, out, json: status.show(ledger_alone(it), out, json=json),
    "show": lambda it, out, json: show.details(it, out, json=json),
    "send": lambda it, out, json: show.receipt(it, out, json=json),
    "quarantine list": lambda it, out, json: show.quarantined([it.transfer], out, json=json),
}


def ledger_alone(record: Record) -> status.Picture:
    return status.Picture(service=None, why=None, running=False, records=[record])


def printed(what: str, record: Record, *, json: bool = False) -> str:
    stream = io.StringIO()
    SHOWN[what](record, Terminal(file=stream, width=10_000), json)
    return stream.getvalue()


@pytest.mark.parametrize("what", SHOWN)
def test_no_value_steers_the_terminal_or_adds_a_line(what: str) -> None:
    forged, honest = printed(what, hostile()), printed(what, innocent())
    assert "mallory" in forged
    assert not any(mark in forged for mark in HARM)
    assert forged.count("\n") == honest.count("\n")
    assert forged.replace("\n", "").isprintable()


@pytest.mark.parametrize("what", SHOWN)
def test_json_is_valid_and_escapes_what_steers(what: str) -> None:
    text = printed(what, hostile(), json=True)
    assert text.replace("\n", "").isprintable()
    assert "\\u009b" in text
    assert NASTY in texts(json.loads(text)), "a program gets the value as it is"


def texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [text for item in value for text in texts(item)] if isinstance(value, list) else []


def test_what_an_instance_has_said_steers_neither_terminal_nor_report() -> None:
    finding = {"name": "log in", "verdict": "ok", "text": NASTY, "advice": NASTY}
    shown = {
        "good": True,
        "instance": NASTY,
        "checked_at": "now",
        "calls": 1,
        "findings": [finding],
        "tickets": [],
    }
    stream = io.StringIO()
    survey_show.show(shown, Terminal(file=stream, width=10_000), json=False)
    for text in (stream.getvalue(), survey_show.markdown(shown)):
        assert not any(mark in text for mark in HARM)
        assert not any(line.startswith("Approved by") for line in text.split("\n"))


def test_show_says_why_a_file_failed_while_the_others_still_move() -> None:
    record = innocent()
    failure = Failure(code="remote.exists", message="The name is taken.", action="Ask.")
    one = record.deliveries[0].evolve(receipt=None, failure=failure)
    said = printed("show", replace(record, deliveries=(one,)))
    assert "  Failure [remote.exists]: The name is taken. Ask." in said


@pytest.mark.parametrize(
    ("last", "open_", "said"),
    [
        (True, True, "4 of up to 2 files: 1 done, 2 under way, 1 to come"),
        (False, True, "4 of up to 2 files: 2 done, 1 under way, 1 to come (to be verified first"),
        (True, False, "4 of up to 2 files: 1 done, 2 begun, 1 to come"),
    ],
)
def test_show_says_how_far_the_shards_are(last: bool, open_: bool, said: str) -> None:
    record = innocent()
    states = [DeliveryState.PUBLISHED] * 2 + [DeliveryState.VERIFIED, DeliveryState.PUBLISHED]
    states += [DeliveryState.UPLOADING] + [DeliveryState.PINNED] * 2
    one = record.deliveries[0]
    files = tuple(one.evolve(number=at, state=state) for at, state in enumerate(states, 1))
    sharing = Sharing(size=2, numbers=(0, 1, 2, 3), opened=3, last=last, open=open_)
    head = record.transfer.evolve(sharing=sharing)
    assert said in printed("show", replace(record, transfer=head, deliveries=files))
    assert "Shards" not in printed("show", record)
