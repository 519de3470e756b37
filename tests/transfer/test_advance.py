"""The steps one at a time, again and in any order: they end as the whole journey does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

import transfer.steps as do
from tests.transfer.bench import FINAL, Bench
from tests.transfer.made import NOON
from tests.transfer.test_journey import SOURCE, three_tries
from transfer.errors import Code, Permanent, Stopping, Transient, Waiting
from transfer.journey import ORDER, STEPS, advance, due, take_up, travel
from transfer.model import Outcome, Stage, Transfer
from transfer.steps import Step
from transfer.tools import Tools

Scene = Callable[[Bench], dict[str, Any]]


def delivered(bench: Bench) -> dict[str, Any]:
    bench.objects.put(SOURCE, b"x" * 99)
    return {}


def several(bench: Bench) -> dict[str, Any]:
    sources = tuple(f"s3://exports/payroll/{name}" for name in ("a", "b"))
    for uri in sources:
        bench.objects.put(uri, uri.encode())
    return {"sources": sources, "target": "many", "options": {"all_or_nothing": "true"}}


def rehearsed(bench: Bench) -> dict[str, Any]:
    bench.objects.put(SOURCE, b"x")
    return {"options": {"dry_run": "true"}}


def missing(_bench: Bench) -> dict[str, Any]:
    return {}


def refused(_bench: Bench) -> dict[str, Any]:
    return {"destination": "vault"}


def withdrawn(bench: Bench) -> dict[str, Any]:
    bench.objects.put(SOURCE, b"x" * 99)
    bench.consent.refusal = Permanent(Code.APPROVAL_WITHDRAWN, "Withdrawn.")
    return {}


def full(bench: Bench) -> dict[str, Any]:
    bench.objects.put(SOURCE, b"x" * 99)
    bench.remotes.capacity = 10
    return {}


SCENES: list[Scene] = [delivered, several, rehearsed, missing, refused, withdrawn, full]


def ended(bench: Bench) -> tuple[object, ...]:
    """All that people and the partner see of it."""
    record = bench.record()
    # The session and a temp's name bear the epoch, and each claim here is a new one.
    head = record.transfer.evolve(epoch=0, claims=0, session=None, failure=None)
    why = record.transfer.failure and record.transfer.failure.code
    states = [(item.number, item.final, item.state, item.moved) for item in record.deliveries]
    posts = sorted((post.key, post.outcome or "") for post in bench.posts())
    return head, why, states, posts, bench.remotes.files, bench.remotes.appeared


def carried(bench: Bench, step: Step, **asked: Any) -> Transfer:
    """As a function does it: a claim of its own, given back."""
    taken = bench.received(**asked)
    done = advance(taken, bench.tools(), step, three_tries)
    assert ORDER.index(done.stage) >= ORDER.index(taken.stage)
    bench.ledger.renew(taken, 0)
    return done


@pytest.mark.parametrize("scene", SCENES)
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(calls=st.lists(st.sampled_from(list(STEPS)), max_size=12))
def test_any_order_and_any_repetition_ends_as_the_journey_does(
    scene: Scene, calls: Sequence[Step]
) -> None:
    whole, piecewise = Bench(), Bench()
    travel(whole.received(**scene(whole)), whole.tools(), three_tries)
    asked = scene(piecewise)
    for step in (*calls, *STEPS):
        done = carried(piecewise, step, **asked) if step_is_open(piecewise) else None
    assert done is None or done.stage is Stage.CLOSED
    assert ended(piecewise) == ended(whole)


def step_is_open(bench: Bench) -> bool:
    """What is closed cannot be claimed any more."""
    return not bench.store.rows or not bench.record().transfer.finished


@pytest.mark.parametrize("stage", ORDER)
def test_no_step_sets_a_stage_back(stage: Stage) -> None:
    bench = Bench()
    delivered(bench)
    taken = bench.received().evolve(stage=stage)
    for step in STEPS:
        if not due(step, taken):
            assert advance(taken, bench.tools(), step) is taken
    assert bench.posts() == []


def test_a_failure_turns_home_from_where_it_happened() -> None:
    bench = Bench()
    failed = bench.received().failed(Permanent(Code.SOURCE_MISSING, "Gone."))
    assert [step.__name__ for step in STEPS if due(step, failed)] == ["update_servicenow"]
    reported = failed.evolve(stage=Stage.REPORTED)
    assert [step.__name__ for step in STEPS if due(step, reported)] == ["notify_user"]


def test_a_rehearsal_sends_nothing_whichever_step_comes_first() -> None:
    bench = Bench()
    asked = rehearsed(bench)
    for step in (do.validate_input, do.auth_sso, do.download_s3, do.chunked_transfer):
        done = carried(bench, step, **asked)
    assert (done.stage, done.outcome) == (Stage.DELIVERED, Outcome.REHEARSED)
    assert bench.remotes.files == {}


@pytest.mark.parametrize("word", [Stopping(), Waiting(Code.DESTINATION_BUSY, "Wait.")])
def test_a_transient_that_the_attempt_makes_a_wait_of_is_no_failure(word: Transient) -> None:
    bench = Bench()
    bench.objects.put(SOURCE, b"x")

    def later(step: Step, transfer: Transfer, tools: Tools) -> Transfer:
        del step, transfer, tools
        raise word

    taken = bench.received()
    with pytest.raises(type(word)):
        advance(taken, bench.tools(), do.validate_input, later)
    assert bench.record().transfer == taken


def test_a_retry_asks_servicenow_before_anything_else() -> None:
    bench = Bench()
    withdrawn(bench)
    taken = bench.received().evolve(generation=2)
    done = advance(taken, bench.tools(), do.validate_input)
    assert (done.outcome, bench.consent.asked, done.stage) == (Outcome.REFUSED, 1, Stage.RECEIVED)


def test_an_heir_says_once_that_it_goes_on() -> None:
    bench = Bench()
    delivered(bench)
    tools, taken = bench.tools(), bench.received()
    take_up(taken.evolve(claims=2), tools)
    assert bench.posts() == []
    late = advance(taken, tools, do.validate_input).evolve(claims=2)
    before = len(bench.posts())
    take_up(late, tools)
    take_up(late, tools)
    assert len(bench.posts()) == before + 1


def test_objects_can_be_another_store_for_one_transfer() -> None:
    """A session's credentials reach every read: nothing keeps the store of the house."""
    bench, other = Bench(), Bench()
    other.objects.put(SOURCE, b"by the session")
    tools = replace(bench.tools(), objects=other.objects)
    done = travel(bench.received(), tools, three_tries)
    assert (done.outcome, done.closed_at) == (Outcome.DELIVERED, NOON)
    assert bytes(bench.remotes.files[FINAL]) == b"by the session"
