"""Our own small file beside each published one: right, once, and of no other file."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.transfer.bench import FINAL
from tests.transfer.partner import (
    ASKED,
    DATA,
    MD5,
    SHA256,
    SIDE,
    Software,
    bench,
    carried,
    receipt_of,
    tools_for,
    tried,
    words,
)
from transfer.destination import Conflict, Mode, Sidecar
from transfer.errors import Code, Permanent, Transient
from transfer.journey import travel
from transfer.model import DeliveryState, Outcome

SUM = Sidecar(name="{name}.sha256")
DONE = Sidecar(name="{name}.done", digest="")
LINE = f"{SHA256}  nov.csv\n".encode()


@pytest.mark.parametrize(
    ("sidecar", "path", "content"),
    [
        (SUM, SIDE, LINE),
        (Sidecar(name="{name}.md5", digest="md5"), f"{FINAL}.md5", f"{MD5}  nov.csv\n".encode()),
        (DONE, f"{FINAL}.done", b""),
        (Sidecar(name="done/{name}"), "/inbox/pay/done/nov.csv", LINE),
    ],
)
@pytest.mark.parametrize("mode", [Mode.AUTO, Mode.DIRECT])
def test_the_sidecar_stands_beside_the_file(
    sidecar: Sidecar, path: str, content: bytes, mode: Mode
) -> None:
    world = bench()
    assert carried(world, sidecar=sidecar, mode=mode).outcome is Outcome.DELIVERED
    assert world.remotes.files == {FINAL: DATA, path: content}
    assert receipt_of(world).sidecar == path
    assert f"Beside it: {path}" in words(world)
    [delivery] = world.record().deliveries
    assert delivery.older == ()


def test_it_appears_after_the_file_in_one_step() -> None:
    world = bench()
    seen = []

    def look(verb: str, path: str, place: int) -> None:
        del place
        if verb == "rename" and path.endswith(".side"):
            seen.append((FINAL in world.remotes.files, bytes(world.remotes.files[path])))

    world.remotes.hooks.append(look)
    carried(world, sidecar=SUM)
    assert seen == [(True, LINE)]


def test_every_file_of_a_batch_has_its_own() -> None:
    world = bench()
    names = [f"f{number}" for number in range(6)]
    for name in names:
        world.objects.put(f"s3://exports/payroll/{name}", name.encode())
    sources = tuple(f"s3://exports/payroll/{name}" for name in names)
    tools = tools_for(world, sidecar=DONE, connections=1)
    done = travel(world.received(sources=sources, target="many/"), tools, tried)
    assert done.outcome is Outcome.DELIVERED
    both = {f"/inbox/many/{name}{end}" for name in names for end in ("", ".done")}
    assert set(world.remotes.files) == both
    assert all(item.receipt and item.receipt.sidecar for item in world.record().deliveries)


@pytest.mark.parametrize("conflict", [Conflict.FAIL, Conflict.VERSION])
def test_a_name_that_is_taken_is_refused_before_a_byte_is_sent(conflict: Conflict) -> None:
    world = bench()
    world.remotes.files[SIDE] = bytearray(b"theirs")
    done = carried(world, sidecar=SUM, on_conflict=conflict)
    assert done.failure
    assert done.failure.code == Code.REMOTE_EXISTS
    assert SIDE in done.failure.message
    assert world.remotes.files == {SIDE: b"theirs"}
    assert world.remotes.opened == []


@pytest.mark.parametrize("mode", [Mode.AUTO, Mode.SWAP, Mode.DIRECT])
def test_where_the_file_is_replaced_the_sidecar_is_too(mode: Mode) -> None:
    world = bench()
    world.remotes.files |= {FINAL: bytearray(b"old"), SIDE: bytearray(b"of the old")}
    wrong = []

    def look(verb: str, path: str, place: int) -> None:
        del verb, path, place
        now = {name: bytes(content) for name, content in world.remotes.files.items()}
        wrong.append(now.get(FINAL) != b"old" and now.get(SIDE) == b"of the old")

    world.remotes.hooks.append(look)
    done = carried(world, sidecar=SUM, mode=mode, on_conflict=Conflict.REPLACE)
    assert done.outcome is Outcome.DELIVERED
    assert world.remotes.files == {FINAL: DATA, SIDE: LINE}
    assert not any(wrong)


def test_a_new_version_has_a_sidecar_of_its_own() -> None:
    world = bench()
    world.remotes.files |= {FINAL: bytearray(b"old"), SIDE: bytearray(b"of the old")}
    assert carried(world, sidecar=SUM, on_conflict=Conflict.VERSION).outcome is Outcome.DELIVERED
    assert bytes(world.remotes.files[SIDE]) == b"of the old"
    beside = bytes(world.remotes.files["/inbox/pay/nov.2.csv.sha256"])
    assert beside == f"{SHA256}  nov.2.csv\n".encode()


@pytest.mark.parametrize("mode", [Mode.AUTO, Mode.DIRECT])
def test_a_sidecar_that_cannot_be_written_fails_and_says_what_is_there(mode: Mode) -> None:
    world = bench()
    world.remotes.read_only.add("/inbox/pay/done")
    done = carried(world, sidecar=Sidecar(name="done/{name}"), mode=mode)
    assert done.outcome is Outcome.FAILED
    assert done.failure
    assert done.failure.code == Code.SIDECAR_FAILED
    assert f"{FINAL} was published at" in done.failure.message
    [delivery] = world.record().deliveries
    assert delivery.state is DeliveryState.PUBLISHED
    assert receipt_of(world).sidecar == ""
    assert world.remotes.files == {FINAL: DATA}
    assert "1 file of 1 had arrived" in words(world)


@pytest.mark.parametrize("mode", [Mode.AUTO, Mode.DIRECT])
@pytest.mark.parametrize("verb", ["create", "write", "finish", "rename"])
def test_a_broken_line_is_mended(verb: str, mode: Mode) -> None:
    world = bench()
    broken: list[str] = []

    def cut(told: str, path: str, place: int) -> None:
        del place
        if told == verb and path.endswith((".side", ".sha256")) and not broken:
            broken.append(path)
            raise Transient(Code.REMOTE_DROPPED, "The line broke.")

    world.remotes.hooks.append(cut)
    assert carried(world, sidecar=SUM, mode=mode).outcome is Outcome.DELIVERED
    assert bool(broken) == (verb != "rename" or mode is Mode.AUTO)
    assert world.remotes.files == {FINAL: DATA, SIDE: LINE}


def test_a_disk_that_is_full_leaves_no_half_of_it() -> None:
    world = bench()
    world.remotes.capacity = len(DATA) + 10
    done = carried(world, sidecar=SUM)
    assert done.failure
    assert done.failure.code == Code.SIDECAR_FAILED
    assert world.remotes.files == {FINAL: DATA}


def test_beside_a_file_that_was_collected_nothing_is_left() -> None:
    world = bench()
    calls: dict[str, Any] = {}

    def taken(verb: str, path: str, place: int) -> None:
        del place
        if verb == "rename" and path.endswith(".part") and not calls:
            calls["broken"] = world.remotes.files.pop(path)
            raise Transient(Code.REMOTE_DROPPED, "The answer was lost.")

    world.remotes.hooks.append(taken)
    assert carried(world, sidecar=SUM, collected=True).outcome is Outcome.DELIVERED
    assert receipt_of(world).collected
    assert world.remotes.files == {}


@pytest.mark.parametrize("collected", [True, False])
@pytest.mark.parametrize("mode", [Mode.AUTO, Mode.DIRECT])
@pytest.mark.parametrize("sidecar", [SUM, DONE], ids=["digest", "empty"])
def test_one_that_is_taken_at_its_close_is_written_once(
    sidecar: Sidecar, mode: Mode, *, collected: bool
) -> None:
    """By its own name that is what `collected` announces; by a temp's it has not got there."""
    world, taken = bench(), []
    last = sidecar.name.removeprefix("{name}") if mode is Mode.DIRECT else ".side"

    def take(verb: str, path: str, place: int) -> None:
        del place
        written = [name for name in world.remotes.files if name.endswith(last)]
        if verb == "size" and written == [path]:
            taken.append(bytes(world.remotes.files.pop(path)))

    world.remotes.hooks.append(take)
    done = carried(world, sidecar=sidecar, mode=mode, collected=collected)
    assert taken == [LINE if sidecar is SUM else b""]
    assert world.remotes.files == {FINAL: DATA}
    arrived = mode is Mode.DIRECT and collected
    assert done.outcome is (Outcome.DELIVERED if arrived else Outcome.FAILED)
    assert bool(receipt_of(world).sidecar) == arrived
    assert arrived or (done.failure and done.failure.code == Code.SIDECAR_FAILED)


def test_the_partner_acknowledges_what_the_sidecar_tells() -> None:
    world = bench()
    Software(world, seen=SIDE)
    done = carried(world, sidecar=SUM, acknowledgement=replace(ASKED, digest="sha256"))
    assert done.outcome is Outcome.DELIVERED
    receipt = receipt_of(world)
    assert (receipt.tier, receipt.sidecar) == ("T3", SIDE)


def test_a_withdrawn_approval_leaves_the_old_sidecar() -> None:
    world = bench()
    world.remotes.files |= {FINAL: bytearray(b"old"), SIDE: bytearray(b"of the old")}
    world.consent.refusal = Permanent(Code.APPROVAL_WITHDRAWN, "Withdrawn.")
    carried(world, sidecar=SUM, on_conflict=Conflict.REPLACE)
    assert world.remotes.files == {FINAL: b"old", SIDE: b"of the old"}
