"""Metrics are what CloudWatch takes; an end is counted once at most, whoever dies on the way."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from typing import NoReturn

import pytest
from structlog.testing import capture_logs

from adapters.running.retries import retrying
from adapters.telemetry.emf import Emf, printed, to_agent
from tests.adapters.telemetry.specification import metrics
from tests.transfer.bench import Bench, Crash, Fuse
from tests.transfer.test_advance import SCENES, Scene, delivered
from tests.transfer.test_journey import SOURCE
from transfer.errors import Code, Transient
from transfer.journey import travel
from transfer.model import Transfer
from transfer.ports import Standing
from transfer.tools import Tools

NOW = 1_795_000_000.0


class Book:
    """What was written, and the tools that write it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.meter = Emf(self.lines.append, {"partner"}, now=lambda: NOW)

    def tools(self, bench: Bench, fuse: Fuse | None = None) -> Tools:
        return replace(bench.tools(fuse), meter=self.meter)

    def named(self, name: str) -> dict[str, float]:
        found = [metrics(line, NOW) for line in self.lines]
        return {
            dimensions: value
            for each in found
            for (metric, dimensions), value in each.items()
            if metric == name
        }

    @property
    def ends(self) -> int:
        return sum("TransferCompleted" in line for line in self.lines)


@pytest.mark.parametrize("scene", SCENES)
def test_each_end_is_counted_with_its_outcome(scene: Scene) -> None:
    bench, book = Bench(), Book()
    done = travel(bench.received(**scene(bench)), book.tools(bench), retrying(1, 0.01))
    where = "partner" if done.request.destination == "partner" else "other"
    outcome = f"Outcome={done.outcome}"
    own = f"Destination={where}, Door=in_process"
    assert book.named("TransferCompleted") == {outcome: 1, f"{outcome}, {own}": 1}
    arrived = sum(len(data) for data in bench.remotes.files.values())
    assert book.named("BytesTransferred") == {"": arrived, own: arrived}
    assert book.named("Duration") == {"": 0, own: 0}
    assert json.loads(book.lines[-1])["Request"] == done.request.number


@pytest.mark.parametrize("after", [False, True])
def test_an_end_is_counted_once_wherever_its_owner_dies(*, after: bool) -> None:
    """Only between the ledger's last write and the count it is not counted at all."""
    quiet = Fuse()
    bench = Bench()
    travel(bench.received(**delivered(bench)), Book().tools(bench, quiet))
    uncounted = 0
    for at in range(1, quiet.calls):
        bench, book = Bench(), Book()
        asked = delivered(bench)
        with pytest.raises(Crash):
            travel(bench.received(**asked), book.tools(bench, Fuse(at, after=after)))
        if not bench.record().transfer.at_rest:
            travel(bench.received(**asked), book.tools(bench))
        assert bench.record().transfer.finished
        assert book.ends <= 1
        uncounted += book.ends == 0
    assert uncounted <= after


def test_what_is_tried_again_is_counted() -> None:
    bench, book = Bench(), Book()
    asked = delivered(bench)
    fuse = Fuse(3, error=Transient(Code.LEDGER_BUSY, "Busy."))
    travel(bench.received(**asked), book.tools(bench, fuse), retrying(3, 0.001, lambda _: None))
    assert book.named("Retries") == {"": 1, "Destination=partner, Door=in_process": 1}


def test_a_destination_that_is_none_of_ours_makes_no_metric_of_its_own() -> None:
    bench, book = Bench(), Book()
    for name in ("häfen", ":", "x" * 5000):
        asked = bench.received(id=f"i:sc_task:{len(name)}", destination=name)
        travel(asked, book.tools(bench))
    assert set(book.named("BytesTransferred")) == {"", "Destination=other, Door=in_process"}


def test_a_ledger_that_falls_silent_then_costs_the_bytes_alone() -> None:
    def silent() -> NoReturn:
        raise Transient(Code.LEDGER_UNAVAILABLE, "Away.")

    book = Book()
    book.meter.ended(closed(), silent)
    assert book.named("BytesTransferred")[""] == 0
    assert book.ends == 1


def closed() -> Transfer:
    bench = Bench()
    bench.objects.put(SOURCE, b"x")
    return travel(bench.received(), bench.tools())


def test_what_waits_is_a_metric_without_dimensions() -> None:
    book = Book()
    book.meter.standing(Standing(unfinished=7))
    assert book.named("QueueDepth") == {"": 7}


def test_a_meter_that_cannot_write_breaks_no_work_and_says_so_once() -> None:
    def full(_: str) -> None:
        raise BlockingIOError

    meter = Emf(full, ())
    with capture_logs() as said:
        meter.standing(Standing(unfinished=1))
        meter.standing(Standing(unfinished=2))
    assert [each["error"] for each in said] == ["BlockingIOError"]


def test_functions_print_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    meter = Emf(printed, ())
    meter.standing(Standing(unfinished=3))
    told = capsys.readouterr().out
    assert told.count("\n") == 1
    assert json.loads(told)["QueueDepth"] == 3


def test_the_agent_hears_it_and_nobody_else_is_missed() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as agent:
        agent.settimeout(60)
        agent.bind(("127.0.0.1", 0))
        port = agent.getsockname()[1]
        Emf(to_agent(port), (), "FileFerry").standing(Standing(unfinished=5))
        heard = json.loads(agent.recv(65_536))
    assert (heard["_aws"]["LogGroupName"], heard["QueueDepth"]) == ("FileFerry", 5)
    Emf(to_agent(port), ()).standing(Standing(unfinished=6))
