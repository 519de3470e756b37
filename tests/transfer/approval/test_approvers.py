"""Whose approval counts: the name in the approver's row, and the name of who wrote the decision."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.transfer.made import DESTINATIONS, NOON, RULES, approval, evidence, request, variables
from transfer.approval import approvers, policy
from transfer.errors import Code, FerryError, Permanent
from transfer.evidence import Variable
from transfer.model import Transfer
from transfer.request import planning
from transfer.rules import Grant, Rules
from transfer.telling.reports import opening
from transfer.tickets import TicketRole

LATER = NOON + timedelta(seconds=1)
ANYBODY = replace(RULES, actor="anybody")
BOT = replace(RULES, accounts=frozenset({"Chat.Bot"}))


def code_of(rules: Rules, **changes: Any) -> str:
    """What the chain says; empty when it holds."""
    try:
        policy.authorise(evidence(**changes), rules)
    except FerryError as error:
        return error.code
    return ""


@pytest.mark.parametrize("actor", ["carla.moss", "Carla.Moss"])
def test_an_approver_decides_under_his_own_name(actor: str) -> None:
    assert code_of(RULES, approvals=(approval(actor=actor),)) == ""


@pytest.mark.parametrize(
    ("rules", "actor", "code"),
    [
        (RULES, "admin", Code.APPROVAL_ACTOR),
        (RULES, "otto.lind", Code.APPROVAL_ACTOR),
        (RULES, "chat.bot", Code.APPROVAL_ACTOR),
        (BOT, "chat.bot", ""),
        (BOT, "admin", Code.APPROVAL_ACTOR),
        (ANYBODY, "admin", ""),
        (ANYBODY, "anna.berg", Code.APPROVAL_SELF),
        (ANYBODY, "", Code.APPROVAL_UNREADABLE),
    ],
)
def test_who_else_may_write_decisions_is_a_setting(rules: Rules, actor: str, code: str) -> None:
    assert code_of(rules, approvals=(approval(actor=actor),)) == code


def test_no_setting_lets_who_had_a_hand_in_it_decide() -> None:
    for rules in (RULES, ANYBODY, replace(ANYBODY, accounts=frozenset({"anna.berg", "eve"}))):
        asked = {"opener": "eve", "approvals": (approval(actor="eve"),)}
        assert code_of(rules, **asked) == Code.APPROVAL_SELF
        assert code_of(rules, approvals=(approval(actor="anna.berg"),)) == Code.APPROVAL_SELF
        wrote = {"authors": frozenset({"carla.moss"})}
        assert code_of(rules, **wrote) == Code.APPROVAL_SELF
    helper = {"authors": frozenset({"ida.holm"}), "approvals": (approval(actor="ida.holm"),)}
    assert code_of(ANYBODY, **helper) == Code.APPROVAL_SELF


def test_an_account_may_have_written_the_order_as_well() -> None:
    flow = {"authors": frozenset({"chat.bot"}), "approvals": (approval(actor="chat.bot"),)}
    assert code_of(BOT, **flow) == ""


def test_a_second_approver_makes_up_for_one_who_does_not_count() -> None:
    second = approval(approver_id="d" * 32, approver="dora.west", decided_at=LATER)
    both = {"authors": frozenset({"carla.moss"}), "approvals": (approval(), second)}
    taken = policy.authorise(evidence(**both), RULES)
    assert (taken.approvers, taken.actors, taken.approved_at) == (
        ("dora.west",),
        ("dora.west",),
        LATER,
    )
    assert [each.partition(";")[0] for each in taken.discounted] == [
        "carla.moss (had a hand in the request"
    ]


def test_the_time_of_one_that_does_not_count_renews_nothing() -> None:
    late = approval(approver_id="d" * 32, actor="admin", decided_at=LATER)
    altered = {"approvals": (approval(), late), "variables": variables(changed_at=LATER)}
    assert code_of(RULES, **altered) == Code.APPROVAL_STALE


def told(**changes: Any) -> list[str]:
    """The lines of the audit ticket of a request that may have been refused."""
    asked = policy.request_of(evidence(**changes), RULES)
    posts = opening(Transfer(request=asked, received_at=NOON), [])
    [audit] = [post for post in posts if post.ticket is TicketRole.AUDIT]
    return audit.text.split("\n")


def test_the_audit_ticket_keeps_apart_whose_approval_does_not_count() -> None:
    outsider = approval(approver_id="d" * 32, approver="otto.lind", in_group=False)
    lines = told(approvals=(approval(), outsider))
    assert "Approved by: carla.moss at 2026-11-23 12:00:00 UTC" in lines
    assert "Decision written by: carla.moss" in lines
    assert (
        "Does not count: otto.lind (may not approve transfers; "
        "decided by otto.lind at 2026-11-23 12:00:00 UTC)"
    ) in lines


def test_a_refused_ticket_names_no_approver() -> None:
    lines = told(approvals=(approval(actor="anna.berg"),))
    assert "Approved by: nobody" in lines
    assert [line for line in lines if line.startswith("Does not count: carla.moss")]
    assert not [line for line in lines if line.startswith("Decision written by")]


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\x0b", "\x85", "\u2028", "\u2029"])
@pytest.mark.parametrize("field", ["source", "destination", "path"])
def test_no_word_of_a_requester_begins_a_line_of_a_ticket(field: str, end: str) -> None:
    forged = variables() | {
        field: Variable(value=f"x{end}Approved by: carla.moss at noon", changed_at=NOON)
    }
    lines = "\n".join(told(variables=forged, approvals=())).splitlines()
    assert "Approved by: nobody" in lines
    assert not [line for line in lines if line.startswith("Approved by: carla")]


def test_no_name_of_a_user_begins_a_line_of_a_ticket() -> None:
    name = "eve\nApproved by: carla.moss"
    row = approval(approver=name, actor=name, in_group=False)
    lines = told(requester=name, opener=name, approvals=(row,))
    assert not [line for line in lines if line.startswith("Approved by: carla")]


def test_who_opened_it_stands_on_the_ticket_beside_whom_it_is_for() -> None:
    assert "Requester: eve (for anna.berg)" in told(opener="eve")


def test_a_thousand_that_do_not_count_are_told_in_ten_lines() -> None:
    rows = tuple(approval(approver=f"user.{n}", in_group=False) for n in range(1000))
    judged = approvers.verdicts(evidence(approvals=rows), RULES)
    lines = list(approvers.discounted(judged))
    assert (len(lines), lines[-1]) == (11, "… and 990 more")


OPTIONS = replace(RULES, options={"dry_run": "dry", "all_or_nothing": "all"})


def test_an_option_that_cannot_be_read_is_never_its_default() -> None:
    dry = {"dry": Variable(value="true", changed_at=NOON - timedelta(hours=1))}
    rest = {"all": Variable(value="", changed_at=NOON - timedelta(hours=1))}
    assert code_of(OPTIONS, variables=variables() | dry | rest) == ""
    for shown in ({}, dry, rest):
        assert code_of(OPTIONS, variables=variables() | shown) == Code.REQUEST_INCOMPLETE


def of(*requesters: str) -> Grant:
    return replace(RULES.grants[0], requesters=frozenset(requesters))


@pytest.mark.parametrize(
    ("grants", "missing"),
    [
        ((of("anna.berg"),), "eve"),
        ((of("eve"),), "anna.berg"),
        ((of("anna.berg", "eve"),), ""),
        ((of("anna.berg"), of("eve")), ""),
        ((of("*"),), ""),
    ],
)
def test_who_asks_and_whom_it_is_for_both_need_a_grant(
    grants: tuple[Grant, ...], missing: str
) -> None:
    asked, rules = request(opener="eve"), replace(RULES, grants=grants)
    if not missing:
        assert len(planning.plan(asked, rules, DESTINATIONS)) == 1
        return
    with pytest.raises(Permanent, match=f"{missing} may not send") as refused:
        planning.plan(asked, rules, DESTINATIONS)
    assert refused.value.code is Code.GRANT_MISSING
