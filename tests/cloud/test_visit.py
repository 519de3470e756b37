"""Through the second door a transfer ends as through the first, whatever dies on the way."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from adapters.memory.objects import MemoryObjects
from adapters.memory.sessions import MemorySessions
from cloud.functions import FUNCTIONS
from cloud.visit import LONGEST_WAIT
from cloud.words import LONGEST
from tests.cloud.door import DIGEST, Door, RuntimeExitError
from tests.cloud.machine import Data
from tests.transfer.bench import FINAL, Bench
from tests.transfer.test_advance import SCENES, Scene, delivered, ended
from tests.transfer.test_journey import SOURCE, three_tries
from transfer.decisions import MOST_CLAIMS
from transfer.errors import Code, Transient
from transfer.journey import travel
from transfer.model import CHUNK, Outcome, Session, SessionKind, Stage, Transfer
from transfer.ports import ObjectStore
from transfer.tickets import PostAction, TicketRole

NAMES = [function.name for function in FUNCTIONS]


@pytest.fixture
def door() -> Door:
    found = Door()
    found.bench.objects.put(SOURCE, b"x" * 99)
    return found


def head(door: Door) -> Transfer:
    return door.bench.record().transfer


def closings(door: Door) -> str:
    posts = [post for post in door.bench.posts() if post.action is PostAction.CLOSE]
    return "\n".join(post.text for post in posts)


@pytest.mark.parametrize("scene", SCENES)
def test_both_doors_end_alike(scene: Scene) -> None:
    first, second = Bench(), Door()
    travel(first.received(**scene(first)), first.tools(), three_tries)
    done = second.run(second.begin(**scene(second.bench)))
    assert done.status == "SUCCEEDED"
    assert seen(second.bench) == seen(first)
    [counted] = [json.loads(line) for line in second.lines if "TransferCompleted" in line]
    assert counted["Outcome"] == head(second).outcome
    assert counted["Door"] == "step_functions"
    assert done.largest < 4096
    assert second.bench.links() == first.links() == 1


def seen(bench: Bench) -> tuple[object, ...]:
    """All that people and the partner see, the door apart."""
    record, *rest = ended(bench)
    assert isinstance(record, Transfer)
    return record.evolve(route="", execution="", door=""), *rest


class Mishaps:
    """What befalls the calls of functions, one after the other, and then nothing more."""

    def __init__(self, door: Door, mishaps: Sequence[str]) -> None:
        self._door = door
        self._left = list(mishaps)

    def __call__(self, _name: str, _event: Data) -> None:
        mishap = self._left.pop(0) if self._left else ""
        fuse = self._door.fuse
        fuse.at, fuse.dead, fuse.after = None, False, mishap.startswith("after")
        if mishap == "at once":
            raise RuntimeExitError
        if mishap:
            fuse.at = fuse.calls + int(mishap.rpartition(" ")[2])


KILLED = [f"{when} call {at}" for when in ("before", "after") for at in range(1, 12)]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(["", "at once", *KILLED]), max_size=10))
def test_functions_killed_anywhere_cost_time_and_nothing_else(mishaps: list[str]) -> None:
    quiet = Bench()
    travel(quiet.received(**delivered(quiet)), quiet.tools(), three_tries)
    door = Door()
    begun = door.begin(**delivered(door.bench))
    door.before = Mishaps(door, spared(mishaps))
    done = door.run(begun)
    assert done.status == "SUCCEEDED"
    assert head(door).outcome is Outcome.DELIVERED
    assert sum("TransferCompleted" in line for line in door.lines) <= 1
    assert door.bench.remotes.files == quiet.remotes.files
    assert door.bench.remotes.appeared == {FINAL: 1}
    assert door.bench.links() == 1


def spared(mishaps: list[str]) -> list[str]:
    """No more than two in a row: the third would be the last try."""
    return [each if number % 3 < 2 else "" for number, each in enumerate(mishaps)]


@pytest.mark.parametrize("name", NAMES)
def test_a_function_that_never_answers_turns_the_transfer_home(door: Door, name: str) -> None:
    def never(called: str, _event: Data) -> None:
        if called == name:
            raise RuntimeExitError

    begun = door.begin()
    door.before = never
    done = door.run(begun)
    outbound = NAMES.index(name) < NAMES.index("UpdateServiceNow")
    used = name != "ChunkedTransfer"
    if name == "Cleanup":
        assert (done.status, done.error) == ("FAILED", "Unfinished")
        assert head(door).stage is Stage.NOTIFIED
        return
    assert done.status == "SUCCEEDED"
    assert head(door).stage is Stage.CLOSED
    failed = head(door).failure
    assert (failed and failed.code) == (Code.EXECUTION_BROKEN if outbound and used else None)
    assert len(closings(door).splitlines()) > 3
    assert ("RuntimeExitError" in closings(door)) is (outbound and used)


def test_a_ledger_that_fails_is_an_error_of_the_function(door: Door) -> None:
    begun = door.begin()
    silence = Transient(Code.LEDGER_UNAVAILABLE, "The table does not answer.")

    def silent(name: str, _event: Data) -> None:
        door.fuse.at = door.fuse.calls + 1 if name == "AuthSSO" else None
        door.fuse.error = silence

    door.before = silent
    done = door.run(begun)
    assert done.status == "SUCCEEDED"
    assert done.states.count("AuthSSO") == 1
    assert door.calls.count("AuthSSO") == 3
    assert "ledger.unavailable" in door.output["cause"]["Cause"]
    failed = head(door).failure
    assert failed
    assert failed.code == Code.EXECUTION_BROKEN
    assert "The table does not answer." in failed.message


def test_a_large_file_goes_in_several_calls_from_where_it_was(door: Door) -> None:
    data = bytes(range(256)) * (CHUNK // 256) * 7 + b"the end"
    door.bench.objects.put(SOURCE, data)
    door.looks = lambda name: 4 if name == "TransferFTP" else None
    done = door.run(door.begin())
    assert done.status == "SUCCEEDED"
    assert door.calls.count("TransferFTP") > 1
    assert bytes(door.bench.remotes.files[FINAL]) == data
    assert done.waits == []
    starts = door.bench.remotes.opened
    assert starts == sorted(starts)
    assert starts[-1] > 0


def test_without_progress_the_waits_grow_up_to_their_longest(door: Door) -> None:
    told: list[Data] = []

    def stuck(name: str, event: Data) -> None:
        told.append(event)
        if len(told) == 15:
            door.looks = lambda _: None

    begun = door.begin()
    door.looks = lambda name: 0 if name == "DownloadS3" else None
    door.before = stuck
    done = door.run(begun)
    assert done.status == "SUCCEEDED"
    assert done.waits == sorted(done.waits)
    assert (done.waits[0], done.waits[-1]) == (1, LONGEST_WAIT)


def test_who_holds_the_claim_is_waited_for_a_lease_and_then_taken_for_dead(door: Door) -> None:
    begun = door.begin()
    ledger = door.books("daemon").ledger
    living = ledger.claim(begun.id)
    assert living
    looks: list[object] = []

    def renewed_twice(name: str, event: Data) -> None:
        looks.append(event["input"].get("last"))
        if len(looks) == 2:
            ledger.renew(living, 60)

    door.before = renewed_twice
    done = door.run(begun)
    assert done.waits == [61, 61]
    assert head(door).outcome is Outcome.DELIVERED
    assert looks[0] is None


def test_what_the_service_has_ended_is_passed_over(door: Door) -> None:
    begun = door.begin()
    taken = door.books("daemon").ledger.claim(begun.id)
    assert taken
    travel(taken, door.bench.tools(), three_tries)
    posts = len(door.bench.posts())
    done = door.run(begun)
    assert (done.status, done.waits) == ("SUCCEEDED", [])
    assert len(door.bench.posts()) == posts
    assert door.bench.remotes.appeared == {FINAL: 1}


def test_functions_that_die_too_often_put_the_transfer_into_quarantine(door: Door) -> None:
    begun = door.begin()
    for number in range(MOST_CLAIMS):
        door.books(str(number)).ledger.claim(begun.id, over=f"{begun.execution}/")
    door.run(begun)
    assert head(door).quarantined_at
    assert (head(door).stage, door.bench.remotes.logins) == (Stage.RECEIVED, 0)
    assert sum('"Quarantines": 1' in line for line in door.lines) == 1
    assert any("quarantine" in post.text for post in door.bench.posts())


BY_HAND: list[dict[str, Any]] = [
    {"transfer": ["x"]},
    {"transfer": "instance:table:unknown"},
    {"transfer": ""},
    {"generation": "1"},
    {"generation": True},
    {"generation": 0},
    {"generation": 2},
]


@pytest.mark.parametrize("other", BY_HAND, ids=str)
def test_an_execution_with_other_input_is_refused(door: Door, other: dict[str, Any]) -> None:
    done = door.run(door.begin(), **other)
    assert (done.status, done.error) == ("FAILED", "Refused")
    assert done.cause.startswith("[execution.foreign]")
    assert len(done.cause) <= LONGEST
    assert (door.calls, head(door).stage) == (["ValidateInput"], Stage.RECEIVED)
    assert door.bench.remotes.logins == 0


def test_an_execution_started_by_hand_is_refused_and_told_on_the_ticket(door: Door) -> None:
    begun = door.begin()
    done = door.run(begun.evolve(execution="by-hand"))
    assert (done.status, done.error) == ("FAILED", "Refused")
    assert "by-hand" in done.cause
    opening, post = (post for post in door.bench.posts() if post.ticket is TicketRole.AUDIT)
    assert (opening.action, "by-hand" in post.text) == (PostAction.OPEN, True)
    assert door.run(begun).status == "SUCCEEDED"
    assert head(door).outcome is Outcome.DELIVERED


def test_an_old_generation_is_refused(door: Door) -> None:
    old = door.begin()
    taken = door.bench.ledger.claim(old.id)
    assert taken
    newer = door.routed(taken.evolve(generation=2))
    done = door.run(old)
    assert done.error == "Refused"
    assert f"generation {old.generation}" in done.cause
    _opening, post = (post for post in door.bench.posts() if post.ticket is TicketRole.AUDIT)
    assert old.execution
    assert old.execution in post.text
    assert door.bench.remotes.logins == 0
    assert door.run(newer).status == "SUCCEEDED"


def test_an_execution_of_an_evicted_transfer_ends_at_its_next_call(door: Door) -> None:
    begun = door.begin()

    def evicted(name: str, _event: Data) -> None:
        if name == "TransferFTP":
            door.books("operator").keeper.evict(begun.id)

    door.before = evicted
    done = door.run(begun)
    assert (done.status, done.error, door.calls[-1]) == ("FAILED", "Refused", "TransferFTP")
    assert door.bench.remotes.logins == 0


@pytest.mark.parametrize("told", [{}, {"door": "e" * 64}])
def test_another_configuration_or_version_is_refused_before_a_byte(
    door: Door, told: dict[str, str]
) -> None:
    door.digest = DIGEST if told else "e" * 64
    done = door.run(door.begin(), **told)
    assert done.status == "SUCCEEDED"
    assert (head(door).outcome, head(door).stage) == (Outcome.REFUSED, Stage.CLOSED)
    assert "door.changed" in closings(door)
    assert "[door.changed]" in door.output["last"]["why"]
    assert door.bench.remotes.logins == 0


def test_a_fault_of_ours_outside_the_steps_shows_its_name_only(door: Door) -> None:
    begun = door.begin()
    door.books = None  # type: ignore[assignment]
    done = door.run(begun)
    assert (done.status, done.error) == ("FAILED", "Unfinished")
    assert "FileFerry stumbled over a TypeError." in door.output["cause"]["Cause"]


class Apart(MemorySessions):
    """Sessions of functions: each knows those that it has opened itself, and no other's."""

    def __init__(self) -> None:
        super().__init__(kind=SessionKind.SCOPED)
        self.function = ""
        self.known: dict[str, int] = {}

    def reading(
        self, transfer: Transfer, objects: ObjectStore, may: Callable[[], None]
    ) -> ObjectStore:
        self.known[self.function] = (transfer.session.opened if transfer.session else 0) + 1
        return super().reading(transfer, objects, may)

    def told(self, session: Session) -> Session:
        return session.evolve(opened=self.known.get(self.function, session.opened))

    def close(self, session: Session) -> Session:
        if session.ended:
            return session
        session = self.told(session)
        own = self.known.pop(self.function, None)
        said = f"HEAD by {self.function}: refused (HTTP 400)" if own else "not tried"
        return session.evolve(ended=said)


