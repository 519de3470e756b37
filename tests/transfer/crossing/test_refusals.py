"""Servers that will not continue a file, or take a second handle, and those that only seem to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from adapters.memory.remotes import ALL_POWERS, MemoryRemote
from tests.transfer.bench import FINAL, Bench, HookedRemotes
from tests.transfer.crossing.test_engine import DATA, break_once, receipt_of
from tests.transfer.crossing.test_resume import dies_at
from tests.transfer.made import PARTNER
from tests.transfer.test_journey import SOURCE, three_tries
from transfer.crossing import late
from transfer.destination import Destination, Tier
from transfer.errors import Code, Permanent, Transient
from transfer.journey import travel
from transfer.model import CHUNK, Outcome, Transfer
from transfer.ports import Remote
from transfer.refusals import DOUBTS
from transfer.tools import Tools
from transfer.width import Width

Hook = Callable[[str, str, int], None]
LANES = Width(wide=CHUNK, share=CHUNK)
HALF = CHUNK // 2
"""Where the second of two lanes begins."""


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.objects.put(SOURCE, DATA)
    return bench


def tools_of(bench: Bench, **changes: Any) -> Tools:
    return replace(bench.tools(), destinations={"partner": PARTNER}, **changes)


def carried(bench: Bench, tools: Tools) -> Transfer:
    return travel(bench.received(), tools, three_tries)


def assert_delivered(bench: Bench, done: Transfer) -> None:
    assert done.outcome is Outcome.DELIVERED
    assert bench.remotes.appeared == {FINAL: 1}
    assert bytes(bench.remotes.files[FINAL]) == DATA
    assert list(bench.temps()) == []


def said(bench: Bench) -> str:
    return "\n".join(post.text for post in bench.posts())


def empties_what_it_opens(bench: Bench, after: int) -> Hook:
    """What was there is gone when it has been opened, or so many bytes later: then with zeros."""
    opened: list[int] = []

    def hook(verb: str, path: str, place: int) -> None:
        files = bench.remotes.files
        if verb == "create" and place:
            opened.append(place)
        if opened and not after and verb == "size" and path in files:
            del files[path][:]
            opened.clear()
        elif opened and after and verb == "finish":
            files[path][: opened.pop()] = bytes(opened[-1] if opened else 2 * CHUNK)

    return hook


@pytest.mark.parametrize("after", [0, 1], ids=["at the opening", "at the end"])
def test_a_server_that_empties_what_it_opens_gets_the_file_from_its_first_byte(
    bench: Bench, after: int
) -> None:
    """Of the right size in the end, its beginning zeros: T0 would not see it."""
    break_once(bench)
    closes: list[str] = []
    bench.remotes.hooks.append(empties_what_it_opens(bench, after))
    bench.remotes.hooks.append(
        lambda verb, _path, _place: closes.extend(["."] * (verb == "finish"))
    )
    assert_delivered(bench, carried(bench, tools_of(bench)))
    assert bench.remotes.opened == [0, 2 * CHUNK, 0]
    # Seen before a byte is sent in vain, where the server lets it be seen.
    assert len(closes) == 1 + after
    assert "cannot continue a file" in said(bench)


def refuses_to_continue(bench: Bench, code: Code, kind: type[Permanent | Transient]) -> list[int]:
    """The places at which it was asked to."""
    asked: list[int] = []

    def hook(verb: str, path: str, place: int) -> None:
        if verb == "create" and place:
            asked.append(place)
            raise kind(code, f"No restart of {path}.")

    bench.remotes.hooks.append(hook)
    return asked


@pytest.mark.parametrize("powers", ["ranges", "end only"])
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (Code.REMOTE_FAILED, Transient),  # 451 of ProFTPD with AllowStoreRestart off
        (Code.REMOTE_DENIED, Permanent),  # 550 of one with AllowOverwrite off
    ],
)
def test_who_refuses_to_continue_gets_it_from_its_first_byte_and_is_remembered(
    bench: Bench, code: Code, kind: type[Permanent | Transient], powers: str
) -> None:
    bench.remotes.powers = replace(bench.remotes.powers, ranges=powers == "ranges")
    tools = tools_of(bench)
    asked = refuses_to_continue(bench, code, kind)
    for _ in range(2):
        break_once(bench)
        done = carried(bench, tools)
        assert done.outcome is Outcome.DELIVERED
        assert bytes(bench.remotes.files.pop(FINAL)) == DATA
        bench.store.rows.clear()
    assert asked == [2 * CHUNK]
    assert bench.remotes.opened == [0, 0, 0, 0]


def test_an_heir_starts_over_where_the_server_refuses_to_continue(bench: Bench) -> None:
    dies_at(bench, "write", 2 * CHUNK)
    refuses_to_continue(bench, Code.REMOTE_FAILED, Permanent)
    assert_delivered(bench, carried(bench, tools_of(bench)))


def test_a_full_disk_is_no_reason_to_send_it_all_again(bench: Bench) -> None:
    break_once(bench)
    refuses_to_continue(bench, Code.REMOTE_FULL, Permanent)
    done = carried(bench, tools_of(bench))
    assert done.failure
    assert done.failure.code == Code.REMOTE_FULL
    assert bench.remotes.opened == [0]


@pytest.mark.parametrize("at", ["opening", "deletion", "first bytes"])
def test_a_second_handle_that_is_refused_leaves_one_and_is_remembered(
    bench: Bench, at: str
) -> None:
    def hook(verb: str, path: str, place: int) -> None:
        second = verb == "create" and place == 1
        if second and at == "deletion":
            del bench.remotes.files[path]
            raise Permanent(Code.REMOTE_FAILED, f"{path} was there before.")
        if (at == "opening" and second) or (at == "first bytes" and second_writes(verb, place)):
            raise Permanent(Code.REMOTE_FAILED, f"{path} is being written.")

    def second_writes(verb: str, place: int) -> bool:
        return verb == "write" and place == HALF and bench.remotes.opened[-1] == 1

    bench.remotes.hooks.append(hook)
    tools = tools_of(bench, width=LANES)
    assert_delivered(bench, carried(bench, tools))
    # At once, and in the same try.
    assert bench.pauses == []
    bench.store.rows.clear()
    del bench.remotes.files[FINAL]
    bench.remotes.opened.clear()
    assert carried(bench, tools).outcome is Outcome.DELIVERED
    assert bench.remotes.opened == [0]


class Breaking(HookedRemotes):
    """Ends the line over a second session."""

    broken = 0

    def connect(self, destination: Destination, *, beside: Remote | None = None) -> MemoryRemote:
        if beside is None:
            return super().connect(destination)
        self.broken += 1
        self.hooks.append(self.drop)
        raise Transient(Code.REMOTE_DROPPED, "The line broke.")

    def drop(self, verb: str, path: str, place: int) -> None:
        del verb, path, place
        self.hooks.clear()
        raise Transient(Code.REMOTE_DROPPED, "The line broke.")


def test_a_line_that_breaks_over_each_second_session_carries_the_file_alone() -> None:
    """Once may be the line's own fault."""
    powers = replace(ALL_POWERS, digests=frozenset())
    remotes = Breaking(protocols=frozenset({"memory"}), powers=powers)
    bench = Bench(remotes=remotes)
    bench.objects.put(SOURCE, DATA)
    assert_delivered(bench, carried(bench, tools_of(bench, width=LANES)))
    assert remotes.broken == DOUBTS


