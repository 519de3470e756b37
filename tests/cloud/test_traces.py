"""One trace from the hint to the publish, over both doors, and nothing in it that is secret."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from adapters.memory.books import memory_books
from adapters.memory.executions import MemoryExecutions
from adapters.telemetry.traces import LEFT_ALONE, OtelTracer, TracedAuthority
from daemon.second_door import SecondDoor
from tests.cloud import door as cloud
from tests.daemon.door import Door
from tests.servers.collector import Collector, Told, collecting
from tests.servers.ports import nobody
from tests.transfer.bench import Bench
from tests.transfer.made import DESTINATIONS, evidence
from tests.transfer.test_advance import delivered
from tests.transfer.test_journey import SOURCE, three_tries
from transfer.errors import Code, Permanent
from transfer.journey import STEPS, travel
from transfer.model import Outcome, Transfer
from transfer.ports import Message
from transfer.tools import Tools

TRACE = "6563c0de0123456789abcdef01234567"
SENDER = "53995c3f42cd8ad8"
HEADER = f"Root=1-{TRACE[:8]}-{TRACE[8:]};Parent={SENDER};Sampled=1"
CANARY = "c4n4ry"
SAID = {
    f"fileferry.{name}"
    for name in (
        *("number", "destination", "bytes", "file"),
        *("outcome", "failure", "code", "tries"),
    )
}


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as made:
        yield made


def tracer_of(collector: Collector, here: str = "") -> OtelTracer:
    return OtelTracer(collector.endpoint, {"partner"}, 60.0, lambda: here)


def traced(tools: Tools, tracer: OtelTracer) -> Tools:
    authority = TracedAuthority(tools.authority, tracer)
    return replace(tools, tracer=tracer, authority=authority)


def hinted(tracer: OtelTracer, header: str) -> Transfer:
    """The head in the ledger after a message about its order."""
    task = evidence()
    door = Door(tracer=tracer)
    door.inbox.put(task)
    body = json.dumps({"version": 1, "request": task.item_number})
    door.queue.instead = lambda: [Message(id="1", body=body, trace=header)]
    door.hints.round()
    [record] = door.archive.search()
    return record.transfer


def claimed(bench: Bench, head: Transfer) -> Transfer:
    bench.objects.put(SOURCE, b"x" * 99)
    bench.ledger.admit(head)
    taken = bench.ledger.claim(head.id)
    assert taken
    return taken


def above(told: Collector, span: Told) -> list[str]:
    """The names of what it is part of, the nearest first."""
    known = {each.span: each for each in told.spans}
    names = []
    while (span := known.get(span.parent, span)).span not in names:
        names.append(span.span)
        if span.parent not in known:
            break
    return [known[each].name for each in names]


@pytest.mark.parametrize("header", [HEADER, ""])
def test_in_process_one_trace_leads_from_the_hint_to_the_publish(
    collector: Collector, header: str
) -> None:
    bench = Bench()
    with closing(tracer_of(collector)) as tracer:
        head = hinted(tracer, header)
        done = travel(claimed(bench, head), traced(bench.tools(), tracer), three_tries)
    assert done.outcome is Outcome.DELIVERED
    steps = {step.__name__ for step in STEPS} - {"chunked_transfer"}
    assert collector.names() == {"hint", "crossing", "publish", "servicenow approval"} | steps
    assert len({each.trace for each in collector.spans}) == 1
    hint = collector.only("hint")
    assert (hint.trace == TRACE, hint.parent) == (bool(header), SENDER if header else "")
    assert above(collector, collector.only("publish")) == ["crossing", "transfer_ftp", "hint"]
    asked = [each for each in collector.spans if each.name == "servicenow approval"]
    assert "publish" in {above(collector, each)[0] for each in asked}


def test_the_second_door_goes_on_with_the_same_trace(collector: Collector) -> None:
    lambdas = "a" * 16
    with closing(tracer_of(collector, HEADER.replace(SENDER, lambdas))) as tracer:
        door = cloud.Door(traced=lambda tools: traced(tools, tracer))
        begun = door.routed(claimed(door.bench, hinted(tracer, HEADER)))
        executions = MemoryExecutions()
        second = SecondDoor(
            executions=executions,
            books=memory_books(door.bench.store),
            destinations=DESTINATIONS,
            door=cloud.DIGEST,
        )
        second.start(begun)
        done = door.run(begun)
    assert done.status == "SUCCEEDED"
    assert f"Root=1-{TRACE[:8]}-{TRACE[8:]};" in executions.traces[begun.execution or ""]
    assert {each.trace for each in collector.spans} == {TRACE}
    assert {each.parent for each in collector.spans if each.name == "download_s3"} == {lambdas}
    assert above(collector, collector.only("publish")) == ["crossing", "transfer_ftp"]
    assert "servicenow ticket" in collector.names()
    assert door.flushed == len(door.calls)


def test_a_poll_begins_a_trace_for_what_it_takes_in_and_only_then(collector: Collector) -> None:
    with closing(tracer_of(collector)) as tracer:
        door = Door(tracer=tracer)
        door.inbox.put(evidence())
        for _ in range(3):
            door.intake.round()
        [record] = door.archive.search()
    received = collector.only("received")
    assert received.parent == ""
    assert received.trace in (record.transfer.trace or "").replace("-", "")


@pytest.mark.parametrize("header", ["nonsense", "Root=1-x;Parent=y", "Root=" + "9" * 5000, "=;=;"])
def test_a_header_that_is_none_begins_a_new_trace(collector: Collector, header: str) -> None:
    with closing(tracer_of(collector)) as tracer:
        head = hinted(tracer, header)
    assert len(head.trace or "") < 100
    assert collector.only("hint").parent == ""


def test_who_sent_it_may_say_that_it_is_not_told(collector: Collector) -> None:
    bench = Bench()
    with closing(tracer_of(collector)) as tracer:
        head = hinted(tracer, HEADER.replace("Sampled=1", "Sampled=0"))
        travel(claimed(bench, head), traced(bench.tools(), tracer), three_tries)
    assert collector.spans == []


def test_no_word_of_others_gets_into_a_trace(collector: Collector) -> None:
    """Neither of the request, nor of an error, nor a stack."""
    bench = Bench()
    asked = delivered(bench) | {
        "target": CANARY,
        "destination": "partner",
        "options": {"finish_by": ""},
    }
    bench.consent.refusal = Permanent(Code.APPROVAL_WITHDRAWN, f"{CANARY} withdrew.", file=CANARY)
    with closing(tracer_of(collector)) as tracer:
        for each in (asked, {"id": CANARY, "destination": CANARY}):
            travel(bench.received(**each), traced(bench.tools(), tracer), three_tries)
        with pytest.raises(ZeroDivisionError), tracer.span("fault", bench.received(id="other")):
            raise ZeroDivisionError(CANARY)
    assert {each.attributes.get("fileferry.code") for each in collector.spans if each.failed} >= {
        Code.APPROVAL_WITHDRAWN,
        Code.INTERNAL,
    }
    assert not any(CANARY.encode() in body for body in collector.raw)
    assert {name for each in collector.spans for name in each.attributes} <= SAID


def test_a_collector_that_is_not_there_or_hangs_holds_nothing_up() -> None:
    """What hangs is answered when the test is over: whoever waited for it would wait for ever."""
    with collecting(silent=True) as hanging, nobody() as port, capture_logs() as said:
        for endpoint in (hanging.endpoint, f"http://127.0.0.1:{port}"):
            bench = Bench()
            bench.objects.put(SOURCE, b"x" * 99)
            tracer = OtelTracer(endpoint, {"partner"}, 0.2)
            done = travel(bench.received(), traced(bench.tools(), tracer), three_tries)
            for _ in range(5000):
                with tracer.span("many", done):
                    pass
            tracer.flush()
            tracer.flush()
            assert done.outcome is Outcome.DELIVERED
            tracer.close()
        assert hanging.called.wait(60)
    assert {each["event"] for each in said} <= {"traces not told"}


def test_nobody_waits_for_a_collector_that_took_nothing_before_a_while_is_over(
    collector: Collector,
) -> None:
    looks: list[float] = []
    time = [1000.0]

    def now() -> float:
        looks.append(time[0])
        return time[0]

    tracer = OtelTracer(collector.endpoint, {"partner"}, 60.0, now=now)
    transfer = Bench().received()

    def flushed() -> bool:
        """One look at the clock says that nobody is waited for, and one comes after a wait."""
        with tracer.span("one", transfer):
            pass
        looks.clear()
        tracer.flush()
        return bool(looks) and tracer._again_at == looks[-1] + LEFT_ALONE

    with closing(tracer), capture_logs() as said:
        assert flushed()
        assert len(collector.spans) == 1
        collector.refuses = True
        # It may have been told by itself before: then it is silent already.
        time[0] += LEFT_ALONE + 1
        assert flushed()
        time[0] += LEFT_ALONE - 1
        assert not flushed()
        time[0] += 2
        assert flushed()
        time[0] += LEFT_ALONE + 1
        collector.refuses = False
        assert flushed()
        assert len(collector.spans) >= 2
        time[0] += 1
        assert flushed()
    assert [each["event"] for each in said] == ["traces not told", "traces told again"]


def test_what_is_off_is_not_loaded() -> None:
    program = (
        "import sys; import cloud.environment, cloud.handlers, daemon.cli, daemon.service;"
        "import daemon.telemetry; from adapters import wiring;"
        "print([name for name in sys.modules if name.startswith(('opentelemetry', 'google'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_threads_that_open_no_span_stay_out_of_others(collector: Collector) -> None:
    bench = Bench()
    seen: list[str | None] = []
    with closing(tracer_of(collector)) as tracer, tracer.span("step", bench.received()):
        thread = threading.Thread(target=lambda: seen.append(tracer.begun()))
        thread.start()
        thread.join()
        here = tracer.begun()
    assert here
    assert seen[0] != here
