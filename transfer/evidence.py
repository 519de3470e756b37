"""What ServiceNow says of a request at one moment; policy.py judges it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

WITHDRAWN = frozenset({"closed_cancelled", "closed_rejected"})
"""Values of sc_request.request_state; not every instance cancels the items with their request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One row of sysapproval_approver. `in_group`: the approver is in the configured group.

    `actor` is the user name of who wrote the row last, the decision in it; empty when hidden.
    """

    approver_id: str
    approver: str
    state: str
    decided_at: datetime
    in_group: bool
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One catalog variable of the ordered item, and when it was last changed."""

    value: str
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """Why not all of it could be read, in a sentence. `lasting`: it is more than can ever be."""

    why: str
    lasting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What ServiceNow says of one catalog task at one moment; policy.py judges it.

    A field that the instance hid from us is None or empty, and is never read as consent.
    `requester` is who it is for, `opener` who asked for it. `authors`: user names of all others who
    had a hand in it: who made the record, whom the whole order is for, who wrote its terms; their
    approval does not count, and an empty name is a hidden one. `history`: it can be told when the
    variables were changed last. `asked_since`: since when the same people ask; None: nobody knows.
    `unreadable`: what could not be read is left out here, so that nothing of it counts.
    """

    instance: str
    task_id: str
    task_number: str
    task_active: bool
    task_state: str
    item_id: str
    item_number: str
    item_active: bool
    item_state: str
    item_approval: str | None
    catalog_item: str
    request_number: str
    request_state: str = ""
    request_approval: str = ""
    requester_id: str
    requester: str
    opened_by_id: str
    opener: str
    approvals: tuple[Approval, ...]
    variables: dict[str, Variable]
    read_at: datetime
    authors: frozenset[str] = frozenset()
    history: bool = True
    unreadable: Unreadable | None = None
    asked_since: datetime | None = None

    @property
    def request_id(self) -> str:
        return f"{self.instance}:sc_task:{self.task_id}"

    @property
    def task_open(self) -> bool:
        """Active and in state Open: nobody has begun it, so a poll finds it."""
        return self.task_active and self.task_state == "1"
