"""What a message may say: which record of ServiceNow, or which S3 object, to look at.

A hint is looked up and never believed. Whoever may write to the queue can wake FileFerry and do
nothing else, so neither the signature of an envelope nor any other field of it counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from transfer.errors import Code, Permanent
from transfer.request import strictjson
from transfer.request.names import FOLDERS, parse_source, shown
from transfer.request.strictjson import Rejected

VERSION = 1
FIELDS = ("version", "request", "task", "note")
"""Of message.schema.json, which says the same; every other field is passed over."""
ENVELOPES = 3
"""Most envelopes around one message: S3 by EventBridge by SNS makes two."""
MAX_RECORDS = 100

NUMBER = re.compile(r"(?:RITM|REQ|SCTASK)[0-9]{5,15}")
TASK = re.compile(r"[0-9a-f]{32}")
_BUCKET = re.compile(r"[a-z0-9.-]{3,63}")
_VERSION_ID = re.compile(r"[!-~]{1,1024}")
_EXECUTION = re.compile(r"[A-Za-z0-9_-]{1,80}")
_SEQUENCER = re.compile(r"[0-9A-Za-z-]{1,64}")
_OF_S3 = re.compile(
    "Object(Removed|Restore|Tagging|Acl):|ReducedRedundancyLostObject|Replication:|Lifecycle"
    "|IntelligentTiering"
)
"""Begins what S3 calls its other events; none is about a new object (User Guide, "Supported event
types for SQS")."""
_BY_EVENTBRIDGE = re.compile(
    "Object (Deleted|Restore (Initiated|Completed|Expired)|Tags (Added|Deleted)|ACL Updated"
    "|Storage Class Changed|Access Tier Changed)"
)
"""The same by EventBridge (EventBridge reference, "Amazon S3 events")."""
BY_CLOUDTRAIL = "API Call via CloudTrail"
_WRITES = ("PutObject", "CompleteMultipartUpload", "CopyObject", "PostObject")
"""Calls that make an object, as CloudTrail records them."""
_NO_WRITES = re.compile(
    "(Get|List|Head|Delete|Abort|Select|Restore)[A-Z].*|CreateMultipartUpload|UploadPart(Copy)?"
    "|(Put|Create)Bucket.*|PutObject(Acl|Tagging|Retention|LegalHold|LockConfiguration)"
)
"""Calls that make none."""
_NAMED = {
    "request": (NUMBER, "a number such as RITM0010001"),
    "task": (TASK, "a sys_id"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestHint:
    """The number of an item (RITM), a request (REQ) or a task (SCTASK)."""

    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskHint:
    """The sys_id of a catalog task."""

    task_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectHint:
    """An S3 object that was written; the version where the bucket keeps versions.

    `sequencer` is S3's own number of the write: the same when the event comes again.
    """

    bucket: str
    key: str
    version_id: str | None = None
    sequencer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionHint:
    """The name of an execution of Step Functions that has ended."""

    name: str


Hint = RequestHint | TaskHint | ObjectHint | ExecutionHint


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a message says. Without hints, `remark` tells why that is in order.

    `ignored` names the fields, fit for a log, that somebody may have thought to count. `refused`:
    what is wrong with some of the objects, beside others that are hints.
    """

    hints: tuple[Hint, ...] = ()
    ignored: tuple[str, ...] = ()
    remark: str = ""
    refused: tuple[Permanent, ...] = ()


def read(body: str | bytes) -> Reading:
    """Raises Permanent `hint.malformed`, of an S3 key also `name.refused`, `source.malformed`."""
    try:
        return _opened(strictjson.load(body), ENVELOPES)
    except Rejected as error:
        raise _malformed(error) from None


def _malformed(error: Rejected) -> Permanent:
    return Permanent(Code.HINT_MALFORMED, f"The message {error}.")


def write(text: str) -> str:
    """The message that names a record by number or sys_id. Raises Permanent `hint.malformed`."""
    field = "task" if TASK.fullmatch(text) else "request"
    body = json.dumps({"version": VERSION, field: text})
    read(body)
    return body


def _opened(content: Any, left: int) -> Reading:
    """The message inside of at most `left` envelopes."""
    if not isinstance(content, dict):
        raise Rejected("is not a JSON object")
    if any(field in content for field in _NAMED):
        return _own(content)
    if not left and ("Message" in content or "detail" in content):
        raise Rejected(f"is wrapped more than {ENVELOPES} times")
    if "TopicArn" in content or "Type" in content:
        return _opened(_of_sns(content), left - 1)
    if "detail-type" in content:
        return _of_eventbridge(content, left)
    if "Records" in content:
        return _of_s3(content["Records"])
    if content.get("Event") == "s3:TestEvent":
        return Reading(remark="s3:TestEvent")
    raise Rejected("names neither a request nor a task")


def _own(content: Mapping[str, Any]) -> Reading:
    version = content.get("version")
    if isinstance(version, bool) or version != VERSION:
        raise Rejected(f"is not of version {VERSION}")
    field, *more = [name for name in _NAMED if name in content]
    if more:
        raise Rejected("names a request and a task; one of them is enough")
    if "Records" in content:
        raise Rejected(f"names a {field} and Records of S3; only one of them would be read")
    value, (pattern, words) = content[field], _NAMED[field]
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise Rejected(f"has other than {words} in {field}")
    hint = RequestHint(number=value) if field == "request" else TaskHint(task_id=value)
    return Reading(hints=(hint,), ignored=_others(content))


def _others(content: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(shown(name, 40) for name in sorted(content) if name not in FIELDS)[:10]


def _of_sns(content: Mapping[str, Any]) -> Any:
    """The text of an SNS notification. A subscription's address is never called from here."""
    kind = content.get("Type")
    if kind != "Notification":
        raise Rejected(f"is an SNS message of type {shown(str(kind), 40)}, not a Notification")
    if not isinstance(content.get("Message"), str):
        raise Rejected("is an SNS notification without a text in Message")
    return strictjson.load(content["Message"])


def _of_eventbridge(content: Mapping[str, Any], left: int) -> Reading:
    """S3's own events, those of Step Functions, else somebody's message in `detail`; keys are as
    they are there.
    """
    detail = content.get("detail")
    if content.get("source") == "aws.states":
        return _of_step_functions(detail)
    if content.get("source") != "aws.s3":
        return _opened(detail, left - 1)
    kind = str(content["detail-type"])
    if kind.endswith(BY_CLOUDTRAIL):
        return _of_cloudtrail(detail)
    if _BY_EVENTBRIDGE.fullmatch(kind):
        return Reading(remark=f"S3 event {shown(kind, 40)}")
    if kind != "Object Created":
        raise Rejected(f"is an S3 event of the unknown type {shown(kind, 40)}")
    entry = _part(detail, "object")
    return _new((_object(_part(detail, "bucket"), entry.get("key"), entry, "version-id"),))


def _of_step_functions(detail: Any) -> Reading:
    """A change of an execution's status (EventBridge reference, "AWS Step Functions events")."""
    name, status = (_part({"detail": detail}, "detail").get(each) for each in ("name", "status"))
    if not isinstance(name, str) or not _EXECUTION.fullmatch(name):
        raise Rejected("is an event of Step Functions without the name of an execution")
    if status == "RUNNING":
        return Reading(remark="an execution that runs")
    return Reading(hints=(ExecutionHint(name=name),))


def _of_cloudtrail(detail: Any) -> Reading:
    """A call of S3's API, as it was recorded; the key is as it is there."""
    name = detail.get("eventName") if isinstance(detail, dict) else None
    if not isinstance(name, str) or detail.get("eventSource") != "s3.amazonaws.com":
        raise Rejected("is an event of CloudTrail that is not of S3")
    if _NO_WRITES.fullmatch(name):
        return Reading(remark=f"S3 call {shown(name, 40)}")
    if name not in _WRITES:
        raise Rejected(f"is about the unknown S3 call {shown(name, 40)}")
    if detail.get("errorCode"):
        return Reading(remark=f"S3 call {name} that failed")
    asked, answered = _part(detail, "requestParameters"), detail.get("responseElements")
    version = answered.get("x-amz-version-id") if isinstance(answered, dict) else None
    entry = {"version": version, "sequencer": detail.get("eventID")}
    bucket = {"name": asked.get("bucketName")}
    return _new((_object(bucket, asked.get("key"), entry, "version"),))


def _new(objects: Iterable[ObjectHint]) -> Reading:
    """Without folder markers: a key that ends with a slash has no name that a file could get, and
    what Hadoop writes beside a folder is empty.
    """
    hints = tuple(each for each in objects if not each.key.endswith(FOLDERS))
    return Reading(hints=hints, remark="" if hints else "no object was created, but a folder")


def _of_s3(records: Any) -> Reading:
    if not isinstance(records, list) or not 0 < len(records) <= MAX_RECORDS:
        raise Rejected(f"has other than 1 to {MAX_RECORDS} Records")
    read = [_record(record) for record in records]
    created = [each for each in read if isinstance(each, ObjectHint)]
    refused = [each for each in read if isinstance(each, Permanent)]
    if refused and not created:
        raise refused[0]
    # One that is refused keeps none of the others back.
    found = _new(created) if created else Reading(remark="no object was created")
    return replace(found, refused=tuple(refused))


def _record(record: Any) -> ObjectHint | Permanent | None:
    """None for one that is about no new object; an error for one of which nobody can tell."""
    try:
        return _created(record)
    except Rejected as error:
        return _malformed(error)
    except Permanent as error:
        return error


def _created(record: Any) -> ObjectHint | None:
    if not isinstance(record, dict) or record.get("eventSource") != "aws:s3":
        raise Rejected("has Records that are not of S3")
    name = str(record.get("eventName")).removeprefix("s3:")
    if name.startswith("ObjectCreated:"):
        entry = _part(record.get("s3"), "object")
        key = _decoded(entry.get("key"))
        return _object(_part(record.get("s3"), "bucket"), key, entry, "versionId")
    if not _OF_S3.match(name):
        raise Rejected(f"has an S3 event of the unknown type {shown(name, 40)}")
    return None


def _part(content: Any, name: str) -> Mapping[str, Any]:
    found = content.get(name) if isinstance(content, dict) else None
    if not isinstance(found, dict):
        raise Rejected(f"is an S3 event without {name}")
    return found


def _object(
    bucket: Mapping[str, Any], key: Any, entry: Mapping[str, Any], version: str
) -> ObjectHint:
    # Some stores and emulators have an empty one where there is none.
    name, version_id = bucket.get("name"), None if entry.get(version) == "" else entry.get(version)
    if not isinstance(name, str) or not _BUCKET.fullmatch(name) or not isinstance(key, str):
        raise Rejected("is an S3 event without bucket and key")
    if version_id is not None and not (
        isinstance(version_id, str) and _VERSION_ID.fullmatch(version_id)
    ):
        raise Rejected(f"is an S3 event with an odd {version}")
    source = parse_source(f"s3://{name}/{key}")
    return ObjectHint(
        bucket=source.bucket, key=source.key, version_id=version_id, sequencer=_sequencer(entry)
    )


def _sequencer(entry: Mapping[str, Any]) -> str:
    """Stores that only speak like S3 may give none, or an ETag alone."""
    given = entry.get("sequencer") or entry.get("eTag") or entry.get("etag") or ""
    if not isinstance(given, str) or (given and not _SEQUENCER.fullmatch(given.strip('"'))):
        raise Rejected("is an S3 event with an odd sequencer")
    return given.strip('"')


def _decoded(key: Any) -> Any:
    """S3 writes keys as HTML forms do: `+` is a space, `%C3%BC` is “ü”."""
    if not isinstance(key, str):
        return key
    raw = key.replace("+", " ").encode()
    if re.search(rb"%(?![0-9A-Fa-f]{2})", raw):
        raise Rejected("is an S3 event whose key is not URL-encoded")
    plain = re.sub(rb"%([0-9A-Fa-f]{2})", lambda found: bytes.fromhex(found[1].decode()), raw)
    try:
        return plain.decode()
    except UnicodeError:
        raise Rejected("is an S3 event whose key is not UTF-8") from None
