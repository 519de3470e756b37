"""Whose approval counts, and why another one does not: who is named, and who wrote the decision.

By ServiceNow's documentation a decision by e-mail is written by the sender whom the instance finds
among its users (else by Guest), and what an administrator does while he impersonates somebody is
written under the other's name. A delegate, a chat bot or a flow writes under its own. So the name
that stands in `sys_updated_by` is asked for on its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from transfer.errors import Code, FerryError, Permanent, Transient
from transfer.evidence import Approval, Evidence
from transfer.rules import Rules
from transfer.visible import visible

NAMED = 10
"""Approvals that do not count of which a ticket tells one by one; a sentence tells of FEW."""
FEW = 3

_NEAREST = (Code.APPROVAL_SELF, Code.APPROVAL_OUTSIDER, Code.APPROVAL_ACTOR)
"""What is told of several that do not count is what is missing to the one that is nearest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One approval, and why it does not count; it counts without a `code`."""

    approval: Approval
    code: Code | None = None
    why: str = ""

    @property
    def counts(self) -> bool:
        return self.code is None

    def __str__(self) -> str:
        actor = visible(self.approval.actor) or "somebody who cannot be read"
        decided = f"decided by {actor} at {self.approval.decided_at:%Y-%m-%d %H:%M:%S} UTC"
        return f"{visible(self.approval.approver) or 'nobody'} ({self.why}; {decided})"


def verdicts(evidence: Evidence, rules: Rules) -> tuple[Verdict, ...]:
    """One for each decision that says approved."""
    return tuple(
        _verdict(row, evidence, rules) for row in evidence.approvals if row.state == "approved"
    )


def counting(evidence: Evidence, rules: Rules) -> list[Approval]:
    """The approvals that count, one at least.

    Raises Permanent `approval.self`, `approval.outsider`, `approval.actor`; Transient
    `approval.unreadable`.
    """
    judged = verdicts(evidence, rules)
    valid = [each.approval for each in judged if each.counts]
    if not valid:
        raise _none(evidence, judged)
    return valid


def discounted(judged: tuple[Verdict, ...], most: int = NAMED) -> Iterator[str]:
    """What a ticket says of those that do not count, one line each."""
    others = [each for each in judged if not each.counts]
    yield from map(str, others[:most])
    if len(others) > most:
        yield f"… and {len(others) - most:,} more"


def _verdict(row: Approval, evidence: Evidence, rules: Rules) -> Verdict:
    for code, why in _objections(row, evidence, rules):
        return Verdict(approval=row, code=code, why=why)
    return Verdict(approval=row)


def _objections(row: Approval, evidence: Evidence, rules: Rules) -> Iterator[tuple[Code, str]]:
    """What speaks against it, the worst first."""
    asked = {_plain(evidence.requester), _plain(evidence.opener)}
    wrote = {_plain(name) for name in evidence.authors}
    accounts = {_plain(name) for name in rules.accounts}
    approver, actor = _plain(row.approver), _plain(row.actor)
    if row.approver_id in (evidence.requester_id, evidence.opened_by_id) or approver in asked:
        yield Code.APPROVAL_SELF, "asked for the transfer"
    if approver in wrote:
        yield Code.APPROVAL_SELF, "had a hand in the request"
    if actor in asked:
        yield Code.APPROVAL_SELF, "the decision was written by who asked for the transfer"
    if actor in wrote - accounts - {approver}:
        yield Code.APPROVAL_SELF, "the decision was written by who had a hand in the request"
    if not row.in_group:
        yield Code.APPROVAL_OUTSIDER, "may not approve transfers"
    if not approver or not actor:
        yield Code.APPROVAL_UNREADABLE, "who decided cannot be read"
    if rules.actor == "approver" and actor not in {approver, *accounts}:
        yield Code.APPROVAL_ACTOR, "the decision was written by somebody else"


def _plain(name: str) -> str:
    """ServiceNow's user names differ by more than capitals."""
    return name.casefold()


def _none(evidence: Evidence, judged: tuple[Verdict, ...]) -> FerryError:
    number = evidence.item_number
    if not judged:
        return Transient(
            Code.APPROVAL_UNREADABLE,
            f"{number} says approved, but no approver's decision can be read.",
        )
    codes = {each.code for each in judged}
    told = "; ".join(discounted(judged, FEW))
    if Code.APPROVAL_UNREADABLE in codes:
        return Transient(
            Code.APPROVAL_UNREADABLE, f"{number} has no approval that can be told to count: {told}."
        )
    code = max(filter(None, codes), key=_NEAREST.index)
    return Permanent(code, f"{number} has no approval that counts: {told}.")
