"""What a payload of the ECC queue may say, and that nothing in it is ever opened or unfolded."""

from __future__ import annotations

import random

import pytest

from transfer.errors import Code, FerryError, Permanent
from transfer.request.hints import RequestHint, TaskHint
from transfer.request.parameters import LARGEST, read


def payload(**values: str) -> str:
    rows = "".join(f'<parameter name="{name}" value="{text}"/>' for name, text in values.items())
    return f"<parameters>{rows}</parameters>"


def test_it_names_a_number_or_a_task() -> None:
    assert read(payload(request="RITM0010001")).hints == (RequestHint(number="RITM0010001"),)
    assert read(payload(task="7" * 32)).hints == (TaskHint(task_id="7" * 32),)


def test_a_head_and_blanks_are_fine() -> None:
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    body = '<parameters>\n <parameter name="request" value="REQ0010001"></parameter>\n</parameters>'
    assert read(head + body).hints == (RequestHint(number="REQ0010001"),)


def test_everything_else_in_it_is_ignored() -> None:
    reading = read(payload(request="RITM0010001", approved="true", Message="{}", Type="x"))
    assert reading.hints == (RequestHint(number="RITM0010001"),)
    assert reading.ignored == ("“Message”", "“Type”", "“approved”")


BOMB = (
    '<!DOCTYPE a [<!ENTITY x "RITM0010001"><!ENTITY y "&x;&x;&x;&x;&x;&x;&x;&x;">]>'
    '<parameters><parameter name="request" value="&y;"/></parameters>'
)
OUTSIDE = (
    '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    "<parameters><parameter>&x;</parameter></parameters>"
)
WRONG = [
    "",
    " ",
    "{}",
    "RITM0010001",
    "<parameters>",
    "<parameters/>",
    "<see_attachment/>",
    '<parameter name="request" value="RITM0010001"/>',
    "<parameters><parameters/></parameters>",
    '<parameters><parameter name="request"/></parameters>',
    '<parameters><parameter name="request" value="&undefined;"/></parameters>',
    '<a:parameters xmlns:a="b"><parameter name="request" value="RITM0010001"/></a:parameters>',
    payload(request="RITM0010001", task="7" * 32),
    payload(request="RITM0010001^ORactive=true"),
    payload(request="INC0010001"),
    payload(request=""),
    payload(other="RITM0010001"),
    payload(Records="[]"),
    payload(request="RITM0010001").replace("</", '<parameter name="request" value="x"/></'),
    payload(request="RITM0010001\x00"),
    payload(request="RITM001000\ud800"),
    payload(request="RITM0010001", filler="x" * LARGEST),
    "<a>" * 20_000,
    "<!DOCTYPE a>" + payload(request="RITM0010001"),
    BOMB,
    OUTSIDE,
]


@pytest.mark.parametrize("text", WRONG)
def test_what_is_anything_else_is_malformed(text: str) -> None:
    with pytest.raises(Permanent) as caught:
        read(text)
    assert caught.value.code is Code.HINT_MALFORMED


def test_no_entity_is_ever_unfolded() -> None:
    for text, said in ((BOMB, "document type"), (OUTSIDE, "document type")):
        with pytest.raises(Permanent, match=said):
            read(text)


def test_thousands_of_wrong_payloads_crash_nothing() -> None:
    dice = random.Random(7)  # noqa: S311
    good = payload(request="RITM0010001", note="&lt;a&gt;")
    letters = [*map(chr, range(1, 127)), "é", "\ud800", "😀", "<!ENTITY", "&x;"]
    codes = set()
    for _ in range(5_000):
        text = list(good)
        for _ in range(dice.randrange(1, 5)):
            text[dice.randrange(len(text))] = dice.choice(letters)
        try:
            read("".join(text))
        except FerryError as error:
            codes.add(error.code)
    assert codes == {Code.HINT_MALFORMED}
