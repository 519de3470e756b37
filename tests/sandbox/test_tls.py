"""The sandbox's certificate, and the ServiceNow simulator behind it."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import pytest
import requests

from sandbox.servicenow import SEEDED, ServiceNow
from sandbox.tls import Certificate, make_certificate
from tests.servers.ports import free_port


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls") / "new")


@pytest.fixture
def session(certificate: Certificate) -> requests.Session:
    made = requests.Session()
    made.trust_env = False
    made.verify = str(certificate.ca_file)
    made.auth = (SEEDED.user, SEEDED.password)
    return made


def test_the_key_is_private(certificate: Certificate) -> None:
    assert certificate.key_file.stat().st_mode & 0o077 == 0
    for path in (certificate.cert_file, certificate.ca_file):
        assert b"PRIVATE" not in path.read_bytes()


def test_an_old_certificate_is_replaced(tmp_path: Path) -> None:
    first = make_certificate(tmp_path).cert_file.read_bytes()
    again = make_certificate(tmp_path)
    assert again.cert_file.read_bytes() != first
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(again.cert_file, again.key_file)


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_clients_that_trust_the_authority_get_through(
    certificate: Certificate, session: requests.Session, name: str
) -> None:
    with ServiceNow(tls=certificate) as server, session:
        url = server.url.replace("127.0.0.1", name) + "/api/now/table/incident"
        answer = session.get(url, timeout=60)
        assert answer.status_code == 200
        assert answer.headers["Strict-Transport-Security"]
        assert session.post(url, json={}, timeout=60).headers["Location"].startswith("https://")


def test_others_do_not(certificate: Certificate) -> None:
    with ServiceNow(tls=certificate) as server, requests.Session() as stranger:
        stranger.trust_env = False
        with pytest.raises(requests.exceptions.SSLError):
            stranger.get(server.url, timeout=60)


def test_a_silent_client_holds_nobody_up(
    certificate: Certificate, session: requests.Session
) -> None:
    with ServiceNow(tls=certificate) as server, session:
        port = int(server.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=60):
            assert session.get(server.url, timeout=60).status_code == 200


def test_a_reset_reaches_through_tls(certificate: Certificate, session: requests.Session) -> None:
    with ServiceNow(tls=certificate) as server, session:
        server.modes.set("reset_after_commit", count=1)
        url = server.url + "/api/now/table/incident"
        with pytest.raises(requests.ConnectionError):
            session.post(url, json={"short_description": "A"}, timeout=60)
        assert len(server.instance.query("incident")) == 1


def test_a_stopped_instance_starts_again_where_it_was(
    certificate: Certificate, session: requests.Session
) -> None:
    # None that others are given meanwhile.
    server = ServiceNow(tls=certificate, port=free_port())
    with server, session:
        url = server.url
        session.post(url + "/api/now/table/incident", json={}, timeout=60)
    with pytest.raises(requests.ConnectionError):
        session.get(url, timeout=60)
    with server, session:
        assert server.url == url
        rows = session.get(url + "/api/now/table/incident", timeout=60).json()["result"]
        assert len(rows) == 1
    server.stop()
