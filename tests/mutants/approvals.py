"""The mutants of who approves, who asks, and what they may."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

APPROVALS = (
    Mutant(
        "who wrote the decision is not asked",
        "transfer/approval/approvers.py",
        'if rules.actor == "approver" and actor not in {approver, *accounts}:',
        'if rules.actor == "approver" and not actor:',
        "tests/transfer/approval/test_approvers.py::test_who_else_may_write_decisions_is_a_setting",
    ),
    Mutant(
        "the requester may write the approver's decision",
        "transfer/approval/approvers.py",
        "if actor in asked:",
        "if actor in asked - accounts:",
        "tests/transfer/approval/test_approvers.py::test_no_setting_lets_who_had_a_hand_in_it_decide",
    ),
    Mutant(
        "a hidden option is its default",
        "transfer/approval/policy.py",
        "needed = (*rules.variables, *rules.options.values())",
        "needed = rules.variables",
        "tests/transfer/approval/test_approvers.py::test_an_option_that_cannot_be_read_is_never_its_default",
    ),
    Mutant(
        "the grants of what a manifest names are not looked up before the publish",
        "transfer/crossing/publish.py",
        "check_grants(transfer.request, tools.rules, [item.source.uri for item in deliveries])",
        "check_grants(transfer.request, tools.rules, [])",
        "tests/transfer/approval/test_grants.py::test_a_grant_that_goes_while_the_file_is_on_its_way_stops_it",
    ),
)
