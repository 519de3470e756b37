"""Who may approve what: the chain that a request rests on.

Everything here is judged on values that were read from ServiceNow; nothing that a message or a
requester says of itself counts (security.md, "Who may approve").
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from transfer.approval.approvers import counting, discounted, verdicts
from transfer.errors import Code, Permanent, Transient
from transfer.evidence import WITHDRAWN, Approval, Evidence
from transfer.model import Request
from transfer.rules import Rules

OPEN_STATES = frozenset({"1", "2"})
"""Open and Work in Progress: the states of `task.state` in which work may be done."""
ENDED_STATES = frozenset({"3", "4", "7"})
"""Closed Complete, Closed Incomplete, Closed Skipped. Any other, as Pending (-5), is a wait."""


def authorise(evidence: Evidence, rules: Rules, taken: Request | None = None) -> Request:
    """The approved Request, when every link of the chain holds.

    `taken` is what it was taken up as; its fingerprint, which the caller compares, tells then
    whether other people ask, and no history of the item is needed. Raises Permanent when the
    request can never be carried out as it stands, Transient `approval.pending`,
    `approval.unreadable` or `request.unreadable` when it may yet be.
    """
    check_whole(evidence)
    _of_the_catalog(evidence, rules)
    _readable(evidence, rules)
    _still_wanted(evidence)
    approved_at = check_approval(evidence, rules)
    if taken is None:
        _asked_by_the_same(evidence, approved_at)
    request = replace(request_of(evidence, rules), approved_at=approved_at)
    _complete(request)
    return request


def check_whole(evidence: Evidence) -> None:
    """Raises `request.unreadable` when some could not be read: Permanent when it never can be."""
    if evidence.unreadable is None:
        return
    kind = Permanent if evidence.unreadable.lasting else Transient
    number = evidence.item_number or evidence.task_number
    raise kind(Code.REQUEST_UNREADABLE, f"{number} cannot be read: {evidence.unreadable.why}")


def check_approval(evidence: Evidence, rules: Rules) -> datetime:
    """Approved, by a member of the group who had no hand in it, and unaltered since.

    Returns when: the latest decision that counts. Raises as `authorise` does.
    """
    _approved(evidence)
    _known(evidence)
    return _unaltered(evidence, counting(evidence, rules))


def request_of(evidence: Evidence, rules: Rules) -> Request:
    """The Request that the evidence describes, approved or not: what a refusal is reported on."""
    source, destination, path = (
        evidence.variables[name].value if name in evidence.variables else ""
        for name in rules.variables
    )
    return Request(
        id=evidence.request_id,
        number=evidence.item_number,
        requester=evidence.requester,
        destination=destination,
        sources=tuple(line for line in source.replace("\r\n", "\n").split("\n") if line.strip()),
        target=path,
        fingerprint=fingerprint(evidence),
        requester_id=evidence.requester_id,
        request_number=evidence.request_number,
        item_id=evidence.item_id,
        task_id=evidence.task_id,
        task_number=evidence.task_number,
        catalog_item=evidence.catalog_item,
        as_found=evidence.catalog_item in rules.as_found,
        **approval_of(evidence, rules),
        options={
            option: evidence.variables[name].value
            for option, name in rules.options.items()
            if name in evidence.variables
        },
    )


def approval_of(evidence: Evidence, rules: Rules) -> dict[str, Any]:
    """The fields of a Request that say who approved it, and whose approval does not count."""
    judged = verdicts(evidence, rules)
    valid = [each.approval for each in judged if each.counts]
    times = [each.approval.decided_at for each in judged]
    return {
        "opener": evidence.opener,
        "approvers": tuple(row.approver for row in valid),
        "actors": tuple(row.actor for row in valid),
        "discounted": tuple(discounted(judged)),
        # Of one that is refused, and may be retried; `authorise` knows which decision counts.
        "approved_at": min(times, default=None),
    }


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


def _of_the_catalog(evidence: Evidence, rules: Rules) -> None:
    if evidence.catalog_item not in rules.catalog_items:
        raise Permanent(
            Code.REQUEST_FOREIGN,
            f"{evidence.item_number} was not ordered through a catalog item of FileFerry.",
        )


def _readable(evidence: Evidence, rules: Rules) -> None:
    """A hidden field is never read as an empty one, nor a hidden requester as nobody."""
    needed = (*rules.variables, *rules.options.values())
    hidden = [name for name in needed if name not in evidence.variables]
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
    cancelled = evidence.request_approval in ("rejected", "cancelled")
    if cancelled or evidence.request_state in WITHDRAWN:
        raise Permanent(
            Code.REQUEST_CANCELLED,
            f"{evidence.request_number}, to which {evidence.item_number} belongs, was cancelled or "
            "rejected.",
        )
    closed = not (evidence.item_active and evidence.task_active)
    states = {evidence.item_state, evidence.task_state}
    if closed or states & ENDED_STATES or evidence.item_approval == "cancelled":
        raise Permanent(
            Code.REQUEST_CANCELLED,
            f"{evidence.item_number} or its task {evidence.task_number} was cancelled or closed.",
        )
    if not states <= OPEN_STATES:
        raise Transient(
            Code.APPROVAL_PENDING,
            f"{evidence.item_number} or its task {evidence.task_number} is on hold: the states "
            f"are {evidence.item_state} and {evidence.task_state}.",
            action="Set both to Open or Work in Progress; FileFerry looks again at its next poll.",
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


def _known(evidence: Evidence) -> None:
    """Who had a hand in it must be known by name, for decisions are written under names."""
    if not evidence.requester or not evidence.opener or "" in evidence.authors:
        raise Transient(
            Code.APPROVAL_UNREADABLE,
            f"Who ordered {evidence.item_number}, or wrote one of its terms, cannot be read.",
        )


def _unaltered(evidence: Evidence, valid: list[Approval]) -> datetime:
    approved_at = max(row.decided_at for row in valid)
    altered = [
        name for name, field in sorted(evidence.variables.items()) if field.changed_at > approved_at
    ]
    if altered:
        raise Permanent(
            Code.APPROVAL_STALE,
            f"{', '.join(altered)} of {evidence.item_number} was changed after the approval.",
        )
    return approved_at


def _asked_by_the_same(evidence: Evidence, approved_at: datetime) -> None:
    """Who asks decides about grants, and about whose approval counts."""
    if evidence.asked_since is None:
        raise Transient(
            Code.APPROVAL_UNREADABLE,
            f"{evidence.item_number} was updated after its approval, and whether it was for "
            "somebody else then cannot be read.",
            action="Have the item's table audited, and let the FileFerry user read sys_audit.",
        )
    if evidence.asked_since > approved_at:
        raise Permanent(
            Code.APPROVAL_STALE,
            f"Who {evidence.item_number} is for, or who opened it, was changed after the approval.",
        )


def _complete(request: Request) -> None:
    empty = "the source" if not request.sources else "the destination"
    if not request.sources or not request.destination:
        raise Permanent(Code.REQUEST_INCOMPLETE, f"{request.number} leaves {empty} empty.")
