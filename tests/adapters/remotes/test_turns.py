"""One login at a time at an address, and a refused credential is not shown again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from adapters.memory.remotes import MemoryRemotes
from adapters.remotes.turns import REMEMBERED, Turns
from tests.adapters.remotes.ssh.test_login import attempts
from tests.ports.ftp_partners import FtpPartner
from tests.ports.partners import ServerPartner, openssh, refused
from tests.servers.odd_ftp import OddFtp, Session
from tests.servers.openssh import OpenSSH
from transfer.destination import Destination
from transfer.errors import Code, FerryError, Permanent, Transient
from transfer.ports import Remote

HERE = Destination(
    name="partner", protocol="memory", host="here", port=22, username="ferry", root="/"
)
FILES = 8


class Watch:
    """Counts the logins, and how many were under way together."""

    def __init__(self, error: FerryError | None = None) -> None:
        self.error = error
        self.times = self.inside = self.most = 0
        self.gate = threading.Event()

    def login(self) -> Remote:
        self.times += 1
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.gate.wait(60)
        self.inside -= 1
        if self.error is not None:
            raise self.error
        return MemoryRemotes().connect(HERE)


def together(turns: Turns, watch: Watch, destination: Destination = HERE) -> list[object]:
    """Eight at once; what each has got. The first is let go when all have asked."""
    asked = threading.Barrier(FILES + 1)

    def ask(_: int) -> object:
        asked.wait(60)
        try:
            return turns.take(destination, ["word"], watch.login)
        except FerryError as error:
            return error.code

    with ThreadPoolExecutor(FILES) as pool:
        answers = pool.map(ask, range(FILES))
        asked.wait(60)
        watch.gate.set()
        return list(answers)


def test_one_after_the_other() -> None:
    watch = Watch()
    assert len(together(Turns(), watch)) == FILES
    assert (watch.times, watch.most) == (FILES, 1)


def test_a_refused_credential_is_shown_once() -> None:
    watch = Watch(Permanent(Code.AUTH_REFUSED, "No."))
    assert together(Turns(), watch) == [Code.AUTH_REFUSED] * FILES
    assert watch.times == 1


def test_a_broken_line_is_tried_by_each() -> None:
    watch = Watch(Transient(Code.REMOTE_DROPPED, "Broken."))
    assert together(Turns(), watch) == [Code.REMOTE_DROPPED] * FILES
    assert watch.times == FILES


@pytest.fixture
def now() -> list[float]:
    return [0.0]


@pytest.fixture
def turns(now: list[float]) -> Turns:
    return Turns(lambda: now[0])


def no() -> Remote:
    raise Permanent(Code.AUTH_REFUSED, "No.", action="Ask.")


def yes() -> Remote:
    return MemoryRemotes().connect(HERE)


def test_a_refusal_is_remembered_for_a_while(turns: Turns, now: list[float]) -> None:
    refused(turns.take, HERE, ["word"], no)
    now[0] = REMEMBERED - 1
    error = refused(turns.take, HERE, ["word"], yes)
    assert (error.code, type(error), error.action) == (Code.AUTH_REFUSED, Permanent, "Ask.")
    assert "not tried again" in error.message
    # Asking in between makes it no longer.
    now[0] = REMEMBERED
    turns.take(HERE, ["word"], yes).close()


def test_nobody_waits_for_ever(turns: Turns) -> None:
    inside, outside = threading.Event(), threading.Event()

    def hanging() -> Remote:
        inside.set()
        outside.wait(60)
        return yes()

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(turns.take, HERE, [], hanging)
        inside.wait(60)
        error = refused(turns.take, replace(HERE, connect_timeout=0.001), [], yes)
        outside.set()
        first.result().close()
    assert (error.code, type(error)) == (Code.REMOTE_TIMEOUT, Transient)


@pytest.mark.parametrize(
    ("changes", "secrets"),
    [({}, ["other"]), ({"username": "else"}, ["word"]), ({"host": "there"}, ["word"])],
)
def test_another_credential_is_another_matter(
    turns: Turns, changes: dict[str, str], secrets: list[str]
) -> None:
    refused(turns.take, HERE, ["word"], no)
    turns.take(replace(HERE, **changes), secrets, yes).close()  # type: ignore[arg-type]


def test_who_stood_behind_a_dead_server_need_not_find_out_again() -> None:
    ticks = iter([0.0, 1.0, 2.0, 0.5, 3.0])
    turns = Turns(lambda: next(ticks))

    def dead() -> Remote:
        raise Transient(Code.REMOTE_TIMEOUT, "Nobody answers.", retry_after=7.0)

    refused(turns.take, HERE, [], dead)
    error = refused(turns.take, HERE, [], yes)
    assert (error.code, type(error)) == (Code.REMOTE_TIMEOUT, Transient)
    assert error.retry_after == 7.0


@pytest.fixture(scope="module")
def partner() -> Iterator[ServerPartner]:
    with openssh(options=["LogLevel DEBUG1"]) as partner:
        yield partner


def at_once(action: Callable[[], object]) -> list[Code]:
    def one(_: int) -> Code:
        return refused(action).code

    with ThreadPoolExecutor(FILES) as pool:
        return list(pool.map(one, range(FILES)))


def test_files_in_parallel_cost_one_refusal_over_ssh(partner: ServerPartner) -> None:
    assert isinstance(partner.server, OpenSSH)
    before = len(attempts(partner.server.log))
    wrong = partner.mistyped()
    assert set(at_once(lambda: partner.remotes.connect(wrong))) == {Code.AUTH_REFUSED}
    assert len(attempts(partner.server.log)) == before + 1


class Strict(Session):
    def do_pass(self, _password: str) -> None:
        self.reply("530 Your account expired on Friday.")


def test_files_in_parallel_cost_one_refusal_over_ftp() -> None:
    with OddFtp(Strict) as server:
        partner = FtpPartner(server, "ftp")
        assert set(at_once(partner.connect)) == {Code.AUTH_REFUSED}
        assert sum(one.startswith("PASS") for one in server.heard) == 1
        assert "expired on Friday" in refused(partner.connect).message


class Locking(Session):
    """Ends the session in the middle of a file, and then lets nobody in again."""

    def do_pass(self, _password: str) -> None:
        self.reply("530 Locked." if self.server.files.get("/locked") else "230 welcome")

    def do_retr(self, path: str) -> None:
        del path
        self.server.files["/locked"] = b"yes"
        with self.accept() as sock:
            sock.sendall(b"half of ")
        self.request.close()


def test_who_connects_again_by_himself_waits_for_his_turn_and_shows_no_refused_credential() -> None:
    with OddFtp(Locking) as server:
        partner = FtpPartner(server, "ftp")
        remotes = [partner.connect() for _ in range(3)]
        for remote in remotes:
            assert b"".join(remote.proof.read("/file", 0, 4)) == b"half"
            remote.close()
        assert sum(one.startswith("PASS") for one in server.heard) == len(remotes) + 1


@pytest.mark.parametrize("host", ["HERE", "here."])
def test_a_host_is_the_same_however_it_is_written(turns: Turns, host: str) -> None:
    refused(turns.take, HERE, ["word"], no)
    assert refused(turns.take, replace(HERE, host=host), ["word"], yes).code is Code.AUTH_REFUSED
