"""Standing approvals: a ServiceNow record that approves what a producer sends every night.

    "objects under this prefix may go to this destination until this date"

An S3 event names an object; the record, read each time, is the authority. No record, no transfer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from transfer.approval import policy
from transfer.errors import Code, FerryError, Permanent, Transient
from transfer.evidence import Evidence
from transfer.model import Request, Source
from transfer.request.names import parse_source, shown
from transfer.request.options import last_moment
from transfer.rules import Rules, Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What one record says of an object: the Request that it approves, or why it approves none."""

    record: Evidence
    request: Request | None = None
    why: FerryError | None = None


def judge(
    source: Source, records: Sequence[Evidence], rules: Rules, now: datetime, event: str = ""
) -> list[Judged]:
    """What each of the records says that cover the object, and of drafts as many as count.

    `event` is the number of the write, by which two writes of a bucket without versions differ.
    Raises Permanent `standing.missing` when no record covers it.
    """
    standing = _configured(rules, source)
    covering = [record for record in records if _covers(record, source, standing)]
    if not covering:
        raise _missing(source)
    judged: list[Judged] = []
    for record in sorted(covering, key=lambda record: not is_decided(record)):
        # One draft that may yet be approved says all that any number of them could say.
        if is_decided(record) or all(each.why and each.why.permanent for each in judged):
            judged.append(_judged(record, source, rules, now, event))
    return judged


def is_decided(record: Evidence) -> bool:
    """Somebody has approved or refused it, as far as can be read; anybody may make a draft."""
    return record.item_approval in ("approved", "rejected", "cancelled")


def requests_for(
    source: Source, records: Sequence[Evidence], rules: Rules, now: datetime, event: str = ""
) -> list[Request]:
    """One approved Request for each record that covers the object and holds.

    Raises Permanent `standing.missing` when none covers it, else `refusal`.
    """
    judged = judge(source, records, rules, now, event)
    held = [each.request for each in judged if each.request]
    if not held:
        raise refusal(judged)
    return held


def refusal(judged: Sequence[Judged]) -> FerryError:
    """Why an object is not sent that no record approves: Transient when one may yet do so."""
    return min((each.why for each in judged if each.why), key=lambda error: error.permanent)


def refused(
    record: Evidence, source: Source, rules: Rules, why: FerryError, now: datetime
) -> Request:
    """What a refusal is reported on: the same for each object that one record refuses for the
    same reason on one day, so that a flood of events makes no flood of tickets.
    """
    standing = _configured(rules, source)
    request = _request(record, source, rules)
    kept = f"{record.instance}:{standing.table}:{record.item_id}"
    return replace(request, id=f"{kept}:{why.code}:{now:%Y-%m-%d}")


def authorise(
    record: Evidence, source: Source, rules: Rules, now: datetime, event: str = ""
) -> Request:
    """The Request for one object under one record, when every link of the chain holds.

    Raises Permanent `standing.*`, `approval.*`; Transient `approval.pending`,
    `approval.unreadable`.
    """
    standing = _configured(rules, source)
    policy.check_whole(record)
    _complete(record, standing)
    _still_wanted(record)
    approved_at = policy.check_approval(record, rules)
    _with_history(record)
    if not _covers(record, source, standing):
        raise _missing(source)
    until = _until(record, standing)
    if now > until:
        raise Permanent(
            Code.STANDING_ENDED,
            f"The standing approval {record.item_number} ended at {until:%Y-%m-%d %H:%M} UTC.",
        )
    return replace(_request(record, source, rules, event), approved_at=approved_at)


def object_of(request: Request) -> Source:
    """The object of a Request that a standing approval made."""
    source = parse_source(request.sources[0])
    return replace(source, version_id=request.version_id or None)


def _judged(record: Evidence, source: Source, rules: Rules, now: datetime, event: str) -> Judged:
    try:
        return Judged(record=record, request=authorise(record, source, rules, now, event))
    except FerryError as error:
        return Judged(record=record, why=error)


def _still_wanted(record: Evidence) -> None:
    if not record.item_active or record.item_approval == "cancelled":
        raise Permanent(
            Code.STANDING_ENDED, f"The standing approval {record.item_number} is closed."
        )
    if record.item_approval == "rejected":
        raise Permanent(
            Code.APPROVAL_REJECTED, f"The standing approval {record.item_number} was rejected."
        )


def _with_history(record: Evidence) -> None:
    """Without the times of its changes nobody knows whether what stands there was approved."""
    if not record.history:
        raise Transient(
            Code.APPROVAL_UNREADABLE,
            f"When the terms of {record.item_number} were changed last cannot be read.",
            action="Have the table audited, and give the FileFerry user read access to sys_audit.",
        )


def _request(record: Evidence, source: Source, rules: Rules, event: str = "") -> Request:
    standing = _configured(rules, source)
    values = {name: variable.value for name, variable in record.variables.items()}
    folder = values[standing.path].strip("/") if standing.path in values else ""
    uri, version = source.uri, source.version_id or ""
    canonical = json.dumps(
        {"record": record.item_id, "values": values, "object": uri, "version": version},
        sort_keys=True,
        separators=(",", ":"),
    )
    # "null" is the version of every write while versions are suspended.
    write = version if version not in ("", "null") else event
    which = hashlib.sha256(f"{uri}\n{write}".encode()).hexdigest()[:32]
    return Request(
        id=f"{record.instance}:{standing.table}:{record.item_id}:{which}",
        number=record.item_number,
        requester=record.requester,
        destination=values.get(standing.destination, ""),
        sources=(uri,),
        target=f"{folder}/" if folder else "",
        fingerprint=hashlib.sha256(canonical.encode()).hexdigest(),
        requester_id=record.requester_id,
        request_number=record.item_number,
        item_id=record.item_id,
        standing=record.item_id,
        version_id=version,
        **policy.approval_of(record, rules),
    )


def _covers(record: Evidence, source: Source, standing: Standing) -> bool:
    variable = record.variables.get(standing.prefix)
    # An empty prefix would cover every bucket.
    prefix = variable.value if variable else ""
    return prefix.startswith("s3://") and "/" in prefix[5:] and source.uri.startswith(prefix)


def _complete(record: Evidence, standing: Standing) -> None:
    needed = (standing.prefix, standing.destination, standing.until)
    missing = [
        name for name in needed if name not in record.variables or not record.variables[name].value
    ]
    # An empty path is the root; one that cannot be read must not become it.
    if standing.path and standing.path not in record.variables:
        missing.append(standing.path)
    if not record.requester or not record.requester_id or not record.opened_by_id:
        missing.append("requester")
    if missing:
        raise Permanent(
            Code.STANDING_INCOMPLETE,
            f"The standing approval {record.item_number} has no readable {' or '.join(missing)}.",
        )


def _until(record: Evidence, standing: Standing) -> datetime:
    until = last_moment(standing.until, record.variables[standing.until].value)
    if until is None:
        raise Permanent(
            Code.STANDING_INCOMPLETE,
            f"The standing approval {record.item_number} has no readable {standing.until}.",
        )
    return until


def _configured(rules: Rules, source: Source) -> Standing:
    if rules.standing is None:
        raise _missing(source)
    return rules.standing


def _missing(source: Source) -> Permanent:
    return Permanent(
        Code.STANDING_MISSING,
        f"No standing approval covers {shown(source.uri)}.",
        file=source.uri,
    )
