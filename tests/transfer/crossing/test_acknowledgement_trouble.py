"""Tier T3 in trouble: older words, servers that are away, requests that are cancelled meanwhile."""

from __future__ import annotations

import pytest

from adapters.memory.books import memory_books
from tests.transfer.bench import FINAL
from tests.transfer.made import NOON
from tests.transfer.partner import (
    ACK,
    ASKED,
    DIGEST,
    SHA256,
    Software,
    bench,
    carried,
    tools_for,
    tried,
)
from transfer.decisions import Word, retry
from transfer.destination import Acknowledgement, Conflict, Mode
from transfer.errors import Code, Permanent, Transient, Waiting
from transfer.journey import travel
from transfer.model import Outcome
from transfer.tickets import Ticket


def test_an_older_word_does_not_count() -> None:
    world = bench()
    world.remotes.files[ACK] = bytearray(b"of the old file")
    done = carried(world, acknowledgement=ASKED)
    assert done.failure
    assert done.failure.code == Code.ACKNOWLEDGEMENT_MISSING
    assert ACK not in world.remotes.files


def test_an_older_word_is_replaced_with_its_file() -> None:
    world = bench()
    world.remotes.files |= {FINAL: bytearray(b"old"), ACK: bytearray(b"0" * 64)}
    Software(world, patience=2)
    done = carried(world, acknowledgement=DIGEST, on_conflict=Conflict.REPLACE)
    assert done.outcome is Outcome.DELIVERED
    assert SHA256.encode() in world.remotes.files[ACK]


def test_an_older_word_that_cannot_be_removed_refuses_the_publish() -> None:
    world = bench()
    path = "/inbox/pay/ack/nov.csv"
    world.remotes.files[path] = bytearray(b"old")
    world.remotes.read_only.add("/inbox/pay/ack")
    done = carried(world, acknowledgement=Acknowledgement(name="ack/{name}"))
    assert done.failure
    assert done.failure.code == Code.REMOTE_DENIED
    assert "from an earlier file" in done.failure.message
    assert FINAL not in world.remotes.files
    assert list(world.temps()) == []


def test_an_approval_withdrawn_removes_no_older_word() -> None:
    world = bench()
    world.remotes.files |= {FINAL: bytearray(b"old"), ACK: bytearray(b"its word")}
    world.consent.refusal = Permanent(Code.APPROVAL_WITHDRAWN, "Withdrawn.")
    carried(world, acknowledgement=ASKED, on_conflict=Conflict.REPLACE)
    assert world.remotes.files == {FINAL: b"old", ACK: b"its word"}


def test_in_place_an_older_word_goes_before_the_first_byte() -> None:
    world = bench()
    world.remotes.files |= {FINAL: bytearray(b"old"), ACK: bytearray(b"its word")}
    stood = []

    def look(verb: str, path: str, place: int) -> None:
        del place
        if (verb, path) == ("create", FINAL):
            stood.append(ACK in world.remotes.files)

    world.remotes.hooks.append(look)
    done = carried(world, mode=Mode.DIRECT, on_conflict=Conflict.REPLACE, acknowledgement=ASKED)
    assert stood == [False]
    assert done.failure
    assert done.failure.code == Code.ACKNOWLEDGEMENT_MISSING


def test_a_server_that_is_away_only_delays_the_word() -> None:
    world = bench()
    software = Software(world, patience=3)

    def away(verb: str, path: str, place: int) -> None:
        del place
        if path == ACK and verb == "size" and software.looks == 1:
            raise Transient(Code.REMOTE_DROPPED, "The line broke.")

    world.remotes.hooks.append(away)
    assert carried(world, acknowledgement=ASKED).outcome is Outcome.DELIVERED


def test_nobody_is_said_to_be_silent_who_could_not_be_asked() -> None:
    world = bench()

    def away(verb: str, path: str, place: int) -> None:
        del verb, place
        if path == ACK and FINAL in world.remotes.files:
            raise Transient(Code.REMOTE_DROPPED, "The line broke.")

    world.remotes.hooks.append(away)
    done = carried(world, acknowledgement=ASKED)
    assert done.failure
    assert done.failure.code == Code.ACKNOWLEDGEMENT_MISSING
    assert "could not look" in done.failure.message
    assert "The line broke." in done.failure.message


def test_a_login_that_is_refused_is_not_tried_again() -> None:
    world = bench()
    transfer = world.received()
    tools = tools_for(world, acknowledgement=ASKED)
    with pytest.raises(Waiting):
        travel(transfer, tools, tried)
    world.remotes.password, before = "changed", world.remotes.logins
    done = travel(world.record().transfer, tools, tried)
    assert done.failure
    assert done.failure.code == Code.ACKNOWLEDGEMENT_MISSING
    assert world.remotes.logins == before + 1


def test_a_word_that_may_not_be_read_is_named_when_the_time_is_over() -> None:
    world = bench()
    Software(world)
    world.remotes.unreadable = True
    done = carried(world, acknowledgement=DIGEST)
    assert done.failure
    assert done.failure.code == Code.ACKNOWLEDGEMENT_MISSING
    assert "may not be read" in done.failure.message


def test_a_cancel_comes_too_late_once_the_file_is_there() -> None:
    world = bench()
    Software(world, patience=2)
    transfer = world.received()
    with pytest.raises(Waiting):
        travel(transfer, tools_for(world, acknowledgement=ASKED), tried)

    def cancelled() -> None:
        raise Permanent(Code.REQUEST_CANCELLED, "The task was closed.")

    world.halt = cancelled
    world.time[0] += 2
    done = travel(world.record().transfer, tools_for(world, acknowledgement=ASKED), tried)
    assert done.outcome is Outcome.DELIVERED


def test_a_look_waits_for_no_connection() -> None:
    world = bench()
    Software(world, patience=2)
    transfer = world.received()
    tools = tools_for(world, acknowledgement=ASKED, connections=1)
    with pytest.raises(Waiting):
        travel(transfer, tools, tried)
    with tools.slots.widen(tools.destinations["partner"], 1), pytest.raises(Waiting):
        travel(world.record().transfer, tools, tried)
    assert travel(world.record().transfer, tools, tried).outcome is Outcome.DELIVERED


def test_a_retry_looks_once_more_and_sends_nothing() -> None:
    world = bench()
    assert carried(world, acknowledgement=ASKED).outcome is Outcome.FAILED
    books = memory_books(world.store, "operator")
    while due := books.outbox.due():
        for post, _tries in due:
            ticket = Ticket(role=post.ticket, sys_id="1" * 32, number="INC1", url="", state="6")
            books.outbox.settle((post, ticket))
    word = Word(by="eva@bastion", at=NOON, reason="the partner found it")
    again, changes = retry(world.record(), word, resend_unknown=False)
    books.keeper.amend(again, *changes)
    world.remotes.files[ACK] = bytearray(b"late")
    assert carried(world, acknowledgement=ASKED).outcome is Outcome.DELIVERED
    assert world.remotes.opened == [0]
    assert world.remotes.appeared == {FINAL: 1}