def apart(door: Door, fails: str = "") -> Apart:
    """With those sessions; a function is new at each call, and `fails` has died after its work."""
    sessions = door.bench.sessions = Apart()
    failed: list[str] = []

    def called(name: str, _event: Data) -> None:
        sessions.function = name
        sessions.known.pop(name, None)
        dies = name == fails and not failed
        door.fuse.dead = False
        door.bench.remotes.hooks[:] = [dying] if dies else []
        failed.extend([name] * dies)

    def dying(verb: str, *_: object) -> None:
        if verb == "rename":
            door.fuse.burn()

    door.before = called
    return sessions


def test_the_function_that_read_last_proves_that_its_credentials_have_ended(door: Door) -> None:
    apart(door)
    door.run(door.begin())
    session = head(door).session
    assert session
    assert (session.ended, session.opened) == ("HEAD by TransferFTP: refused (HTTP 400)", 2)
    assert not session.least
    texts = "\n".join(post.text for post in door.bench.posts())
    assert f"End of session {session.id}: {session.ended}." in texts


def test_so_does_the_one_that_found_nothing_to_read(door: Door) -> None:
    apart(door)
    door.bench.objects = MemoryObjects()
    door.run(door.begin())
    session = head(door).session
    assert session
    assert (session.ended, session.opened) == ("HEAD by DownloadS3: refused (HTTP 400)", 1)


def test_what_a_killed_function_had_opened_is_counted_as_far_as_known(door: Door) -> None:
    apart(door, fails="TransferFTP")
    door.run(door.begin())
    session = head(door).session
    assert session
    # To pin, to send, and in the call that went on after the death.
    assert (session.opened, session.least) == (3, True)
    assert head(door).outcome is Outcome.DELIVERED


def test_a_function_waits_for_a_connection_while_other_doors_have_all(door: Door) -> None:
    connections = door.bench.tools().destinations["partner"].connections
    limits, asked = door.books("another").limits, door.calls

    def held_once(name: str, _event: Data) -> None:
        if name == "TransferFTP":
            wanted = connections if asked.count(name) == 1 else 0
            assert limits.places("partner", "another", wanted, connections) == wanted

    door.before = held_once
    assert door.run(door.begin()).status == "SUCCEEDED"
    assert asked.count("TransferFTP") == 2
    assert head(door).outcome is Outcome.DELIVERED
    assert limits.places("partner", "another", connections, connections) == connections
