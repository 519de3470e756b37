"""What the steps make of a session: counted, told, ended; one that does not end is a loose end."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

import pytest

from adapters.memory.sessions import MemorySessions
from tests.transfer.bench import Bench, Crash, Fuse
from transfer.errors import Code
from transfer.journey import travel
from transfer.model import Outcome, Session, SessionKind, Stage, Transfer
from transfer.ports import ObjectStore


class Opening:
    """An ObjectStore that opens a session with its first verb."""

    def __init__(self, objects: ObjectStore, opened: Callable[[], None]) -> None:
        self._objects, self._opened = objects, opened

    def __getattr__(self, verb: str) -> Any:
        if verb in ("describe", "list", "read", "read_into"):
            self._opened()
            self._opened = lambda: None
        return getattr(self._objects, verb)


class Counting(MemorySessions):
    """Opens one session for each step that reads; `alive` at the end if told so."""

    def __init__(self, *, alive: bool) -> None:
        super().__init__(kind=SessionKind.SCOPED)
        self.alive = alive
        self.count = 0

    def reading(
        self, transfer: Transfer, objects: ObjectStore, may: Callable[[], None]
    ) -> ObjectStore:
        opening: Any = Opening(super().reading(transfer, objects, may), self._opened)
        return cast("ObjectStore", opening)

    def _opened(self) -> None:
        self.count += 1

    def told(self, session: Session) -> Session:
        return session.evolve(opened=self.count)

    def close(self, session: Session) -> Session:
        super().close(session)
        return session.evolve(ended="HEAD: refused (HTTP 400)", alive=self.alive)


@pytest.mark.parametrize("alive", [False, True])
def test_the_audit_ticket_counts_the_sessions_and_tells_their_end(alive: bool) -> None:
    bench = Bench(sessions=Counting(alive=alive))
    bench.objects.put("s3://exports/payroll/nov.csv", b"bytes")
    done = travel(bench.received(), bench.tools())
    assert (done.outcome, done.finished) == (Outcome.DELIVERED, True)
    assert [end.code for end in done.loose_ends] == [Code.SESSION_ALIVE] * alive
    assert done.session
    assert done.session.ended == "HEAD: refused (HTTP 400)"
    texts = "\n".join(post.text for post in bench.posts())
    assert (done.session.opened, done.session.least) == (2, False)
    assert "object: 2 opened, by credentials that end themselves" in texts
    assert "HEAD: refused (HTTP 400)" in texts


def test_what_a_dead_process_had_opened_is_counted_with_its_last_progress() -> None:
    bench = Bench(sessions=Counting(alive=False))
    bench.objects.put("s3://exports/payroll/nov.csv", b"bytes")
    fuse = Fuse()

    def dies(verb: str, *_: object) -> None:
        if verb == "rename":
            fuse.burn()

    bench.remotes.hooks.append(dies)
    with pytest.raises(Crash):
        travel(bench.received(), bench.tools(fuse))
    # One was opened to pin and one to read, and nobody was left to count the second at the end.
    session = bench.record().transfer.session
    assert session
    assert (session.opened, session.least) == (2, True)


@pytest.mark.parametrize("at", range(1, 40))
def test_whoever_dies_the_ticket_names_no_fewer_than_were_opened(at: int) -> None:
    dead = Counting(alive=False)
    bench = Bench(sessions=dead)
    bench.objects.put("s3://exports/payroll/nov.csv", b"bytes")
    fuse = Fuse(at)
    with suppress(Crash):
        travel(bench.received(), bench.tools(fuse))
    heirs = bench.sessions = Counting(alive=False)
    bench.time[0] += 61.0
    heir = bench.ledger.claim(bench.record().transfer.id)
    if heir is None:
        assert bench.record().transfer.finished
        return
    known = heirs.count = heir.session.opened if heir.session else 0
    done = travel(heir, bench.tools())
    opened = dead.count + heirs.count - known
    assert done.session
    assert done.session.opened == opened or done.session.least
    assert done.session.opened <= opened
    texts = "\n".join(post.text for post in bench.posts())
    said = f"{'at least ' if done.session.least else ''}{done.session.opened} opened, by"
    assert said in texts or heir.stage in (Stage.REPORTED, Stage.NOTIFIED)
