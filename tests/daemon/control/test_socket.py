"""The socket: who may use it, whose it is, and that no client holds up the service."""

from __future__ import annotations

import os
import socket
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from daemon.control.client import Refused
from daemon.control.client import ask as asked
from daemon.control.server import CLIENTS, Server
from daemon.control.words import LONGEST_QUESTION, Words
from tests.daemon.ferry import until
from transfer.errors import Code, FerryError, Permanent

LONG = "a-directory-whose-name-alone-is-longer-than-an-address-of-a-socket-may-be" * 2
Serve = Callable[..., Server]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / LONG).mkdir()
    return tmp_path / LONG / "ledger.db.socket"


@pytest.fixture
def serve(path: Path) -> Iterator[Serve]:
    """Servers at that path, closed at the end; the first answers unless told otherwise."""
    made: list[Server] = []

    def serve(answer: Callable[[Words, int], Words] | None = None, patience: float = 60) -> Server:
        server = Server(
            path, answer or (lambda words, user: {"heard": words, "user": user}), patience
        )
        server.start()
        made.append(server)
        return server

    def echo(words: Words, user: int) -> Words:
        return {"heard": words, "user": user}

    yield serve
    for server in made:
        server.close()


def ask(path: Path, question: Words) -> Words:
    return asked(path, question, {os.geteuid()})


def connected(path: Path) -> socket.socket:
    directory = os.open(path.parent, os.O_PATH)
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    channel.settimeout(60)
    channel.connect(f"/proc/self/fd/{directory}/{path.name}")
    os.close(directory)
    return channel


def code(call: Callable[[], object]) -> str:
    with pytest.raises(FerryError) as caught:
        call()
    return caught.value.code


def test_a_question_gets_its_answer_and_the_kernel_says_who_asks(serve: Serve, path: Path) -> None:
    serve()
    answer = ask(path, {"do": "status"})
    assert answer == {"ok": True, "heard": {"do": "status"}, "user": os.geteuid()}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_refusal_comes_over_with_its_code_and_faults(serve: Serve, path: Path) -> None:
    class Faulty(Permanent):
        faults = ("poll.every: must be more than 0 (line 7)",)

    def answer(_words: Words, _user: int) -> Words:
        raise Faulty(Code.CONFIG_INVALID, "The configuration cannot be used.")

    serve(answer)
    with pytest.raises(Refused) as caught:
        ask(path, {"do": "reload"})
    assert caught.value.code is Code.CONFIG_INVALID
    assert caught.value.faults == Faulty.faults


def test_a_fault_of_ours_is_an_answer_too(serve: Serve, path: Path) -> None:
    serve(lambda _words, _user: {"never": 1 / 0})
    assert code(lambda: ask(path, {"do": "status"})) == Code.INTERNAL
    assert code(lambda: ask(path, {"do": "status"})) == Code.INTERNAL


def test_what_a_dead_service_left_is_replaced_and_a_living_one_is_not(
    serve: Serve, path: Path
) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(f"/proc/self/fd/{(directory := os.open(path.parent, os.O_PATH))}/{path.name}")
        os.close(directory)
    assert code(lambda: ask(path, {})) == Code.CONTROL_ABSENT
    first = serve()
    second = serve(lambda _words, _user: {"heard": "by the second"})
    assert ask(path, {})["heard"] == {}
    second.close()
    assert ask(path, {})["heard"] == {}, "it takes away nothing but its own"
    first.close()
    assert not path.exists()
    assert code(lambda: ask(path, {})) == Code.CONTROL_ABSENT


def test_one_that_was_removed_is_made_again(serve: Serve, path: Path) -> None:
    server = serve()
    server.renew()
    assert ask(path, {})["ok"]
    path.unlink()
    server.renew()
    assert ask(path, {})["ok"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    # What another one has put there is left alone, and none is made once it is closed.
    path.unlink()
    path.write_text("mine")
    server.renew()
    assert path.read_text() == "mine"
    path.unlink()
    server.renew()
    server.close()
    server.renew()
    assert not path.exists()


def test_what_is_no_socket_stays(serve: Serve, path: Path) -> None:
    path.write_text("mine")
    serve()
    assert path.read_text() == "mine"
    assert code(lambda: ask(path, {})) == Code.CONTROL_FOREIGN


def test_without_its_directory_the_service_goes_on(tmp_path: Path) -> None:
    absent = tmp_path / "absent" / "socket"
    server = Server(absent, lambda _words, _user: {})
    server.start()
    assert code(lambda: ask(absent, {})) == Code.CONTROL_ABSENT
    server.renew()
    absent.parent.mkdir()
    server.renew()
    assert asked(absent, {}, {os.geteuid()})["ok"]
    server.close()


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\n",
        b"no json\n",
        b"[]\n",
        b'"status"\n',
        b'{"do": "status"}\n{"do": "drain"}\n',
        b"[" * 10_000 + b"\n",
        b"x" * (LONGEST_QUESTION + 1),
    ],
)
def test_a_mad_client_is_left(serve: Serve, path: Path, said: bytes) -> None:
    serve()
    with connected(path) as channel:
        channel.sendall(said)
        channel.shutdown(socket.SHUT_WR)
        assert channel.recv(1) == b""
    assert ask(path, {})["ok"]


def test_idle_clients_hold_up_nobody(serve: Serve, path: Path) -> None:
    serve()
    idle = [connected(path) for _ in range(CLIENTS - 1)]
    assert ask(path, {})["ok"]
    for channel in idle:
        channel.close()


def test_who_says_nothing_is_left(serve: Serve, path: Path) -> None:
    serve(patience=0.1)
    with connected(path) as channel:
        assert channel.recv(1) == b""


def test_who_takes_no_answer_is_left(serve: Serve, path: Path) -> None:
    large, answered = "x" * 2_000_000, threading.Event()

    def answer(_words: Words, _user: int) -> Words:
        server.patience = 0.1
        answered.set()
        return {"large": large}

    server = serve(answer)
    with connected(path) as channel:
        channel.sendall(b"{}\n")
        assert answered.wait(60)
        until(lambda: not [it for it in threading.enumerate() if it.name == "control client"])
        assert sum(map(len, iter(lambda: channel.recv(65_536), b""))) < len(large)


def test_another_user_is_refused_and_learns_nothing(serve: Serve) -> None:
    said = serve().answered({"do": "status"}, os.geteuid() + 1)
    assert (said["ok"], said["code"]) == (False, Code.CONTROL_FOREIGN)
    assert "heard" not in said
    assert serve().answered({"do": "status"}, 0)["ok"], "the superuser is not"


def test_a_client_asks_nothing_of_a_socket_of_another_user(serve: Serve, path: Path) -> None:
    heard: list[Words] = []

    def answer(words: Words, _user: int) -> Words:
        heard.append(words)
        return {}

    serve(answer)
    assert code(lambda: asked(path, {}, {os.geteuid() + 1})) == Code.CONTROL_FOREIGN
    assert heard == []
