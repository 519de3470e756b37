"""The thin way: connections that are kept or not, TLS that is proven, and when boto3 takes over."""

from __future__ import annotations

import gc
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.s3.store import S3Objects, make_client
from sandbox.tls import Certificate, make_certificate
from tests.adapters.s3.test_misbehaviour import BODY, GOOD, PIN, SOURCE
from tests.servers.odd_s3 import Answer, OddS3, refusal
from tests.servers.s3_clients import s3_client
from transfer.errors import Code, Permanent, Transient


def objects(server: OddS3, **kwargs: Any) -> S3Objects:
    return S3Objects(s3_client(server.endpoint_url, **kwargs))


@pytest.fixture(autouse=True)
def no_bundle_of_this_host(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def secure(certificate: Certificate) -> Iterator[OddS3]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.cert_file, certificate.key_file)
    server = OddS3(GOOD)
    server._http.socket = context.wrap_socket(server._http.socket, server_side=True)
    server.endpoint_url = server.endpoint_url.replace("http:", "https:")
    with server:
        yield server


def read(store: S3Objects) -> bytes:
    return store.read(SOURCE, PIN, 5, 10)


def test_the_host_is_named_once() -> None:
    with OddS3(GOOD) as server:
        assert read(objects(server)) == BODY
        assert server.seen[0].headers["host"] == server.endpoint_url.removeprefix("http://")


def test_a_line_that_the_server_has_closed_is_not_used_again() -> None:
    closing = Answer(status=206, headers=GOOD.headers, body=BODY, ending="close")
    with OddS3(closing) as server:
        store = objects(server)
        assert {read(store) for _ in range(3)} == {BODY}
        assert (len(server.seen), server.connections) == (3, 3)


def test_a_line_with_a_rest_on_it_is_not_used_again() -> None:
    longer = Answer(status=206, headers=GOOD.headers, body=BODY * 2)
    with OddS3(longer, GOOD) as server:
        store = objects(server)
        with pytest.raises(Transient, match="announced 20 of 10"):
            read(store)
        assert read(store) == BODY
        assert server.connections == 2


def test_a_line_that_breaks_before_the_answer_is_tried_again() -> None:
    silent = Answer(status=206, headers={"Content-Length": "x"}, body=b"", ending="reset")
    with OddS3(silent, GOOD) as server:
        with pytest.raises(Transient):
            read(objects(server))
        assert read(objects(server, tries=2)) == BODY


def test_no_more_tries_than_the_client_has() -> None:
    with OddS3(refusal(503, "SlowDown")) as server:
        with pytest.raises(Transient, match="SlowDown"):
            read(objects(server, tries=2))
        assert len(server.seen) == 2


def test_many_threads_have_a_line_each_and_leave_them_for_the_next() -> None:
    with OddS3(GOOD) as server:
        store = objects(server)
        found: list[bytes] = []
        for _ in range(2):
            threads = [threading.Thread(target=lambda: found.append(read(store))) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert found == [BODY] * 16
        assert server.connections <= 8


def test_lines_are_closed_with_the_store() -> None:
    with OddS3(GOOD) as server:
        store = objects(server)
        assert read(store) == BODY
        del store
        # A socket that is left open would warn, and warnings are errors.
        gc.collect()


def test_a_bucket_elsewhere_is_followed_by_boto3() -> None:
    elsewhere = Answer(status=301, headers={"x-amz-bucket-region": "eu-west-1"})
    head = Answer(headers={"ETag": '"abc"', "Content-Length": "20"})
    with OddS3(elsewhere, elsewhere, head) as server:
        assert objects(server).describe(SOURCE).etag == '"abc"'
        regions = [seen.headers["authorization"].split("/")[2] for seen in server.seen]
    assert regions == ["eu-central-1", "eu-central-1", "eu-west-1"]


def test_what_boto3_learned_of_a_bucket_holds_from_then_on() -> None:
    elsewhere = Answer(status=301, headers={"x-amz-bucket-region": "eu-west-1"})
    with OddS3(elsewhere, elsewhere, GOOD) as server:
        store = objects(server)
        assert {read(store) for _ in range(3)} == {BODY}
        regions = [seen.headers["authorization"].split("/")[2] for seen in server.seen]
    assert regions == ["eu-central-1", "eu-central-1", *["eu-west-1"] * 3]


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_a_server_is_trusted_by_the_bundle_that_is_named(
    secure: OddS3, certificate: Certificate, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, str(certificate.ca_file))
    assert read(objects(secure)) == BODY
    assert "boto3" in secure.seen[0].headers["user-agent"].lower()


def test_the_bundle_of_a_profile_counts(
    secure: OddS3, certificate: Certificate, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    keys = "aws_access_key_id = KEY\naws_secret_access_key = secret\n"
    config = tmp_path / "config"
    config.write_text(f"[profile ferry]\n{keys}ca_bundle = {certificate.ca_file}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    store = S3Objects(make_client("eu-central-1", secure.endpoint_url, "ferry", 5.0))
    assert read(store) == BODY


def test_an_unknown_server_is_not_talked_to(secure: OddS3) -> None:
    with pytest.raises(Transient, match="SSL"):
        read(objects(secure))
    assert secure.seen == []


def test_a_server_of_another_name_is_not_talked_to(
    secure: OddS3, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate.ca_file))
    secure.endpoint_url = secure.endpoint_url.replace("127.0.0.1", "127.0.0.2")
    with pytest.raises(Transient):
        read(objects(secure))
    assert secure.seen == []


def test_a_refusal_without_end_is_not_read_to_its_end() -> None:
    endless = Answer(status=403, headers={"Content-Length": str(2**40)}, body=b"x" * 100_000)
    with OddS3(endless) as server, pytest.raises(Permanent) as raised:
        read(objects(server))
    assert raised.value.code is Code.SOURCE_DENIED
