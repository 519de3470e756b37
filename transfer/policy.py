"""Who may send what where: the approval chain, the grants, and the plan of deliveries.

Everything here is judged on values that were read from ServiceNow; nothing that a message or a
requester says of itself counts (security.md, "Who may approve").
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from posixpath import basename, join

from transfer.destination import Destination
from transfer.errors import Code, Permanent, Transient
from transfer.evidence import Approval, Evidence
from transfer.model import Delivery, Request, Rules, Source
from transfer.names import check_path, parse_source, shown
from transfer.ports import Inbox

MAX_FILES = 10_000
OPEN_STATES = frozenset({"1", "2"})
"""Open and Work in Progress: the states of `task.state` in which work may be done."""


def authorise(evidence: Evidence, rules: Rules) -> Request:
    """The approved Request, when every link of the chain holds.

    Raises Permanent when the request can never be carried out as it stands, Transient
    `approval.pending` or `approval.unreadable` when it may yet be.
    """
    _of_the_catalog(evidence, rules)
    _readable(evidence, rules)
    _still_wanted(evidence)
    _approved(evidence)
    valid = _independent(evidence)
    _unaltered(evidence, valid)
    request = request_of(evidence, rules)
    _complete(request)
    return request


def request_of(evidence: Evidence, rules: Rules) -> Request:
    """The Request that the evidence describes, approved or not: what a refusal is reported on."""
    source, destination, path = (
        evidence.variables[name].value if name in evidence.variables else ""
        for name in rules.variables
    )
    approved = [row for row in evidence.approvals if row.state == "approved"]
    return Request(
        id=evidence.request_id,
        number=evidence.item_number,
        requester=evidence.requester,
        destination=destination,
        sources=tuple(line for line in source.replace("\r\n", "\n").split("\n") if line),
        target=path,
        fingerprint=fingerprint(evidence),
        requester_id=evidence.requester_id,
        request_number=evidence.request_number,
        item_id=evidence.item_id,
        task_id=evidence.task_id,
        task_number=evidence.task_number,
        approvers=tuple(row.approver for row in approved),
        approved_at=max((row.decided_at for row in approved), default=None),
    )


def fingerprint(evidence: Evidence) -> str:
    """SHA-256 of the approved fields in canonical JSON."""
    fields = {
        "item": evidence.item_id,
        "catalog_item": evidence.catalog_item,
        "requester": evidence.requester_id,
        "opened_by": evidence.opened_by_id,
        "variables": {name: variable.value for name, variable in evidence.variables.items()},
    }
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def plan(
    request: Request, rules: Rules, destinations: Mapping[str, Destination]
) -> tuple[Delivery, ...]:
    """The deliveries that the request asks for, each source and path checked.

    Raises Permanent `destination.unknown`, `source.malformed`, `name.refused`, `grant.missing`.
    """
    destination = destinations.get(request.destination)
    if destination is None:
        known = ", ".join(sorted(destinations))
        raise Permanent(
            Code.DESTINATION_UNKNOWN,
            f"There is no destination {shown(request.destination)}.",
            action=f"Order again with one of: {known}.",
        )
    if len(request.sources) > MAX_FILES:
        raise Permanent(
            Code.SOURCE_MALFORMED,
            f"The request names {len(request.sources)} files; {MAX_FILES} is the most.",
        )
    sources = [parse_source(uri) for uri in request.sources]
    _granted(request, rules, sources)
    paths = [check_path(path) for path in _paths(request.target, sources)]
    _distinct(paths)
    return tuple(
        Delivery(number=number, source=source, final=join(destination.root, path))
        for number, (source, path) in enumerate(zip(sources, paths, strict=True), start=1)
    )


class InstanceAuthority:
    """The Authority of an approved request: ServiceNow itself, asked again.

    An answer counts for FRESH seconds, so that a request of a thousand files does not ask a
    thousand times a second; the ticket tells when it was read.
    """

    FRESH = 1.0

    def __init__(
        self, inbox: Inbox, rules: Rules, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._inbox = inbox
        self._rules = rules
        self._now = now
        self._last: tuple[str, str, float, datetime] | None = None

    def confirm(self, request: Request) -> datetime:
        last, asked_at = self._last, self._now()
        same = last and last[:2] == (request.id, request.fingerprint)
        if last and same and asked_at - last[2] < self.FRESH:
            return last[3]
        read_at = self._ask(request)
        self._last = (request.id, request.fingerprint, asked_at, read_at)
        return read_at

    def _ask(self, request: Request) -> datetime:
        evidence = self._read(request)
        if evidence is None:
            raise Permanent(
                Code.REQUEST_VANISHED,
                f"Task {request.task_number} is no longer there to be read.",
            )
        try:
            current = authorise(evidence, self._rules)
        except Transient as error:
            if error.code is not Code.APPROVAL_PENDING:
                raise
            raise Permanent(
                Code.APPROVAL_WITHDRAWN,
                f"The approval of {request.number} was withdrawn before the file was published.",
            ) from error
        if current.fingerprint != request.fingerprint:
            raise Permanent(
                Code.REQUEST_ALTERED, f"{request.number} was altered after FileFerry took it up."
            )
        return evidence.read_at

    def _read(self, request: Request) -> Evidence | None:
        try:
            return self._inbox.read(request.task_id)
        except Permanent as error:
            # A login or a right that is lost is mended by a person; a verified file waits for it.
            raise Transient(error.code, error.message, action=error.action) from error


def _of_the_catalog(evidence: Evidence, rules: Rules) -> None:
    if evidence.catalog_item not in rules.catalog_items:
        raise Permanent(
            Code.REQUEST_FOREIGN,
            f"{evidence.item_number} was not ordered through a catalog item of FileFerry.",
        )


def _readable(evidence: Evidence, rules: Rules) -> None:
    """A hidden field is never read as an empty one, nor a hidden requester as nobody."""
    hidden = [name for name in rules.variables if name not in evidence.variables]
    if hidden:
        raise Permanent(
            Code.REQUEST_INCOMPLETE,
            f"{evidence.item_number} has no readable variable {' or '.join(hidden)}.",
        )
    if not evidence.requester_id or not evidence.opened_by_id:
        raise Transient(
            Code.APPROVAL_UNREADABLE, f"Who ordered {evidence.item_number} cannot be read."
        )


def _still_wanted(evidence: Evidence) -> None:
    if evidence.item_approval == "rejected":
        raise Permanent(Code.APPROVAL_REJECTED, f"{evidence.item_number} was rejected.")
    closed = not (evidence.item_active and evidence.task_active)
    states = {evidence.item_state, evidence.task_state}
    if closed or not states <= OPEN_STATES or evidence.item_approval == "cancelled":
        raise Permanent(
            Code.REQUEST_CANCELLED,
            f"{evidence.item_number} or its task {evidence.task_number} was cancelled or closed.",
        )


def _approved(evidence: Evidence) -> None:
    if evidence.item_approval is None or evidence.item_approval == "":
        raise Transient(
            Code.APPROVAL_UNREADABLE, f"The approval of {evidence.item_number} cannot be read."
        )
    if evidence.item_approval != "approved":
        raise Transient(
            Code.APPROVAL_PENDING,
            f"{evidence.item_number} is not approved: its approval is “{evidence.item_approval}”.",
        )


def _independent(evidence: Evidence) -> list[Approval]:
    """The approvals that count: by a member of the group who did not ask for it."""
    approved = [row for row in evidence.approvals if row.state == "approved"]
    if not approved:
        raise Transient(
            Code.APPROVAL_UNREADABLE,
            f"{evidence.item_number} says approved, but no approver's decision can be read.",
        )
    asked = {evidence.requester_id, evidence.opened_by_id}
    others = [row for row in approved if row.approver_id not in asked]
    if not others:
        raise Permanent(
            Code.APPROVAL_SELF, f"{evidence.item_number} was approved only by who ordered it."
        )
    valid = [row for row in others if row.in_group]
    if not valid:
        names = ", ".join(row.approver for row in others)
        raise Permanent(
            Code.APPROVAL_OUTSIDER,
            f"{evidence.item_number} was approved by {names}, who may not approve transfers.",
        )
    return valid


def _unaltered(evidence: Evidence, valid: list[Approval]) -> None:
    approved_at = max(row.decided_at for row in valid)
    altered = [
        name for name, field in sorted(evidence.variables.items()) if field.changed_at > approved_at
    ]
    if altered:
        raise Permanent(
            Code.APPROVAL_STALE,
            f"{', '.join(altered)} of {evidence.item_number} was changed after the approval.",
        )


def _complete(request: Request) -> None:
    empty = "the source" if not request.sources else "the destination"
    if not request.sources or not request.destination:
        raise Permanent(Code.REQUEST_INCOMPLETE, f"{request.number} leaves {empty} empty.")


def _granted(request: Request, rules: Rules, sources: Iterable[Source]) -> None:
    grants = [
        grant
        for grant in rules.grants
        if {request.requester, "*"} & grant.requesters and request.destination in grant.destinations
    ]
    for source in sources:
        if not any(source.uri.startswith(grant.sources) for grant in grants):
            raise Permanent(
                Code.GRANT_MISSING,
                f"{request.requester} may not send {source.uri} to {request.destination}.",
                file=source.uri,
            )


def _paths(target: str, sources: list[Source]) -> list[str]:
    """One path a source; `target` is a directory when it ends with “/” or is for several files."""
    if len(sources) == 1 and target and not target.endswith("/"):
        return [target]
    return [join(target, basename(source.key)) for source in sources]


def _distinct(paths: list[str]) -> None:
    path, times = Counter(paths).most_common(1)[0]
    if times > 1:
        raise Permanent(Code.NAME_REFUSED, f"Several files would be delivered as {shown(path)}.")
