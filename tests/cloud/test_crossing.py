"""An approved request goes through the second door, over real functions and a real server."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import transfer.steps as do
from cloud.functions import RESERVE
from sandbox.servicenow import ServiceNow
from sandbox.tls import make_certificate
from tests.cloud.stack import CUT, Stack
from tests.servers.collector import Collector, collecting
from tests.servers.embedded_aws import EmbeddedAws
from tests.servers.openssh import OpenSSH
from tests.servers.proxy import Proxy
from transfer.errors import Code
from transfer.journey import advance, travel
from transfer.model import CHUNK, MIB, Outcome, Stage, Transfer
from transfer.tickets import TicketRole

RATE = 8 * MIB
"""Bytes a second to the partner."""


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
        EmbeddedAws(waits=0.02) as aws,
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
        made = Stack(
            aws, servicenow, certificate.ca_file, partner, line.port, directory, collector.endpoint
        )
        made.make()
        yield made
        made.close()


def pattern(size: int) -> bytes:
    """No two chunks of it are alike."""
    return b"".join(number.to_bytes(8, "big") for number in range(size // 8))


def head(stack: Stack) -> Transfer:
    record = stack.record(stack.placed)
    assert record
    return record.transfer


def arrived(stack: Stack, key: str) -> bytes:
    return Path(stack.partner.root, key).read_bytes()


def test_an_approved_request_is_delivered_and_both_tickets_are_closed(
    stack: Stack, collector: Collector
) -> None:
    stack.put("pay.csv", b"name;pay\n" * 1000)
    name = stack.route(stack.claimed(stack.ordered("pay.csv"))).execution or ""
    execution = stack.ended(name)
    assert (execution["status"], head(stack).outcome) == ("SUCCEEDED", Outcome.DELIVERED)
    assert arrived(stack, "pay.csv") == b"name;pay\n" * 1000
    assert stack.ticket(TicketRole.USER)["state"] == "6"
    assert stack.ticket(TicketRole.AUDIT)["state"] == "7"
    history = stack.history(execution)
    assert len(history) <= 80
    assert max(len(json.dumps(event, default=str)) for event in history) < 32 * 1024
    written = json.dumps(history, default=str) + stack.aws.log + stack.logs()
    assert written.count('"event": "transfer ended"') == written.count("transfer ended") == 1
    assert {each.trace for each in collector.spans} == {"6563c0de0123456789abcdef01234567"}
    assert {"validate_input", "publish", "cleanup", "servicenow ticket"} <= collector.names()
    assert ends(stack) == {head(stack).request.number: Outcome.DELIVERED}
    written += repr(collector.raw)
    for secret in stack.secrets.values():
        assert max(secret.splitlines(), key=len) not in written


def ends(stack: Stack) -> dict[str, str]:
    """The outcomes that the functions have counted, by request."""
    lines = [line for line in stack.logs().splitlines() if '"TransferCompleted": 1' in line]
    counted = [json.loads(line[line.index("{") :]) for line in lines]
    assert len({each["Request"] for each in counted}) == len(counted)
    return {each["Request"]: each["Outcome"] for each in counted}


def test_what_the_service_began_goes_on_in_several_calls_of_which_some_are_killed(
    stack: Stack,
) -> None:
    data = pattern(8 * CHUNK)
    stack.put("large.bin", data)
    claim = stack.claimed(stack.ordered("large.bin"))
    for step in (do.validate_input, do.auth_sso, do.download_s3):
        claim = advance(claim, stack.house.tools, step)
    name = stack.route(claim, "Chunked").execution or ""
    # What is left takes longer than one call has: some must be cut off.
    assert len(data) - 4 * CHUNK > RATE * (CUT - RESERVE)
    stack.until(lambda: moved(stack) or answers(stack, name))
    assert stack.kill("ChunkedTransfer") > 0
    stack.until(lambda: False in answers(stack, name))
    # Enough is seen of that. A new limit ends what runs, as another death.
    stack.limit("ChunkedTransfer", 900)
    execution = stack.ended(name, "Chunked")
    assert (execution["status"], head(stack).outcome) == ("SUCCEEDED", Outcome.DELIVERED)
    assert arrived(stack, "large.bin") == data
    assert True in answers(stack, name)


def answers(stack: Stack, name: str) -> list[bool]:
    """Whether the work was whole, of each call that answered."""
    history = stack.history(stack.execution(name, "Chunked"))
    found = [told(event) for event in history if event["type"] == "TaskSucceeded"]
    return [answer["whole"] for answer in found]


def told(event: dict[str, Any]) -> Any:
    return json.loads(event["taskSucceededEventDetails"]["output"])


def moved(stack: Stack) -> int:
    return sum(item.moved for item in stack.house.books.ledger.deliveries(head(stack).id))


def test_what_the_machine_began_is_ended_by_the_service(stack: Stack) -> None:
    data = pattern(3 * CHUNK)
    stack.put("back.bin", data)
    routed = stack.route(stack.claimed(stack.ordered("back.bin")))
    stack.until(lambda: moved(stack))
    stop(stack, routed)
    assert stack.house.books.keeper.evict(routed.id)
    ended = travel(stack.claimed(routed), stack.house.tools)
    assert (ended.stage, ended.outcome) == (Stage.CLOSED, Outcome.DELIVERED)
    assert arrived(stack, "back.bin") == data
    assert [path.name for path in Path(stack.partner.root).glob(".ff-*")] == []


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
