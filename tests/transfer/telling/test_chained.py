"""A report is bound into the chain, whoever reports at the same time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.memory.ledger import MemoryChain
from tests.transfer.bench import Bench
from tests.transfer.test_journey import SOURCE, three_tries
from transfer.audit.chain import Entry, Link, following
from transfer.errors import ChainMoved
from transfer.journey import travel
from transfer.model import Outcome, Stage
from transfer.steps import TURNS, update_servicenow


class Hurried(MemoryChain):
    """Right after each look another host writes a link, `left` times."""

    left = 0

    def last(self, instance: str) -> Link | None:
        seen = super().last(instance)
        if self.left:
            self.left -= 1
            link = following(
                seen, instance=instance, transfer=f"{self.left}", generation=1, at="", receipt=""
            )
            self.store.append(Entry(link=link, ending="{}"))
        return seen


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.objects.put(SOURCE, b"name;pay\n")
    return bench


def hurried(bench: Bench, left: int) -> Hurried:
    chain = Hurried(bench.store)
    chain.left = left
    return chain


def test_who_comes_second_is_the_next_link(bench: Bench) -> None:
    tools = replace(bench.tools(), chain=hurried(bench, 3))
    closed = travel(bench.received(), tools, three_tries)
    assert (closed.stage, closed.loose_ends) == (Stage.CLOSED, ())
    [links] = bench.store.links.values()
    assert [link.number for link in links] == [1, 2, 3, 4]
    assert links[-1].transfer == closed.id
    [close] = [post for post in bench.posts() if post.key.endswith("audit:close")]
    assert f"number 4, hash {links[-1].hash}" in close.text
    assert f"After: {links[-2].hash}" in close.text


def test_nobody_waits_for_ever(bench: Bench) -> None:
    failed = bench.received().evolve(outcome=Outcome.CANCELLED)
    tools = replace(bench.tools(), chain=hurried(bench, TURNS))
    with pytest.raises(ChainMoved, match=r"Other reports of example\.service-now\.com are written"):
        update_servicenow(failed, tools)
    assert bench.record().transfer.stage is Stage.RECEIVED
    # The step is tried again, as after any trouble of the ledger's.
    assert update_servicenow(failed, tools).stage is Stage.REPORTED


def test_a_second_run_of_the_step_is_no_second_link_and_a_retry_is(bench: Bench) -> None:
    failed = bench.received().evolve(outcome=Outcome.CANCELLED)
    update_servicenow(failed, bench.tools())
    posts = bench.posts()
    update_servicenow(failed, bench.tools())
    assert bench.posts() == posts
    update_servicenow(failed.evolve(generation=2), bench.tools())
    [links] = bench.store.links.values()
    assert [(link.number, link.generation) for link in links] == [(1, 1), (2, 2)]
