"""The whole engine on servers that are neither OpenSSH nor vsftpd, one test a promise.

The sweep cuts the line of a file of 64 MiB at every 10 MB: over SFTP with one lane and with two,
which are sessions of one connection; over FTP the line of the data alone, and both lines.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import closing
from uuid import uuid4

import pytest

from tests import sweeps
from tests.faults.abroad import ONE, SEVERAL, Abroad, abroad
from tests.faults.meddling import Collecting, Meddling
from tests.noise import noise
from tests.ports.foreign_habits import Habit
from tests.ports.foreign_partners import KINDS, SFTP, ForeignPartner, foreign_partner, of_habit
from tests.ports.partners import send
from tests.servers.proxy import Fault, Kind
from transfer.destination import Conflict, Mode, TempNames
from transfer.errors import Stopping
from transfer.model import CHUNK, MIB, DeliveryState

SOURCE = "s3://exports/data.bin"
DATA = noise(64 * MIB)
CUTS = range(CHUNK, len(DATA), CHUNK)
POINTS = [(kind, at, other) for kind in KINDS for at in CUTS for other in (False, True)]
SHARE = sweeps.share(POINTS, every=25)
"""Another place each, with the next kind but one."""
SMALL = b"the new file\n"
OLD = b"the old one, of another size\n"


def kinds(first: int) -> pytest.MarkDecorator:
    """Every other kind, and all of them with the whole sweep."""
    some = sweeps.share(list(KINDS), first, every=2)
    return pytest.mark.parametrize("partner", some, indirect=True)


@pytest.fixture(scope="session")
def partner(request: pytest.FixtureRequest) -> Iterator[ForeignPartner]:
    """With a directory for temps: some of them never see one that is made behind their backs."""
    with foreign_partner(request.param) as partner:
        folder = partner.server.root / "under-way"
        folder.mkdir()
        owner = folder.parent.stat()
        os.chown(folder, owner.st_uid, owner.st_gid)
        yield partner


@pytest.mark.parametrize(("partner", "at", "other"), SHARE, indirect=["partner"])
def test_the_exact_bytes_arrive_once_wherever_the_line_is_cut(
    partner: ForeignPartner, at: int, other: bool
) -> None:
    sftp = partner.name in SFTP
    fault = Fault(Kind.RESET, "up", at, wide=other and not sftp)
    width = SEVERAL if sftp and other else ONE
    with abroad(partner, {SOURCE: DATA}, fault, width=width) as (voyage, proxy):
        ended = voyage.sail().judged()
        assert ended.delivered
        assert ended.transfer.loose_ends == ()
        assert proxy.faults == []


@pytest.mark.parametrize("partner", of_habit(Habit.TAKES_NO_LANES), indirect=True)
def test_lanes_that_are_refused_cost_no_try(partner: ForeignPartner) -> None:
    data = DATA[: 2 * CHUNK]
    with abroad(partner, {SOURCE: data}, width=SEVERAL, tries=1) as (voyage, _):
        assert voyage.sail().judged().delivered


def brief(seconds: float) -> None:
    """For sizes that will not come, however long one looks."""
    time.sleep(min(seconds, 0.05))


@kinds(1)
def test_an_heir_ends_what_an_owner_left_with_its_line(partner: ForeignPartner) -> None:
    """Over several lanes where the server takes them, continued where it can do that."""
    data = DATA[: 2 * CHUNK + 12_345]
    width = ONE if Habit.TAKES_NO_LANES in partner.habits else SEVERAL
    with abroad(partner, {SOURCE: data}, width=width, pause=brief) as (voyage, proxy):

        def die() -> None:
            if voyage.watcher.moves[-1][1] >= CHUNK and not voyage.stop.is_set():
                voyage.stop.set()
                proxy.strike(Kind.RESET)

        voyage.watcher.then = die
        with pytest.raises(Stopping):
            voyage.sail()
        voyage.watcher.then = list
        voyage.stop.clear()
        ended = voyage.go_on().judged()
        assert ended.delivered
        assert ended.transfer.loose_ends == ()


def put_old(voyage: Abroad, name: str) -> None:
    """By way of the server, which may not see what others put there."""
    assert voyage.partner
    with closing(voyage.partner.connect()) as remote:
        send(remote, f"{voyage.partner.root}/{name}", OLD)
    voyage.settle()


def read(voyage: Abroad, name: str) -> bytes:
    assert voyage.partner
    return voyage.partner.read(f"{voyage.partner.root}/{name}")


@kinds(0)
@pytest.mark.parametrize("conflict", Conflict)
def test_a_name_that_is_taken(partner: ForeignPartner, conflict: Conflict) -> None:
    with abroad(partner, {SOURCE: SMALL}, settings={"on_conflict": conflict}) as (voyage, _):
        put_old(voyage, voyage.name)
        ended = voyage.sail()
        stays = Habit.KEEPS_THE_OLD_UNASKED in partner.habits
        code, left = {
            Conflict.FAIL: ("remote.exists", OLD),
            Conflict.VERSION: ("", OLD),
            Conflict.REPLACE: ("remote.no_replace", OLD) if stays else ("", SMALL),
        }[conflict]
        assert ended.code == code
        assert read(voyage, voyage.name) == left
        if conflict is Conflict.VERSION:
            assert read(voyage, voyage.name.replace(".bin", ".2.bin")) == SMALL
        assert (ended.temps(), ended.transfer.loose_ends) == ([], ())


@kinds(1)
def test_a_file_is_swapped_for_another(partner: ForeignPartner) -> None:
    settings = {"on_conflict": Conflict.REPLACE, "mode": Mode.SWAP}
    with abroad(partner, {SOURCE: SMALL}, settings=settings) as (voyage, _):
        put_old(voyage, voyage.name)
        ended = voyage.sail()
        assert ended.delivered
        assert read(voyage, voyage.name) == SMALL
        assert (ended.temps(), ended.transfer.loose_ends) == ([], ())


@kinds(0)
def test_a_file_that_is_taken_at_its_close_is_sent_once(partner: ForeignPartner) -> None:
    settings = {"mode": Mode.DIRECT, "collected": True}
    with abroad(partner, {SOURCE: SMALL}, settings=settings, pause=brief) as (voyage, _):
        taken: list[bytes] = []

        def take(path: str) -> None:
            taken.append(partner.read(path))
            voyage.local(path).unlink()

        voyage.remotes = Collecting(voyage.register, take)
        ended = voyage.sail()
        assert ended.delivered
        assert taken == [SMALL]
        [delivery] = ended.deliveries
        assert delivery.receipt
        assert delivery.receipt.in_place


@kinds(1)
def test_temps_have_the_pattern_of_the_destination(partner: ForeignPartner) -> None:
    names = TempNames(prefix="ff-", suffix=".tmp", folder="under-way")
    with abroad(partner, {SOURCE: SMALL}, settings={"temp": names}) as (voyage, _):
        temps: list[str] = []
        voyage.remotes = Meddling(voyage.register, lambda old, _new: temps.append(old))
        assert voyage.sail().judged().delivered
        [temp] = temps
        assert temp.startswith(f"{partner.root}/under-way/ff-")
        assert temp.endswith("-1-e1.tmp")


@kinds(0)
@pytest.mark.parametrize("taken", [False, True])
def test_all_files_or_none(partner: ForeignPartner, taken: bool) -> None:
    prefix = uuid4().hex[:12]
    contents = {f"s3://exports/{prefix}-{number}": SMALL * number for number in range(5)}
    options = {"all_or_nothing": "yes"}
    with abroad(partner, contents, options=options) as (voyage, _):
        if taken:
            put_old(voyage, f"{prefix}-4")
            ended = voyage.sail()
            assert ended.code == "remote.exists"
            assert [path.name for path in partner.server.root.glob(f"{prefix}*")] == [f"{prefix}-4"]
            assert not any(one.state is DeliveryState.PUBLISHED for one in ended.deliveries)
            assert (ended.temps(), ended.transfer.loose_ends) == ([], ())
        else:
            assert voyage.sail().judged().delivered
        for path in partner.server.root.glob(f"{prefix}*"):
            path.unlink()


@kinds(1)
def test_many_small_files_at_once(partner: ForeignPartner) -> None:
    prefix = uuid4().hex[:12]
    contents = {f"s3://exports/{prefix}-{number}": SMALL * number for number in range(9)}
    with abroad(partner, contents) as (voyage, _):
        assert voyage.sail().judged().delivered
        for path in partner.server.root.glob(f"{prefix}*"):
            path.unlink()
