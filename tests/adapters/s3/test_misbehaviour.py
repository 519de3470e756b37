"""S3Objects against answers that are cut short, refused or about something else.

A named error each time, and never bytes that are not the pinned ones.
"""

from __future__ import annotations

import pytest

from adapters.s3.store import S3Objects
from tests.servers.odd_s3 import Answer, OddS3, refusal
from tests.servers.ports import nobody
from tests.servers.s3_clients import s3_client
from transfer.errors import Code, Corrupted, FerryError, Permanent, Transient
from transfer.model import Pin, Source

SOURCE = Source(bucket="exports", key="payroll/report.csv")
PIN = Pin(size=20, etag='"abc"', version_id="v1")
BODY = b"0123456789"
PLACE = {"ETag": '"abc"', "Content-Range": "bytes 5-14/20"}
GOOD = Answer(status=206, headers=PLACE, body=BODY)


def ranged(body: bytes = BODY, ending: str = "close", **changes: str) -> Answer:
    headers = PLACE | {name.replace("_", "-"): text for name, text in changes.items()}
    return Answer(status=206, headers=headers, body=body, ending=ending)  # type: ignore[arg-type]


def failure(*answers: Answer, verb: str = "read", timeout: float = 10.0) -> FerryError:
    with OddS3(*answers) as server:
        objects = S3Objects(s3_client(server.endpoint_url, timeout=timeout))
        with pytest.raises(FerryError) as raised:
            objects.describe(SOURCE) if verb == "describe" else objects.read(SOURCE, PIN, 5, 10)
    error = raised.value
    assert SOURCE.uri in error.message
    assert error.message.endswith(".")
    assert error.file == SOURCE.uri
    return error


def test_the_right_answer_is_taken() -> None:
    with OddS3(GOOD) as server:
        objects = S3Objects(s3_client(server.endpoint_url))
        assert objects.read(SOURCE, PIN, 5, 10) == BODY
    (request,) = server.seen
    assert request.method == "GET"
    assert request.path == "/exports/payroll/report.csv?versionId=v1"
    assert request.headers["if-match"] == '"abc"'
    assert request.headers["range"] == "bytes=5-14"


def test_nothing_is_asked_for_nothing() -> None:
    with OddS3(refusal(416, "InvalidRange")) as server:
        objects = S3Objects(s3_client(server.endpoint_url))
        assert objects.read(SOURCE, Pin(size=0, etag='"abc"'), 0, 0) == b""
    assert server.seen == []


def test_ranges_share_a_connection() -> None:
    with OddS3(GOOD) as server:
        objects = S3Objects(s3_client(server.endpoint_url))
        assert {objects.read(SOURCE, PIN, 5, 10) for _ in range(5)} == {BODY}
        assert len(server.seen) == 5
        assert server.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(ranged(BODY[:4], Content_Length="10"), id="cut short"),
        pytest.param(ranged(b"", Content_Length="10"), id="no body at all"),
        pytest.param(ranged(BODY[:4], "reset", Content_Length="10"), id="reset"),
        pytest.param(ranged(BODY[:4], Content_Length="4"), id="announces less"),
        pytest.param(ranged(BODY * 2, Content_Length="20"), id="announces more"),
        pytest.param(ranged(BODY, Content_Range="bytes 0-9/20"), id="another range"),
        pytest.param(ranged(BODY, Content_Range="bytes 5-13/20"), id="a shorter range"),
        pytest.param(
            Answer(headers={"ETag": '"abc"'}, body=BODY * 2), id="the whole object instead"
        ),
        pytest.param(refusal(503, "SlowDown"), id="SlowDown"),
        pytest.param(refusal(500, "InternalError"), id="InternalError"),
        pytest.param(refusal(400, "RequestTimeout"), id="RequestTimeout"),
        pytest.param(Answer(status=502, body=b"<html>Bad gateway</html>"), id="a proxy's page"),
    ],
)
def test_an_answer_that_is_not_whole_is_transient(answer: Answer) -> None:
    error = failure(answer)
    assert isinstance(error, Transient)
    assert not isinstance(error, Corrupted)
    assert error.code is Code.SOURCE_UNAVAILABLE


def test_silence_in_the_middle_of_a_body_ends_by_the_timeout() -> None:
    error = failure(ranged(BODY[:4], "hang", Content_Length="10"), timeout=0.2)
    assert isinstance(error, Transient)
    assert "Timeout" in error.message


def test_a_store_that_is_not_there_is_transient() -> None:
    with nobody() as port:
        objects = S3Objects(s3_client(f"http://127.0.0.1:{port}"))
        with pytest.raises(Transient, match=SOURCE.uri) as raised:
            objects.describe(SOURCE)
    assert raised.value.code is Code.SOURCE_UNAVAILABLE


def test_the_transport_waits_for_a_store_that_is_busy() -> None:
    busy = refusal(503, "SlowDown")
    with OddS3(busy, busy, GOOD) as server:
        objects = S3Objects(s3_client(server.endpoint_url, tries=3))
        assert objects.read(SOURCE, PIN, 5, 10) == BODY
    assert len(server.seen) == 3


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (refusal(412, "PreconditionFailed"), Code.SOURCE_CHANGED),
        (refusal(416, "InvalidRange"), Code.SOURCE_CHANGED),
        (ranged(ETag='"def"'), Code.SOURCE_CHANGED),
        (ranged(Content_Range="bytes 5-14/21"), Code.SOURCE_CHANGED),
        (refusal(404, "NoSuchKey"), Code.SOURCE_MISSING),
        (refusal(404, "NoSuchVersion"), Code.SOURCE_MISSING),
        (refusal(404, "NoSuchBucket"), Code.SOURCE_MISSING),
        (refusal(405, "MethodNotAllowed"), Code.SOURCE_MISSING),
        (refusal(403, "InvalidObjectState"), Code.SOURCE_ARCHIVED),
        (refusal(403, "AccessDenied"), Code.SOURCE_DENIED),
        (refusal(400, "KMS.DisabledException"), Code.SOURCE_DENIED),
        (refusal(400, "AuthorizationHeaderMalformed", Region="eu-west-1"), Code.SOURCE_DENIED),
        (Answer(status=301, headers={"x-amz-bucket-region": "eu-west-1"}), Code.SOURCE_DENIED),
        (refusal(400, "KeyTooLongError"), Code.SOURCE_MALFORMED),
        (refusal(400, "ExpiredToken"), Code.SESSION_REFUSED),
    ],
)
def test_a_refusal_is_permanent_and_has_its_own_code(answer: Answer, code: Code) -> None:
    error = failure(answer)
    assert isinstance(error, Permanent)
    assert error.code is code


def test_a_wrong_clock_is_told_by_how_much() -> None:
    times = {"RequestTime": "20260301T120601Z", "ServerTime": "2026-03-01T12:00:00Z"}
    error = failure(refusal(403, "RequestTimeTooSkewed", **times))
    assert error.code is Code.SESSION_REFUSED
    assert "clock is wrong by 361 s" in error.message
    assert "clock" in error.action
