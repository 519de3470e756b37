"""A collector is told the same figures by OTLP, the last of them at a stop."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from adapters.running.retries import retrying
from adapters.telemetry.otlp import OtelMeter
from tests.servers.collector import Collector, collecting
from tests.servers.ports import nobody
from tests.transfer.bench import Bench
from tests.transfer.test_advance import SCENES, Scene
from transfer.journey import travel
from transfer.ports import Standing


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as told:
        yield told


@pytest.mark.parametrize("scene", SCENES)
def test_each_end_is_counted_with_its_outcome(scene: Scene, collector: Collector) -> None:
    bench = Bench()
    with closing(OtelMeter(collector.endpoint, {"partner"}, 60)) as meter:
        tools = replace(bench.tools(), meter=meter)
        done = travel(bench.received(**scene(bench)), tools, retrying(1, 0.01))
    name = "partner" if done.request.destination == "partner" else "other"
    own = f"destination={name}, door=in_process"
    arrived = sum(len(data) for data in bench.remotes.files.values())
    assert collector.figures == {
        ("fileferry.transfers", f"{own}, outcome={done.outcome}"): 1,
        ("fileferry.delivered", own): arrived,
        ("fileferry.transfer.duration", own): 0,
    }


def test_retries_and_the_standing_are_told(collector: Collector) -> None:
    with closing(OtelMeter(collector.endpoint, {"partner"}, 60)) as meter:
        meter.again(Bench().received())
        meter.quarantined(Bench().received())
        meter.standing(Standing(unfinished=3, oldest=8.5))
        meter.standing(Standing(unfinished=2, oldest=9.5, calls_left=5, ledger_bytes=77, held=1))
    assert collector.figures == {
        ("fileferry.retries", "destination=partner, door=in_process"): 1,
        ("fileferry.quarantines", "destination=partner, door=in_process"): 1,
        ("fileferry.unfinished", ""): 2,
        ("fileferry.oldest_unfinished_age", ""): 9.5,
        ("fileferry.servicenow.calls_left", ""): 5,
        ("fileferry.ledger.size", ""): 77,
        ("fileferry.destinations.held", ""): 1,
    }


def test_a_collector_that_is_not_there_or_hangs_holds_no_stop_up() -> None:
    """What hangs is answered when the test is over: whoever waited for it would wait for ever."""
    with collecting(silent=True) as hanging, nobody() as port, capture_logs() as said:
        for endpoint in (hanging.endpoint, f"http://127.0.0.1:{port}"):
            meter = OtelMeter(endpoint, (), 0.2)
            meter.standing(Standing(unfinished=3))
            meter.close()
    assert {each["event"] for each in said} <= {"metrics not told"}
