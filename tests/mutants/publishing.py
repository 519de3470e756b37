"""The mutants of the publish: swap, what is written in place, what was withdrawn or refused."""

from __future__ import annotations

from tests.mutants.catalogue import CRASHES
from tests.mutants.mutant import Mutant

SWAP = "tests/transfer/crossing/test_swap.py"
IN_PLACE = "tests/transfer/crossing/test_in_place.py"
RECOVERY = "tests/model/test_recovery.py"
MOMENTARY = "tests/transfer/crossing/test_momentary.py"
LATE = "test_a_new_file_that_came_late_and_was_moved_aside_is_neither_removed_nor_replaced"
TAKEN = "tests/transfer/crossing/test_taken_temps.py"

PUBLISHING = (
    Mutant(
        "a swap does not ask the ledger before the old file steps aside",
        "transfer/crossing/swap.py",
        "    crossing.tools.ledger.renew(crossing.transfer, PUBLISH_LEASE)\n",
        "",
        f"{SWAP}::test_an_owner_that_wakes_when_its_heir_has_delivered_moves_nothing",
    ),
    Mutant(
        "what an owner moved aside for nothing stays there",
        "transfer/crossing/swap.py",
        "        if not reclaimed(delivery, crossing):\n            put_back(delivery, crossing)\n",
        "        suppress(FerryError)\n",
        f"{SWAP}::test_what_an_owner_moved_between_fence_and_rename_is_put_back",
    ),
    Mutant(
        "what an heir has gathered is taken for old although its temp went meanwhile",
        "transfer/crossing/swap.py",
        "    if len(delivery.candidates) > 1 and remote.size(temp) is None:\n",
        "    if not temp:\n",
        f"{SWAP}::{LATE}[gathers]",
    ),
    Mutant(
        "the old file has its name again while the new one stands aside",
        "transfer/crossing/swap.py",
        "        if not reclaimed(delivery, crossing):\n",
        "        if delivery:\n",
        f"{SWAP}::{LATE}[takes]",
    ),
    Mutant(
        "anything steps aside, a directory too",
        "transfer/crossing/swap.py",
        "    if crossing.remote.proof.regular(final):",
        "    if crossing.remote.size(final) is not None:",
        f"{SWAP}::test_only_a_regular_file_steps_aside",
    ),
    Mutant(
        "an heir does not know what an earlier owner moved aside",
        "transfer/crossing/swap.py",
        "    return [aside(name) for name in delivery.candidates]",
        "    return [aside(name) for name in delivery.candidates[-1:]]",
        f"{SWAP}::test_a_crash_at_any_call_is_finished_by_the_next_owner",
    ),
    Mutant(
        "what stands aside is removed without a look whose it is",
        "transfer/crossing/swap.py",
        "            if restored(name, delivery, crossing):\n"
        "                continue\n"
        "            if _is_all_there_is(name, delivery, crossing):\n"
        "                return None\n",
        "",
        f"{SWAP}::test_a_step_aside_whose_answer_was_lost_may_come_late_and_takes_nothing",
    ),
    Mutant(
        "a file at INTENT whose approval was withdrawn stays at INTENT",
        "transfer/crossing/publish.py",
        "    if isinstance(error, ClaimLost) or _new(delivery):\n",
        "    if isinstance(error, ClaimLost) or delivery.temp:\n",
        f"{SWAP}::test_a_withdrawn_file_is_not_unknown_although_the_partner_is_away_since",
    ),
    Mutant(
        "its own temp is taken as proof that it is not published",
        "transfer/crossing/publish.py",
        ', beside_temp(_own_temp(delivery, crossing), "void"))',
        ")",
        f"{RECOVERY}::test_what_was_refused_is_not_published_late",
    ),
    Mutant(
        "a transfer that ends at INTENT is not looked into",
        "transfer/steps.py",
        "                settle(item, crossing)\n",
        "                crossing.remote.size(item.final)\n",
        f"{MOMENTARY}::test_a_cancelled_request_whose_owner_died_at_intent_leaves_nothing",
    ),
    Mutant(
        "a file that was said to be unknown is taken up again",
        "transfer/crossing/delivery.py",
        "    if delivery.state is DeliveryState.UNKNOWN:\n",
        "    if delivery.state is DeliveryState.UNKNOWN and not delivery.temp:\n",
        "tests/transfer/crossing/test_conflict.py::"
        "test_what_nobody_can_tell_stays_so_when_its_owner_dies_over_it",
    ),
    Mutant(
        "a file is closed under its final name without an INTENT",
        "transfer/crossing/in_place.py",
        "    [intended] = intend([delivery], crossing)\n",
        "    intended = delivery\n",
        f"{IN_PLACE}::test_taken_at_a_close_whose_answer_is_lost",
    ),
    Mutant(
        "a name that is empty after the close is sent again",
        "transfer/crossing/in_place.py",
        "        if _is_gone(delivery, crossing):\n            return taken(delivery, crossing)\n",
        "",
        f"{IN_PLACE}::test_taken_between_close_and_look_it_was_collected",
    ),
    Mutant(
        "a size that a server remembers is believed of a file that was taken",
        "transfer/crossing/in_place.py",
        'return bool(delivery.size) and not b"".join(',
        'return not delivery.size and not b"".join(',
        f"{IN_PLACE}::test_taken_from_a_server_that_remembers_its_size",
    ),
    Mutant(
        "a rename that is refused for a moment fails the file",
        "transfer/crossing/publish.py",
        "    raise (passing(error) if passes else error) from error\n",
        "    raise error\n",
        f"{MOMENTARY}::test_a_rename_that_is_refused_for_a_moment",
    ),
    Mutant(
        "a file is replaced whose name differs in case only",
        "transfer/crossing/publish.py",
        "        demand_own_names(deliveries, crossing)\n",
        "        demand_own_names([], crossing)\n",
        "tests/transfer/crossing/test_letters.py::test_two_files_of_one_request_do_not_replace_each_other",
    ),
    Mutant(
        "INTENT keeps the candidates of an epoch that had none",
        "transfer/crossing/publish.py",
        "    return (temp_of(delivery),) if _new(delivery) else delivery.candidates\n",
        "    return delivery.candidates\n",
        CRASHES,
    ),
    Mutant(
        "an absent temp is taken as published without a look",
        "transfer/crossing/publish.py",
        "    if size != delivery.size and not collected:",
        "    if size is not None and size != delivery.size and not collected:",
        "tests/transfer/crossing/test_conflict.py::test_elsewhere_only_a_person_can_tell",
    ),
    Mutant(
        "the rename is asked for without an INTENT",
        "transfer/crossing/publish.py",
        "    tools.ledger.save(transfer, *intended)\n    return intended",
        "    return intended",
        CRASHES,
    ),
    Mutant(
        "back to VERIFIED although a rename may still come",
        "transfer/crossing/publish.py",
        "    if not asked_before:\n        after",
        "    if passes or not asked_before:\n        after",
        f"{MOMENTARY}::test_a_refusal_after_a_lost_answer_does_not_forget_the_rename",
    ),
    Mutant(
        "a temp that was whole and has gone is sent again",
        "transfer/crossing/delivery.py",
        "        if crossing.remote.size(temp_of(delivery)) is None:\n"
        "            raise vanished(delivery, crossing) from error\n",
        "",
        f"{TAKEN}::test_taken_right_after_its_close",
    ),
    Mutant(
        "one that waits for its approval and has gone is sent again",
        "transfer/crossing/delivery.py",
        "    if _is_gone(delivery, crossing):\n        raise vanished(delivery, crossing)\n",
        "",
        f"{TAKEN}::test_taken_while_it_waits_for_its_approval",
    ),
    Mutant(
        "what one lane writes is written where nobody hears a stop",
        "transfer/crossing/lanes.py",
        "        if self._end - self._start <= QUICK:\n",
        "        if self._end - self._start:\n",
        "tests/transfer/crossing/test_lanes.py::test_a_stop_is_heard_while_one_lane_is_slow",
    ),
    Mutant(
        "a rename that is acknowledged is not looked at",
        "transfer/crossing/publish.py",
        "    demand_renamed(temp_of(delivery), delivery.final, crossing)\n",
        "",
        f"{MOMENTARY}::test_a_rename_that_is_acknowledged_and_not_done_is_no_success",
    ),
)
