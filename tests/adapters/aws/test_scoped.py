"""Sessions of ten seconds against an STS and an S3 that enforce them, by a clock that is moved."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.config import Config

from adapters.aws.client import client_config
from adapters.aws.role import Role
from adapters.aws.scope import LONGEST_POLICY, Scope, policy
from adapters.aws.scoped import NoObjects, RoleSessions
from adapters.memory.objects import MemoryObjects
from adapters.s3.store import S3Objects
from sandbox.aws import Aws
from tests.ports.shelves import S3Shelf
from tests.servers.s3_clients import REGION, s3_client
from tests.servers.scoped_aws import ScopedAws
from transfer.errors import Code, FerryError, Permanent, Stopping, Transient
from transfer.model import Outcome, Pin, Request, Session, SessionKind, Source, Transfer
from transfer.ports import ObjectStore

ROLE = "arn:aws:iam::123456789012:role/reader"
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
NOTHING = MemoryObjects()


class Bench:
    """A bucket behind the gate, and the sessions that read it."""

    def __init__(self, aws: ScopedAws, shelf: S3Shelf, kind: SessionKind) -> None:
        self.aws, self.shelf, self.kind = aws, shelf, kind
        once = Config(retries={"mode": "standard", "total_max_attempts": 1}, proxies={})
        sts = boto3.session.Session("KEY", "made-up-secret", region_name=REGION).client(
            "sts",
            endpoint_url=aws.endpoint_url,
            config=client_config(aws.endpoint_url, 10.0).merge(once),
        )
        self.store = S3Objects(s3_client(aws.endpoint_url))
        self.sessions = RoleSessions(
            Role(sts, ROLE, aws.clock, aws.tick), self.store, kind, aws.clock, aws.pass_by
        )
        self.allowed: FerryError | Stopping | None = None

    def may(self) -> None:
        if self.allowed:
            raise self.allowed

    def begin(self) -> tuple[Transfer, ObjectStore]:
        transfer = TRANSFER.evolve(session=self.sessions.open(TRANSFER))
        return transfer, self.sessions.reading(transfer, NOTHING, self.may)

    def opened(self) -> list[dict[str, Any]]:
        """The policies of what was opened for an object, in order."""
        return [json.loads(asked["Policy"]) for _, asked in self.aws.asked if "Policy" in asked]


@pytest.fixture
def aws(moto: Aws) -> Iterator[ScopedAws]:
    with ScopedAws(moto.endpoint_url) as server:
        yield server


@pytest.fixture
def shelf(moto: Aws) -> S3Shelf:
    return S3Shelf(s3_client(moto.endpoint_url), versioned=True)


@pytest.fixture(params=[SessionKind.SCOPED, SessionKind.ROLE])
def bench(request: pytest.FixtureRequest, aws: ScopedAws, shelf: S3Shelf) -> Bench:
    return Bench(aws, shelf, request.param)


def told(bench: Bench, transfer: Transfer) -> Session:
    assert transfer.session
    return bench.sessions.told(transfer.session)


def refused(call: Any, *args: object) -> FerryError:
    with pytest.raises(FerryError) as raised:
        call(*args)
    return raised.value


def test_an_object_is_read_under_a_session_for_its_version_alone(bench: Bench) -> None:
    source = bench.shelf.put("pay/$*?é漢.csv", b"0123456789")
    other = bench.shelf.put("pay/$xyé漢.csv", b"other")
    transfer, objects = bench.begin()
    pin = objects.describe(source)
    assert objects.read(source, pin, 2, 3) == b"234"
    keys = bench.sessions._authority(transfer.session, transfer).keys(  # type: ignore[arg-type]
        Scope(source.bucket, source.key, pin.version_id), bench.may
    )
    assert bench.store.status(replace(source, version_id=pin.version_id), keys) == 200
    assert bench.store.status(source, keys) == 403
    assert bench.store.status(other, keys) == 403
    assert bench.aws.calls("AssumeRole")[0]["SourceIdentity"] == "RITM0010001"
    assert told(bench, transfer).opened == 2


def test_a_listing_is_of_its_prefix_alone(bench: Bench) -> None:
    source = bench.shelf.put("in/a.csv", b"a")
    _, objects = bench.begin()
    assert list(objects.list(source.bucket, "in/")) == ["in/a.csv"]
    allowed = bench.opened()[-1]["Statement"]
    assert [each["Action"] for each in allowed] == ["s3:ListBucket"]
    assert allowed[0]["Condition"]["StringEquals"] == {"s3:prefix": "in/"}


def test_served_at_nine_seconds_and_refused_at_ten(bench: Bench) -> None:
    source = bench.shelf.put("report.csv", b"0123456789")
    transfer, objects = bench.begin()
    pin = objects.describe(source)
    objects.read(source, pin, 0, 1)
    scope = Scope(source.bucket, source.key, pin.version_id)
    keys = bench.sessions._authority(transfer.session, transfer).keys(scope, bench.may)  # type: ignore[arg-type]
    asked = replace(source, version_id=pin.version_id)
    bench.aws.pass_by(9.9)
    assert bench.store.status(asked, keys) == 200
    bench.aws.pass_by(0.2)
    assert bench.store.status(asked, keys) in (400, 403)


def test_a_later_read_opens_a_session_of_its_own_if_it_still_may(bench: Bench) -> None:
    source = bench.shelf.put("report.csv", b"0123456789")
    transfer, objects = bench.begin()
    pin = objects.describe(source)
    for _ in range(3):
        assert objects.read(source, pin, 0, 4) == b"0123"
    assert told(bench, transfer).opened == 2
    bench.aws.pass_by(8.1)
    assert objects.read(source, pin, 4, 4) == b"4567"
    assert told(bench, transfer).opened == 3
    bench.aws.pass_by(8.1)
    bench.allowed = Permanent(Code.REQUEST_CANCELLED, "It was cancelled.")
    assert refused(objects.read, source, pin, 0, 1).code is Code.REQUEST_CANCELLED
    assert told(bench, transfer).opened == 3


def test_a_process_goes_on_from_what_another_has_opened_meanwhile(bench: Bench) -> None:
    source = bench.shelf.put("report.csv", b"0123456789")
    transfer, objects = bench.begin()
    objects.describe(source)
    assert transfer.session
    heir = transfer.evolve(session=transfer.session.evolve(opened=7))
    bench.sessions.reading(heir, NOTHING, bench.may).describe(source)
    bench.aws.pass_by(10.1)
    bench.sessions.reading(heir, NOTHING, bench.may).describe(source)
    assert told(bench, heir).opened == 8


def test_the_role_is_renewed_for_a_long_transfer(bench: Bench) -> None:
    source = bench.shelf.put("report.csv", b"0123456789")
    _, objects = bench.begin()
    pin = objects.describe(source)
    bench.aws.pass_by(3600)
    assert objects.read(source, pin, 0, 4) == b"0123"


def test_the_end_is_proven(bench: Bench) -> None:
    source = bench.shelf.put("report.csv", b"0123456789")
    transfer, objects = bench.begin()
    pin = objects.describe(source)
    objects.read(source, pin, 0, 1)
    assert transfer.session
    closed = bench.sessions.close(transfer.session)
    assert (closed.alive, closed.opened) == (False, 2)
    assert "refused (HTTP 40" in closed.ended
    assert bench.sessions.close(closed) == closed
    bench.aws.pass_by(9)
    assert refused(objects.read, source, pin, 0, 1).code is Code.SESSION_REFUSED


def test_an_end_that_a_slow_answer_put_off_is_waited_for(bench: Bench) -> None:
    source = bench.shelf.put("report.csv", b"0123456789")
    transfer, objects = bench.begin()
    pin = objects.describe(source)
    answer = bench.aws.sts

    def slow(form: dict[str, str], token: str) -> tuple[int, str]:
        bench.aws.pass_by(5)
        return answer(form, token)

    bench.aws.sts = slow  # type: ignore[method-assign]
    objects.read(source, pin, 0, 1)
    assert transfer.session
    closed = bench.sessions.close(transfer.session)
    assert (closed.alive, "refused (HTTP 40" in closed.ended) == (False, True)


def test_a_store_that_ends_nothing_is_seen(bench: Bench) -> None:
    source = bench.shelf.put("report.csv", b"0123456789")
    transfer, objects = bench.begin()
    objects.describe(source)
    bench.aws.lenient = True
    assert transfer.session
    closed = bench.sessions.close(transfer.session)
    assert closed.alive
    assert "answered (HTTP 200)" in closed.ended


def test_nothing_is_opened_for_a_request_that_is_over(bench: Bench) -> None:
    transfer, _ = bench.begin()
    over = transfer.evolve(outcome=Outcome.DELIVERED)
    error = refused(bench.sessions.reading, over, NOTHING, bench.may)
    assert error.code is Code.SESSION_REFUSED


def test_another_process_says_that_it_cannot_prove_the_end(bench: Bench) -> None:
    source = bench.shelf.put("report.csv", b"0123456789")
    transfer, objects = bench.begin()
    assert transfer.session
    stranger = Bench(bench.aws, bench.shelf, bench.kind)
    assert "nothing was read" in stranger.sessions.close(transfer.session).ended
    objects.describe(source)
    known = told(bench, transfer)
    assert "not tried" in stranger.sessions.close(known).ended
    # Nor can who took it up, and found nothing left to read.
    stranger.sessions.reading(transfer.evolve(session=known), NOTHING, bench.may)
    assert "not tried" in stranger.sessions.close(known).ended


@pytest.mark.parametrize("code", ["AccessDenied", "InvalidAction"])
def test_the_role_stands_in_where_scoped_credentials_are_refused(
    aws: ScopedAws, shelf: S3Shelf, code: str
) -> None:
    aws.refuse["GetScopedCredentials"] = code
    bench = Bench(aws, shelf, SessionKind.SCOPED)
    source = bench.shelf.put("report.csv", b"0123456789")
    transfer, objects = bench.begin()
    pin = objects.describe(source)
    assert objects.read(source, pin, 0, 4) == b"0123"
    assert told(bench, transfer).kind is SessionKind.ROLE
    assert len(aws.calls("GetScopedCredentials")) == 1


def test_a_role_that_is_refused_opens_nothing(bench: Bench) -> None:
    bench.aws.refuse["AssumeRole"] = "AccessDenied"
    error = refused(bench.sessions.open, TRANSFER)
    assert (error.code, error.permanent) == (Code.SESSION_REFUSED, True)
    assert "sts:SetSourceIdentity" in error.action


def test_a_request_that_came_too_late_is_tried_again(bench: Bench) -> None:
    source = bench.shelf.put("report.csv", b"0123456789")
    _, objects = bench.begin()
    pin = objects.describe(source)
    objects.read(source, pin, 0, 1)
    gate = bench.aws.gate

    def late(method: str, target: str, headers: dict[str, str]) -> tuple[int, str]:
        bench.aws.pass_by(11)
        return gate(method, target, headers)

    bench.aws.gate = late  # type: ignore[method-assign]
    assert isinstance(refused(objects.read, source, pin, 0, 1), Transient)


def test_no_credential_is_shown_anywhere(bench: Bench, capfd: pytest.CaptureFixture[str]) -> None:
    source = bench.shelf.put("report.csv", b"0123456789")
    transfer, objects = bench.begin()
    pin = objects.describe(source)
    seen = [repr(transfer), repr(told(bench, transfer)), repr(vars(objects))]
    authority = bench.sessions._authority(transfer.session, transfer)  # type: ignore[arg-type]
    seen += [repr(vars(authority)), repr(authority.base())]
    bench.aws.now = bench.aws.now.replace(year=2090)
    bench.aws.refuse = {"AssumeRole": "AccessDenied", "GetScopedCredentials": "ExpiredToken"}
    error = refused(objects.read, source, pin, 0, 1)
    seen += [repr(error), str(error), str(error.__cause__), *capfd.readouterr()]
    shown = "\n".join(seen)
    assert bench.aws.secrets()
    assert [secret for secret in bench.aws.secrets() if secret in shown] == []


def test_without_a_session_nothing_is_read() -> None:
    shut = NoObjects({})
    source, pin = Source(bucket="b", key="k"), Pin(size=1, etag="e")
    codes = {
        refused(shut.describe, source).code,
        refused(shut.list, "b", "k").code,
        refused(shut.read, source, pin, 0, 1).code,
        refused(shut.read_into, source, pin, 0, memoryview(bytearray(1))).code,
    }
    assert codes == {Code.SESSION_REFUSED}


def test_the_longest_key_fits_and_one_that_does_not_is_named() -> None:
    until = datetime(2026, 3, 1, tzinfo=UTC)
    said = policy(Scope("b" * 63, "k" * 1024, "v" * 100), "aws-us-gov", until)
    assert len(said) <= LONGEST_POLICY
    error = refused(policy, Scope("b", "漢" * 341, "v"), "aws")
    assert error.code is Code.SESSION_REFUSED
