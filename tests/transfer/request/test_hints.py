"""What a message may say, and what no message can do: crash the reader, or say more than a name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transfer.request.messages import eventbridge, sns, wrong
from transfer.errors import Code, Permanent
from transfer.request.hints import Reading, RequestHint, TaskHint, read, write

TASK = "0123456789abcdef" * 2
OWN = {"version": 1, "request": "RITM0010001"}
RITM = RequestHint(number="RITM0010001")
READ_CODES = {Code.HINT_MALFORMED, Code.NAME_REFUSED, Code.SOURCE_MALFORMED}


def reading(content: Any) -> Reading:
    return read(json.dumps(content))


def refusal(body: str | bytes) -> Permanent:
    with pytest.raises(Permanent) as raised:
        read(body)
    assert raised.value.message.endswith(".")
    assert len(str(raised.value)) < 400
    return raised.value


@pytest.mark.parametrize("number", ["RITM0010001", "REQ0010001", "SCTASK0010001"])
def test_a_number_is_a_hint(number: str) -> None:
    assert reading({"version": 1, "request": number}).hints == (RequestHint(number=number),)


def test_a_sys_id_is_a_hint() -> None:
    assert reading({"version": 1, "task": TASK}).hints == (TaskHint(task_id=TASK),)


@pytest.mark.parametrize("text", ["RITM0010001", TASK])
def test_what_is_written_reads_as_itself(text: str) -> None:
    [hint] = read(write(text)).hints
    assert hint in (RequestHint(number=text), TaskHint(task_id=text))


@pytest.mark.parametrize("text", ["", "INC0010001", "ritm0010001", TASK.upper(), "RITM1\n"])
def test_what_names_no_record_is_not_written(text: str) -> None:
    with pytest.raises(Permanent):
        write(text)


def test_fields_beside_the_name_are_named_and_ignored() -> None:
    said = reading(OWN | {"approved": True, "destination": "x\ny", "note": {"approved": 1}})
    assert said == Reading(hints=(RITM,), ignored=("“approved”", "“destination”"))


@pytest.mark.parametrize(
    "content",
    [
        {},
        [],
        "RITM0010001",
        None,
        {"version": 1},
        {"request": "RITM0010001"},
        {"version": 2, "request": "RITM0010001"},
        {"version": "1", "request": "RITM0010001"},
        {"version": True, "request": "RITM0010001"},
        OWN | {"task": TASK},
        {"version": 1, "request": 10001},
        {"version": 1, "request": ["RITM0010001"]},
        {"version": 1, "request": "RITM0010001^ORactive=true"},
        {"version": 1, "request": " RITM0010001"},
        {"version": 1, "request": "RITM٠٠١٠٠٠١"},
        {"version": 1, "task": TASK + "\n"},
        {"version": 1, "task": TASK.upper()},
    ],
)
def test_what_names_no_record_is_malformed(content: Any) -> None:
    assert refusal(json.dumps(content)).code is Code.HINT_MALFORMED


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("[" * 100_000, "levels"),
        ("[" * 100_000 + "]" * 100_000, "levels"),
        ('{"version":1,"request":"RITM0010001","note":' + "[" * 9 + "]" * 9 + "}", "levels"),
        ('{"version":' + "1" * 5_000 + "}", "digits"),
        ('{"version":1,"version":1,"request":"RITM0010001"}', "twice"),
        ('{"version":1,"request":"RITM0010001","note":{"a":1,"a":2}}', "twice"),
        ('{"version":1,"request":"RITM0010001","note":NaN}', "NaN"),
        ('{"version":1,"request":"RITM0010001","note":-Infinity}', "NaN"),
        ('{"version":1,"request":"RITM0010001","note":1e999}', "too large"),
        ('{"version":1,"request":"RITM0010001","note":"\\ud800"}', "surrogate"),
        ('{"version":1,"request":"RITM0010001","\\udfff":1}', "surrogate"),
        ('\ufeff{"version":1,"request":"RITM0010001"}', "byte order mark"),
        (b"\xff\xfe{\x00", "UTF-8"),
        ("\ud800", "UTF-8"),
        ('"' + "a" * 262_144 + '"', "262,144 is the most"),
        ("ß" * 131_073, "262,144 is the most"),
        ('{"version":1,"request":"RITM0010001"} {}', "not JSON"),
        ("{'version':1}", "not JSON"),
        ('{"version":1,"request":"RITM\n"}', "not JSON"),
        ("", "not JSON"),
        ("\0", "not JSON"),
    ],
)
def test_a_bomb_is_refused_with_its_reason(body: str | bytes, words: str) -> None:
    error = refusal(body)
    assert error.code is Code.HINT_MALFORMED
    assert words in error.message


def test_the_longest_message_is_read() -> None:
    room = 262_144 - len(json.dumps(OWN | {"note": ""}))
    body = json.dumps(OWN | {"note": "x" * room})
    assert len(body) == 262_144
    assert read(body).hints == (RITM,)


@pytest.mark.parametrize(
    "content",
    [
        sns(OWN),
        eventbridge(OWN),
        sns(sns(OWN)),
        sns(eventbridge(OWN)),
        eventbridge(sns(OWN)),
        sns(sns(sns(OWN))),
    ],
)
def test_envelopes_are_opened(content: Any) -> None:
    assert reading(content) == Reading(hints=(RITM,))


@pytest.mark.parametrize(
    "content",
    [
        sns(sns(sns(sns(OWN)))),
        eventbridge(eventbridge(eventbridge(eventbridge(OWN)))),
        sns(OWN) | {"Type": "SubscriptionConfirmation"},
        sns(OWN) | {"Message": OWN},
        sns(OWN) | {"Message": "[" * 50_000},
        {"Type": "Notification"},
        {"TopicArn": "arn:aws:sns:eu-central-1:123456789012:t"},
        eventbridge(OWN) | {"detail": None},
        eventbridge(OWN) | {"detail": [OWN]},
    ],
)
def test_an_odd_envelope_is_malformed(content: Any) -> None:
    assert refusal(json.dumps(content)).code is Code.HINT_MALFORMED


def test_a_name_beside_an_envelope_wins() -> None:
    assert reading(sns({"nothing": 1}) | OWN).hints == (RITM,)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
ENVELOPE = ["Type", "TopicArn", "Message", "detail", "detail-type", "source", "Event", "Records"]
FIELDS = st.sampled_from(["version", "request", "task", "note", *ENVELOPE])


def is_read_or_refused(body: str | bytes) -> bool:
    try:
        said = read(body)
    except Permanent as error:
        return error.code in READ_CODES and bool(str(error).encode())
    return bool(said.hints or said.remark)


@settings(max_examples=500)
@given(st.binary(max_size=300) | st.text(max_size=300) | JSON.map(json.dumps))
def test_whatever_comes_is_read_or_refused(body: str | bytes) -> None:
    assert is_read_or_refused(body)


@settings(max_examples=500)
@given(st.dictionaries(FIELDS, JSON | st.just(1) | st.just(OWN) | st.just(json.dumps(OWN))))
def test_whatever_stands_in_the_known_fields_is_read_or_refused(content: dict[str, Any]) -> None:
    assert is_read_or_refused(json.dumps(content))


def test_thousands_of_wrong_messages_are_read_or_refused() -> None:
    assert all(map(is_read_or_refused, wrong(5_000, seed=1)))
