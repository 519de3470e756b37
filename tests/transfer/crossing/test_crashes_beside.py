"""Kill the owner before and after every call, where a sidecar and an acknowledgement are asked for.

The partner's software runs on: it acknowledges the file when it sees the sidecar, and only once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from tests.transfer.bench import FINAL, Bench, Crash, Fuse
from tests.transfer.partner import (
    ACK,
    DATA,
    DIGEST,
    SHA256,
    SIDE,
    Software,
    bench,
    carried,
    sha256sum,
)
from transfer.destination import Conflict, Mode, Sidecar
from transfer.errors import Code, Transient
from transfer.model import Outcome, Stage, Transfer

LINE = f"{SHA256}  nov.csv\n".encode()


@dataclass(frozen=True)
class Case:
    """`older`: an older file, its sidecar and its acknowledgement stand there."""

    mode: Mode
    conflict: Conflict
    remove: bool
    older: bool

    def world(self) -> tuple[Bench, Software]:
        world = bench()
        for path in (FINAL, SIDE, ACK) if self.older else ():
            world.remotes.files[path] = bytearray(b"old")
        return world, Software(world, patience=2, seen=SIDE)

    def run(self, world: Bench, fuse: Fuse) -> Transfer | None:
        try:
            return carried(
                world,
                fuse,
                mode=self.mode,
                on_conflict=self.conflict,
                sidecar=Sidecar(name="{name}.sha256"),
                acknowledgement=replace(DIGEST, remove=self.remove),
            )
        except Crash:
            return None

    def resumed(self, world: Bench, fuse: Fuse) -> Transfer | None:
        standing = world.record().transfer if world.store.rows else None
        return standing if standing and standing.finished else self.run(world, fuse)

    def assert_whole(self, world: Bench, software: Software, done: Transfer | None) -> None:
        assert done
        assert (done.stage, done.outcome) == (Stage.CLOSED, Outcome.DELIVERED)
        assert done.loose_ends == ()
        files = {path: bytes(content) for path, content in world.remotes.files.items()}
        word = {} if self.remove else {ACK: sha256sum(DATA)}
        assert files == {FINAL: DATA, SIDE: LINE, **word}
        renamed = {} if self.mode is Mode.DIRECT else {FINAL: 1, SIDE: 1}
        assert world.remotes.appeared == renamed
        [delivery] = world.record().deliveries
        assert delivery.receipt
        assert (delivery.receipt.tier, delivery.receipt.sidecar) == ("T3", SIDE)
        assert len([post for post in world.posts() if post.key.endswith("awaiting")]) <= 1
        assert software.written == 1

    def calls_of_a_quiet_run(self) -> int:
        fuse = Fuse()
        world, software = self.world()
        self.assert_whole(world, software, self.run(world, fuse))
        return fuse.calls


RENAMED = Case(Mode.AUTO, Conflict.REPLACE, remove=False, older=True)
IN_PLACE = Case(Mode.DIRECT, Conflict.FAIL, remove=True, older=False)
POINTS = [
    (case, at, after)
    for case in (RENAMED, IN_PLACE)
    for at in range(1, case.calls_of_a_quiet_run() + 1)
    for after in (False, True)
]


@pytest.mark.parametrize(("case", "at", "after"), POINTS)
def test_one_crash_loses_no_sidecar_and_no_word(case: Case, at: int, after: bool) -> None:
    world, software = case.world()
    case.run(world, Fuse(at, after=after))
    case.assert_whole(world, software, case.resumed(world, Fuse()))


@pytest.mark.parametrize(("case", "at", "after"), POINTS)
def test_a_lost_answer_ends_right(case: Case, at: int, after: bool) -> None:
    world, software = case.world()
    error = Transient(Code.REMOTE_TIMEOUT, "No answer.")
    try:
        done = case.run(world, Fuse(at, after=after, error=error))
    except Transient:
        done = case.resumed(world, Fuse())
    case.assert_whole(world, software, done)


@pytest.mark.parametrize(("case", "at", "after"), POINTS)
def test_a_crash_in_every_recovery_too(case: Case, at: int, after: bool) -> None:
    for second in range(1, 90):
        world, software = case.world()
        if case.run(world, Fuse(at, after=after)) is not None:
            break
        fuse = Fuse(second, after=after)
        case.resumed(world, fuse)
        case.assert_whole(world, software, case.resumed(world, Fuse()))
        if fuse.calls < second:
            break
