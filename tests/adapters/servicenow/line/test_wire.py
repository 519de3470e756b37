"""What the line does to a call: hang-ups, drips, floods; each is bounded and has its code."""

from __future__ import annotations

import socket
import traceback
from collections.abc import Iterator

import pytest

from adapters.servicenow.line.client import Asked, Client
from adapters.servicenow.line.credentials import Basic
from adapters.servicenow.line.patience import PacedResponse
from adapters.servicenow.line.query import Query
from adapters.servicenow.line.wire import instance_name
from tests.adapters.servicenow.canned import JSON, Canned, answer
from tests.servers.ports import nobody
from transfer.errors import Code, Permanent, Transient

ROWS = answer(b'{"result":[]}')
BUSY = answer(
    b"<html>node restarts</html>", "503 Service Unavailable", b"Content-Type: text/html\r\n"
)
ID = "0" * 31 + "1"


def client_of(url: str, timeout: float = 30.0, verify: str | bool = True) -> Client:
    secret = Basic(user="fileferry", password="hunter2-canary")
    return Client(url, secret, timeout=timeout, verify=verify)


def poll(client: Client) -> object:
    return client.rows("sc_task", Query().number("state", 1), ("sys_id",), limit=5)


@pytest.mark.parametrize("first", [b"", BUSY], ids=["hung up", "503"])
def test_a_read_is_tried_a_second_time(first: bytes) -> None:
    with Canned(first, ROWS) as server:
        assert poll(client_of(server.url)) == ()
    assert len(server.requests) == 2


def test_a_read_is_not_tried_a_third_time() -> None:
    with Canned(BUSY) as server, pytest.raises(Transient) as caught:
        poll(client_of(server.url))
    assert caught.value.code is Code.SERVICENOW_UNREACHABLE
    assert len(server.requests) == 2


@pytest.mark.parametrize("first", [b"", BUSY], ids=["hung up", "503"])
def test_a_write_is_never_repeated(first: bytes) -> None:
    with Canned(first, ROWS) as server, pytest.raises(Transient) as caught:
        client_of(server.url).update("incident", ID, {"work_notes": "hello"}, ("sys_id",))
    assert caught.value.code is Code.SERVICENOW_UNREACHABLE
    assert len(server.requests) == 1


def test_reads_that_were_asked_together_are_tried_a_second_time_alone() -> None:
    asked = [Asked(table, Query(), ("sys_id",), limit=5) for table in ("sc_task", "incident")]
    with Canned(b"", ROWS) as server:
        secret = Basic(user="fileferry", password="hunter2-canary")
        client = Client(server.url, secret, timeout=30.0, batches=True)
        assert client.together(asked) == {}
        assert poll(client) == ()
    assert [each.split()[0] for each in server.requests] == ["POST", "GET"]


def test_reads_that_are_not_answered_in_time_are_not_asked_again(silent: socket.socket) -> None:
    asked = [Asked(table, Query(), ("sys_id",), limit=5) for table in ("sc_task", "incident")]
    secret = Basic(user="fileferry", password="hunter2-canary")
    client = Client(url_of(silent), secret, timeout=0.3, batches=True)
    with pytest.raises(Transient, match="in time"):
        client.together(asked)


def test_a_refused_connection_is_unreachable() -> None:
    with nobody() as port, pytest.raises(Transient) as caught:
        poll(client_of(f"http://127.0.0.1:{port}"))
    assert caught.value.code is Code.SERVICENOW_UNREACHABLE
    assert f"127.0.0.1:{port} refused the connection: GET sc_task" in caught.value.message


def test_a_name_that_does_not_resolve_is_unreachable() -> None:
    with pytest.raises(Transient) as caught:
        poll(client_of("https://no-such-instance.invalid"))
    assert caught.value.code is Code.SERVICENOW_UNREACHABLE


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def url_of(server: socket.socket) -> str:
    return f"http://127.0.0.1:{server.getsockname()[1]}"


def test_silence_ends_with_the_timeout_and_is_not_repeated(silent: socket.socket) -> None:
    with pytest.raises(Transient) as caught:
        poll(client_of(url_of(silent), timeout=0.3))
    assert caught.value.code is Code.SERVICENOW_UNREACHABLE
    assert "did not answer in time" in caught.value.message
    silent.setblocking(False)
    silent.accept()[0].close()
    with pytest.raises(BlockingIOError):
        silent.accept()


@pytest.mark.parametrize("at_once", [0, 120], ids=["in the head", "in the body"])
def test_a_drip_is_bounded(at_once: int) -> None:
    """Without a bound it would come to its end, after twenty seconds."""
    script = answer(b'{"result":[' + b" " * 900 + b"]}")
    with Canned(script, pace=0.02, at_once=at_once) as server, pytest.raises(Transient) as caught:
        poll(client_of(server.url, timeout=0.5))
    assert caught.value.code is Code.SERVICENOW_UNREACHABLE
    assert "in time" in caught.value.message


def test_what_is_left_of_an_answer_is_not_the_time_for_the_next_request() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(60.0)
        theirs.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        response = PacedResponse(ours, method="GET")
        response.begin()
        assert response.read() == b"{}"
        assert ours.gettimeout() == 60.0


def test_a_body_that_ends_early_is_unreachable() -> None:
    cut = ROWS[:-5]
    with Canned(cut) as server, pytest.raises(Transient) as caught:
        poll(client_of(server.url))
    assert caught.value.code is Code.SERVICENOW_UNREACHABLE


def test_a_chunked_body_is_read_to_its_end() -> None:
    head = b"HTTP/1.1 200 OK\r\n" + JSON + b"Transfer-Encoding: chunked\r\n\r\n"
    with Canned(head + b'6\r\n{"resu\r\n7\r\nlt":[]}\r\n0\r\n\r\n') as server:
        assert poll(client_of(server.url)) == ()


def test_a_flood_is_cut_off_at_ten_mebibytes() -> None:
    head = b"HTTP/1.1 200 OK\r\n" + JSON + b"\r\n"
    with Canned(head + b" " * (12 * 1024 * 1024)) as server, pytest.raises(Permanent) as caught:
        poll(client_of(server.url))
    assert caught.value.code is Code.SERVICENOW_TOO_LARGE
    assert "10 MiB" in caught.value.message


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://example.service-now.com", "example.service-now.com"),
        ("https://example.service-now.com:443", "example.service-now.com"),
        ("https://127.0.0.1:8443/", "127.0.0.1:8443"),
    ],
)
def test_the_instance_is_named_by_its_host(url: str, name: str) -> None:
    assert instance_name(url) == name


@pytest.mark.parametrize("rest", ["", "127.0.0.1:99999", "[bad:1"])
def test_what_is_no_address_of_a_proxy_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch, rest: str
) -> None:
    for name in ("https_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:hunter2-canary@{rest}")
    with pytest.raises(Transient, match="HTTPS_PROXY") as caught:
        poll(client_of("https://no-such-instance.invalid"))
    assert "canary" not in "".join(traceback.format_exception(caught.value))


def test_no_error_and_no_repr_holds_the_password(silent: socket.socket) -> None:
    client = client_of(url_of(silent), timeout=0.2)
    with pytest.raises(Transient) as caught:
        poll(client)
    assert "hunter2" not in f"{caught.value!r}{caught.value}{Basic(user='u', password='hunter2')!r}"
