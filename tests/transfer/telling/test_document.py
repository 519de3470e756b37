"""receipt.json: everything of every file, the same bytes whoever builds it and whenever."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest

from tests.ports.books import Store, received
from tests.transfer.bench import Bench, Crash, Fuse
from tests.transfer.made import NOON, request
from tests.transfer.test_journey import SOURCE, three_tries
from transfer.errors import Code, Permanent
from transfer.journey import travel
from transfer.model import Delivery, DeliveryState, Outcome, Pin, Receipt, Source, Stage, Transfer
from transfer.request.planning import MAX_FILES
from transfer.telling import reports
from transfer.telling.document import digest, document, parted
from transfer.tickets import Post, PostAction

pytest_plugins = ("tests.ports.book_fixtures",)


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.objects.put(SOURCE, b"name;pay\n")
    return bench


def attached(bench: Bench) -> bytes:
    """What the sender would attach now."""
    [post] = [each for each in bench.posts() if each.action is PostAction.ATTACH]
    record = bench.record()
    return document(post.text, record.transfer, record.deliveries)


def said(bench: Bench) -> dict[str, Any]:
    content = json.loads(attached(bench))
    assert isinstance(content, dict)
    return content


def test_it_tells_all_of_a_delivery(bench: Bench) -> None:
    travel(bench.received(approvers=("carla.moss",), approved_at=NOON), bench.tools(), three_tries)
    told = said(bench)
    assert (told["outcome"], told["generation"], told["epoch"]) == ("delivered", 1, 1)
    asked = told["request"]
    assert (asked["number"], asked["approvers"]) == ("RITM0010001", ["carla.moss"])
    assert (asked["fingerprint"], asked["requester"]) == ("f" * 64, "anna.berg")
    [file] = told["files"]
    assert (file["source"], file["path"]) == (SOURCE, "/inbox/pay/nov.csv")
    assert (file["size"], file["state"]) == (9, "published")
    assert file["sha256"] == hashlib.sha256(b"name;pay\n").hexdigest()
    assert file["md5"] == hashlib.md5(b"name;pay\n", usedforsecurity=False).hexdigest()
    assert (file["tier"], file["source_check"]) == ("T0", "MD5")
    assert file["published_at"] == file["rechecked_at"] == "2026-11-23T12:00:00.000000+00:00"
    assert file["server"]
    assert told["delivered"] == {"files": 1, "bytes": 9}


def test_it_is_canonical(bench: Bench) -> None:
    travel(bench.received(), bench.tools(), three_tries)
    content = attached(bench)
    plain = json.dumps(
        json.loads(content), sort_keys=True, ensure_ascii=False, separators=(",", ":")
    )
    assert content == plain.encode() + b"\n"


def test_the_closed_audit_ticket_names_its_digest_and_the_post_bears_no_files(bench: Bench) -> None:
    travel(bench.received(), bench.tools(), three_tries)
    actions = {post.key.rpartition("#1:")[2]: post for post in bench.posts()}
    assert digest(attached(bench)) in actions["audit:close"].text
    assert SOURCE not in actions["audit:attach"].text
    lane = [post.action for post in bench.posts() if post.ticket == "audit"]
    assert lane == [PostAction.OPEN, PostAction.ATTACH, PostAction.CLOSE]


def test_a_refusal_of_the_intake_has_one_too(bench: Bench) -> None:
    travel(bench.received().failed(Permanent(Code.APPROVAL_SELF, "By who ordered.")), bench.tools())
    told = said(bench)
    assert (told["outcome"], told["failure"]["code"]) == ("refused", "approval.self")
    assert told["files"] == []


def test_each_file_that_did_not_arrive_says_why(bench: Bench) -> None:
    bench.remotes.capacity = 4
    travel(bench.received(), bench.tools(), three_tries)
    [file] = said(bench)["files"]
    assert (file["state"], file["failure"]["code"]) == ("not_delivered", "remote.full")


def quiet_calls() -> int:
    bench, fuse = Bench(), Fuse()
    bench.objects.put(SOURCE, b"name;pay\n")
    travel(bench.received(), bench.tools(fuse), three_tries)
    return fuse.calls


@pytest.mark.parametrize("at", range(1, quiet_calls() + 1))
def test_it_is_the_one_that_was_promised_wherever_the_owner_died(bench: Bench, at: int) -> None:
    """Whatever is saved after the report, by this owner or the next, changes no byte."""
    try:
        travel(bench.received(), bench.tools(Fuse(at, after=True)), three_tries)
    except Crash:
        if not bench.record().transfer.finished:
            travel(bench.received(), bench.tools(), three_tries)
    [close] = [post for post in bench.posts() if post.key.endswith("audit:close")]
    assert digest(attached(bench)) in close.text
    [[link]] = bench.store.links.values()
    assert parted(said(bench)) == (link, link.receipt)
    assert link.hash in close.text


def test_every_ledger_gives_it_back_to_the_byte(store: Store) -> None:
    books = store.open("one")
    transfer = store.claimed().evolve(stage=Stage.REPORTED, outcome=Outcome.DELIVERED)
    assert transfer.request == received().request
    files = [_delivered(1), _delivered(2, "März 2.csv")]
    posts = reports.ending(transfer, files, NOON)
    books.ledger.save(transfer, *files, *posts)
    [attach] = [post for post in posts if post.action is PostAction.ATTACH]
    [close] = [post for post in posts if post.key.endswith("audit:close")]
    [record] = store.open("two").archive.search(transfer.id)
    assert digest(document(attach.text, record.transfer, record.deliveries)) in close.text


def test_a_receipt_from_before_digests_had_origins_is_the_same_as_ever(bench: Bench) -> None:
    """The chain has the digest of what was written then."""
    travel(bench.received(), bench.tools(), three_tries)
    [post] = [each for each in bench.posts() if each.action is PostAction.ATTACH]
    record = bench.record()
    [now] = record.deliveries
    assert now.receipt
    old = now.evolve(receipt=replace(now.receipt, origins={}))
    other = now.evolve(receipt=replace(now.receipt, origins={"md5": "attested by S3"}))

    def built(*files: Delivery) -> tuple[object, list[object]]:
        told = json.loads(document(post.text, record.transfer, files))
        return told.get("origins"), [file.get("origins") for file in told["files"]]

    computed = {"md5": "computed", "sha256": "computed"}
    assert built(old) == (None, [None])
    assert built(now, now) == (computed, [None, None])
    assert built(now, now, old, other) == (computed, [None, None, {}, {"md5": "attested by S3"}])
    assert built(old, old, now) == (None, [None, None, computed])


def _delivered(number: int, key: str = "a.csv") -> Delivery:
    pin = Pin(size=3, etag="e" * 32, version_id="v1", modified=NOON, md5="0" * 32)
    receipt = Receipt(
        path=f"/inbox/{key}",
        size=3,
        md5="0" * 32,
        sha256="1" * 64,
        tier="T1",
        source_check="MD5",
        server="ssh-ed25519 SHA256:" + "A" * 43,
        started_at=NOON.replace(microsecond=7),
        rechecked_at=NOON,
        published_at=NOON,
    )
    source = Source(bucket="exports", key=f"payroll/{key}", version_id="v1")
    return Delivery(
        number=number,
        source=source,
        final=f"/inbox/{key}",
        state=DeliveryState.PUBLISHED,
        pin=pin,
        tier="T1",
        receipt=receipt,
    )


def test_ten_thousand_files_fit_into_what_the_instance_takes() -> None:
    """10 MB is the most for the body of a REST call; the post stays small."""
    origins = dict.fromkeys(("md5", "sha256"), "attested by S3")
    one = _delivered(1, "2026/11/23/some/rather/long/folder/payroll-of-the-month-11-of-2026.csv")
    assert one.receipt
    one = one.evolve(receipt=replace(one.receipt, origins=origins))
    files = [replace(one, number=number) for number in range(1, MAX_FILES + 1)]
    transfer = Transfer(request=request(), outcome=Outcome.DELIVERED, received_at=NOON)
    posts = reports.ending(transfer, files, NOON)
    [attach] = [post for post in posts if post.action is PostAction.ATTACH]
    content = document(attach.text, transfer, files)
    assert len(json.loads(content)["files"]) == MAX_FILES
    assert len(content) < 10_000_000
    assert all(_bytes(post) < 60_000 for post in posts)


def _bytes(post: Post) -> int:
    return len(post.text.encode())