def test_what_lanes_had_acknowledged_when_the_line_broke_counts(bench: Bench) -> None:
    """Though it was when nobody had a further chunk to hand out."""
    handed = threading.Event()
    bench.watcher.then = lambda: handed.set() if len(bench.watcher.seen) > 1 else None

    def hook(verb: str, path: str, place: int) -> None:
        if verb == "write" and place == 0:
            handed.wait(60)
        elif verb == "write" and place == last:
            late = time.monotonic() + 60
            while not stored(path) and time.monotonic() < late:
                threading.Event().wait(0.01)
            bench.remotes.hooks.clear()
            raise Transient(Code.REMOTE_DROPPED, f"The line broke at {path}.")

    def stored(path: str) -> bool:
        with bench.remotes.lock:
            return bench.remotes.files[path][:last] == DATA[:last]

    last = CHUNK + HALF
    bench.objects.put(SOURCE, DATA[: 2 * CHUNK])
    bench.remotes.hooks.append(hook)
    done = carried(bench, tools_of(bench, width=LANES))
    assert done.outcome is Outcome.DELIVERED
    assert bench.remotes.opened == [0, 1, CHUNK]


def test_a_second_handle_that_gets_no_answer_leaves_one_to_the_next_try(bench: Bench) -> None:
    def hang(verb: str, path: str, place: int) -> None:
        if verb == "write" and place == HALF and bench.remotes.opened[-1] == 1:
            raise Transient(Code.REMOTE_TIMEOUT, f"No answer at {path}.")

    bench.remotes.hooks.append(hang)
    assert_delivered(bench, carried(bench, tools_of(bench, width=LANES)))
    assert bench.remotes.opened.count(1) == 1


def test_a_server_where_the_last_handle_wins_gets_the_file_over_one(bench: Bench) -> None:
    """Each handle has a file of its own there, and the last one that is closed stays."""

    def lose(verb: str, path: str, place: int) -> None:
        del place
        if verb == "finish" and bench.remotes.opened == [0, 1]:
            bench.remotes.files[path][:CHUNK] = bytes(CHUNK)

    bench.remotes.hooks.append(lose)
    assert_delivered(bench, carried(bench, tools_of(bench, width=LANES)))
    assert bench.remotes.opened == [0, 1, 0]


