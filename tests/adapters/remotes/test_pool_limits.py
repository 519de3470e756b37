"""Whom the pool makes room for, counted on made-up connections; forks; lines that are shared."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Iterator
from dataclasses import replace
from time import monotonic
from typing import Any

import pytest

from adapters.remotes.pool import Pool
from tests.ports.partners import openssh, refused, send
from tests.servers.openssh import OpenSSH
from transfer.destination import Destination
from transfer.errors import Code, Transient
from transfer.ports import Remote

BANK = Destination(
    name="bank", protocol="none", host="", port=0, username="", root="/", connections=2
)
SHOP = replace(BANK, name="shop")


class Line:
    """A connection; `all` are those that are open."""

    well = True

    def __init__(self, destination: Destination, everywhere: list[Line]) -> None:
        self.destination = destination
        self.everywhere = everywhere
        everywhere.append(self)

    def is_well(self, patience: float) -> bool:
        assert patience <= 5
        return self.well

    def another(self) -> Line:
        return Line(self.destination, self.everywhere)

    def close(self) -> None:
        if self in self.everywhere:
            self.everywhere.remove(self)


class Lines:
    """The Remotes of such lines; `broken` refuses everybody. Never more than are allowed."""

    protocols = frozenset({"none"})

    def __init__(self) -> None:
        self.open: list[Line] = []
        self.made = 0
        self.broken = False

    def connect(self, destination: Destination, *, beside: Remote | None = None) -> Any:
        if self.broken:
            raise Transient(Code.REMOTE_UNREACHABLE, "Nobody is there.")
        self.made += 1
        shared: Any = beside
        line = shared.another() if shared else Line(destination, self.open)
        names = [one.destination.name for one in self.open]
        assert names.count(destination.name) <= destination.connections
        return line


@pytest.fixture
def lines() -> Lines:
    return Lines()


@pytest.fixture
def pool(lines: Lines) -> Iterator[Pool]:
    pool = Pool(lines)
    yield pool
    pool.close()


def logins(server: object) -> int:
    assert isinstance(server, OpenSSH)
    return sum(map(server.log.count, ("Accepted password ", "Accepted publickey ")))


def give_back(*remotes: Remote) -> None:
    for remote in remotes:
        remote.close()


def test_an_idle_one_comes_first_and_the_last_used_before_the_others(
    lines: Lines, pool: Pool
) -> None:
    first, second = pool.connect(BANK), pool.connect(BANK)
    give_back(first, second)
    assert (lines.made, pool.idle(BANK)) == (2, 2)
    give_back(pool.connect(BANK))
    assert lines.made == 2


def test_idle_ones_of_old_settings_make_room(lines: Lines, pool: Pool) -> None:
    give_back(pool.connect(BANK), pool.connect(BANK))
    changed = replace(BANK, timeout=1.0)
    one = pool.connect(changed)
    assert (pool.idle(BANK), len(lines.open)) == (1, 2)
    two = pool.connect(changed)
    assert (pool.idle(BANK), len(lines.open)) == (0, 2)
    give_back(one, two)
    assert pool.idle(changed) == 2


def test_lines_beside_another_count_and_end_with_it(lines: Lines, pool: Pool) -> None:
    give_back(pool.connect(BANK), pool.connect(BANK))
    first = pool.connect(BANK)
    mate = pool.connect(BANK, beside=first)
    assert (pool.idle(BANK), len(lines.open)) == (0, 2)
    first.close()
    assert (pool.idle(BANK), len(lines.open)) == (1, 1)
    mate.close()
    give_back(pool.connect(BANK), pool.connect(BANK))
    assert len(lines.open) == pool.idle(BANK) == 2


def test_other_destinations_are_left_alone(lines: Lines, pool: Pool) -> None:
    give_back(pool.connect(BANK), pool.connect(BANK), pool.connect(SHOP))
    pool.connect(replace(BANK, timeout=1.0))
    assert (pool.idle(SHOP), len(lines.open)) == (1, 3)


def test_a_connection_that_fails_is_not_counted(lines: Lines, pool: Pool) -> None:
    lines.broken = True
    for _ in range(5):
        assert refused(pool.connect, BANK).code == Code.REMOTE_UNREACHABLE
    lines.broken = False
    give_back(pool.connect(BANK), pool.connect(BANK))
    assert pool.idle(BANK) == 2


def test_one_that_is_dead_takes_its_neighbours_along(lines: Lines, pool: Pool) -> None:
    give_back(pool.connect(BANK), pool.connect(BANK), pool.connect(SHOP))
    for line in lines.open:
        line.well = False
    give_back(pool.connect(BANK))
    assert (lines.made, pool.idle(BANK), pool.idle(SHOP)) == (4, 1, 1)


def test_one_thread_looks_after_all_of_them_and_only_while_there_are_any(
    lines: Lines, pool: Pool
) -> None:
    def reapers() -> int:
        return sum(thread.name == "remote-reaper" for thread in threading.enumerate())

    def await_the_end() -> None:
        deadline = monotonic() + 60
        while (lines.open or reapers()) and monotonic() < deadline:
            threading.Event().wait(0.01)
        assert (lines.open, reapers()) == ([], 0)

    await_the_end()
    quick = replace(BANK, keep_idle=0.05)
    for _ in range(3):
        give_back(pool.connect(quick), pool.connect(replace(SHOP, keep_idle=0.05)))
        assert reapers() <= 1
        await_the_end()


def test_a_child_process_leaves_the_connections_to_its_parent() -> None:
    with openssh() as partner:
        pool = Pool(partner.remotes)
        pool.connect(partner.destination).close()
        lent = pool.connect(replace(partner.destination, timeout=9.0))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads
            child = os.fork()
        if child == 0:
            lent.close()
            pool.close()
            os._exit(0 if pool.idle(partner.destination) == 0 else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        send(lent, f"{partner.root}/lent", b"data")
        again = pool.connect(partner.destination)
        send(again, f"{partner.root}/idle", b"data")
        assert logins(partner.server) == 2
        give_back(again, lent)
        pool.close()


def test_sessions_beside_a_kept_connection() -> None:
    with openssh() as partner:
        pool = Pool(partner.remotes)
        for turn in range(3):
            first = pool.connect(partner.destination)
            mates = [pool.connect(partner.destination, beside=first) for _ in range(3)]
            for number, remote in enumerate([first, *mates]):
                send(remote, f"{partner.root}/{turn}-{number}", b"data")
            first.close()
            assert refused(mates[0].size, "/").code == Code.REMOTE_DROPPED
        assert logins(partner.server) == 1
        pool.close()
