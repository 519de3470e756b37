"""Logins of several hosts over one ledger: who may try, who waits, and what nobody shows again."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from adapters.memory.ledger import MemoryStore
from adapters.memory.limits import MemoryLimits
from adapters.remotes import Register
from adapters.remotes.breakers import LATER, SOON, Breakers
from tests.adapters.remotes.ssh.test_login import attempts
from tests.ports.books import Store, dynamodb, sqlite
from tests.ports.ftp_partners import FtpPartner
from tests.ports.partners import ServerPartner, openssh, refused
from tests.servers.odd_ftp import OddFtp, Session
from tests.servers.openssh import OpenSSH
from transfer.breaker import PATIENCE
from transfer.destination import Destination
from transfer.errors import Code, FerryError, Permanent, Transient, Waiting
from transfer.limits import Edit, Result

HERE = Destination(
    name="partner", protocol="memory", host="here", port=22, username="ferry", root="/"
)
HERE = replace(HERE, rest_after=2, rest=60.0)
NOBODY = Transient(Code.REMOTE_UNREACHABLE, "Nobody answers at here.")


class Away(MemoryLimits):
    """A ledger that may be away."""

    away, asked, name = False, 0, ""
    slow: Callable[[], object] | None = None
    """What the next change waits for."""

    def change(self, name: str, change: Edit[Result]) -> Result:
        self.asked, self.name = self.asked + 1, name
        if self.away:
            raise Transient(Code.LEDGER_UNAVAILABLE, "It is away.")
        slow, self.slow = self.slow, None
        if slow:
            slow()
        return super().change(name, change)


class Hosts:
    """Several hosts over one store, and a server that answers as it is told."""

    def __init__(self) -> None:
        self.now, self.tries = 1_000_000.0, 0
        self.answer: Exception | None = None
        self.store = MemoryStore()
        self.limits = Away(self.store, lambda: self.now)

    def host(self, name: str, *, careful: bool = True) -> Breakers:
        return Breakers(self.limits, name, careful=careful)

    def connect(self) -> str:
        self.tries += 1
        if self.answer:
            raise self.answer
        return "in"

    def error(self, host: Breakers, destination: Destination = HERE, *shown: str) -> FerryError:
        return refused(host.guard, destination, shown or ("word",), self.connect)


@pytest.fixture
def hosts() -> Hosts:
    return Hosts()


def test_a_partner_that_is_away_is_left_alone_by_all_hosts_and_tried_by_one(hosts: Hosts) -> None:
    one, two = hosts.host("one"), hosts.host("two")
    hosts.answer = NOBODY
    assert hosts.error(one).code is Code.REMOTE_UNREACHABLE
    waits = hosts.error(one)
    assert (type(waits), waits.code, waits.retry_after) == (
        Waiting,
        Code.DESTINATION_RESTING,
        LATER,
    )
    assert "Nobody answers at here." in waits.message
    assert hosts.error(two).code is Code.DESTINATION_RESTING
    assert hosts.tries == 2
    hosts.now += 60
    inside, outside = threading.Event(), threading.Event()

    def slow() -> str:
        inside.set()
        assert outside.wait(60)
        return "in"

    with ThreadPoolExecutor(1) as pool:
        trying = pool.submit(one.guard, HERE, ["word"], slow)
        assert inside.wait(60)
        second = hosts.error(two)
        assert (second.code, second.retry_after) == (Code.DESTINATION_RESTING, SOON)
        outside.set()
        assert trying.result() == "in"
    assert hosts.tries == 2
    hosts.answer = None
    assert two.guard(HERE, ["word"], hosts.connect) == "in"
    assert two.look(HERE, ["word"]) is None


def test_after_hours_it_fails_with_the_partner_s_own_error(hosts: Hosts) -> None:
    one, hosts.answer = hosts.host("one"), NOBODY
    hosts.error(one)
    began, error = hosts.now, hosts.error(one)
    while hosts.now - began <= PATIENCE:
        assert type(error) is Waiting
        hosts.now += 300
        error = hosts.error(one)
    assert (type(error), error.code) == (Permanent, Code.REMOTE_UNREACHABLE)
    assert "Nobody answers at here." in error.message
    hosts.now += 900
    hosts.answer = None
    assert one.guard(HERE, ["word"], hosts.connect) == "in"


def test_a_code_of_a_later_version_is_no_fault(hosts: Hosts) -> None:
    one, hosts.answer = hosts.host("one"), NOBODY
    for _ in range(2):
        hosts.error(one)
    hosts.limits.change(hosts.limits.name, lambda page, _: (None, {**page, "code": "remote.new"}))
    hosts.now += PATIENCE + 1
    hosts.limits.change(
        hosts.limits.name, lambda page, now: (None, {**page, "until": now + 60, "latest": now})
    )
    assert hosts.error(one).code is Code.REMOTE_UNREACHABLE


def test_a_refused_credential_is_shown_by_nobody_until_it_is_another_one(hosts: Hosts) -> None:
    one, hosts.answer = hosts.host("one"), Permanent(Code.AUTH_REFUSED, "No.")
    assert hosts.error(one).message == "No."
    for name in ("one", "two", "one anew"):
        again = hosts.error(hosts.host(name))
        assert (type(again), again.code) == (Permanent, Code.AUTH_REFUSED)
        assert "fileferry resume partner" in again.message
    hosts.now += 30 * 86_400
    assert "not tried again" in hosts.error(one).message
    # Another name of the same login or secret, or another way to write the host: the same account.
    twin = replace(HERE, name="twin", root="/other", host="HERE.")
    assert hosts.error(one, twin).code is Code.AUTH_REFUSED
    assert hosts.tries == 1
    named = [replace(HERE, password=name) for name in ("of_one", "of_two")]
    assert [hosts.error(one, each, "wrong").code for each in named] == [Code.AUTH_REFUSED] * 2
    assert hosts.tries == 2
    hosts.answer = None
    assert hosts.host("two").guard(HERE, ["new word"], hosts.connect) == "in"
    assert hosts.error(one).code is Code.AUTH_REFUSED
    held = one.look(HERE, ["word"])
    assert held
    assert (held.code, held.until) == (Code.AUTH_REFUSED, None)
    assert hosts.tries == 3


def test_an_operator_has_it_tried_again(hosts: Hosts) -> None:
    one, hosts.answer = hosts.host("one"), Permanent(Code.AUTH_REFUSED, "Locked.")
    hosts.error(one)
    hosts.answer = None
    assert hosts.host("two").resume(HERE)
    assert not hosts.host("two").resume(HERE)
    assert one.guard(HERE, ["word"], hosts.connect) == "in"


def test_of_hosts_that_begin_together_one_finds_out(hosts: Hosts) -> None:
    inside, outside = threading.Event(), threading.Event()

    def slow() -> str:
        inside.set()
        assert outside.wait(60)
        raise Permanent(Code.AUTH_REFUSED, "No.")

    with ThreadPoolExecutor(1) as pool:
        trying = pool.submit(refused, hosts.host("one").guard, HERE, ["word"], slow)
        assert inside.wait(60)
        two = hosts.host("two")
        assert hosts.error(two).code is Code.DESTINATION_RESTING
        outside.set()
        assert trying.result().code is Code.AUTH_REFUSED
    assert hosts.error(two).code is Code.AUTH_REFUSED
    assert hosts.tries == 0


def test_what_the_ledger_could_not_be_told_is_told_before_the_next_try(hosts: Hosts) -> None:
    one, hosts.answer = hosts.host("one"), Permanent(Code.AUTH_REFUSED, "No.")

    def lost() -> str:
        hosts.limits.away = True
        return hosts.connect()

    assert refused(one.guard, HERE, ["word"], lost).message == "No."
    assert hosts.error(one).code is Code.LEDGER_UNAVAILABLE
    hosts.limits.away = False
    assert "not tried again" in hosts.error(one).message
    assert "not tried again" in hosts.error(hosts.host("two")).message
    assert hosts.tries == 1


def test_while_one_tells_what_is_owed_nobody_tries(hosts: Hosts) -> None:
    # Logins at other addresses do not wait for each other's turn.
    one, hosts.answer = hosts.host("one", careful=False), Permanent(Code.AUTH_REFUSED, "No.")
    inside, outside = threading.Event(), threading.Event()

    def lost() -> str:
        hosts.limits.away = True
        return hosts.connect()

    def slow() -> None:
        inside.set()
        assert outside.wait(60)

    assert refused(one.guard, HERE, ["word"], lost).message == "No."
    hosts.limits.away, hosts.limits.slow = False, slow
    elsewhere = replace(HERE, host="elsewhere")
    with ThreadPoolExecutor(2) as pool:
        teller = pool.submit(one.guard, elsewhere, ["word"], lambda: "in")
        assert inside.wait(60)
        same = pool.submit(refused, one.guard, HERE, ["word"], hosts.connect)
        try:
            assert not wait([same], timeout=0.2).done
        finally:
            outside.set()
        assert "not tried again" in same.result().message
        assert teller.result() == "in"
    assert hosts.tries == 1


@pytest.mark.parametrize(
    "error",
    [Permanent(Code.SECRET_MISSING, "None."), OSError("ours"), KeyboardInterrupt()],
    ids=["secret", "fault", "stop"],
)
def test_what_never_came_to_the_partner_says_nothing_of_it(
    hosts: Hosts, error: BaseException
) -> None:
    one = hosts.host("one")

    def fails() -> str:
        raise error

    for _ in range(5):
        with pytest.raises(type(error)):
            one.guard(HERE, ["word"], fails)
    assert one.guard(HERE, ["word"], hosts.connect) == "in"


def test_a_host_key_that_is_another_one_shows_that_it_answers(hosts: Hosts) -> None:
    one, hosts.answer = hosts.host("one"), NOBODY
    hosts.error(one)
    hosts.answer = Permanent(Code.HOSTKEY_UNKNOWN, "Another key.")
    assert hosts.error(one).code is Code.HOSTKEY_UNKNOWN
    hosts.answer = NOBODY
    assert hosts.error(one).code is Code.REMOTE_UNREACHABLE


def test_the_ledger_learns_nothing_of_a_credential(hosts: Hosts) -> None:
    one, hosts.answer = hosts.host("one"), Permanent(Code.AUTH_REFUSED, "No.")
    hosts.error(one, HERE, "correct horse battery")
    [page] = hosts.store.pages.values()
    assert "horse" not in page
    [refusal] = json.loads(page)["refused"]
    # Of 65,536 guesses one looks right: nobody can tell which.
    assert len(refusal["mark"]) == 4
    hosts.now += 1
    hosts.error(hosts.host("two"), replace(HERE, username="else"), "correct horse battery")
    _, other = hosts.store.pages.values()
    assert json.loads(other)["salt"] != json.loads(page)["salt"]


def test_a_login_that_goes_well_writes_nothing_once_it_is_known(hosts: Hosts) -> None:
    one = hosts.host("one")
    one.guard(HERE, ["word"], hosts.connect)
    before = hosts.limits.asked
    assert one.guard(HERE, ["word"], hosts.connect) == "in"
    assert (hosts.limits.asked, hosts.store.pages) == (before + 1, {hosts.limits.name: "{}"})


@dataclass
class Shared:
    """A real server, and hosts that share a ledger."""

    partner: ServerPartner
    store: Store

    def host(self, name: str) -> Register:
        books = self.store.open(name)
        breakers = Breakers(books.limits, name, careful=books.shared)
        return Register(self.partner.secrets.__getitem__, breakers)

    def attempts(self) -> int:
        assert isinstance(self.partner.server, OpenSSH)
        return len(attempts(self.partner.server.log))


@pytest.fixture(params=[sqlite, dynamodb], ids=lambda kind: kind.__name__)
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shared]:
    with openssh(options=["LogLevel DEBUG1"]) as partner:
        for store in request.param(tmp_path):
            yield Shared(partner, store)


def test_a_real_server_sees_one_refused_login_of_all_workers_hosts_and_starts(
    shared: Shared,
) -> None:
    wrong, before = shared.partner.mistyped(), shared.attempts()
    # A SQLite file has one service at a time.
    names = ["one", "two"] if shared.store.open("one").shared else ["one"]
    hosts = [shared.host(name) for name in names]

    def ask(number: int) -> Code:
        return refused(hosts[number % len(hosts)].connect, wrong).code

    with ThreadPoolExecutor(6) as pool:
        codes = set(pool.map(ask, range(6)))
    assert codes <= {Code.AUTH_REFUSED, Code.DESTINATION_RESTING}
    # Started anew, days later.
    shared.store.time.passes(3 * 86_400)
    assert refused(shared.host("one").connect, wrong).code is Code.AUTH_REFUSED
    assert shared.attempts() == before + 1
    held = shared.host("two").held(wrong)
    assert held
    assert held.code == Code.AUTH_REFUSED
    shared.host("two").connect(shared.partner.destination).close()


class Strict(Session):
    def do_pass(self, _password: str) -> None:
        self.reply("530 Wrong.")


def test_an_ftp_server_sees_one_refused_login(hosts: Hosts) -> None:
    with OddFtp(Strict) as server:
        partner = FtpPartner(server, "ftp")
        for name in ("one", "two"):
            register = Register(lambda _: "word", hosts.host(name))
            assert refused(register.connect, partner.destination).code is Code.AUTH_REFUSED
        assert sum(one.startswith("PASS") for one in server.heard) == 1


def test_a_secret_that_changes_meanwhile_is_not_shown_for_the_old_one(hosts: Hosts) -> None:
    words = iter(["old", "new", "new", "new"])
    with OddFtp(Strict) as server:
        partner = FtpPartner(server, "ftp")
        register = Register(lambda _: next(words), hosts.host("one"))
        for _ in range(3):
            assert refused(register.connect, partner.destination).code is Code.AUTH_REFUSED
        heard = [one for one in server.heard if one.startswith("PASS")]
    assert heard == ["PASS old", "PASS new"]
