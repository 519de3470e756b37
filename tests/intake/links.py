"""The chain that a request rests on, link by link, and what becomes of it when one is broken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations
from typing import Any

from tests.transfer.made import NOON, approval, variables
from transfer.errors import Code

LATER = NOON + timedelta(seconds=1)
SELF = approval(approver_id="a" * 32)
BY_HIMSELF = approval(actor="anna.berg")
OUTSIDER = approval(approver_id="d" * 32, in_group=False)


@dataclass(frozen=True, slots=True)
class Break:
    """`fields` of the evidence as they stand then. `code` is what it alone is answered with."""

    name: str
    fields: Mapping[str, Any]
    code: Code


def _terms(**changes: Any) -> dict[str, Any]:
    return {"variables": variables(**changes)}


BREAKS = (
    Break("another catalog item", {"catalog_item": "0" * 32}, Code.REQUEST_FOREIGN),
    Break("no catalog item", {"catalog_item": ""}, Code.REQUEST_FOREIGN),
    Break("rejected", {"item_approval": "rejected"}, Code.APPROVAL_REJECTED),
    Break("cancelled", {"item_approval": "cancelled"}, Code.REQUEST_CANCELLED),
    Break("item closed", {"item_active": False}, Code.REQUEST_CANCELLED),
    Break("request cancelled", {"request_state": "closed_cancelled"}, Code.REQUEST_CANCELLED),
    Break("request rejected", {"request_approval": "rejected"}, Code.REQUEST_CANCELLED),
    Break("item skipped", {"item_state": "7"}, Code.REQUEST_CANCELLED),
    Break("item pending", {"item_state": "-5"}, Code.APPROVAL_PENDING),
    Break("requested", {"item_approval": "requested"}, Code.APPROVAL_PENDING),
    Break("not requested", {"item_approval": "not requested"}, Code.APPROVAL_PENDING),
    Break("not required", {"item_approval": "not_required"}, Code.APPROVAL_PENDING),
    Break("duplicate", {"item_approval": "duplicate"}, Code.APPROVAL_PENDING),
    Break("skipped", {"item_approval": "skipped"}, Code.APPROVAL_PENDING),
    Break("nearly the word", {"item_approval": "Approved "}, Code.APPROVAL_PENDING),
    Break("hidden approval", {"item_approval": None}, Code.APPROVAL_UNREADABLE),
    Break("empty approval", {"item_approval": ""}, Code.APPROVAL_UNREADABLE),
    Break("no approver", {"approvals": ()}, Code.APPROVAL_UNREADABLE),
    Break("undecided", {"approvals": (approval(state="requested"),)}, Code.APPROVAL_UNREADABLE),
    Break("hidden requester", {"requester_id": ""}, Code.APPROVAL_UNREADABLE),
    Break("hidden opener", {"opened_by_id": ""}, Code.APPROVAL_UNREADABLE),
    Break("by the requester", {"approvals": (SELF,)}, Code.APPROVAL_SELF),
    Break("by the opener", {"opened_by_id": "c" * 32}, Code.APPROVAL_SELF),
    Break("by an author", {"authors": frozenset({"carla.moss"})}, Code.APPROVAL_SELF),
    Break("by an outsider", {"approvals": (OUTSIDER,)}, Code.APPROVAL_OUTSIDER),
    Break("by both of them", {"approvals": (SELF, OUTSIDER)}, Code.APPROVAL_OUTSIDER),
    Break(
        "written by the requester",
        {"approvals": (approval(actor="anna.berg"),)},
        Code.APPROVAL_SELF,
    ),
    Break("written by another", {"approvals": (approval(actor="admin"),)}, Code.APPROVAL_ACTOR),
    Break("hidden writer", {"approvals": (approval(actor=""),)}, Code.APPROVAL_UNREADABLE),
    Break("nameless requester", {"requester": ""}, Code.APPROVAL_UNREADABLE),
    Break("nameless opener", {"opener": ""}, Code.APPROVAL_UNREADABLE),
    Break("nameless author", {"authors": frozenset({""})}, Code.APPROVAL_UNREADABLE),
    Break("for another since", {"asked_since": LATER}, Code.APPROVAL_STALE),
    Break("for whom, unknown", {"asked_since": None}, Code.APPROVAL_UNREADABLE),
    Break("opened without a grant", {"opener": "eve"}, Code.GRANT_MISSING),
    Break("changed since", _terms(changed_at=LATER), Code.APPROVAL_STALE),
    Break("no variables", {"variables": {}}, Code.REQUEST_INCOMPLETE),
    Break("no source", _terms(source=""), Code.REQUEST_INCOMPLETE),
    Break("no destination", _terms(destination=""), Code.REQUEST_INCOMPLETE),
    Break("unknown destination", _terms(destination="else"), Code.DESTINATION_UNKNOWN),
    Break("ungranted destination", _terms(destination="vault"), Code.GRANT_MISSING),
    Break("foreign prefix", _terms(source="s3://exports/secret/a"), Code.GRANT_MISSING),
    Break("foreign bucket", _terms(source="s3://other/payroll/a"), Code.GRANT_MISSING),
    Break("no S3 object", _terms(source="file:///etc/passwd"), Code.SOURCE_MALFORMED),
    Break("above the folder", _terms(path="../a"), Code.NAME_REFUSED),
    Break("absolute", _terms(path="/etc/passwd"), Code.NAME_REFUSED),
    Break("a control character", _terms(path="a\x00b"), Code.NAME_REFUSED),
)
WAITS = frozenset({Code.APPROVAL_PENDING, Code.APPROVAL_UNREADABLE})


def pairs() -> Iterator[tuple[Break, ...]]:
    """Each alone, and every two of them that do not overwrite each other."""
    for one in BREAKS:
        yield (one,)
    for two in combinations(BREAKS, 2):
        if not set(two[0].fields) & set(two[1].fields):
            yield two
