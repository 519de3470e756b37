"""What the Sessions port promises: of the process, of ten seconds, and in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from botocore.config import Config

from adapters.aws.client import client_config
from adapters.aws.keys import Keys
from adapters.aws.role import Role
from adapters.aws.scope import Scope
from adapters.aws.scoped import NoObjects, RoleSessions, Store
from adapters.aws.sessions import ProcessSessions
from adapters.memory.objects import MemoryObjects
from adapters.memory.sessions import MemorySessions
from adapters.s3.store import S3Objects
from sandbox.aws import Aws
from tests.ports.shelves import S3Shelf
from tests.servers.odd_s3 import Answer, OddS3
from tests.servers.ports import nobody
from tests.servers.s3_clients import REGION, s3_client
from tests.servers.scoped_aws import ScopedAws
from transfer.digests import Makers
from transfer.errors import Code, FerryError, Permanent, Transient
from transfer.model import (
    CHUNK,
    MIB,
    Failure,
    Outcome,
    Pin,
    Request,
    SessionKind,
    Source,
    Transfer,
)
from transfer.ports import ObjectStore, Sessions

if TYPE_CHECKING:
    from types_boto3_sts import STSClient

GIB = 1024 * MIB
READER = "arn:aws:iam::123456789012:role/reader"
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


KINDS = ["memory", "process", "process with STS", "scoped", "role"]
OF_TEN_SECONDS = ["scoped", "role"]


@dataclass
class Desk:
    """Sessions, the objects that they read, and the clock by which AWS judges them."""

    sessions: Sessions
    objects: ObjectStore
    source: Source
    aws: ScopedAws | None = None
    refusal: FerryError | None = None

    def may(self) -> None:
        if self.refusal:
            raise self.refusal

    def begin(self) -> Transfer:
        return TRANSFER.evolve(session=self.sessions.open(TRANSFER))

    def reading(self, transfer: Transfer) -> ObjectStore:
        return self.sessions.reading(transfer, self.objects, self.may)


@pytest.fixture(params=KINDS)
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    kind = request.param
    if kind in ("memory", "process"):
        objects = MemoryObjects()
        source = objects.put("s3://exports/report.csv", b"0123456789")
        sessions = {"memory": MemorySessions(lambda: NOON)}.get(kind)
        yield Desk(sessions or ProcessSessions(None, lambda: NOON), objects, source)
        return
    moto: Aws = request.getfixturevalue("moto")
    shelf = S3Shelf(s3_client(moto.endpoint_url), versioned=True)
    source = shelf.put("report.csv", b"0123456789")
    if kind == "process with STS":
        yield Desk(ProcessSessions(sts(moto.endpoint_url), lambda: NOON), shelf.objects, source)
        return
    with ScopedAws(moto.endpoint_url, now=NOON) as aws:
        store = S3Objects(s3_client(aws.endpoint_url))
        yield Desk(of_role(aws, store, kind), NoObjects(store.checksums), source, aws)


def of_role(aws: ScopedAws, store: Store, kind: str) -> RoleSessions:
    role = Role(sts(aws.endpoint_url), READER, aws.clock, aws.tick)
    return RoleSessions(role, store, SessionKind(kind), aws.clock, aws.pass_by)


@pytest.fixture
def sessions(desk: Desk) -> Sessions:
    return desk.sessions


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
    closed = sessions.close(session)
    assert sessions.close(closed) == closed


def test_what_is_ordered_is_read_under_it(desk: Desk) -> None:
    transfer = desk.begin()
    objects = desk.reading(transfer)
    pin = objects.describe(desk.source)
    assert objects.read(desk.source, pin, 2, 3) == b"234"
    assert transfer.session
    session = desk.sessions.told(transfer.session)
    assert (session.id, session.identity) == (transfer.session.id, transfer.session.identity)
    assert session.opened == (2 if desk.aws else 0)
    closed = desk.sessions.close(session)
    assert (closed.alive, "refused (HTTP" in closed.ended) == (False, bool(desk.aws))


OVER = [
    {"session": None},
    {"outcome": Outcome.DELIVERED},
    {"outcome": Outcome.REFUSED},
    {"failure": Failure(code="source.missing", message="It is gone.", action="")},
]


@pytest.mark.parametrize("over", OVER, ids=str)
def test_nothing_is_read_for_a_request_that_is_over(desk: Desk, over: dict[str, Any]) -> None:
    error = refused(desk.reading, desk.begin().evolve(**over))
    assert (error.code, error.permanent) == (Code.SESSION_REFUSED, True)


@pytest.mark.parametrize("desk", OF_TEN_SECONDS, indirect=True)
def test_after_its_end_nothing_is_read_under_it(desk: Desk) -> None:
    transfer = desk.begin()
    objects = desk.reading(transfer)
    assert transfer.session
    desk.sessions.close(transfer.session)
    assert refused(objects.describe, desk.source).code is Code.SESSION_REFUSED


@pytest.mark.parametrize("desk", OF_TEN_SECONDS, indirect=True)
def test_it_serves_up_to_ten_seconds_and_no_longer(desk: Desk) -> None:
    aws = desk.aws
    assert aws
    objects = desk.reading(desk.begin())
    pin = objects.describe(desk.source)
    objects.read(desk.source, pin, 0, 1)
    keys = list(aws.given.values())[-1].keys
    store = S3Objects(s3_client(aws.endpoint_url))
    asked = replace(desk.source, version_id=pin.version_id)
    aws.pass_by(9.9)
    assert store.status(asked, keys) == 200
    aws.pass_by(0.2)
    assert store.status(asked, keys) in (400, 403)


@pytest.mark.parametrize("desk", OF_TEN_SECONDS, indirect=True)
def test_each_later_read_opens_a_new_one_while_it_may(desk: Desk) -> None:
    aws = desk.aws
    assert aws
    objects = desk.reading(desk.begin())
    pin = objects.describe(desk.source)
    objects.read(desk.source, pin, 0, 1)
    before = len(aws.given)
    objects.read(desk.source, pin, 1, 1)
    assert len(aws.given) == before
    aws.pass_by(10.1)
    objects.read(desk.source, pin, 2, 1)
    assert len(aws.given) == before + 1
    aws.pass_by(10.1)
    desk.refusal = Permanent(Code.REQUEST_CANCELLED, "It was cancelled.")
    assert refused(objects.read, desk.source, pin, 3, 1) is desk.refusal
    assert len(aws.given) == before + 1


class Counted:
    """A Store whose reads take the time of a chunk each, and ask for the keys that they need."""

    def __init__(self, aws: ScopedAws, rate: float) -> None:
        self.checksums: Makers = {}
        self._aws, self._seconds = aws, CHUNK / rate
        self._objects = MemoryObjects()
        self.source = self._objects.put("s3://exports/large.bin", b"")

    def under(self, lend: Callable[[Scope], Callable[[], Keys]]) -> ObjectStore:
        self._lend = lend
        return self

    def describe(self, source: Source) -> Pin:
        self._lend(Scope(source.bucket, source.key))()
        return Pin(size=GIB, etag="e", version_id="v")

    def read(self, source: Source, pin: Pin, start: int, length: int) -> bytes:
        del start, length
        self._lend(Scope(source.bucket, source.key, pin.version_id))()
        self._aws.pass_by(self._seconds)
        return b""

    def list(self, bucket: str, prefix: str) -> Iterator[str]:
        del bucket, prefix
        return iter(())

    def read_into(self, source: Source, pin: Pin, start: int, buffer: memoryview) -> None:
        self.read(source, pin, start, len(buffer))

    def status(self, source: Source, keys: Keys) -> int:
        del source, keys
        return 403


CALLS = {1: (2, 104), 10: (1, 14), 100: (1, 3)}
"""AssumeRole and GetScopedCredentials for a gibibyte at so many MiB a second: docs/security.md has
them. A kind without the latter calls the former in its place, beside one to open.
"""


@pytest.mark.parametrize("kind", OF_TEN_SECONDS)
@pytest.mark.parametrize("rate", CALLS)
def test_so_many_calls_to_sts_are_made_for_a_gibibyte(kind: str, rate: int) -> None:
    with ScopedAws("http://127.0.0.1:1", now=NOON) as aws:
        store = Counted(aws, rate * MIB)
        sessions = of_role(aws, store, kind)
        transfer = TRANSFER.evolve(session=sessions.open(TRANSFER))
        objects = sessions.reading(transfer, store, lambda: None)
        pin = objects.describe(store.source)
        for start in range(0, GIB, CHUNK):
            objects.read(store.source, pin, start, CHUNK)
        made = (len(aws.calls("AssumeRole")), len(aws.calls("GetScopedCredentials")))
    assert made == (CALLS[rate] if kind == "scoped" else (1 + CALLS[rate][1], 0))


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


def test_sts_is_asked_once_a_minute() -> None:
    class Sts:
        asked = 0

        def get_caller_identity(self) -> dict[str, str]:
            self.asked += 1
            return {"Arn": f"arn:aws:iam::123456789012:user/{self.asked}"}

    seconds, asked = [0.0], Sts()
    sessions = ProcessSessions(cast("STSClient", asked), lambda: NOON, lambda: seconds[0])
    found = []
    for seconds[0] in (0.0, 59.0, 60.0, 119.0, 120.0):
        found.append(sessions.open(TRANSFER))
    assert [each.identity[-1] for each in found] == ["1", "1", "2", "2", "3"]
    assert len({each.id for each in found}) == 5


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
