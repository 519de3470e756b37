"""What the steps make of a session: counted, told, ended; one that does not end is a loose end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from adapters.memory.sessions import MemorySessions
from tests.transfer.bench import Bench, Crash, Fuse
from transfer.errors import Code
from transfer.journey import travel
from transfer.model import Outcome, Session, SessionKind, Transfer
from transfer.ports import ObjectStore


class Counting(MemorySessions):
    """Opens one session for each look at the objects; `alive` at the end if told so."""

    def __init__(self, *, alive: bool) -> None:
        super().__init__()
        self.alive = alive
        self.count = 0

    def reading(
        self, transfer: Transfer, objects: ObjectStore, may: Callable[[], None]
    ) -> ObjectStore:
        self.count += 1
        return super().reading(transfer, objects, may)

    def told(self, session: Session) -> Session:
        return session.evolve(kind=SessionKind.SCOPED, opened=self.count)

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
    assert f"{done.session.opened} opened, by credentials that end themselves" in texts
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
    assert session.opened == 2
