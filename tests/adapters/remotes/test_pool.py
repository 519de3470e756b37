"""Connections that are kept for the next request, on real servers: one login and no error."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from adapters.remotes.pool import Pool
from sandbox.tls import make_certificate
from tests.ports.ftp_partners import FtpPartner, ftp_partner
from tests.ports.partners import ServerPartner, openssh, refused, send
from tests.servers.ftp_server import FtpServer
from tests.servers.openssh import OpenSSH
from transfer.destination import Destination
from transfer.errors import Code
from transfer.model import MIB
from transfer.ports import Remote


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Kept:
    """A partner behind a pool, with the clock of the pool."""

    partner: ServerPartner | FtpPartner[FtpServer]
    server: OpenSSH | FtpServer
    pool: Pool
    clock: Clock

    @property
    def destination(self) -> Destination:
        return self.partner.destination

    def connect(self, **changes: object) -> Remote:
        """`changes` are of the destination."""
        return self.pool.connect(replace(self.destination, **changes))  # type: ignore[arg-type]

    def use(self, name: str, **changes: object) -> None:
        """One request: a connection, a file, the connection given back."""
        remote = self.connect(**changes)
        path = f"{self.partner.root}/{name}"
        send(remote, path, b"data")
        assert self.partner.read(path) == b"data"
        remote.close()

    @property
    def logins(self) -> int:
        log = self.server.log
        words = "Accepted password ", "Accepted publickey ", "OK LOGIN"
        return sum(map(log.count, words))


@pytest.fixture(params=["openssh", "vsftpd-ftp", "vsftpd-ftps"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kept]:
    kind: str = request.param
    start: Any = openssh() if kind == "openssh" else ftp_partner(kind, make_certificate(tmp_path))
    with start as partner:
        clock = Clock()
        pool = Pool(partner.remotes, clock)
        yield Kept(partner, partner.server, pool, clock)
        pool.close()
        assert pool.idle(partner.destination) == 0


def test_two_requests_in_a_row_are_one_login(kept: Kept) -> None:
    fresh = kept.partner.remotes.connect(kept.destination)
    identity, powers = fresh.identity, fresh.powers
    fresh.close()
    before = kept.logins
    for number in range(3):
        kept.use(str(number))
        again = kept.connect()
        # The round trip is measured anew, and is the least so far.
        assert replace(again.powers, round_trip=0) == replace(powers, round_trip=0)
        assert again.identity == identity
        again.close()
    assert kept.logins == before + 1
    assert kept.pool.idle(kept.destination) == 1


def test_a_connection_that_the_server_has_closed_costs_a_login_and_nothing_else(
    kept: Kept,
) -> None:
    kept.use("before")
    kept.server.drop()
    kept.use("after")
    assert kept.logins == 2


def test_a_server_that_does_not_answer_in_time_is_connected_to_anew(kept: Kept) -> None:
    kept.use("before", timeout=2.0)
    kept.server.freeze()
    kept.use("after", timeout=2.0)
    assert kept.logins == 2
    kept.server.drop()


def test_idle_connections_have_their_time(kept: Kept) -> None:
    kept.use("first", keep_idle=30.0)
    kept.clock.now += 29
    kept.use("second", keep_idle=30.0)
    assert kept.pool.sweep() == 30
    kept.clock.now += 30
    assert kept.pool.sweep() is None
    assert kept.pool.idle(kept.destination) == 0
    kept.use("third", keep_idle=30.0)
    assert kept.logins == 2


def test_no_connection_is_kept_for_ever(kept: Kept) -> None:
    for number in range(125):
        kept.connect().close()
        kept.clock.now += 29
        assert kept.logins == (1 if number * 29 < 3600 else 2), number


def test_it_can_be_switched_off(kept: Kept) -> None:
    kept.use("first", keep_idle=0.0)
    kept.use("second", keep_idle=0.0)
    assert kept.logins == 2


def test_other_settings_are_another_login(kept: Kept) -> None:
    kept.use("first")
    kept.use("second", digests=("md5",))
    kept.use("third")
    assert kept.logins == 2


def test_where_one_connection_is_allowed_an_idle_one_makes_room(kept: Kept) -> None:
    kept.use("first", connections=1)
    kept.use("second", connections=1, digests=("md5",))
    assert kept.pool.idle(replace(kept.destination, connections=1)) == 0
    assert kept.logins == 2


@pytest.fixture
def spoil(kept: Kept) -> Callable[[Callable[[Remote], object]], int]:
    """How many connections are kept after a request in which this happened."""

    def happened(what: Callable[[Remote], object]) -> int:
        remote = kept.connect()
        what(remote)
        remote.close()
        remote.close()
        return kept.pool.idle(kept.destination)

    return happened


def test_what_was_interrupted_is_not_used_again(
    kept: Kept, spoil: Callable[[Callable[[Remote], object]], int]
) -> None:
    big = f"{kept.partner.root}/big"

    def half_written(remote: Remote) -> None:
        upload = remote.create(f"{big}-half")
        upload.write(b"half", 0)
        upload.abandon()

    def half_read(remote: Remote) -> None:
        pieces = iter(remote.proof.read(big, 0, 8 * MIB))
        next(pieces)
        del pieces

    def broken(remote: Remote) -> None:
        kept.server.drop()
        assert refused(remote.size, big).code == Code.REMOTE_DROPPED

    def mistaken(remote: Remote) -> None:
        with pytest.raises(AttributeError):
            remote.size(None)  # type: ignore[arg-type]

    assert spoil(lambda remote: send(remote, big, bytes(8 * MIB))) == 1
    assert spoil(lambda remote: b"".join(remote.proof.read(big, 0, 9 * MIB))) == 1
    for act in (half_written, half_read, broken):
        assert spoil(act) == 0, act
        kept.connect().close()
    if isinstance(kept.server, OpenSSH):
        assert spoil(mistaken) == 0


def test_a_refusal_does_no_harm(kept: Kept) -> None:
    for _ in range(2):
        remote = kept.connect()
        path = f"{kept.partner.root}/taken"
        if remote.size(path) is None:
            send(remote, path, b"x")
        assert refused(remote.create, path).code == Code.REMOTE_EXISTS
        remote.close()
    assert kept.logins == 1


def test_who_gave_it_back_has_it_no_more(kept: Kept) -> None:
    remote = kept.connect()
    remote.close()
    assert refused(remote.size, "/").code == Code.REMOTE_DROPPED
    assert kept.pool.idle(kept.destination) == 1


def test_nothing_is_kept_after_the_end(kept: Kept) -> None:
    lent = kept.connect()
    kept.use("other")
    kept.pool.close()
    send(lent, f"{kept.partner.root}/last", b"data")
    lent.close()
    assert kept.pool.idle(kept.destination) == 0


def test_many_threads_share_few_connections(kept: Kept) -> None:
    def work(number: int) -> None:
        for turn in range(3):
            kept.use(f"{number}-{turn}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kept.logins <= 4
    assert 1 <= kept.pool.idle(kept.destination) <= 4
