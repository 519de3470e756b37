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
    Mutant(
        "whom it is for may be changed after the approval",
        "transfer/approval/policy.py",
        "    if evidence.asked_since > approved_at:",
        "    if evidence.asked_since > evidence.read_at:",
        "tests/transfer/approval/test_policy.py::test_what_can_never_be_carried_out_is_refused",
    ),
    Mutant(
        "an approver may have written a term",
        "transfer/approval/approvers.py",
        "    if approver in wrote:",
        "    if approver in wrote & asked:",
        "tests/transfer/approval/test_approvers.py::test_no_setting_lets_who_had_a_hand_in_it_decide",
    ),
    Mutant(
        "a doubled option has the value of its last row",
        "adapters/servicenow/reading/evidence.py",
        "if names.count(name) == 1 and value == storable(value):",
        "if names.count(name) >= 1 and value == storable(value):",
        "tests/adapters/servicenow/reading/test_inbox.py::"
        "test_a_variable_that_stands_there_twice_is_left_out",
    ),
    Mutant(
        "the opener needs no grant",
        "transfer/request/planning.py",
        "dict.fromkeys((request.requester, request.opener or request.requester))",
        "dict.fromkeys((request.requester,))",
        "tests/transfer/approval/test_approvers.py::"
        "test_who_asks_and_whom_it_is_for_both_need_a_grant",
    ),
    Mutant(
        "a name may turn the text around",
        "transfer/request/names.py",
        "    found = hidden(text)\n",
        "    found = None\n",
        "tests/transfer/request/test_names.py::"
        "test_a_name_with_a_hidden_character_is_refused_wherever_it_stands",
    ),
    Mutant(
        "hints may use up the hour's calls",
        "adapters/servicenow/line/budget.py",
        "    HINTS = 0.6\n",
        "    HINTS = 0.95\n",
        "tests/adapters/servicenow/reading/test_inbox_crowded.py::"
        "test_hints_of_unknown_names_leave_the_poll_its_calls",
    ),
    Mutant(
        "the members that are shown pass for the whole group",
        "adapters/servicenow/line/client.py",
        "if not each.whole or _total(answer.headers) == len(rows):",
        "if not each.whole or rows:",
        "tests/adapters/servicenow/reading/test_inbox.py::"
        "test_a_group_that_is_not_shown_whole_is_asked_by_name",
    ),
    Mutant(
        "a batch that no answer can hold is not halved",
        "adapters/servicenow/reading/related.py",
        "        if len(batch) > 1:\n            self.client.insist",
        "        if len(batch) > _BATCH:\n            self.client.insist",
        "tests/adapters/servicenow/reading/test_inbox_crowded.py::"
        "test_the_one_whose_variables_no_answer_can_hold_is_refused_alone",
    ),
)
