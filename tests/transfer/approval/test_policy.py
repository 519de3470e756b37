"""Who may send what where: each broken link of the chain is refused by its own code."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.transfer.made import (
    DESTINATIONS,
    ITEM,
    NOON,
    RULES,
    approval,
    evidence,
    request,
    variables,
)
from transfer.approval import policy
from transfer.errors import Code, Permanent, Transient
from transfer.request import planning

LATER = NOON + timedelta(seconds=1)


def test_an_approved_request_is_read_as_it_stands() -> None:
    taken = policy.authorise(evidence(), RULES)
    assert taken.number == "RITM0010001"
    assert taken.sources == ("s3://exports/payroll/nov.csv",)
    assert (taken.destination, taken.target) == ("partner", "pay/nov.csv")
    assert taken.approvers == ("carla.moss",)
    assert taken.approved_at == NOON
    assert taken.id == "example.service-now.com:sc_task:" + "7" * 32


NEVER: list[tuple[dict[str, Any], Code]] = [
    ({"catalog_item": "0" * 32}, Code.REQUEST_FOREIGN),
    ({"item_approval": "rejected", "item_active": False}, Code.APPROVAL_REJECTED),
    ({"item_approval": "cancelled"}, Code.REQUEST_CANCELLED),
    ({"item_active": False}, Code.REQUEST_CANCELLED),
    ({"request_state": "closed_cancelled"}, Code.REQUEST_CANCELLED),
    ({"request_state": "closed_rejected"}, Code.REQUEST_CANCELLED),
    ({"request_approval": "rejected"}, Code.REQUEST_CANCELLED),
    ({"request_approval": "cancelled"}, Code.REQUEST_CANCELLED),
    ({"item_state": "4"}, Code.REQUEST_CANCELLED),
    ({"task_active": False}, Code.REQUEST_CANCELLED),
    ({"task_state": "7"}, Code.REQUEST_CANCELLED),
    ({"approvals": (approval(approver_id="a" * 32),)}, Code.APPROVAL_SELF),
    ({"opened_by_id": "c" * 32}, Code.APPROVAL_SELF),
    ({"approvals": (approval(in_group=False),)}, Code.APPROVAL_OUTSIDER),
    ({"approvals": (approval(actor="anna.berg"),)}, Code.APPROVAL_SELF),
    ({"approvals": (approval(actor="ANNA.Berg"),)}, Code.APPROVAL_SELF),
    ({"opener": "tom.reyes", "approvals": (approval(actor="tom.reyes"),)}, Code.APPROVAL_SELF),
    ({"opener": "carla.moss"}, Code.APPROVAL_SELF),
    ({"authors": frozenset({"carla.moss", "anna.berg"})}, Code.APPROVAL_SELF),
    ({"approvals": (approval(actor="admin"),)}, Code.APPROVAL_ACTOR),
    ({"approvals": (approval(actor="guest"),)}, Code.APPROVAL_ACTOR),
    ({"asked_since": LATER}, Code.APPROVAL_STALE),
    ({"variables": variables(changed_at=LATER)}, Code.APPROVAL_STALE),
    ({"variables": variables(source="")}, Code.REQUEST_INCOMPLETE),
    ({"variables": variables(destination="")}, Code.REQUEST_INCOMPLETE),
    ({"variables": {}}, Code.REQUEST_INCOMPLETE),
    (
        {"variables": {k: v for k, v in variables().items() if k != "path"}},
        Code.REQUEST_INCOMPLETE,
    ),
]


@pytest.mark.parametrize(("changes", "code"), NEVER)
def test_what_can_never_be_carried_out_is_refused(changes: dict[str, Any], code: Code) -> None:
    with pytest.raises(Permanent) as refused:
        policy.authorise(evidence(**changes), RULES)
    assert refused.value.code is code


NOT_YET: list[tuple[dict[str, Any], Code]] = [
    ({"item_state": "-5"}, Code.APPROVAL_PENDING),
    ({"item_state": "10"}, Code.APPROVAL_PENDING),
    ({"task_state": "-5"}, Code.APPROVAL_PENDING),
    ({"item_approval": "requested"}, Code.APPROVAL_PENDING),
    ({"item_approval": "not requested"}, Code.APPROVAL_PENDING),
    ({"item_approval": None}, Code.APPROVAL_UNREADABLE),
    ({"item_approval": ""}, Code.APPROVAL_UNREADABLE),
    ({"approvals": ()}, Code.APPROVAL_UNREADABLE),
    ({"requester_id": ""}, Code.APPROVAL_UNREADABLE),
    ({"opened_by_id": ""}, Code.APPROVAL_UNREADABLE),
    ({"approvals": (approval(state="requested"),)}, Code.APPROVAL_UNREADABLE),
    ({"approvals": (approval(actor=""),)}, Code.APPROVAL_UNREADABLE),
    ({"approvals": (approval(approver="", actor="carla.moss"),)}, Code.APPROVAL_UNREADABLE),
    ({"requester": ""}, Code.APPROVAL_UNREADABLE),
    ({"opener": ""}, Code.APPROVAL_UNREADABLE),
    ({"authors": frozenset({"anna.berg", ""})}, Code.APPROVAL_UNREADABLE),
    ({"asked_since": None}, Code.APPROVAL_UNREADABLE),
]


@pytest.mark.parametrize(("changes", "code"), NOT_YET)
def test_what_is_not_approved_waits(changes: dict[str, Any], code: Code) -> None:
    with pytest.raises(Transient) as waits:
        policy.authorise(evidence(**changes), RULES)
    assert waits.value.code is code


def test_what_is_on_hold_is_told_so_and_what_to_do() -> None:
    with pytest.raises(Transient, match="on hold: the states are -5 and 1") as waits:
        policy.authorise(evidence(item_state="-5"), RULES)
    assert "Work in Progress" in waits.value.action


def test_lines_of_blanks_among_the_sources_name_nothing() -> None:
    source = "s3://exports/payroll/nov.csv\r\n \n\u00a0\n"
    taken = policy.authorise(evidence(variables=variables(source=source)), RULES)
    assert taken.sources == ("s3://exports/payroll/nov.csv",)


def test_a_second_approval_after_the_change_counts() -> None:
    approvals = (approval(), approval(approver_id="d" * 32, decided_at=LATER))
    altered = evidence(approvals=approvals, variables=variables(changed_at=LATER))
    assert policy.authorise(altered, RULES).approved_at == LATER


def test_the_approval_of_an_outsider_does_not_renew_a_stale_one() -> None:
    outsider = approval(approver_id="d" * 32, decided_at=LATER, in_group=False)
    altered = evidence(approvals=(approval(), outsider), variables=variables(changed_at=LATER))
    with pytest.raises(Permanent) as refused:
        policy.authorise(altered, RULES)
    assert refused.value.code is Code.APPROVAL_STALE


@pytest.mark.parametrize(
    "changes",
    [
        {"variables": variables(path="elsewhere")},
        {"variables": variables(source="s3://exports/payroll/dec.csv")},
        {"requester_id": "b" * 32},
        {"catalog_item": "2" * 32},
    ],
)
def test_the_fingerprint_tells_another_content(changes: dict[str, Any]) -> None:
    assert policy.fingerprint(evidence(**changes)) != policy.fingerprint(evidence())


def test_the_fingerprint_does_not_depend_on_times() -> None:
    later = evidence(read_at=LATER, variables=variables(changed_at=LATER))
    assert policy.fingerprint(later) == policy.fingerprint(evidence())


def planned(**changes: Any) -> list[str]:
    return [item.final for item in planning.plan(request(**changes), RULES, DESTINATIONS)]


def test_one_file_takes_the_path_as_its_name() -> None:
    assert planned() == ["/inbox/pay/nov.csv"]


def test_a_path_with_a_slash_at_its_end_is_a_directory() -> None:
    assert planned(target="pay/") == ["/inbox/pay/nov.csv"]
    assert planned(target="") == ["/inbox/nov.csv"]


def test_several_files_go_into_the_directory() -> None:
    sources = ("s3://exports/payroll/a.csv", "s3://exports/payroll/x/b.csv")
    assert planned(sources=sources, target="pay") == ["/inbox/pay/a.csv", "/inbox/pay/b.csv"]


def test_a_grant_may_be_for_one_catalog_item() -> None:
    narrow = replace(RULES, grants=(replace(RULES.grants[0], items=frozenset({ITEM})),))
    [delivery] = planning.plan(request(catalog_item=ITEM), narrow, DESTINATIONS)
    assert delivery.final == "/inbox/pay/nov.csv"
    for other in ("", "2" * 32):
        with pytest.raises(Permanent) as refused:
            planning.plan(request(catalog_item=other), narrow, DESTINATIONS)
        assert refused.value.code == Code.GRANT_MISSING
    assert policy.authorise(evidence(), RULES).catalog_item == ITEM


PLANS: list[tuple[dict[str, Any], Code]] = [
    ({"destination": "nowhere"}, Code.DESTINATION_UNKNOWN),
    ({"destination": "vault"}, Code.GRANT_MISSING),
    ({"requester": "tom.reyes"}, Code.GRANT_MISSING),
    ({"sources": ("s3://exports/other/a.csv",)}, Code.GRANT_MISSING),
    ({"sources": ("s3://secrets/payroll/a.csv",)}, Code.GRANT_MISSING),
    ({"sources": ("ftp://x",)}, Code.SOURCE_MALFORMED),
    ({"sources": ("s3://exports/payroll/a.csv",) * 10_001}, Code.SOURCE_MALFORMED),
    ({"target": "../up"}, Code.NAME_REFUSED),
    ({"target": "up/", "sources": ("s3://exports/payroll/..",)}, Code.NAME_REFUSED),
    (
        {"sources": ("s3://exports/payroll/a", "s3://exports/payroll/x/a"), "target": "d"},
        Code.NAME_REFUSED,
    ),
]


@pytest.mark.parametrize(("changes", "code"), PLANS)
def test_a_plan_that_breaks_a_rule_is_refused(changes: dict[str, Any], code: Code) -> None:
    with pytest.raises(Permanent) as refused:
        planned(**changes)
    assert refused.value.code is code


def test_an_unknown_destination_lists_the_known_ones() -> None:
    with pytest.raises(Permanent) as refused:
        planned(destination="partnr\n")
    assert "partner, vault" in refused.value.action
    assert "\n" not in refused.value.message
