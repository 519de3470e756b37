"""What was approved is what is sent: played by somebody who may write to the bucket."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from sandbox.aws import Aws
from sandbox.demo.visitor import Placed
from sandbox.servicenow.seed import SEEDED
from tests.adapters.servicenow.reading.standing import at
from tests.crossing.commands import fileferry
from tests.crossing.test_decisions import of_generation, open_again, told
from tests.crossing.test_refused import assert_next_one_runs, assert_told, code_of
from tests.crossing.test_standing import with_versions
from tests.crossing.world import World
from transfer.books import Record
from transfer.errors import Code
from transfer.model import Outcome
from transfer.tickets import TicketRole

GOOD, EVIL = b"salaries\n", b"SALARIES\n"


def approved_before(world: World, *keys: str, **more: Any) -> Placed:
    """Ordered and approved five minutes ago: what is written now is newer."""
    with at(world.servicenow.instance, minutes=5):
        return world.order(*keys, **more)


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def with_variables(world: World, *names: str) -> None:
    """Give the catalog item these variables, and tell FileFerry of them."""
    for name in names:
        fields = {"cat_item": SEEDED.catalog_item, "name": name, "type": "6", "active": "true"}
        world.servicenow.instance.create("item_option_new", fields)
    world.config["servicenow"]["variables"] = {name: name for name in names}


def refused(world: World, placed: Placed, code: Code = Code.SOURCE_NEWER) -> Record:
    """Told on both tickets, nothing reached the partner, and the next one runs."""
    with world.daemon():
        record = world.ended(placed)
        assert code_of(record) == code
        assert_told(world, record, code)
        assert world.files() == {}
        assert_next_one_runs(world)
    return record


def delivered(world: World, placed: Placed) -> str:
    """What the audit ticket says of it."""
    with world.daemon():
        record = world.ended(placed)
    assert record.transfer.outcome is Outcome.DELIVERED
    return told(world, record, TicketRole.AUDIT)


def test_an_object_replaced_after_the_approval_is_not_sent(world: World) -> None:
    world.put("pay.csv", GOOD)
    placed = approved_before(world, "pay.csv")
    world.put("pay.csv", EVIL)
    record = refused(world, placed)
    assert record.transfer.outcome is Outcome.REFUSED
    assert record.transfer.request.approved_at
    approved = f"{record.transfer.request.approved_at:%Y-%m-%d %H:%M:%S}"
    assert f"was approved at {approved}" in told(world, record, TicketRole.USER)
    assert world.connections() == 1  # of the next one


def test_a_manifest_replaced_after_the_approval_sends_no_other_files(world: World) -> None:
    world.put("pay.csv", GOOD)
    world.put("secret.csv", EVIL)
    placed = approved_before(world, "@list.csv", path="in/")
    world.put("list.csv", f"source,path\ns3://{world.bucket}/secret.csv,pay.csv\n".encode())
    assert "list.csv" in told(world, refused(world, placed), TicketRole.USER)


def test_what_is_put_below_a_pattern_after_the_approval_stops_the_order(world: World) -> None:
    placed = approved_before(world, "pay/*.csv", path="in/")
    world.put("pay/extra.csv", EVIL)
    refused(world, placed)


def test_a_manifest_stands_on_the_audit_ticket_with_its_digest(world: World) -> None:
    Path(world.partner.root, "in").mkdir(mode=0o777)
    Path(world.partner.root, "in").chmod(0o777)
    world.put("pay.csv", GOOD)
    text = f"\ufeffsource; path ;\r\ns3://{world.bucket}/pay.csv; nov.csv ;\r\n;;\r\n".encode()
    listed = world.put("list.csv", text)
    audit = delivered(world, world.order("@list.csv", path="in/"))
    assert world.files() == {"in/nov.csv": GOOD}
    assert f"Manifest: s3://{world.bucket}/list.csv" in audit
    assert listed in audit
    assert "Content: nothing that was written after the approval" in audit


def test_an_item_whose_content_is_taken_as_found_says_so(world: World) -> None:
    world.config["servicenow"]["content_as_found"] = [SEEDED.catalog_item]
    placed = approved_before(world, "pay.csv")
    world.put("pay.csv", EVIL)
    assert "Content: whatever was in S3 when FileFerry looked" in delivered(world, placed)
    assert world.files() == {"pay.csv": EVIL}


def test_an_order_is_bound_by_the_digest_that_was_approved_with_it(world: World) -> None:
    with_variables(world, "sha256")
    right = approved_before(world, "pay.csv", more={"sha256": digest(GOOD)})
    world.put("pay.csv", GOOD)
    assert f"sha256 “{digest(GOOD)}”, as ordered" in delivered(world, right)
    assert world.files() == {"pay.csv": GOOD}


def test_another_digest_publishes_nothing_and_leaves_nothing(world: World) -> None:
    with_variables(world, "sha256")
    world.put("pay.csv", EVIL)
    placed = world.order("pay.csv", more={"sha256": digest(GOOD)})
    record = refused(world, placed, Code.CHECKSUM_MISMATCH)
    assert digest(EVIL) in told(world, record, TicketRole.USER)


def test_a_name_with_brackets_is_that_object(world: World) -> None:
    world.put("report[1].csv", GOOD)
    delivered(world, world.order("report[1].csv"))
    assert world.files() == {"report[1].csv": GOOD}


def test_the_version_that_was_ordered_is_sent_whatever_was_written_since(
    world: World, moto: Aws
) -> None:
    world.bucket = with_versions(world, moto)
    world.visitor._bucket = world.bucket
    with_variables(world, "version")
    s3 = moto.client("s3")
    version = s3.put_object(Bucket=world.bucket, Key="pay.csv", Body=GOOD)["VersionId"]
    placed = approved_before(world, "pay.csv", more={"version": version})
    s3.put_object(Bucket=world.bucket, Key="pay.csv", Body=EVIL)
    assert f"version “{version}”, as ordered" in delivered(world, placed)
    assert world.files() == {"pay.csv": GOOD}


def test_a_store_that_keeps_no_versions_cannot_be_asked_for_one(world: World) -> None:
    with_variables(world, "version")
    placed = approved_before(world, "pay.csv", more={"version": "v1"})
    world.put("pay.csv", EVIL)
    with world.daemon():
        record = world.ended(placed)
    assert code_of(record) in (Code.SOURCE_CHANGED, Code.SOURCE_MISSING)
    assert world.files() == {}


def in_the_way(world: World) -> tuple[Path, Placed]:
    """An order that fails after the pin, because the name is taken at the partner's."""
    there = Path(world.partner.root) / "pay.csv"
    there.write_bytes(b"theirs")
    return there, world.order("pay.csv")


@pytest.mark.parametrize("anew", [False, True])
def test_a_retry_sends_no_other_content_than_the_first_run_unless_it_says_so(
    world: World, anew: bool
) -> None:
    world.config["servicenow"]["content_as_found"] = [SEEDED.catalog_item]
    world.put("pay.csv", GOOD)
    there, placed = in_the_way(world)
    with world.daemon():
        assert code_of(of_generation(world, placed, 1)) == Code.REMOTE_EXISTS
        there.unlink()
        world.put("pay.csv", EVIL)
        open_again(world, placed)
        more = ("--pin-anew",) if anew else ()
        done = fileferry(world, "retry", placed.number, "--reason", "the name is free", *more)
        assert (done.returncode, done.stderr) == (0, "")
        record = of_generation(world, placed, 2)
    if anew:
        assert world.files() == {"pay.csv": EVIL}
        assert "Content: pinned anew" in told(world, record, TicketRole.AUDIT)
    else:
        assert code_of(record) == Code.SOURCE_CHANGED
        assert world.files() == {}
        assert "1 of 1 files stay pinned" in told(world, record, TicketRole.AUDIT)
