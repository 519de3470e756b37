"""The client against the simulator over TLS: logging in, reading, writing."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from adapters.servicenow.line.auth import Lockout, TokenLogin
from adapters.servicenow.line.client import Client
from adapters.servicenow.line.credentials import Basic, ClientCredentials
from adapters.servicenow.line.query import Query
from adapters.servicenow.line.wire import Wire
from sandbox.servicenow import SEEDED
from sandbox.tls import make_certificate
from tests.adapters.servicenow.canned import Canned, answer
from tests.adapters.servicenow.stage import BASIC, OAUTH, Stage
from tests.servers.connect import ConnectProxy, connect_proxy
from transfer.errors import Code, Permanent, Transient

FIELDS = ("sys_id", "number", "state", "short_description")
NOBODY = "f" * 32


def poll(client: Client) -> Iterable[object]:
    return client.rows("sc_task", Query().number("state", 1), FIELDS, limit=5)


@pytest.mark.parametrize("credentials", [OAUTH, BASIC], ids=["oauth", "basic"])
def test_both_logins_work(stage: Stage, credentials: Basic | ClientCredentials) -> None:
    assert poll(stage.client(credentials)) == ()
    assert stage.server.site.served[-1].user == SEEDED.user


def test_a_record_is_created_read_and_changed(stage: Stage) -> None:
    client = stage.client()
    made = client.create("incident", {"short_description": "Ärger"}, FIELDS)
    changed = client.update("incident", made["sys_id"], {"state": "2"}, FIELDS)
    assert (changed["short_description"], changed["state"]) == ("Ärger", "2")
    assert client.row("incident", made["sys_id"], FIELDS) == changed
    assert client.rows("incident", Query().sys_id("sys_id", made["sys_id"]), FIELDS, limit=2) == (
        changed,
    )


def test_what_is_not_there_is_none_to_a_reader_and_an_error_to_a_writer(stage: Stage) -> None:
    assert stage.client().row("incident", NOBODY, FIELDS) is None
    with pytest.raises(Permanent) as caught:
        stage.client().update("incident", NOBODY, {"state": "2"}, FIELDS)
    assert caught.value.code is Code.SERVICENOW_NOT_FOUND


NO_SURROUNDINGS = ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy")


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[ConnectProxy]:
    for name in NO_SURROUNDINGS:
        monkeypatch.delenv(name, raising=False)
    with connect_proxy() as made:
        monkeypatch.setenv("HTTPS_PROXY", made.url)
        yield made


def test_a_bastion_may_reach_the_instance_by_a_proxy_only(
    stage: Stage, proxy: ConnectProxy
) -> None:
    client = stage.client()
    made = client.create("incident", {"short_description": "by proxy"}, FIELDS)
    client.update("incident", made["sys_id"], {"state": "2"}, FIELDS)
    assert proxy.asked == [client.host], "one connection, kept"


def test_what_no_proxy_names_is_reached_without(
    stage: Stage, proxy: ConnectProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")
    assert poll(stage.client()) == ()
    assert proxy.asked == []


def test_a_proxy_that_refuses_is_named_without_its_password(
    stage: Stage, proxy: ConnectProxy
) -> None:
    proxy.refuses = True
    with pytest.raises(Transient) as caught:
        poll(stage.client())
    assert caught.value.code is Code.SERVICENOW_UNREACHABLE
    assert "HTTPS_PROXY" in caught.value.message
    assert "canary" not in "".join(traceback.format_exception(caught.value))


def test_a_token_is_fetched_once_for_all_threads(stage: Stage) -> None:
    client = stage.client()
    # The second request for a token would meet a refusal.
    stage.server.modes.set("unavailable", path="oauth_token", skip=1)
    with ThreadPoolExecutor(5) as pool:
        assert list(pool.map(lambda _: poll(client), range(20))) == [()] * 20


def test_a_token_that_died_early_is_replaced_once(stage: Stage) -> None:
    client = stage.client()
    assert poll(client) == ()
    stage.server.site.tokens.expire()
    assert poll(client) == ()
    assert [each.status for each in stage.server.site.served] == [200, 401, 200]


def test_a_second_refusal_of_the_login_is_permanent(stage: Stage) -> None:
    stage.server.modes.set("unauthorized", path="/api/now/table")
    with pytest.raises(Permanent) as caught:
        poll(stage.client())
    assert caught.value.code is Code.SERVICENOW_AUTH
    assert [each.status for each in stage.server.site.served] == [401, 401]


def test_a_wrong_password_is_tried_once(stage: Stage) -> None:
    with pytest.raises(Permanent) as caught:
        poll(stage.client(Basic(user=SEEDED.user, password="canary")))
    assert caught.value.code is Code.SERVICENOW_AUTH
    assert "canary" not in str(caught.value)
    assert [each.status for each in stage.server.site.served] == [401]


def test_a_wrong_client_secret_is_refused_without_being_named(stage: Stage) -> None:
    wrong = ClientCredentials(client_id=SEEDED.client_id, client_secret="canary")
    with pytest.raises(Permanent) as caught:
        poll(stage.client(wrong))
    assert caught.value.code is Code.SERVICENOW_AUTH
    assert "canary" not in f"{caught.value}{wrong!r}"
    assert not stage.server.site.served


@pytest.mark.parametrize(
    ("mode", "code"),
    [
        ("hibernating", Code.SERVICENOW_HIBERNATING),
        ("unavailable", Code.SERVICENOW_UNREACHABLE),
        ("sso_page", Code.SERVICENOW_LOGIN_PAGE),
        ("overloaded", Code.SERVICENOW_BUSY),
        ("dropped", Code.SERVICENOW_DROPPED),
    ],
)
@pytest.mark.parametrize("path", ["oauth_token", "/api/now/table"], ids=["token", "table"])
def test_trouble_has_the_same_code_at_both_doors(
    stage: Stage, mode: str, code: Code, path: str
) -> None:
    stage.server.modes.set(mode, path=path)
    with pytest.raises((Transient, Permanent)) as caught:
        poll(stage.client())
    assert caught.value.code is code


def test_a_certificate_of_another_authority_is_refused(stage: Stage, tmp_path: Path) -> None:
    other = make_certificate(tmp_path / "other")
    with pytest.raises(Permanent) as caught:
        poll(Client(stage.server.url, BASIC, verify=str(other.ca_file)))
    assert caught.value.code is Code.SERVICENOW_UNREACHABLE
    assert "certificate" in caught.value.message
    assert "ca_file" in caught.value.action


def login_of(server: Canned, clock: list[float]) -> TokenLogin:
    wire = Wire(server.url, timeout=60, verify=True)
    return TokenLogin(OAUTH, wire, Lockout(30.0), clock=lambda: clock[0])


def token(name: str, seconds: object) -> bytes:
    return answer(f'{{"access_token":"{name}","expires_in":{seconds}}}'.encode())


def test_a_token_is_replaced_before_its_time_is_over() -> None:
    now = [100.0]
    with Canned(token("one", 1799), token("two", 1799)) as server:
        login = login_of(server, now)
        assert login.header() == "Bearer one"
        now[0] += 1788
        assert login.header() == "Bearer one"
        now[0] += 2
        assert login.header() == "Bearer two"


def test_a_nearly_dead_token_is_used_to_its_end() -> None:
    now = [100.0]
    with Canned(token("one", 8), token("two", 1799)) as server:
        login = login_of(server, now)
        for _ in range(3):
            assert login.header() == "Bearer one"
            now[0] += 2
        now[0] += 3
        assert login.header() == "Bearer two"
    assert len(server.requests) == 2


def test_a_refusal_of_an_older_token_does_not_drop_the_newer_one() -> None:
    with Canned(token("one", 1799), token("two", 1799), token("three", 1799)) as server:
        login = login_of(server, [0.0])
        old = login.header()
        assert login.refused(old)
        assert login.header() == "Bearer two"
        assert login.refused(old)
        assert login.header() == "Bearer two"


@pytest.mark.parametrize("body", [b"{}", b'{"access_token":"a\\nb"}', b'{"access_token":7}'])
def test_an_answer_without_a_usable_token_is_refused(body: bytes) -> None:
    with Canned(answer(body)) as server, pytest.raises(Permanent) as caught:
        login_of(server, [0.0]).header()
    assert caught.value.code is Code.SERVICENOW_AUTH