def test_a_size_that_comes_late_is_looked_at_again(bench: Bench) -> None:
    sizes = []

    def hide(verb: str, path: str, place: int) -> None:
        del place
        if verb == "size" and path.endswith(".part") and path in bench.remotes.files:
            sizes.append(path)
            content = bench.remotes.files[path]
            if len(sizes) == 1:
                hidden.append(bytes(content))
                del content[:]
            elif hidden and len(sizes) == 3:
                content[:] = hidden.pop()

    hidden: list[bytes] = []
    bench.remotes.hooks.append(hide)
    assert_delivered(bench, carried(bench, tools_of(bench)))
    assert bench.remotes.opened == [0]
    assert bench.pauses == list(late.LOOKS[:2])


@pytest.mark.parametrize("how", ["held", "empty"])
def test_what_cannot_be_read_back_for_a_moment_is_read_again(bench: Bench, how: str) -> None:
    partner = {"partner": replace(PARTNER, tier=Tier.READ_BACK)}
    reads, hidden = [], list[bytes]()

    def hold(verb: str, path: str, place: int) -> None:
        del place
        if verb != "read":
            return
        reads.append(path)
        content = bench.remotes.files[path]
        if how == "held" and len(reads) < 3:
            raise Permanent(Code.REMOTE_FAILED, "It is being used by another process.")
        if how == "empty" and len(reads) == 1:
            hidden.append(bytes(content))
            del content[:]
        elif hidden and len(reads) == 3:
            content[:] = hidden.pop()

    bench.remotes.hooks.append(hold)
    assert_delivered(bench, carried(bench, replace(bench.tools(), destinations=partner)))
    assert bench.remotes.opened == [0]
    assert bench.pauses == list(late.LOOKS[:2])


def test_a_size_in_whole_blocks_is_looked_at_again(bench: Bench) -> None:
    def round_up(verb: str, path: str, place: int) -> None:
        del place
        if path.endswith(".part") and path in bench.remotes.files:
            content = bench.remotes.files[path]
            if verb == "finish":
                content.extend(b"...")
            elif verb == "size" and bench.pauses:
                del content[len(DATA) :]

    bench.remotes.hooks.append(round_up)
    assert_delivered(bench, carried(bench, tools_of(bench)))
    assert bench.remotes.opened == [0]


def test_a_file_that_stays_short_is_removed_after_a_while(bench: Bench) -> None:
    def lose(verb: str, path: str, place: int) -> None:
        del place
        if verb == "finish":
            bench.remotes.hooks.clear()
            del bench.remotes.files[path][-10:]

    bench.remotes.hooks.append(lose)
    assert_delivered(bench, carried(bench, tools_of(bench)))
    assert bench.remotes.opened == [0, 0]
    assert tuple(bench.pauses) == late.LOOKS


def blocks(bench: Bench, end: str, *, kept: bool) -> None:
    """A name that nothing new can have: a dead session holds it, or it may not be removed."""

    def hook(verb: str, path: str, place: int) -> None:
        if verb == "create" and not place and path.endswith(end):
            if kept:
                bench.remotes.files.setdefault(path, bytearray(b"kept"))
            raise Permanent(Code.REMOTE_EXISTS, f"{path} is held.")

    bench.remotes.hooks.append(hook)


@pytest.mark.parametrize("kept", [False, True])
def test_a_temp_whose_name_is_blocked_gets_another_and_is_swept_later(
    bench: Bench, kept: bool
) -> None:
    blocks(bench, "-e1.part", kept=kept)
    assert_delivered(bench, carried(bench, tools_of(bench)))


def test_names_that_are_all_blocked_end_the_try(bench: Bench) -> None:
    blocks(bench, ".part", kept=False)
    done = carried(bench, tools_of(bench))
    assert done.failure
    assert done.failure.code == Code.REMOTE_EXISTS
    assert bench.remotes.opened == []


def test_an_heir_goes_on_with_a_temp_of_another_name(bench: Bench) -> None:
    blocks(bench, "-e1.part", kept=True)
    dies_at(bench, "write", 2 * CHUNK)
    assert_delivered(bench, carried(bench, tools_of(bench)))
    assert bench.remotes.opened == [0, 2 * CHUNK]


def test_who_may_not_remove_gets_a_file_that_starts_over_under_another_name(bench: Bench) -> None:
    """What stays is told as a loose end, and does not hold the others up."""
    bench.remotes.unremovable = True
    bench.remotes.powers = replace(bench.remotes.powers, resumes=False, ranges=False)
    break_once(bench)
    done = carried(bench, tools_of(bench))
    assert done.outcome is Outcome.DELIVERED
    assert bytes(bench.remotes.files[FINAL]) == DATA
    assert [end.code for end in done.loose_ends] == [Code.REMOTE_DENIED]
    assert len(list(bench.temps())) == 1


def test_a_server_that_ends_the_session_over_a_hash_is_not_asked_again(bench: Bench) -> None:
    bench.remotes.powers = ALL_POWERS
    bench.remotes.touchy = True
    assert_delivered(bench, carried(bench, tools_of(bench)))
    assert receipt_of(bench).tier == "T0"
