"""The SQLite ledger is killed at its every system call, and every one of them fails in turn."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from tests import sweeps
from tests.torture.syscalls import ALLOWED, Point, Ran, count, run
from tests.torture.writer import SAVES, UNUSABLE

AT_ONCE = 2
SHARE = 27
"""One in so many: a run takes most of a second."""


def points(folder: Path, fault: str) -> list[Point]:
    """Every call of a quiet run that changes a file or syncs it."""
    counted = count(folder)
    assert counted["pwrite64"] > 50
    assert counted["fdatasync"] > SAVES
    return [
        Point(call, number, fault)
        for call, most in sorted(counted.items())
        for number in range(1, most + 1)
    ]


def looked_into(folder: Path) -> tuple[set[int], set[int]]:
    """The numbers of the deliveries and of the posts that stand there; the file is whole."""
    if not (folder / "ledger.db").exists():
        return set(), set()
    with closing(sqlite3.connect(folder / "ledger.db")) as rows:
        assert rows.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        if not rows.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
            return set(), set()
        deliveries = rows.execute("SELECT number FROM deliveries").fetchall()
        keys = rows.execute("SELECT key FROM posts").fetchall()
    return {row[0] for row in deliveries}, {int(row[0].rpartition(":")[2]) for row in keys}


def tried(folder: Path, point: Point) -> tuple[Ran, str]:
    """What is wrong after a life with that fault and a quiet one; empty when nothing is."""
    folder.mkdir()
    ran = run(folder, point)
    deliveries, posts = looked_into(folder)
    if ran.code not in ALLOWED:
        return ran, f"{point}: ended with {ran.code} after {ran.said}"
    if not ran.saved <= deliveries or deliveries != posts:
        return ran, f"{point}: acknowledged {ran.saved}, there are {deliveries} and {posts}"
    then = run(folder)
    if then.code != 0 or len(then.saved) != SAVES:
        return ran, f"{point}: the next start ended with {then.code} after {then.said}"
    after, _ = looked_into(folder)
    lost = ran.saved - after
    return ran, f"{point}: {lost} were lost by the next start" if lost else ""


def swept(folder: Path, fault: str) -> list[Ran]:
    (folder / "quiet").mkdir()
    every = points(folder / "quiet", fault)
    chosen: Sequence[Point] = sweeps.share(every, first=len(fault), every=SHARE)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        ran = list(pool.map(lambda point: tried(folder / str(point), point), chosen))
    faults = [why for _, why in ran if why]
    sweeps.tell(
        f"SQLite, {fault}: {len(chosen)} of {len(every)} system calls, {len(faults)} faults, "
        f"{sum(len(one.saved) for one, _ in ran)} acknowledged saves"
    )
    assert not faults, "\n".join(faults)
    assert all(one.injected for one, _ in ran), "the fault did not happen everywhere"
    return [one for one, _ in ran]


def test_killed_at_every_system_call_it_loses_nothing_that_it_acknowledged(
    tmp_path: Path,
) -> None:
    swept(tmp_path, "signal=KILL")


def test_on_a_full_disk_it_says_so_and_loses_nothing(tmp_path: Path) -> None:
    """A write without room is tried again; a sync without room is an error of the disk."""
    ran = swept(tmp_path, "error=ENOSPC")
    told = {code for one in ran for code in one.refused}
    assert "ledger.full" in told
    assert told <= {"ledger.full", "ledger.unusable"}


def test_after_an_error_of_the_disk_the_handle_serves_nobody_any_more(tmp_path: Path) -> None:
    """A sync that failed once may have thrown the pages away: the next one would lie."""
    ran = swept(tmp_path, "error=EIO")
    refused = [one for one in ran if one.refused]
    assert refused
    for one in refused:
        assert set(one.refused) == {"ledger.unusable"}
        assert one.code == UNUSABLE
        assert one.said[-1] == "refused for good" or one.said == ["refused ledger.unusable"]


def test_nothing_is_hit_after_the_last_call(tmp_path: Path) -> None:
    counted = count(tmp_path)
    for call in sweeps.share(sorted(counted), every=len(counted)):
        folder = tmp_path / call
        folder.mkdir()
        ran = run(folder, Point(call, counted[call] + 1, "signal=KILL"))
        assert ran.code == 0
        assert not ran.injected
