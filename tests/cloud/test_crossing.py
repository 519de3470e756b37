"""An approved request goes through the second door, over real functions and a real server."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, cast

import pytest

import transfer.steps as do
from cloud.functions import FUNCTIONS, RESERVE, function_of
from sandbox.children import Child
from sandbox.demo.orders import Order
from sandbox.demo.visitor import Placed
from sandbox.servicenow import ServiceNow
from sandbox.tls import make_certificate
from tests import sweeps
from tests.cloud.canaries import content, shown
from tests.cloud.stack import CUT, SHARD, Stack
from tests.servers.collector import Collector, collecting
from tests.servers.embedded_aws import EmbeddedAws
from tests.servers.openssh import OpenSSH
from tests.servers.proxy import Proxy
from transfer.books import Record
from transfer.computed import Kept
from transfer.errors import Code
from transfer.journey import advance, travel
from transfer.model import CHUNK, MIB, Outcome, Receipt, Route, SessionKind, Stage, Transfer
from transfer.tickets import TicketRole
from transfer.tools import KEEP_ABOVE

RATE = 32 * MIB
"""Bytes a second to the partner."""
SLOW, LONG = 2 * MIB, 10 * CHUNK
"""A rate at which so many bytes are under way for the best part of a minute."""


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as made:
        yield made


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Iterator[Stack]:
    directory = tmp_path_factory.mktemp("stack")
    certificate = make_certificate(directory / "tls")
    with (
        pytest.MonkeyPatch.context() as patch,
        EmbeddedAws(waits=0.02, counts=True) as aws,
        ServiceNow(tls=certificate) as servicenow,
        OpenSSH() as partner,
        Proxy(partner.host, partner.port, rate=RATE) as line,
    ):
        for name in [name for name in os.environ if name.startswith(("AWS_", "FILEFERRY_"))]:
            patch.delenv(name)
        patch.setenv("AWS_ACCESS_KEY_ID", aws.access_key)
        patch.setenv("AWS_SECRET_ACCESS_KEY", aws.secret_key)
        for file in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            patch.setenv(file, os.devnull)
        # The stack goes on as its host's role.
        patch.setenv("AWS_SESSION_TOKEN", "")
        told = collector.endpoint
        made = Stack(aws, servicenow, certificate.ca_file, partner, line, directory, collector=told)
        made.make()
        yield made
        made.close()


def pattern(chunks: int) -> bytes:
    """No two chunks of it are alike."""
    rest = b"".join(number.to_bytes(8, "big") for number in range(1, CHUNK // 8))
    return b"".join(number.to_bytes(8, "big") + rest for number in range(chunks))


def head(stack: Stack) -> Transfer:
    record = stack.record(stack.placed)
    assert record
    return record.transfer


def arrived(stack: Stack, key: str) -> bytes:
    return Path(stack.partner.root, key).read_bytes()


def test_an_approved_request_is_delivered_and_both_tickets_are_closed(
    stack: Stack, collector: Collector
) -> None:
    data = content()
    stack.put("pay.csv", data)
    name = stack.route(stack.claimed(stack.ordered("pay.csv"))).execution or ""
    execution = stack.ended(name)
    assert (execution["status"], head(stack).outcome) == ("SUCCEEDED", Outcome.DELIVERED)
    assert arrived(stack, "pay.csv") == data
    assert stack.ticket(TicketRole.USER)["state"] == "6"
    assert stack.ticket(TicketRole.AUDIT)["state"] == "7"
    history = stack.history(execution)
    assert len(history) <= 80
    assert max(len(json.dumps(event, default=str)) for event in history) < 32 * 1024
    written = json.dumps(history, default=str) + stack.aws.log + stack.logs()
    assert written.count('"event": "transfer ended"') == written.count("transfer ended") == 1
    # A call whose answer was lost has taken its credentials with it.
    lost = any(event["type"] == "TaskFailed" for event in history)
    assert "refused (HTTP 40" in end_of_sessions(stack) or lost
    assert shown(stack, data, repr(collector.raw)) == []
    assert {each.trace for each in collector.spans} == {"6563c0de0123456789abcdef01234567"}
    assert {"validate_input", "publish", "cleanup", "servicenow ticket"} <= collector.names()
    assert ends(stack) == {head(stack).request.number: Outcome.DELIVERED}


def end_of_sessions(stack: Stack) -> str:
    """What the ticket says of it; they were of ten seconds each, under the request's number."""
    session, audit = head(stack).session, stack.ticket(TicketRole.AUDIT)
    assert session
    assert session.identity.endswith(f":assumed-role/reader/fileferry-{stack.placed.number}")
    assert (session.kind, session.alive) == (SessionKind.SCOPED, False)
    # One to pin and one to send; a slow machine needs more.
    assert session.opened >= 2
    assert f"{session.opened} opened, by credentials that end" in audit["close_notes"]
    notes = stack.servicenow.instance.query("sys_journal_field", f"element_id={audit['sys_id']}")
    (end,) = [each["value"] for each in notes if "End of session" in each["value"]]
    return end


