"""More than a thousand unapproved, altered and foreign requests, through both doors: not one byte
leaves the house, and each is refused or waits, with its code and its words.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.intake.links import BREAKS, WAITS, Break, pairs
from tests.intake.town import Town
from tests.sweeps import tell
from transfer.errors import Code
from transfer.model import Outcome, Stage
from transfer.telling.document import NAME
from transfer.tickets import PostAction, TicketRole

CASES = list(pairs())
LIES: dict[str, Any] = {
    "approved": True,
    "approval": "approved",
    "approver": "carla.moss",
    "state": "3",
    "source": "s3://exports/payroll/1.csv",
    "destination": "partner",
    "requester": "anna.berg",
}
MEANWHILE = (Code.REQUEST_ALTERED, Code.APPROVAL_WITHDRAWN)


def town_of(cases: Sequence[tuple[Break, ...]]) -> Town:
    town = Town()
    for number, case in enumerate(cases):
        spoilt = {name: value for each in case for name, value in each.fields.items()}
        town.order(number, **{"requester": "anna.berg", **spoilt})
    return town


def by_poll(town: Town, cases: Sequence[tuple[Break, ...]]) -> None:
    del cases
    town.runs(61)


def by_hint(town: Town, cases: Sequence[tuple[Break, ...]]) -> None:
    for number in range(len(cases)):
        for more in ({}, LIES):
            body = {"version": 1, "task": f"{number:032x}", **more}
            town.queue.send(json.dumps(body), "")
    while len(town.queue):
        town.hints.round()
    town.runs(20)


@pytest.mark.parametrize("door", [by_poll, by_hint])
def test_none_of_a_thousand_broken_chains_moves_a_byte(door: Any) -> None:
    town = town_of(CASES)
    with capture_logs():
        door(town, CASES)
        assert town.carrier.drain(60.0)
    assert len(CASES) > 500
    assert town.bench.remotes.files == {}
    assert town.bench.remotes.logins == 0
    assert town.bench.remotes.opened == []
    for number, case in enumerate(CASES):
        _is_answered(town, number, case)
    assert town.ruin == []
    tell(f"{door.__name__}: {len(CASES):,} broken chains, {town.bench.remotes.logins} logins")


def _is_answered(town: Town, number: int, case: tuple[Break, ...]) -> None:
    """By the code of a link that is broken, on the ledger, the tickets and in the document."""
    codes = {each.code for each in case}
    task = f"example.service-now.com:sc_task:{number:032x}"
    row = town.bench.store.rows.get(task)
    if row is None:
        assert codes & WAITS, [each.name for each in case]
        notes = town.desk.cards[f"{number:032x}"].notes
        assert any(f"({code})" in note for code in codes for note in notes)
        return
    ended = row.transfer
    assert ended.stage is Stage.CLOSED
    assert ended.outcome in (Outcome.REFUSED, Outcome.CANCELLED)
    assert ended.failure
    assert ended.failure.code in codes
    closing = [
        item.post
        for item in town.bench.store.posts_of[task]
        if item.post.action is PostAction.CLOSE
    ]
    assert {post.ticket for post in closing} == set(TicketRole)
    assert all(ended.failure.code in post.text for post in closing)
    audit = town.desk.cards[f"{task}#1:audit"]
    assert audit.closed
    [(name, content)] = audit.files
    assert name == NAME
    assert json.loads(content)["failure"]["code"] == ended.failure.code


@pytest.mark.parametrize("broken", BREAKS, ids=lambda each: each.name)
def test_each_broken_link_has_its_own_code(broken: Break) -> None:
    town = town_of([(broken,)])
    with capture_logs():
        town.runs(3)
    told = [item.post.text for item in town.bench.store.posts.values()]
    assert any(broken.code in text for text in told)
    assert {each.failure.code for each in town.transfers() if each.failure} <= {broken.code}
    assert bool(town.transfers()) is (broken.code not in WAITS)


def test_a_link_that_breaks_while_the_file_is_under_way_stops_the_publish() -> None:
    """Every link once more, broken between the last byte and the final name.

    Since when the same people ask counts when it is taken up; then the fingerprint tells who asks.
    """
    for broken in (each for each in BREAKS if "asked_since" not in each.fields):
        town = Town()

        def spoil(verb: str, path: str, place: int, town: Town = town, it: Break = broken) -> None:
            del path, place
            if verb == "finish":
                town.order(1, **{"requester": "anna.berg", **it.fields})

        town.order(1, requester="anna.berg")
        town.bench.remotes.hooks.append(spoil)
        with capture_logs():
            town.runs(40)
        assert town.appeared() == {}, broken.name
        [ended] = town.transfers()
        assert ended.outcome is not Outcome.DELIVERED
        assert ended.failure
        assert ended.failure.code in (broken.code, *MEANWHILE), broken.name


def test_the_same_chain_unbroken_is_carried() -> None:
    town = town_of([()])
    town.runs(3)
    assert town.appeared() == {"/inbox/0.csv": 1}
