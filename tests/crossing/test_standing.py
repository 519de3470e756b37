"""S3 events, end to end: what a standing approval covers is delivered, and nothing else is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest

from adapters.ledger.sqlite.archive import SqliteArchive
from sandbox.aws import Aws
from sandbox.demo.orders import Order
from sandbox.demo.visitor import Placed
from sandbox.servicenow.seed import STANDING
from tests.adapters.servicenow.reading.standing import at
from tests.crossing.test_decisions import moved
from tests.crossing.test_hinted import Queue
from tests.crossing.test_refused import assert_told, code_of
from tests.crossing.world import World
from tests.servers.proxy import Proxy
from tests.transfer.request.messages import cloudtrail, s3_record
from transfer.errors import Code
from transfer.model import MIB, Outcome
from transfer.tickets import TicketRole

TOMORROW = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d} 00:00:00"
YESTERDAY = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d} 00:00:00"


@dataclass
class Nightly:
    """A producer whose uploads the bucket tells the queue about."""

    world: World
    queue: Queue

    def stand(self, **terms: Any) -> dict[str, str]:
        """A record of two hours ago, as the requester has made it."""
        asked = {"prefix": f"s3://{self.world.bucket}/nightly/", "until": TOMORROW, **terms}
        with self._ago(hours=2):
            return self.world.visitor.stand(**asked)

    def agree(self, record: dict[str, str], **more: str) -> dict[str, str]:
        """Approved an hour ago: what is done now is later, by more than a second."""
        with self._ago(hours=1):
            self.world.visitor.agree(record, **more)
        return record

    def upload(self, key: str, data: bytes) -> None:
        self.world.put(key, data)
        record = s3_record(quote_plus(key), self.world.bucket, sequencer="0055AED6DCD90281E5")
        self.queue.send_raw({"Records": [record]})

    def placed(self, record: dict[str, str]) -> Placed:
        return Placed(Order(label="", keys=()), "", record["sys_id"], record["number"])

    def dead(self) -> list[str]:
        self.world.until(self.queue.is_empty)
        letters = self.queue.dead()
        return [each["MessageAttributes"]["fileferry.code"]["StringValue"] for each in letters]

    def _ago(self, **ago: float) -> Any:
        return at(self.world.servicenow.instance, **ago)


@pytest.fixture
def nightly(world: World, moto: Aws) -> Nightly:
    queue = Queue(world, moto)
    world.config["servicenow"]["standing"] = {"table": STANDING}
    return Nightly(world, queue)


def test_what_is_covered_is_delivered_and_the_audit_ticket_names_the_record(
    nightly: Nightly, world: World
) -> None:
    folder = Path(world.partner.root, "pay")
    folder.mkdir()
    folder.chmod(0o777)
    with world.daemon():
        record = nightly.agree(nightly.stand(path="pay"))
        nightly.upload("nightly/nov 1*.csv", b"november")
        nightly.upload("other/nov.csv", b"not covered")
        found = world.ended(nightly.placed(record))
        dead = nightly.dead()
    assert found.transfer.outcome is Outcome.DELIVERED
    assert found.transfer.request.standing == record["sys_id"]
    assert world.files() == {"pay/nov 1*.csv": b"november"}
    assert dead == [Code.STANDING_MISSING]
    audit = world.servicenow.instance.get("incident", found.tickets[TicketRole.AUDIT].sys_id)
    assert f"Standing approval: {record['number']}" in audit["description"]
    assert "Approved by: carla.moss" in audit["close_notes"]
    assert TicketRole.TASK not in found.tickets


def test_the_same_event_again_is_one_delivery(nightly: Nightly, world: World) -> None:
    with world.daemon():
        record = nightly.agree(nightly.stand())
        for _ in range(5):
            nightly.upload("nightly/a", b"once")
        found = world.ended(nightly.placed(record))
        assert nightly.dead() == []
    assert found.transfer.outcome is Outcome.DELIVERED
    assert (world.files(), world.connections()) == ({"a": b"once"}, 1)


def refused(nightly: Nightly, record: dict[str, str], code: Code) -> None:
    """A dead letter with the code, tickets that tell it, and not a byte to the partner."""
    world = nightly.world
    with world.daemon():
        nightly.upload("nightly/a", b"a")
        found = world.ended(nightly.placed(record))
        assert nightly.dead() == [code]
    assert (code_of(found), found.transfer.outcome) == (code, Outcome.REFUSED)
    assert_told(world, found, code)
    assert (world.files(), world.connections()) == ({}, 0)


def test_one_that_has_ended_sends_nothing(nightly: Nightly) -> None:
    refused(nightly, nightly.agree(nightly.stand(until=YESTERDAY)), Code.STANDING_ENDED)


def test_one_that_was_altered_after_its_approval_sends_nothing(nightly: Nightly) -> None:
    record = nightly.agree(nightly.stand(path="one"))
    nightly.world.visitor.alter(record, u_path="two")
    refused(nightly, record, Code.APPROVAL_STALE)


def test_one_that_its_maker_approved_sends_nothing(nightly: Nightly) -> None:
    record = nightly.agree(nightly.stand(requester="carla.moss"))
    refused(nightly, record, Code.APPROVAL_SELF)


def test_one_whose_requester_has_no_grant_sends_nothing(nightly: Nightly) -> None:
    record = nightly.agree(nightly.stand(requester="tom.reyes"))
    refused(nightly, record, Code.GRANT_MISSING)


def test_one_that_is_closed_covers_nothing(nightly: Nightly, world: World) -> None:
    record = nightly.agree(nightly.stand())
    world.visitor.alter(record, state="3")
    with world.daemon():
        nightly.upload("nightly/a", b"a")
        assert nightly.dead() == [Code.STANDING_MISSING]
    assert (world.record(nightly.placed(record)), world.connections()) == (None, 0)


def test_one_that_waits_for_its_approval_keeps_the_event(nightly: Nightly, world: World) -> None:
    record = nightly.stand()
    with world.daemon():
        nightly.upload("nightly/a", b"late")
        world.until(lambda: "hint put back" in world.events())
        nightly.agree(record)
        found = world.ended(nightly.placed(record))
        assert nightly.dead() == []
    assert found.transfer.outcome is Outcome.DELIVERED


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"state": "3"}, Code.STANDING_ENDED),
        ({"u_path": "elsewhere"}, Code.APPROVAL_STALE),
        ({"approval": "requested"}, Code.APPROVAL_WITHDRAWN),
    ],
)
def test_what_changes_before_the_publish_stops_it(
    nightly: Nightly, world: World, line: Proxy, fields: dict[str, str], code: Code
) -> None:
    record = nightly.agree(nightly.stand())
    with world.daemon():
        nightly.upload("nightly/large", b"x" * (36 * MIB))
        world.until(lambda: moved(world, nightly.placed(record)) > 0)
        world.visitor.alter(record, **fields)
        line.hasten()
        found = world.ended(nightly.placed(record))
        assert nightly.dead() == []
    assert (code_of(found), found.transfer.outcome) == (code, Outcome.REFUSED)
    assert_told(world, found, code)
    assert world.files() == {}


def test_the_version_of_the_event_is_sent_whatever_was_written_later(
    nightly: Nightly, world: World, moto: Aws
) -> None:
    bucket = with_versions(world, moto)
    world.config["destinations"]["partner"]["on_conflict"] = "version"
    record = nightly.agree(nightly.stand(prefix=f"s3://{bucket}/nightly/"))
    versions = [
        moto.client("s3").put_object(Bucket=bucket, Key="nightly/a", Body=data)["VersionId"]
        for data in (b"first", b"second")
    ]
    with world.daemon():
        for version in versions:
            event = {"Records": [s3_record("nightly/a", bucket, versionId=version)]}
            nightly.queue.send_raw(event)
        world.until(lambda: len(world.files()) == 2)
        assert nightly.dead() == []
    assert sorted(world.files().values()) == [b"first", b"second"]
    found = SqliteArchive.at(world.directory / "ledger.db").search(record["number"])
    assert {each.transfer.request.version_id for each in found} == set(versions)


def test_a_bucket_that_tells_the_queue_itself_is_heard(
    nightly: Nightly, world: World, moto: Aws
) -> None:
    bucket = with_versions(world, moto)
    notify(moto, bucket, nightly.queue.url)
    with world.daemon():
        record = nightly.agree(nightly.stand(prefix=f"s3://{bucket}/nightly/"))
        moto.client("s3").put_object(Bucket=bucket, Key="nightly/ä b.csv", Body=b"told")
        assert world.ended(nightly.placed(record)).transfer.outcome is Outcome.DELIVERED
        assert nightly.dead() == []
    assert world.files() == {"ä b.csv": b"told"}


def test_a_folder_made_in_the_console_is_passed_over(nightly: Nightly, world: World) -> None:
    with world.daemon():
        nightly.agree(nightly.stand())
        before = len(world.servicenow.instance.query("incident", ""))
        nightly.upload("nightly/2026/", b"")
        assert nightly.dead() == []
        world.until(lambda: "hint asks for nothing" in world.events())
        assert len(world.servicenow.instance.query("incident", "")) == before
    assert (world.files(), world.connections()) == ({}, 0)


def test_a_call_that_cloudtrail_recorded_is_followed(nightly: Nightly, world: World) -> None:
    with world.daemon():
        record = nightly.agree(nightly.stand())
        world.put("nightly/a b.csv", b"by CloudTrail")
        asked = {"bucketName": world.bucket, "key": "nightly/a b.csv"}
        event = cloudtrail("CopyObject", "", requestParameters=asked, responseElements=None)
        nightly.queue.send_raw(event)
        nightly.queue.send_raw(event)
        nightly.queue.send_raw(cloudtrail("RenameObject", "nightly/a b.csv"))
        found = world.ended(nightly.placed(record))
        assert nightly.dead() == [Code.HINT_MALFORMED]
    assert found.transfer.outcome is Outcome.DELIVERED
    assert world.files() == {"a b.csv": b"by CloudTrail"}
    audit = world.servicenow.instance.get("incident", found.tickets[TicketRole.AUDIT].sys_id)
    assert "Content: what arrived under the prefix" in audit["close_notes"]


def with_versions(world: World, moto: Aws) -> str:
    """A bucket at moto, from which the daemon reads."""
    s3, bucket = moto.client("s3"), f"versions-{world.bucket}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": moto.region})
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    world.config["aws"]["endpoint_url"] = moto.endpoint_url
    world.config["grants"][0]["sources"] = [f"s3://{bucket}/"]
    return bucket


def notify(moto: Aws, bucket: str, queue_url: str) -> None:
    """As S3 does, from its test event on; moto names no version, and an ETag only."""
    asked = moto.client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
    told = {"QueueArn": asked["Attributes"]["QueueArn"], "Events": ["s3:ObjectCreated:*"]}
    moto.client("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [told]}
    )