def ends(stack: Stack) -> dict[str, str]:
    """The outcomes that the functions have counted, by request."""
    lines = [line for line in stack.logs().splitlines() if '"TransferCompleted": 1' in line]
    counted = [json.loads(line[line.index("{") :]) for line in lines]
    assert len({each["Request"] for each in counted}) == len(counted)
    return {each["Request"]: each["Outcome"] for each in counted}


def test_what_the_service_began_goes_on_in_several_calls_of_which_some_are_killed(
    stack: Stack,
) -> None:
    # So much that the digests' states are kept.
    data = pattern(KEEP_ABOVE // CHUNK + 1)
    stack.put("large.bin", data)
    claim = stack.claimed(stack.ordered("large.bin"))
    for step in (do.validate_input, do.auth_sso, do.download_s3):
        claim = advance(claim, stack.house.tools, step)
    name = stack.route(claim, "Chunked").execution or ""
    # What is left takes longer than one call has: some must be cut off.
    assert len(data) - 4 * CHUNK > RATE * (CUT - RESERVE)
    stack.until(lambda: kept(stack))
    assert stack.kill("ChunkedTransfer") > 0
    stack.until(lambda: False in answers(stack, name))
    # Enough is seen of that. A new limit ends what runs, as another death.
    stack.limit("ChunkedTransfer", 900)
    execution = stack.ended(name, "Chunked")
    assert (execution["status"], head(stack).outcome) == ("SUCCEEDED", Outcome.DELIVERED)
    assert arrived(stack, "large.bin") == data
    assert True in answers(stack, name)
    assert receipt(stack).sha256 == hashlib.sha256(data).hexdigest()


TOGETHER = {"all_or_nothing": "true"}
MANY = [(10_000, {}), (10_000, TOGETHER)] if sweeps.WHOLE else [(SHARD * 3, TOGETHER)]


@pytest.mark.parametrize(("count", "options"), MANY)
def test_many_files_are_shared_out_and_all_of_them_arrive(
    stack: Stack, count: int, options: dict[str, str]
) -> None:
    for function in FUNCTIONS if sweeps.WHOLE else [function_of(do.chunked_transfer)]:
        stack.limit(function.name, 900)
    kind = "together" if options else "many"
    names = [f"{kind}/{kind}-{number}.csv" for number in range(count)]
    files = {name: f"{name};pay\n".encode() * 9 for name in names}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(stack.put, files, files.values()))
    before, begun = stack.aws.writes(), time.monotonic()
    claim = stack.claimed(stack.ordered(f"{kind}/*.csv"))
    wanted = replace(claim.request, options=options)
    execution = stack.ended(stack.route(claim.evolve(request=wanted)).execution or "")
    seconds = time.monotonic() - begun
    assert (execution["status"], head(stack).outcome) == ("SUCCEEDED", Outcome.DELIVERED)
    assert {key: arrived(stack, Path(key).name) for key in files} == files
    assert [path.name for path in Path(stack.partner.root).glob(".ff-*")] == []
    runs = stack.shards(execution)
    # To verify, and to publish.
    assert len(runs) == (2 if options else 1)
    assert all(len(shards) == count // SHARD for shards in runs)
    history = stack.history(execution)
    assert len(history) < 200
    assert max(len(json.dumps(each, default=str)) for each in history) < 32 * 1024
    shards = [stack.history(each) for each in chain(*runs)]
    after = stack.aws.writes()
    written = {name: items - before.get(name, 0) for name, items in after.items()}
    sweeps.tell(f"{count:,} files: {seconds:,.0f} s, {_told(history)}; {_told(*shards)}; {written}")


def _told(*histories: list[dict[str, Any]]) -> dict[str, int]:
    kinds = Counter(event["type"] for history in histories for event in history)
    return {kind: kinds[kind] for kind in kinds if kind.endswith(("Entered", "Scheduled"))}


def answers(stack: Stack, name: str) -> list[bool]:
    """Whether the work was whole, of each call that answered."""
    history = stack.history(stack.execution(name, "Chunked"))
    found = [told(event) for event in history if event["type"] == "TaskSucceeded"]
    return [answer["whole"] for answer in found]


def kept(stack: Stack) -> tuple[Kept, ...]:
    [delivery] = stack.house.books.ledger.deliveries(head(stack).id)
    return delivery.kept


def receipt(stack: Stack) -> Receipt:
    [delivery] = stack.house.books.ledger.deliveries(head(stack).id)
    assert delivery.receipt
    return delivery.receipt


def told(event: dict[str, Any]) -> Any:
    return json.loads(event["taskSucceededEventDetails"]["output"])


def moved(stack: Stack) -> int:
    return sum(item.moved for item in stack.house.books.ledger.deliveries(head(stack).id))


def test_what_the_machine_began_is_ended_by_the_service(stack: Stack) -> None:
    data = pattern(24)
    stack.put("back.bin", data)
    routed = stack.route(stack.claimed(stack.ordered("back.bin")))
    stack.until(lambda: moved(stack))
    stop(stack, routed)
    assert stack.house.books.keeper.evict(routed.id)
    ended = travel(stack.claimed(routed), stack.house.tools)
    assert (ended.stage, ended.outcome) == (Stage.CLOSED, Outcome.DELIVERED)
    assert arrived(stack, "back.bin") == data
    assert temps(stack) == []


def temps(stack: Stack) -> list[str]:
    return [path.name for path in Path(stack.partner.root).glob(".ff-*")]


def stop(stack: Stack, routed: Transfer) -> None:
    arn = stack.machines["Transfers"].replace(":stateMachine:", ":execution:")
    stack.aws.client("stepfunctions").stop_execution(executionArn=f"{arn}:{routed.execution}")


def test_a_function_that_aws_does_not_start_turns_the_transfer_home(stack: Stack) -> None:
    stack.put("never.csv", b"never")
    functions = stack.aws.client("lambda")
    functions.put_function_concurrency(
        FunctionName="FileFerry-AuthSSO", ReservedConcurrentExecutions=0
    )
    name = stack.route(stack.claimed(stack.ordered("never.csv"))).execution or ""
    execution = stack.ended(name)
    functions.delete_function_concurrency(FunctionName="FileFerry-AuthSSO")
    assert (execution["status"], head(stack).stage) == ("SUCCEEDED", Stage.CLOSED)
    failure = head(stack).failure
    assert failure
    assert failure.code == Code.EXECUTION_BROKEN
    # AWS says Lambda.TooManyRequestsException where the embedded one has no name.
    assert json.loads(execution["output"])["cause"]["Error"] in failure.message
    assert Code.EXECUTION_BROKEN in stack.ticket(TicketRole.AUDIT)["close_notes"]
    assert not Path(stack.partner.root, "never.csv").exists()


@pytest.mark.parametrize("given", [{}, [], "x", {"transfer": "nobody's", "generation": 1}])
def test_what_was_started_by_hand_is_refused(stack: Stack, given: object) -> None:
    name = f"by-hand-{hashlib.sha256(json.dumps(given).encode()).hexdigest()[:8]}"
    stack.start(name, given)
    execution = stack.ended(name)
    assert (execution["status"], execution["error"]) == ("FAILED", "Refused")
    assert execution["cause"].startswith("[execution.foreign]")


@pytest.fixture(scope="module")
def service(stack: Stack) -> Iterator[Child]:
    """`fileferry run`, for the tests from here on."""
    with stack.service() as running:
        yield running


def ordered(stack: Stack, key: str, data: bytes) -> Placed:
    """Ordered and approved; the service finds it by itself."""
    stack.put(key, data)
    stack.placed = stack.visitor.order(Order(label="", keys=(key,)))
    stack.visitor.approve(stack.placed)
    return stack.placed


def settled(stack: Stack) -> Record:
    """Closed, and every word of it written: nobody but service and functions does anything."""

    def told_all() -> Record | None:
        record = stack.record(stack.placed)
        return record if record and record.transfer.finished and not record.unsent else None

    return cast("Record", stack.until(told_all))


def ended(record: Record) -> tuple[Outcome | None, Route]:
    return record.transfer.outcome, record.transfer.route


def states(stack: Stack, record: Record) -> list[str]:
    """Of both tickets."""
    roles = (TicketRole.USER, TicketRole.AUDIT)
    instance = stack.servicenow.instance
    return [instance.get("incident", record.tickets[role].sys_id)["state"] for role in roles]


def audit(stack: Stack, record: Record) -> str:
    ticket = stack.servicenow.instance.get("incident", record.tickets[TicketRole.AUDIT].sys_id)
    return "\n".join((ticket["close_notes"], stack.visitor.journal(ticket["sys_id"])))


def sending(stack: Stack) -> str:
    """The name of the execution that has it, once bytes of it have moved there."""
    stack.until(lambda: stack.record(stack.placed) and moved(stack))
    name = head(stack).execution
    assert name
    return name


def test_the_service_hands_it_over_and_follows_it_to_its_end(stack: Stack, service: Child) -> None:
    placed = ordered(stack, "deployed.csv", b"a;b\n" * 5000)
    record = settled(stack)
    name = record.transfer.execution or ""
    assert name.startswith(f"ff-{placed.number}-{record.transfer.request.token}-g1-e")
    assert stack.ended(name)["status"] == "SUCCEEDED"
    assert ended(record) == (Outcome.DELIVERED, Route.STEP_FUNCTIONS)
    assert arrived(stack, "deployed.csv") == b"a;b\n" * 5000
    assert states(stack, record) == ["6", "7"]
    said = audit(stack, record)
    assert said.count(f"Carried by the execution {name}") == 1
    assert "Taken over" not in said
    # EventBridge has told the queue of its end, by the rule that is deployed.
    stack.until(lambda: any(name in line for line in stack.lines() if "hint followed" in line))


def test_a_cancelled_request_stops_its_execution_while_a_function_sends(
    stack: Stack, service: Child
) -> None:
    stack.line.slacken(SLOW)
    placed = ordered(stack, "unwanted.bin", bytes(2 * LONG))
    name = sending(stack)
    stack.servicenow.instance.update("sc_req_item", placed.item_id, {"active": "false"})
    assert stack.ended(name)["status"] == "ABORTED"
    stack.line.hasten()
    record = settled(stack)
    assert ended(record) == (Outcome.CANCELLED, Route.IN_PROCESS)
    assert states(stack, record) == ["6", "7"]
    assert Code.REQUEST_CANCELLED in audit(stack, record)
    assert not Path(stack.partner.root, "unwanted.bin").exists()
    stack.until(lambda: not temps(stack))


def test_what_aws_gives_up_the_service_carries_on(stack: Stack, service: Child) -> None:
    """The function that was sending lives on, and is fenced at its next write."""
    stack.line.slacken(SLOW)
    ordered(stack, "given-up.bin", bytes(LONG))
    name = sending(stack)
    stop(stack, head(stack))
    stack.line.hasten()
    record = settled(stack)
    assert ended(record) == (Outcome.DELIVERED, Route.IN_PROCESS)
    assert arrived(stack, "given-up.bin") == bytes(LONG)
    assert audit(stack, record).count(f"Taken over from the execution {name}") == 1
    assert states(stack, record) == ["6", "7"]
    stack.until(lambda: not temps(stack))


def test_an_execution_that_cannot_end_is_ended_by_the_service(stack: Stack, service: Child) -> None:
    functions = stack.aws.client("lambda")
    functions.put_function_concurrency(
        FunctionName="FileFerry-Cleanup", ReservedConcurrentExecutions=0
    )
    ordered(stack, "unfinished.csv", b"unfinished")
    record = settled(stack)
    functions.delete_function_concurrency(FunctionName="FileFerry-Cleanup")
    assert ended(record) == (Outcome.DELIVERED, Route.IN_PROCESS)
    assert arrived(stack, "unfinished.csv") == b"unfinished"
    assert states(stack, record) == ["6", "7"]
