"""What a message says of S3's own events: each new object is followed, and none is passed over."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.transfer.request.messages import Json, cloudtrail, eventbridge, s3_record, sns
from tests.transfer.request.test_hints import OWN, reading, refusal
from transfer.errors import Code, Permanent
from transfer.request.hints import Hint, ObjectHint, Reading


@pytest.mark.parametrize(
    ("encoded", "key"),
    [
        ("pay.csv", "pay.csv"),
        ("a+b.csv", "a b.csv"),
        ("a%2Bb%20c.csv", "a+b c.csv"),
        ("M%C3%A4rz/%E2%80%93", "März/–"),
        ("100%2525", "100%25"),
    ],
)
def test_an_s3_event_names_an_object_by_its_decoded_key(encoded: str, key: str) -> None:
    wanted = ObjectHint(bucket="exports", key=key, version_id="v.1")
    assert reading({"Records": [s3_record(encoded, versionId="v.1")]}).hints == (wanted,)
    assert reading(sns({"Records": [s3_record(encoded, versionId="v.1")]})).hints == (wanted,)


@pytest.mark.parametrize(
    ("told", "sequencer"),
    [
        ({}, ""),
        ({"sequencer": "0055AED6DCD90281E5"}, "0055AED6DCD90281E5"),
        ({"sequencer": "0055AED6DCD90281E5", "eTag": "d41d8"}, "0055AED6DCD90281E5"),
        ({"eTag": '"d41d8cd98f00b204e9800998ecf8427e-3"'}, "d41d8cd98f00b204e9800998ecf8427e-3"),
    ],
)
def test_an_s3_event_bears_the_number_of_its_write(told: Json, sequencer: str) -> None:
    [hint] = reading({"Records": [s3_record("a", **told)]}).hints
    assert isinstance(hint, ObjectHint)
    assert hint.sequencer == sequencer


@pytest.mark.parametrize("odd", [1, ["x"], "a b", "x" * 65, "é"])
def test_an_odd_number_of_a_write_is_malformed(odd: object) -> None:
    with pytest.raises(Permanent, match="odd sequencer"):
        reading({"Records": [s3_record("a", sequencer=odd)]})


def test_an_s3_event_by_eventbridge_has_the_key_as_it_is() -> None:
    detail = {"bucket": {"name": "exports"}, "object": {"key": "a+b%20c", "version-id": "v"}}
    event = eventbridge(detail) | {"source": "aws.s3", "detail-type": "Object Created"}
    wanted: Hint = ObjectHint(bucket="exports", key="a+b%20c", version_id="v")
    assert reading(event).hints == (wanted,)
    assert reading(event | {"detail-type": "Object Deleted"}).hints == ()


def test_several_records_are_several_objects_and_removals_are_none() -> None:
    removed = s3_record("gone") | {"eventName": "ObjectRemoved:Delete"}
    said = reading({"Records": [s3_record("a"), removed, s3_record("b")]})
    assert [hint.key for hint in said.hints if isinstance(hint, ObjectHint)] == ["a", "b"]
    assert reading({"Records": [removed]}) == Reading(remark="no object was created")


@pytest.mark.parametrize("name", ["PutObject", "CompleteMultipartUpload", "CopyObject"])
def test_a_call_that_cloudtrail_recorded_is_followed(name: str) -> None:
    wanted = ObjectHint(
        bucket="exports",
        key="a+b%20c",
        version_id="v3",
        sequencer="f8a6e4a4-7f0b-4dd1-a3b6-0c6a6f7f9a11",
    )
    assert reading(cloudtrail(name, "a+b%20c")).hints == (wanted,)
    assert reading(sns(cloudtrail(name, "a+b%20c"))).hints == (wanted,)


def test_without_versions_such_a_call_names_the_object_alone() -> None:
    [hint] = reading(cloudtrail("PutObject", "a", responseElements=None)).hints
    assert isinstance(hint, ObjectHint)
    assert (hint.key, hint.version_id) == ("a", None)


QUIET = [
    cloudtrail("PutObject", "a", errorCode="AccessDenied"),
    cloudtrail("GetObject", "a"),
    cloudtrail("DeleteObjects", "a"),
    cloudtrail("UploadPart", "a"),
    cloudtrail("CreateMultipartUpload", "a"),
    cloudtrail("PutObjectTagging", "a"),
    cloudtrail("PutBucketPolicy", ""),
    cloudtrail("PutObject", "2026/"),
    cloudtrail("PutObject", "2026_$folder$"),
    eventbridge({}) | {"source": "aws.s3", "detail-type": "Object Tags Added"},
    eventbridge({}) | {"source": "aws.s3", "detail-type": "Object Restore Completed"},
    *(
        {"Records": [s3_record("a") | {"eventName": name}]}
        for name in ("ObjectRemoved:DeleteMarkerCreated", "LifecycleExpiration:Delete")
    ),
    {"Records": [s3_record("2026%2F", size=0)]},
    {"Records": [s3_record("2026_%24folder%24", size=0)]},
    {"Records": [s3_record("2026%2F11%2F"), s3_record("a") | {"eventName": "ObjectAcl:Put"}]},
]


@pytest.mark.parametrize("content", QUIET)
def test_what_is_about_no_new_file_is_settled_with_a_remark(content: Json) -> None:
    said = reading(content)
    assert said.hints == ()
    assert said.remark


UNKNOWN = [
    cloudtrail("RenameObject", "a"),
    cloudtrail("PutObject", "a", eventSource="s3express.amazonaws.com"),
    cloudtrail("PutObject", "a", requestParameters=None),
    cloudtrail("PutObject", "a", requestParameters={"bucketName": "exports"}),
    cloudtrail("PutObject", "a", eventName=None),
    eventbridge({}) | {"source": "aws.s3", "detail-type": "Async Copy Completion"},
    eventbridge({}) | {"source": "aws.s3", "detail-type": "AWS Service Event via CloudTrail"},
    {"Records": [s3_record("a") | {"eventName": "ObjectArrived:Somehow"}]},
    {"Records": [s3_record("a") | {"eventName": None}]},
    {"Records": [s3_record("a") | {"eventName": each} for each in ("ObjectAcl:Put", "New")]},
    OWN | {"Records": [s3_record("a")]},
]


@pytest.mark.parametrize("content", UNKNOWN)
def test_what_may_be_about_a_new_object_is_never_passed_over(content: Json) -> None:
    assert refusal(json.dumps(content)).code is Code.HINT_MALFORMED


@pytest.mark.parametrize(
    ("spoilt", "code"),
    [
        (s3_record("a%0Ab"), Code.NAME_REFUSED),
        (s3_record("%zz"), Code.HINT_MALFORMED),
        (s3_record("b") | {"eventName": "New"}, Code.HINT_MALFORMED),
        (s3_record("b") | {"eventSource": "aws:sns"}, Code.HINT_MALFORMED),
        (7, Code.HINT_MALFORMED),
    ],
)
def test_what_is_wrong_with_one_object_keeps_back_no_other(spoilt: Any, code: Code) -> None:
    said = reading({"Records": [spoilt, s3_record("a"), spoilt]})
    assert [hint.key for hint in said.hints if isinstance(hint, ObjectHint)] == ["a"]
    assert [each.code for each in said.refused] == [code, code]
    assert not said.remark


def test_an_empty_version_is_none() -> None:
    [hint] = reading({"Records": [s3_record("a", versionId="")]}).hints
    assert isinstance(hint, ObjectHint)
    assert hint.version_id is None


def test_an_event_with_the_prefix_of_its_name_is_followed() -> None:
    [hint] = reading({"Records": [s3_record("a") | {"eventName": "s3:ObjectCreated:Put"}]}).hints
    assert isinstance(hint, ObjectHint)
    both = reading({"Event": "s3:TestEvent", "Records": [s3_record("a")]})
    assert both.hints == (hint,)


def test_a_folder_marker_beside_a_file_is_passed_over() -> None:
    said = reading({"Records": [s3_record("2026%2F", size=0), s3_record("2026%2Fa")]})
    assert [hint.key for hint in said.hints if isinstance(hint, ObjectHint)] == ["2026/a"]


def test_the_test_event_of_s3_asks_for_nothing() -> None:
    event = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "exports"}
    assert reading(event) == Reading(remark="s3:TestEvent")
    assert reading(sns(event)) == Reading(remark="s3:TestEvent")


@pytest.mark.parametrize(
    ("records", "code"),
    [
        ([], Code.HINT_MALFORMED),
        ({}, Code.HINT_MALFORMED),
        ([1], Code.HINT_MALFORMED),
        ([s3_record("a")] * 101, Code.HINT_MALFORMED),
        ([s3_record("a") | {"eventSource": "aws:sns"}], Code.HINT_MALFORMED),
        ([s3_record("a") | {"s3": []}], Code.HINT_MALFORMED),
        ([s3_record("%zz")], Code.HINT_MALFORMED),
        ([s3_record("%ff")], Code.HINT_MALFORMED),
        ([s3_record("a", versionId=7)], Code.HINT_MALFORMED),
        ([s3_record("a", versionId="a\nb")], Code.HINT_MALFORMED),
        ([s3_record("a", bucket="../x")], Code.HINT_MALFORMED),
        ([s3_record("")], Code.SOURCE_MALFORMED),
        ([s3_record("a%0Ab")], Code.NAME_REFUSED),
        ([s3_record("a%5Cb")], Code.NAME_REFUSED),
    ],
)
def test_an_odd_s3_event_is_refused(records: Any, code: Code) -> None:
    assert refusal(json.dumps({"Records": records})).code is code
