"""What a destination's limits hold back is told by the service, and ended by an operator's word."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest
from typer.testing import CliRunner

from adapters.memory.limits import MemoryLimits
from adapters.memory.remotes import MemoryRemotes
from adapters.remotes import Register
from adapters.remotes.breakers import Breakers
from adapters.running.quota import Quota
from daemon.commands.root import app
from tests.daemon.ferry import until
from tests.daemon.served import Served
from tests.transfer.bench import FINAL, Bench, Fuse
from tests.transfer.made import PARTNER, request
from transfer.destination import Destination
from transfer.errors import Code
from transfer.model import Transfer
from transfer.ports import Remote
from transfer.tools import Tools
from transfer.windows import parse_bandwidth


class Guarded:
    """The server in memory behind a breaker."""

    protocols = frozenset({"memory"})

    def __init__(self, server: MemoryRemotes, breakers: Breakers) -> None:
        self.server, self.breakers = server, breakers

    def connect(self, destination: Destination, *, beside: Remote | None = None) -> Remote:
        del beside
        word = self.server.secrets["partner"]
        return self.breakers.guard(destination, [word], lambda: self.server.connect(destination))


class Behind(Bench):
    """A bench whose partner stands behind a breaker."""

    breakers: Breakers

    def tools(self, fuse: Fuse | None = None) -> Tools:
        plain = super().tools(fuse)
        return replace(plain, remotes=Guarded(self.remotes, self.breakers))


@pytest.fixture
def guarded(served: Served) -> Served:
    bench = Behind()
    bench.objects, bench.remotes.secrets = served.bench.objects, {"partner": "word"}
    limits = MemoryLimits(bench.store, lambda: bench_time[0])
    bench_time = [1_700_000_000.0]
    bench.breakers = Breakers(limits, "served", careful=False)
    served.bench = bench
    served.register = Register(lambda _: bench.remotes.secrets["partner"], bench.breakers)
    served.destinations["partner"] = replace(PARTNER, rest_after=1, rest=300.0)
    return served


def admitted(served: Served, number: int = 1) -> Transfer:
    asked = request(
        id=f"i:sc_task:{number:032}", number=f"RITM{number:07}", item_id=f"{number:032x}"
    )
    return served.bench.ledger.admit(Transfer(request=asked))


def said(served: Served, *words: str) -> str:
    return CliRunner().invoke(app, [*words, "--config", str(served.config)]).output


def failure(served: Served, transfer: Transfer) -> str | None:
    head = served.bench.store.rows[transfer.id].transfer
    return head.failure.code if head.failure else None


def test_a_partner_that_rests_is_named_and_goes_on_by_an_operator_s_word(guarded: Served) -> None:
    served, remotes = guarded, guarded.bench.remotes
    remotes.reachable = False
    admitted(served)
    with served.running() as service:
        until(lambda: served.status()["destinations"])
        [row] = served.status()["destinations"]
        assert (row["destination"], row["held"], row["failures"]) == ("partner", "resting", 1)
        assert (row["code"], row["since"]) == ("remote.unreachable", "2023-11-14T22:13:20+00:00")
        assert row["until"] == "2023-11-14T22:18:20+00:00"
        until(lambda: not served.status()["running"])
        [waiting] = served.status()["waiting"]
        assert waiting["waits"]["code"] == "destination.resting"
        assert not served.status()["well"]
        assert "destination partner remote.unreachable since 11-14 22:13 UTC" in _line(service)
        remotes.reachable = True
        assert said(served, "resume", "partner") == "The login at partner is tried again.\n"
        until(lambda: FINAL in remotes.files)
        until(lambda: served.status()["well"])
        assert served.status()["destinations"] == []
        assert said(served, "resume", "partner") == "Destination partner was not paused.\n"


def test_a_refused_login_is_named_and_not_tried_again_until_somebody_acts(guarded: Served) -> None:
    served, remotes = guarded, guarded.bench.remotes
    remotes.password = "another"
    first = admitted(served)
    with served.running():
        until(lambda: failure(served, first))
    second = admitted(served, 2)
    with served.running():
        until(lambda: failure(served, second))
        assert failure(served, second) == failure(served, first) == Code.AUTH_REFUSED
        [row] = served.status()["destinations"]
        assert (row["held"], row["code"], row["until"]) == ("refused", "auth.refused", None)
        remotes.password = None
        third = admitted(served, 3)
        until(lambda: failure(served, third))
        assert remotes.logins == 1
        assert "is tried again" in said(served, "resume", "partner")
        admitted(served, 4)
        until(lambda: FINAL in remotes.files)
    assert remotes.logins == 2


def test_what_a_quota_and_a_rate_hold_back_is_told(guarded: Served) -> None:
    served = guarded
    quota = Quota(MemoryLimits(served.bench.store, time.time))
    served.quota = quota
    there = replace(PARTNER, files_per_hour=1, bandwidth=(parse_bandwidth("10 MB/s"),))
    served.destinations["partner"] = there
    assert quota(there, 1) == 1
    admitted(served)
    with served.running():
        until(lambda: served.status()["waiting"])
        told = served.status()
        held = {row["held"]: row for row in told["destinations"]}
        assert (held["quota"]["files"], held["quota"]["most"]) == (1, 1)
        assert held["bandwidth"]["bytes_a_second"] == 10_000_000
        assert told["waiting"][0]["waits"]["code"] == "destination.quota"
        # Neither is a trouble of the service.
        until(lambda: served.status()["well"])
        assert FINAL not in served.bench.remotes.files


def _line(service: Any) -> str:
    line: str = service._outlook.line()
    return line
