"""What the Sessions port promises, with and without STS, and in memory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config

from adapters.aws.client import client_config
from adapters.aws.sessions import ProcessSessions
from adapters.memory.sessions import MemorySessions
from sandbox.aws import Aws
from tests.servers.odd_s3 import Answer, OddS3
from tests.servers.ports import nobody
from tests.servers.s3_clients import REGION
from transfer.errors import Code, FerryError, Permanent, Transient
from transfer.model import Request, Transfer
from transfer.ports import Sessions

if TYPE_CHECKING:
    from types_boto3_sts import STSClient

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TRANSFER = Transfer(
    request=Request(
        id="dev1:sc_task:" + "0" * 32,
        number="RITM0010001",
        requester="beth.anglin",
        destination="bank",
        sources=("s3://exports/report.csv",),
        target="in/report.csv",
        fingerprint="f" * 64,
    )
)


def sts(endpoint_url: str) -> STSClient:
    session = boto3.session.Session("KEY", "made-up-secret", region_name=REGION)
    once = Config(retries={"mode": "standard", "total_max_attempts": 1}, proxies={})
    config = client_config(endpoint_url, 5.0).merge(once)
    return session.client("sts", endpoint_url=endpoint_url, config=config)


@pytest.fixture(params=["memory", "process", "process with STS"])
def sessions(request: pytest.FixtureRequest) -> Sessions:
    if request.param == "memory":
        return MemorySessions(clock=lambda: NOON)
    if request.param == "process":
        return ProcessSessions(None, clock=lambda: NOON)
    moto: Aws = request.getfixturevalue("moto")
    return ProcessSessions(sts(moto.endpoint_url), clock=lambda: NOON)


def test_a_session_says_who_reads_and_since_when(sessions: Sessions) -> None:
    session = sessions.open(TRANSFER)
    assert session.identity
    assert session.opened_at == NOON
    assert session.not_after is None


def test_each_opening_has_an_id_of_its_own(sessions: Sessions) -> None:
    ids = {sessions.open(TRANSFER).id for _ in range(20)}
    assert len(ids) == 20
    assert all(8 <= len(id_) <= 16 for id_ in ids)


def test_closing_twice_is_fine(sessions: Sessions) -> None:
    session = sessions.open(TRANSFER)
    sessions.close(session)
    sessions.close(session)


def test_memory_knows_which_sessions_are_open() -> None:
    sessions = MemorySessions()
    session = sessions.open(TRANSFER)
    assert sessions.live == {session.id: session}
    sessions.close(session)
    assert sessions.live == {}


def test_memory_refuses_when_told_to() -> None:
    sessions = MemorySessions()
    sessions.refusal = Permanent(Code.SESSION_REFUSED, "No session today.")
    assert refused(lambda: sessions.open(TRANSFER)) is sessions.refusal


def test_sts_names_the_caller(moto: Aws) -> None:
    session = ProcessSessions(sts(moto.endpoint_url), clock=lambda: NOON).open(TRANSFER)
    assert session.identity.startswith("arn:aws:sts::123456789012:")


def test_without_sts_the_identity_says_so() -> None:
    session = ProcessSessions(None, clock=lambda: NOON).open(TRANSFER)
    assert session.identity == "process credentials (not checked)"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (403, "InvalidClientTokenId"),
        (403, "SignatureDoesNotMatch"),
        (403, "ExpiredToken"),
        (403, "RegionDisabledException"),
    ],
)
def test_credentials_that_sts_refuses_open_no_session(status: int, code: str) -> None:
    with OddS3(sts_refusal(status, code)) as server:
        error = refused(ProcessSessions(sts(server.endpoint_url), lambda: NOON).open, TRANSFER)
    assert isinstance(error, Permanent)
    assert error.code is Code.SESSION_REFUSED
    assert code in error.message
    assert "made-up-secret" not in str(error)


@pytest.mark.parametrize(
    "words",
    [
        "Signature not yet current: 20260301T120601Z is still later than 20260301T120500Z",
        "Signature expired: 20260301T115359Z is now earlier than 20260301T115500Z",
    ],
)
def test_a_wrong_clock_is_told_from_a_wrong_secret(words: str) -> None:
    with OddS3(sts_refusal(403, "SignatureDoesNotMatch", words)) as server:
        error = refused(ProcessSessions(sts(server.endpoint_url), lambda: NOON).open, TRANSFER)
    assert error.code is Code.SESSION_REFUSED
    assert "clock" in error.message


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=503, body=b"<html>Busy</html>"),
        Answer(body=b"<html>Log in to the network</html>"),
        Answer(body=b"<half", headers={"Content-Length": "900"}, ending="close"),
    ],
)
def test_an_sts_that_does_not_answer_is_transient(answer: Answer) -> None:
    with OddS3(answer) as server:
        error = refused(ProcessSessions(sts(server.endpoint_url), lambda: NOON).open, TRANSFER)
    assert isinstance(error, Transient)
    assert error.code is Code.SOURCE_UNAVAILABLE


def test_an_sts_that_is_not_there_is_transient() -> None:
    with nobody() as port:
        gone = ProcessSessions(sts(f"http://127.0.0.1:{port}"), clock=lambda: NOON)
        assert isinstance(refused(gone.open, TRANSFER), Transient)


def sts_refusal(status: int, code: str, words: str = "") -> Answer:
    body = f"<ErrorResponse><Error><Code>{code}</Code><Message>{words}</Message></Error>"
    return Answer(status=status, body=f"{body}</ErrorResponse>".encode())


def refused(call: Callable[..., object], *args: object) -> FerryError:
    with pytest.raises(FerryError) as raised:
        call(*args)
    assert raised.value.message.endswith(".")
    return raised.value
