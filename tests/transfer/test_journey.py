"""A transfer from received to closed: delivered, refused or failed, and told so."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import pytest

from adapters.memory.notify import MemoryNotifier
from tests.transfer.bench import FINAL, Bench, Fuse
from tests.transfer.made import NOON, request
from transfer.errors import Code, Permanent, Stopping, Transient
from transfer.journey import once, travel
from transfer.model import CHUNK, Delivery, DeliveryState, Outcome, Stage, Transfer
from transfer.steps import Step
from transfer.tickets import PostAction, TicketRole
from transfer.tools import Tools

SOURCE = "s3://exports/payroll/nov.csv"


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.objects.put(SOURCE, b"name;pay\n" * 10)
    return bench


def three_tries(step: Step, transfer: Transfer, tools: Tools) -> Transfer:
    for _ in range(2):
        try:
            return step(transfer, tools)
        except Transient as error:
            if isinstance(error, Stopping):
                raise
    return step(transfer, tools)


def carried(bench: Bench, fuse: Fuse | None = None, **changes: Any) -> Transfer:
    return travel(bench.received(**changes), bench.tools(fuse), three_tries)


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 17])
def test_the_file_arrives_whole_with_its_digests(bench: Bench, size: int) -> None:
    data = bytes(range(256)) * (size // 256 + 1)
    bench.objects.put(SOURCE, data[:size])
    done = carried(bench)
    assert (done.stage, done.outcome, done.failure) == (Stage.CLOSED, Outcome.DELIVERED, None)
    assert bytes(bench.remotes.files[FINAL]) == data[:size]
    [delivery] = bench.record().deliveries
    receipt = delivery.receipt
    assert receipt
    assert receipt.sha256 == hashlib.sha256(data[:size]).hexdigest()
    assert receipt.md5 == hashlib.md5(data[:size], usedforsecurity=False).hexdigest()
    assert (receipt.size, receipt.tier, receipt.rechecked_at) == (size, "T0", NOON)
    assert list(bench.temps()) == []
    assert bench.sessions.live == {}


def test_progress_counts_what_the_remote_acknowledged(bench: Bench) -> None:
    size = 2 * CHUNK + 1
    bench.objects.put(SOURCE, b"x" * size)
    carried(bench)
    assert bench.watcher.seen == [(1, CHUNK), (1, 2 * CHUNK), (1, size), (1, size)]


def test_both_tickets_and_the_task_are_told_once(bench: Bench) -> None:
    carried(bench)
    told = [(post.ticket, post.action) for post in bench.posts()]
    assert sorted(told) == sorted(
        [
            (TicketRole.USER, PostAction.OPEN),
            (TicketRole.USER, PostAction.NOTE),
            (TicketRole.USER, PostAction.CLOSE),
            (TicketRole.AUDIT, PostAction.OPEN),
            (TicketRole.AUDIT, PostAction.ATTACH),
            (TicketRole.AUDIT, PostAction.CLOSE),
            (TicketRole.TASK, PostAction.START),
            (TicketRole.TASK, PostAction.CLOSE),
        ]
    )
    closing = [post for post in bench.posts() if post.action is PostAction.CLOSE]
    assert {post.outcome for post in closing} == {Outcome.DELIVERED}
    digest = hashlib.sha256(b"name;pay\n" * 10).hexdigest()
    user, audit = closing[0], closing[1]
    assert digest in user.text
    assert digest in audit.text
    assert "carla.moss" not in user.comment
    assert len(bench.notifier.told) == 1


def test_several_files_of_one_request_all_arrive(bench: Bench) -> None:
    sources = tuple(f"s3://exports/payroll/{name}" for name in ("a", "b", "c"))
    for uri in sources:
        bench.objects.put(uri, uri.encode())
    done = carried(bench, sources=sources, target="many")
    assert done.outcome is Outcome.DELIVERED
    assert bench.remotes.files == {f"/inbox/many/{uri[-1]}": uri.encode() for uri in sources}


def test_a_refused_request_touches_nothing_and_says_why(bench: Bench) -> None:
    done = carried(bench, destination="vault")
    assert (done.stage, done.outcome) == (Stage.CLOSED, Outcome.REFUSED)
    assert bench.remotes.logins == 0
    closing = [post for post in bench.posts() if post.action is PostAction.CLOSE]
    assert len(closing) == 3
    assert all("grant.missing" in post.text for post in closing)
    assert {post.outcome for post in closing} == {Outcome.REFUSED}


def test_a_refusal_of_the_intake_goes_straight_home(bench: Bench) -> None:
    error = Permanent(Code.APPROVAL_SELF, "Approved by who ordered it.")
    done = travel(bench.received().failed(error), bench.tools())
    assert (done.stage, done.outcome) == (Stage.CLOSED, Outcome.REFUSED)
    assert bench.remotes.logins == 0
    assert len(bench.posts()) == 7


def test_a_missing_object_fails_before_any_connection(bench: Bench) -> None:
    bench.objects.remove(SOURCE)
    done = carried(bench)
    assert done.outcome is Outcome.FAILED
    assert done.failure
    assert done.failure.code == Code.SOURCE_MISSING
    assert bench.remotes.logins == 0


def test_a_full_disk_fails_and_leaves_no_temp(bench: Bench) -> None:
    bench.remotes.capacity = 10
    done = carried(bench)
    assert done.failure
    assert done.failure.code == Code.REMOTE_FULL
    assert bench.remotes.files == {}


def test_an_existing_file_is_neither_replaced_nor_lost(bench: Bench) -> None:
    bench.remotes.files[FINAL] = bytearray(b"theirs")
    done = carried(bench)
    assert done.failure
    assert done.failure.code == Code.REMOTE_EXISTS
    assert bench.remotes.files == {FINAL: b"theirs"}


def test_a_file_that_appears_before_the_rename_is_not_replaced(bench: Bench) -> None:
    bench.watcher.then = lambda: bench.remotes.files.update({FINAL: bytearray(b"theirs")})
    done = carried(bench)
    assert done.failure
    assert done.failure.code == Code.REMOTE_EXISTS
    assert bench.remotes.files == {FINAL: b"theirs"}


def test_an_approval_withdrawn_during_the_upload_stops_the_publish(bench: Bench) -> None:
    bench.consent.refusal = Permanent(Code.APPROVAL_WITHDRAWN, "Withdrawn.")
    done = carried(bench)
    assert done.outcome is Outcome.REFUSED
    assert bench.remotes.files == {}
    assert bench.remotes.appeared == {}


def test_a_verified_file_waits_for_servicenow_without_a_second_upload(bench: Bench) -> None:
    bench.consent.refusal = Transient(Code.SERVICENOW_UNREACHABLE, "No answer.")

    def answers_at_last(step: Step, transfer: Transfer, tools: Tools) -> Transfer:
        try:
            return step(transfer, tools)
        except Transient:
            bench.consent.refusal = None
            return step(transfer, tools)

    done = travel(bench.received(), bench.tools(), answers_at_last)
    assert done.outcome is Outcome.DELIVERED
    # Twice before the publish, once for the word “too late”.
    assert bench.consent.asked == 3
    assert len(bench.watcher.seen) == 2


def test_a_changed_source_is_never_published(bench: Bench) -> None:
    bench.objects.put(SOURCE, b"x" * (CHUNK + 1))
    unversioned = type(bench.objects)(versioned=False)
    unversioned.put(SOURCE, b"x" * (8 * CHUNK))
    bench.objects = unversioned
    bench.watcher.then = lambda: unversioned.put(SOURCE, b"y")
    done = carried(bench)
    assert done.failure
    assert done.failure.code == Code.SOURCE_CHANGED
    assert bench.remotes.files == {}


def test_wrong_bytes_from_s3_are_never_published(bench: Bench) -> None:
    class Flipping(type(bench.objects)):  # type: ignore[misc]
        def read(self, *args: Any) -> bytes:
            return b"?" * len(super().read(*args))

    flipping = Flipping()
    flipping.put(SOURCE, b"x" * 100)
    bench.objects = flipping
    done = carried(bench)
    assert done.failure
    assert done.failure.code == Code.CHECKSUM_MISMATCH
    assert bench.remotes.files == {}


def test_a_stop_leaves_the_transfer_for_the_next_start(bench: Bench) -> None:
    bench.objects.put(SOURCE, b"x" * (2 * CHUNK))

    def halt() -> None:
        if bench.watcher.seen:
            raise Stopping

    bench.halt = halt
    with pytest.raises(Stopping):
        carried(bench)
    assert bench.record().transfer.stage is Stage.PINNED
    assert len(list(bench.temps())) == 1
    bench.halt = lambda: None
    assert carried(bench).outcome is Outcome.DELIVERED
    assert list(bench.temps()) == []


def test_a_loose_end_on_the_way_home_is_noted_and_the_way_goes_on(bench: Bench) -> None:
    bench.objects.put(SOURCE, b"x" * 100)
    bench.remotes.capacity = 10
    remove = bench.remotes

    def dies(step: Step, transfer: Transfer, tools: Tools) -> Transfer:
        if transfer.stage is Stage.NOTIFIED:
            remove.reachable = False
            remove.files["/inbox/pay/.ff-x"] = bytearray()
            for delivery in tools.ledger.deliveries(transfer.id):
                tools.ledger.save(transfer, delivery.evolve(temp="/inbox/pay/.ff-x"))
        return once(step, transfer, tools)

    done = travel(bench.received(), bench.tools(), dies)
    assert done.stage is Stage.CLOSED
    assert [end.code for end in done.loose_ends] == [Code.REMOTE_UNREACHABLE]
    assert done.closed_at == NOON


def test_a_notice_that_fails_never_fails_the_transfer_and_is_sent_once(bench: Bench) -> None:
    class Deaf(MemoryNotifier):
        def tell(self, transfer: Transfer, deliveries: Sequence[Delivery]) -> None:
            super().tell(transfer, deliveries)
            raise Permanent(Code.NOTICE_FAILED, "The notice operators failed.")

    bench.notifier = Deaf()
    done = carried(bench)
    assert (done.stage, done.outcome) == (Stage.CLOSED, Outcome.DELIVERED)
    assert [end.code for end in done.loose_ends] == [Code.NOTICE_FAILED]
    assert len(bench.notifier.told) == 1


def test_a_fault_of_ours_reaches_the_tickets_without_its_text(bench: Bench) -> None:
    bench.consent.refusal = ZeroDivisionError("secret detail")
    done = carried(bench)
    assert done.failure
    assert done.failure.code == Code.INTERNAL
    assert "secret detail" not in repr(bench.posts())
    assert done.stage is Stage.CLOSED


def test_steps_are_safe_to_run_twice(bench: Bench) -> None:
    def twice(step: Step, transfer: Transfer, tools: Tools) -> Transfer:
        step(transfer, tools)
        return step(transfer, tools)

    done = travel(bench.received(), bench.tools(), twice)
    assert done.outcome is Outcome.DELIVERED
    assert bench.remotes.appeared == {FINAL: 1}
    keys = [post.key for post in bench.posts()]
    assert len(keys) == len(set(keys)) == 8


def test_the_fingerprint_of_the_request_is_on_the_audit_ticket(bench: Bench) -> None:
    carried(bench)
    [audit] = [
        post
        for post in bench.posts()
        if post.ticket is TicketRole.AUDIT and post.action is PostAction.CLOSE
    ]
    assert request().fingerprint in audit.text
    assert bench.record().deliveries[0].state is DeliveryState.PUBLISHED
