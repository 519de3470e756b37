"""A chain holds, or its first break has a name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from transfer.audit.chain import (
    FIRST,
    Link,
    Signature,
    following,
    forgets,
    instance_of,
    mark,
    marks_of,
)
from transfer.audit.proof import Fault, Found, walked

SIGNED = Signature(algorithm="Ed25519", key="k" * 64, value="")


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def chain(count: int = 5, signed: Sequence[int] = ()) -> list[Found]:
    links: list[Link] = []
    for number in range(1, count + 1):
        link = following(
            links[-1] if links else None,
            instance="dev.example",
            transfer=f"dev.example:sc_task:{number}",
            generation=1,
            at=f"2026-11-23T12:00:0{number}.000000+00:00",
            receipt=digest(str(number)),
        )
        links.append(replace(link, signature=SIGNED if number in signed else None))
    return [Found(link=link, content=link.receipt) for link in links]


def altered(found: Found, **changes: Any) -> Found:
    return replace(found, link=replace(found.link, **changes))


def test_a_whole_chain_holds() -> None:
    verdict = walked(chain(), whole=True)
    assert verdict.holds
    assert (verdict.links, verdict.contents, verdict.signed) == (5, 5, 0)
    assert verdict.first
    assert verdict.last
    assert (verdict.first.number, verdict.first.previous, verdict.last.number) == (1, FIRST, 5)


def test_what_nobody_has_any_more_is_proven_by_the_hashes_alone() -> None:
    whole = chain()
    verdict = walked([*(Found(link=each.link) for each in whole[:3]), *whole[3:]], whole=True)
    assert (verdict.holds, verdict.links, verdict.contents) == (True, 5, 2)


def test_an_empty_chain_holds() -> None:
    verdict = walked([], whole=True)
    assert (verdict.holds, verdict.links, verdict.last) == (True, 0, None)


BREAKS: dict[str, tuple[Callable[[list[Found]], list[Found]], Fault, int]] = {
    "a field": (lambda it: [it[0], altered(it[1], at="2020"), *it[2:]], Fault.ALTERED, 2),
    "the hash": (lambda it: [*it[:4], altered(it[4], hash="0" * 64)], Fault.ALTERED, 5),
    "a field, with its hash": (
        lambda it: [it[0], _resealed(it[1], transfer="x"), *it[2:]],
        Fault.REPLACED,
        3,
    ),
    "the receipt": (
        lambda it: [*it[:2], replace(it[2], content=digest("other")), *it[3:]],
        Fault.CONTENT,
        3,
    ),
    "one taken out": (lambda it: [*it[:2], *it[3:]], Fault.MISSING, 3),
    "the first taken out": (lambda it: it[1:], Fault.MISSING, 1),
    "two exchanged": (lambda it: [it[0], it[2], it[1], *it[3:]], Fault.MISSING, 2),
    "one more": (lambda it: [*it[:3], _resealed(it[2], at="later"), *it[3:]], Fault.TWICE, 3),
    "a transfer": (
        lambda it: [it[0], Found(link=it[1].link, gone=True), *it[2:]],
        Fault.GONE,
        2,
    ),
    "another first": (lambda it: [_resealed(it[0], previous="1" * 64)], Fault.ALTERED, 1),
    "another ledger": (
        lambda it: [it[0], _resealed(it[1], ledger="x"), *it[2:]],
        Fault.REPLACED,
        2,
    ),
}


@pytest.mark.parametrize("kind", BREAKS)
def test_the_first_break_is_named(kind: str) -> None:
    harm, fault, number = BREAKS[kind]
    verdict = walked(harm(chain()), whole=True)
    assert verdict.broken
    assert (verdict.broken.fault, verdict.broken.number) == (fault, number)
    assert verdict.broken.words.endswith(".")
    assert verdict.broken.means.endswith(".")
    assert verdict.links == (verdict.last.number if verdict.last else 0)


def test_every_field_is_under_the_hash() -> None:
    link = chain(1)[0].link
    fields = ("instance", "ledger", "number", "previous", "transfer", "generation", "at", "receipt")
    for name in fields:
        value = getattr(link, name)
        change: dict[str, Any] = {name: value + 1 if isinstance(value, int) else f"{value}x"}
        other = replace(link, **change)
        assert other.right_hash != link.hash


def test_a_part_of_a_chain_holds_for_itself() -> None:
    verdict = walked(chain()[2:], whole=False)
    assert verdict.holds
    assert verdict.first
    assert verdict.first.number == 3


@pytest.mark.parametrize(("head", "there"), [(3, True), (5, True), (6, False)])
def test_the_head_of_a_ticket_has_to_be_there(head: int, there: bool) -> None:
    mine = chain(6)
    verdict = walked(mine[:5], whole=True, head=mine[head - 1].link.hash)
    assert (verdict.head, verdict.holds) == (there, there)
    assert there or (verdict.broken and verdict.broken.fault is Fault.HEAD)


def test_a_signature_vouches_for_all_before_it() -> None:
    verdict = walked(chain(5, signed=(2, 5)), whole=True, check=lambda _: "")
    assert (verdict.holds, verdict.signed, verdict.signed_to) == (True, 2, 5)


@pytest.mark.parametrize(("signed", "from_"), [((), 1), ((1, 3), 4)])
def test_what_no_signature_vouches_for_is_named(signed: Sequence[int], from_: int) -> None:
    verdict = walked(chain(5, signed), whole=True, check=lambda _: "")
    assert verdict.broken
    assert (verdict.broken.fault, verdict.broken.number) == (Fault.UNSIGNED, from_)


def test_a_signature_that_does_not_fit_is_a_break() -> None:
    check = {2: "is of another key"}
    found = chain(3, signed=(1, 2, 3))
    verdict = walked(found, whole=True, check=lambda link: check.get(link.number, ""))
    assert verdict.broken
    assert (verdict.broken.fault, verdict.broken.number) == (Fault.SIGNATURE, 2)
    assert "is of another key" in verdict.broken.words


def test_a_link_is_read_back_from_what_is_shown() -> None:
    for found in chain(2, signed=(2,)):
        assert Link.read(found.link.shown()) == found.link


@pytest.mark.parametrize(
    "change",
    [
        {"format": "fileferry-chain/2"},
        {"number": "1"},
        {"number": True},
        {"hash": None},
        {"signature": {"algorithm": "Ed25519"}},
        {"signature": "x"},
    ],
)
def test_what_is_no_link_is_not_read_as_one(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"^its "):
        Link.read(chain(1)[0].link.shown() | change)


AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("transfer", "days", "garbled", "excused"),
    [
        ("dev.example:sc_task:1", 400, "", True),
        ("dev.example:sc_task:1", 399, "", False),
        ("dev.example:sc_task:2", 400, "", False),
        ("dev.example:sc_task:1", 401, "", False),
        ("dev.example:sc_task:1", 400, "yesterday", False),
        ("dev.example:sc_task:1", 400, "2026-11-23T12:00:00", False),
    ],
    ids=["in time", "too early", "of another", "in the future", "no time", "of no zone"],
)
def test_a_mark_excuses_what_was_old_enough(
    transfer: str, days: int, garbled: str, *, excused: bool
) -> None:
    link = replace(chain(1)[0].link, at=(AT - timedelta(days=days)).isoformat())
    marked = mark(None, link, AT)
    assert (marked.instance, marked.right_hash) == (marks_of(link.instance), marked.hash)
    told = replace(marked, transfer=transfer, at=garbled or marked.at)
    now = AT - timedelta(seconds=1) if days > 400 else AT
    assert forgets(told, link, now) is excused


@pytest.mark.parametrize(
    ("key", "instance"),
    [
        ("dev.example:sc_task:1", "dev.example"),
        ("127.0.0.1:8443:sc_task:1", "127.0.0.1:8443"),
        ("dev.example:u_standing:1:2", "dev.example"),
        ("flood", "flood"),
    ],
)
def test_the_instance_begins_the_id(key: str, instance: str) -> None:
    assert instance_of(key) == instance


def _resealed(found: Found, **changes: Any) -> Found:
    link = replace(found.link, **changes).sealed()
    return Found(link=link, content=found.content)
