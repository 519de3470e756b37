"""What was approved is what is sent: whatever is replaced after the approval is refused."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from adapters.memory.keeper import MemoryKeeper
from adapters.memory.objects import MemoryObjects
from tests.transfer.bench import FINAL, Bench, Crash, Fuse
from tests.transfer.made import ITEM, NOON, RULES, approval, evidence, request
from tests.transfer.telling.test_document import said
from tests.transfer.test_journey import SOURCE, three_tries
from transfer import decisions
from transfer.approval import policy
from transfer.decisions import Word
from transfer.errors import Code, Permanent
from transfer.journey import travel
from transfer.model import Outcome, Pin, Source, Transfer
from transfer.request.binding import insist
from transfer.rules import Rules
from transfer.tickets import PostAction, TicketRole

LATER = NOON + timedelta(seconds=1)
FOLDER = "s3://exports/payroll/"
AS_FOUND = replace(RULES, as_found=frozenset({ITEM}))
GOOD, EVIL = b"name;pay\n", b"name;PAY\n"
WORD = Word(by="eva@bastion", at=NOON, reason="mended")


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.objects.put(SOURCE, GOOD, NOON)
    return bench


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def carried(bench: Bench, rules: Rules = RULES, **changes: Any) -> Transfer:
    transfer = bench.received(**{"approved_at": NOON, "catalog_item": ITEM, **changes})
    return travel(transfer, replace(bench.tools(), rules=rules), three_tries)


def refused(bench: Bench, done: Transfer, code: Code = Code.SOURCE_NEWER) -> str:
    """It was, and nothing reached the partner; returns what the tickets say of it."""
    assert done.failure
    assert done.failure.code == code
    assert bench.remotes.files == {}
    return done.failure.message


def audit(bench: Bench) -> str:
    posts = [each for each in bench.posts() if each.ticket is TicketRole.AUDIT]
    return "\n".join(post.text for post in posts if post.action is not PostAction.ATTACH)


def test_what_is_as_old_as_the_approval_is_sent_and_the_audit_ticket_says_how_old(
    bench: Bench,
) -> None:
    assert carried(bench).outcome is Outcome.DELIVERED
    assert bytes(bench.remotes.files[FINAL]) == GOOD
    assert "written after the approval at 2026-11-23 12:00:00 UTC" in audit(bench)
    assert "version 1, written at 2026-11-23 12:00:00 UTC" in audit(bench)
    assert said(bench)["files"][0]["written_at"] == "2026-11-23T12:00:00.000000+00:00"


def test_an_object_replaced_after_the_approval_is_refused(bench: Bench) -> None:
    bench.objects.put(SOURCE, EVIL, LATER)
    told = refused(bench, carried(bench))
    for word in (SOURCE, "12:00:01", "12:00:00", "RITM0010001"):
        assert word in told
    assert bench.remotes.logins == 0
    assert bench.record().transfer.outcome is Outcome.REFUSED


def test_the_approval_that_counts_is_meant_and_no_later_one_of_an_outsider() -> None:
    outsider = approval(approver_id="d" * 32, decided_at=LATER, in_group=False)
    asked = policy.authorise(evidence(approvals=(approval(), outsider)), RULES)
    with pytest.raises(Permanent) as error:
        insist(Pin(size=1, etag="e", modified=LATER), Source(bucket="b", key="k"), asked, RULES)
    assert error.value.code is Code.SOURCE_NEWER


def test_a_store_that_passes_over_the_version_is_not_believed() -> None:
    source = Source(bucket="b", key="k", version_id="v1")
    for pin in (Pin(size=1, etag="e"), Pin(size=1, etag="e", version_id="v2")):
        with pytest.raises(Permanent, match="another version") as error:
            insist(pin, source, request(approved_at=NOON), RULES)
        assert error.value.code is Code.SOURCE_CHANGED
    event = replace(source, version_id="null")
    pin = Pin(size=1, etag="e")
    assert insist(pin, event, request(approved_at=NOON, standing="5" * 32), RULES) == pin


@pytest.mark.parametrize(
    ("written", "fits"),
    [
        (NOON - timedelta(days=900), True),
        (NOON, True),
        (NOON + timedelta(microseconds=1), False),
        (LATER, False),
        (None, False),
    ],
)
def test_whole_seconds_are_compared_and_no_time_is_no_proof(
    written: datetime | None, fits: bool
) -> None:
    pin, source = Pin(size=1, etag="e", modified=written), Source(bucket="b", key="k")
    if fits:
        assert insist(pin, source, request(approved_at=NOON), RULES) == pin
        return
    with pytest.raises(Permanent) as error:
        insist(pin, source, request(approved_at=NOON), RULES)
    assert error.value.code is Code.SOURCE_NEWER


def test_of_what_a_pattern_matches_nothing_newer_is_sent(bench: Bench) -> None:
    bench.objects.put(FOLDER + "dec.csv", EVIL, LATER)
    told = refused(bench, carried(bench, sources=(FOLDER + "*.csv",), target="in/"))
    assert "dec.csv" in told


def listed(bench: Bench, text: str, written: datetime = NOON) -> str:
    return "@" + bench.objects.put(FOLDER + "list", text.encode(), written).uri


def test_a_manifest_replaced_after_the_approval_sends_nothing(bench: Bench) -> None:
    bench.objects.put(FOLDER + "other.csv", EVIL, NOON)
    manifest = listed(bench, f"source\n{FOLDER}other.csv\n", LATER)
    assert "list" in refused(bench, carried(bench, sources=(manifest,), target="in/"))


def test_what_a_manifest_lists_is_bound_as_well_unless_it_has_a_digest(bench: Bench) -> None:
    bench.objects.put(FOLDER + "dec.csv", b"december", LATER)
    plain = listed(bench, f"source\n{FOLDER}dec.csv\n")
    refused(bench, carried(bench, sources=(plain,), target="in/"))
    another = Bench()
    another.objects.put(FOLDER + "dec.csv", b"december", LATER)
    exact = listed(another, f"source,sha256\n{FOLDER}dec.csv,{digest(b'december')}\n")
    assert carried(another, sources=(exact,), target="in/").outcome is Outcome.DELIVERED


def test_version_and_digest_of_a_manifest_are_on_receipt_and_audit_ticket(bench: Bench) -> None:
    text = f"source\n{SOURCE}\n"
    carried(bench, sources=(listed(bench, text),), target="in/")
    [told] = said(bench)["manifests"]
    assert (told["source"], told["version"], told["files"]) == (FOLDER + "list", "1", 1)
    assert told["sha256"] == digest(text.encode())
    assert f"Manifest: {FOLDER}list, version 1" in audit(bench)
    assert digest(text.encode()) in audit(bench)


def test_an_item_for_which_operators_said_so_sends_what_is_there(bench: Bench) -> None:
    bench.objects.put(SOURCE, EVIL, LATER)
    done = carried(bench, AS_FOUND, as_found=True)
    assert done.outcome is Outcome.DELIVERED
    assert "Content: whatever was in S3 when FileFerry looked" in audit(bench)
    assert said(bench)["content"].startswith("whatever was in S3")


def test_operators_may_take_that_back(bench: Bench) -> None:
    bench.objects.put(SOURCE, EVIL, LATER)
    refused(bench, carried(bench, RULES, as_found=True))


def test_a_standing_approval_is_about_what_arrives_and_says_so(bench: Bench) -> None:
    bench.objects.put(SOURCE, b"nightly", LATER)
    done = carried(bench, standing="5" * 32, version_id="2", sources=(SOURCE,))
    assert done.outcome is Outcome.DELIVERED
    assert "Content: what arrived under the prefix, version “2”" in audit(bench)


def test_an_order_may_name_the_version(bench: Bench) -> None:
    bench.objects.put(SOURCE, EVIL, LATER)
    assert carried(bench, options={"version": "1"}).outcome is Outcome.DELIVERED
    assert bytes(bench.remotes.files[FINAL]) == GOOD
    assert "only the one with version “1”, as ordered" in audit(bench)


def test_what_is_ordered_by_its_digest_may_be_newer(bench: Bench) -> None:
    bench.objects.put(SOURCE, GOOD, LATER)
    done = carried(bench, options={"sha256": digest(GOOD).upper()})
    assert done.outcome is Outcome.DELIVERED
    assert f"SHA-256: {digest(GOOD)}, as was demanded" in audit(bench)
    assert said(bench)["files"][0]["demanded_sha256"] == digest(GOOD)


@pytest.mark.parametrize("size", [9, 40_000_000])
def test_another_digest_is_refused_with_nothing_published_and_no_temp(
    bench: Bench, size: int
) -> None:
    bench.objects.put(SOURCE, b"x" * size, NOON)
    done = carried(bench, options={"sha256": digest(GOOD)})
    told = refused(bench, done, Code.CHECKSUM_MISMATCH)
    assert digest(GOOD) in told
    assert digest(b"x" * size) in told
    assert bench.remotes.opened == [0]


def test_several_small_files_are_compared_one_by_one(bench: Bench) -> None:
    rows = [f"{SOURCE},{digest(GOOD)}"]
    for name in ("a", "b", "c", "d", "e"):
        bench.objects.put(FOLDER + name, name.encode(), NOON)
        rows.append(f"{FOLDER}{name},{digest(b'a')}")
    manifest = listed(bench, "\n".join(["source,sha256", *rows]))
    done = carried(bench, sources=(manifest,), target="in/")
    assert done.failure
    assert done.failure.code == Code.CHECKSUM_MISMATCH
    assert set(bench.remotes.files) <= {"/inbox/in/nov.csv", "/inbox/in/a"}


def test_a_manifest_is_bound_by_its_digest(bench: Bench) -> None:
    text = f"source\n{SOURCE}\n"
    manifest = listed(bench, text, LATER)
    bound: dict[str, Any] = {"sources": (manifest,), "target": "in/"}
    assert (
        carried(bench, **bound, options={"sha256": digest(text.encode())}).outcome
        is Outcome.DELIVERED
    )
    another = Bench(objects=bench.objects)
    done = carried(another, **bound, options={"sha256": "0" * 64})
    refused(another, done, Code.SOURCE_CHANGED)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"options": {"version": "null"}}, "version id"),
        ({"options": {"version": "a b"}}, "version id"),
        ({"options": {"sha256": "abc"}}, "64 hex digits"),
        ({"options": {"version": "1"}, "sources": (SOURCE, FOLDER + "b")}, "2 lines are ordered"),
        ({"options": {"sha256": "0" * 64}, "sources": (FOLDER + "*",)}, "is a pattern"),
    ],
)
def test_a_bond_of_no_one_object_is_refused(
    bench: Bench, changes: dict[str, Any], words: str
) -> None:
    assert words in refused(bench, carried(bench, **changes), Code.REQUEST_MALFORMED)


def test_an_heir_pins_nothing_that_was_replaced_meanwhile(bench: Bench) -> None:
    """The owner dies at any call before the pin is durable; the object is replaced; the heir."""
    fuse = Fuse()
    travel(bench.received(approved_at=NOON), bench.tools(fuse), three_tries)
    for at in range(1, fuse.calls):
        world = Bench()
        world.objects.put(SOURCE, GOOD, NOON)
        try:
            travel(world.received(approved_at=NOON), world.tools(Fuse(at)), three_tries)
        except Crash:
            world.objects.put(SOURCE, EVIL, LATER)
            travel(world.received(approved_at=NOON), world.tools(), three_tries)
        assert EVIL not in map(bytes, world.remotes.files.values())


def failed(versioned: bool) -> Bench:
    """A first run that pinned, and met a partner without room; then the object is replaced."""
    bench = Bench(objects=MemoryObjects(versioned=versioned))
    bench.objects.put(SOURCE, GOOD, NOON)
    bench.remotes.capacity = 4
    asked = {"catalog_item": ITEM, "as_found": True}
    assert carried(bench, AS_FOUND, **asked).outcome is Outcome.FAILED
    bench.remotes.capacity = None
    bench.objects.put(SOURCE, EVIL, LATER)
    return bench


def retried(bench: Bench, *, pin_anew: bool = False) -> Transfer:
    head, changes = decisions.retry(
        replace(bench.record(), unsent=0), WORD, resend_unknown=False, pin_anew=pin_anew
    )
    MemoryKeeper(bench.store).amend(head, *changes)
    claimed = bench.ledger.claim(head.id)
    assert claimed
    return travel(claimed, replace(bench.tools(), rules=AS_FOUND), three_tries)


def test_a_retry_sends_what_the_first_run_pinned() -> None:
    bench = failed(versioned=True)
    assert retried(bench).outcome is Outcome.DELIVERED
    assert bytes(bench.remotes.files[FINAL]) == GOOD


def test_a_retry_of_what_is_gone_is_refused() -> None:
    bench = failed(versioned=False)
    refused(bench, retried(bench), Code.SOURCE_CHANGED)


def test_a_retry_pins_anew_when_it_is_told_to() -> None:
    bench = failed(versioned=False)
    assert retried(bench, pin_anew=True).outcome is Outcome.DELIVERED
    assert bytes(bench.remotes.files[FINAL]) == EVIL
    assert "pinned anew" in audit(bench)
