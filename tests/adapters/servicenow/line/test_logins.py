"""The ways to log in, each against the simulator, and what happens when one is refused."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from adapters.servicenow.line.auth import Lockout, TokenLogin
from adapters.servicenow.line.client import Client
from adapters.servicenow.line.credentials import Basic, Certified, JwtBearer, Refreshing
from adapters.servicenow.line.patience import showing
from adapters.servicenow.line.query import Query
from adapters.servicenow.line.wire import Wire
from sandbox.servicenow import SEEDED, ServiceNow
from sandbox.tls import make_certificate
from tests.adapters.servicenow.canned import Canned, answer
from tests.adapters.servicenow.stage import BASIC, OAUTH, Stage
from tests.servers.certificates import Authority
from transfer.errors import Code, FerryError, Permanent, Transient


def poll(client: Client) -> object:
    return client.rows("sc_task", Query().number("state", 1), ("sys_id",), limit=5)


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    kind = s.PrivateFormat.PKCS8
    return key.private_bytes(s.Encoding.PEM, kind, s.NoEncryption()).decode()


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def refresh_token(stage: Stage) -> str:
    form = {
        "grant_type": "password",
        "client_id": SEEDED.client_id,
        "client_secret": SEEDED.client_secret,
        "username": "anna.berg",
        "password": SEEDED.users["anna.berg"].password,
    }
    ca_file = str(stage.certificate.ca_file)
    url = f"{stage.server.url}/oauth_token.do"
    return str(requests.post(url, data=form, verify=ca_file, timeout=60).json()["refresh_token"])


def test_a_refresh_token_gets_tokens_again_and_again(stage: Stage) -> None:
    client = stage.client(Refreshing(OAUTH, refresh_token(stage)))
    poll(client)
    stage.server.site.tokens.expire()
    poll(client)
    assert [each.status for each in stage.server.site.served] == [200, 401, 200]
    assert stage.server.site.served[-1].user == "anna.berg"


def test_a_refresh_token_that_was_replaced_is_used_no_more() -> None:
    grant = Refreshing(OAUTH, "old")
    granted = b'{"access_token":"a","expires_in":0,"refresh_token":"new"}'
    with Canned(answer(granted)) as server:
        TokenLogin(grant, Wire(server.url, timeout=60, verify=True), Lockout(30.0)).header()
    assert grant.request()["refresh_token"] == "new"


@pytest.mark.parametrize("key_id", [None, "k1"])
def test_a_signed_assertion_gets_a_token_and_another_one_the_next(
    stage: Stage, key: rsa.RSAPrivateKey, key_id: str | None
) -> None:
    stage.server.site.tokens.assertions.keys[key_id or ""] = key.public_key()
    client = stage.client(JwtBearer(OAUTH, "fileferry", pem(key), key_id))
    poll(client)
    stage.server.site.tokens.expire()
    poll(client)
    assert [each.user for each in stage.server.site.served] == ["fileferry", "", "fileferry"]


def test_an_assertion_of_another_key_is_refused(stage: Stage, key: rsa.RSAPrivateKey) -> None:
    other = rsa.generate_private_key(65537, 2048)
    stage.server.site.tokens.assertions.keys[""] = other.public_key()
    with pytest.raises(Permanent) as caught:
        poll(stage.client(JwtBearer(OAUTH, "fileferry", pem(key))))
    assert caught.value.code is Code.SERVICENOW_AUTH
    assert "clock" in caught.value.action


@pytest.mark.parametrize(
    "text", ["", "x", "-----BEGIN PRIVATE KEY-----\nQUJD\n-----END PRIVATE KEY-----"]
)
def test_what_is_no_rsa_key_is_a_fault_of_the_configuration(text: str) -> None:
    for each in (text, pem(ec.generate_private_key(ec.SECP256R1()))):
        with pytest.raises(Permanent) as caught:
            JwtBearer(OAUTH, "fileferry", each)
        assert caught.value.code is Code.CONFIG_INVALID
        assert "QUJD" not in str(caught.value)


def test_a_client_certificate_is_a_login(tmp_path: Path) -> None:
    authority, ours = Authority(tmp_path), make_certificate(tmp_path / "tls")
    shown = authority.certify("fileferry")
    both = shown.cert_file.read_text() + shown.key_file.read_text()
    with ServiceNow(tls=ours, client_ca=authority.file) as server:
        ca_file = str(ours.ca_file)
        certified = Client(server.url, Certified(), verify=ca_file, context=showing(both))
        assert poll(certified) == ()
        assert server.site.served[-1].user == "fileferry"
        beside = Client(server.url, BASIC, verify=ca_file, context=showing(both))
        assert poll(beside) == ()
        with pytest.raises(Permanent) as caught:
            poll(Client(server.url, Certified(), verify=ca_file))
    assert caught.value.code is Code.SERVICENOW_AUTH


def test_the_server_is_still_verified_beside_a_client_certificate(tmp_path: Path) -> None:
    authority, ours = Authority(tmp_path), make_certificate(tmp_path / "tls")
    shown = authority.certify("fileferry")
    both = shown.cert_file.read_text() + shown.key_file.read_text()
    with ServiceNow(tls=ours, client_ca=authority.file) as server:
        client = Client(server.url, Certified(), verify=str(authority.file), context=showing(both))
        with pytest.raises(Permanent) as caught:
            poll(client)
    assert "certificate" in caught.value.message


@pytest.mark.parametrize("text", ["", "not a certificate", "-----BEGIN CERTIFICATE-----"])
def test_what_is_no_client_certificate_is_a_fault_of_the_configuration(text: str) -> None:
    with pytest.raises(Permanent) as caught:
        showing(text)
    assert caught.value.code is Code.CONFIG_INVALID
    assert "servicenow.certificate" in caught.value.message


def test_after_a_refusal_nobody_knocks_for_a_while(stage: Stage) -> None:
    stage.server.modes.set("unauthorized", path="/api/now/table")
    client = stage.client()
    for _ in range(3):
        with pytest.raises(Permanent) as caught:
            poll(client)
        assert caught.value.code is Code.SERVICENOW_AUTH
    assert [each.status for each in stage.server.site.served] == [401, 401]
    assert 0 < (caught.value.retry_after or 0) <= 30


def test_the_pause_ends() -> None:
    now = [0.0]
    lockout = Lockout(30.0, clock=lambda: now[0])
    refuse(lockout, Code.SERVICENOW_AUTH)
    with pytest.raises(Permanent), lockout.heeding():
        pass
    now[0] += 30
    with lockout.heeding():
        pass


def test_another_refusal_than_of_the_login_pauses_nothing() -> None:
    lockout = Lockout(30.0, clock=lambda: 0.0)
    refuse(lockout, Code.SERVICENOW_DENIED)
    with lockout.heeding():
        pass


def refuse(lockout: Lockout, code: Code) -> None:
    with pytest.raises(Permanent), lockout.heeding():
        raise Permanent(code, "No.")


def at_once(client: Client) -> list[Code | None]:
    """How eight calls end that are made at the same moment."""
    together = threading.Barrier(8)

    def asked() -> Code | None:
        together.wait(60)
        try:
            poll(client)
        except FerryError as error:
            return error.code
        return None

    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(asked) for _ in range(8)]
        return [call.result() for call in calls]


def test_of_calls_at_one_moment_one_shows_the_password(stage: Stage) -> None:
    wrong = stage.client(Basic(user=SEEDED.user, password="canary"))
    assert at_once(wrong) == [Code.SERVICENOW_AUTH] * 8
    assert [each.status for each in stage.server.site.served] == [401]


def test_a_secret_that_was_refused_is_not_shown_by_those_who_waited_for_a_token() -> None:
    refusal = answer(b'{"error":"invalid_client"}', "401 Unauthorized")
    with Canned(refusal) as server:
        login = TokenLogin(OAUTH, Wire(server.url, timeout=60, verify=True), Lockout(30.0))
        for _ in range(3):
            with pytest.raises(Permanent) as caught:
                login.header()
            assert caught.value.code is Code.SERVICENOW_AUTH
    assert len(server.requests) == 1


def test_who_waited_goes_on_when_it_was_the_right_one_and_when_nobody_knows(stage: Stage) -> None:
    right = stage.client(BASIC)
    assert at_once(right) == [None] * 8
    stage.server.modes.set("unavailable", path="/api/now/table")
    assert at_once(stage.client(BASIC)) == [Code.SERVICENOW_UNREACHABLE] * 8


def test_no_repr_holds_a_secret(key: rsa.RSAPrivateKey) -> None:
    made: list[Callable[[], object]] = [
        lambda: Refreshing(OAUTH, "canary"),
        lambda: JwtBearer(OAUTH, "fileferry", pem(key)),
    ]
    for make in made:
        assert "canary" not in repr(make())
        assert SEEDED.client_secret not in repr(make())


def test_a_token_endpoint_that_is_throttled_silences_the_process(stage: Stage) -> None:
    stage.server.modes.set("throttled", path="oauth_token", count=1, retry_after=60)
    client = stage.client()
    for _ in range(3):
        with pytest.raises(Transient):
            poll(client)
    assert client.budget.made == 1
