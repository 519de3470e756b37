"""The mutants: what is broken, where, and which test must say so."""

from __future__ import annotations

from tests.mutants.approvals import APPROVALS
from tests.mutants.doors import DOORS
from tests.mutants.limits import LIMITS
from tests.mutants.mutant import Mutant
from tests.mutants.sessions import SESSIONS

BINDING = "tests/transfer/request/test_binding.py"
CRASHES = "tests/transfer/crossing/test_crashes.py"
JOURNEY = "tests/transfer/test_journey.py"
CHAIN = "tests/ports/test_chain.py"
ITEMS = "tests/ports/test_items.py"
POWER = "tests/adapters/ledger/sqlite/test_power.py"
SYNCING = "tests/adapters/ledger/sqlite/test_syncing.py"
LEDGER = "tests/ports/test_ledger.py"
RECOVERY = "tests/model/test_recovery.py"
LATE = "tests/transfer/crossing/test_resume.py::test_an_owner_that_wakes_too_late_harms_nothing"

MUTANTS = (
    Mutant(
        "the fence is dropped from a save: SQLite",
        "adapters/ledger/sqlite/ledger.py",
        'if row is None or row["epoch"] != transfer.epoch:',
        "if row is None:",
        f"{LEDGER}::test_the_fence_refuses_every_write_of_an_old_epoch[sqlite]",
    ),
    Mutant(
        "the fence is dropped from every write: DynamoDB",
        "adapters/ledger/dynamo/ledger.py",
        'MINE = "#epoch = :epoch"',
        'MINE = "#epoch >= :epoch"',
        f"{LEDGER}::test_the_fence_refuses_every_write_of_an_old_epoch[dynamodb]",
    ),
    Mutant(
        "the fence is dropped from a save: the steps see it",
        "adapters/memory/ledger.py",
        """        if row is None or row.transfer.epoch != transfer.epoch:
            raise ClaimLost(transfer.id)
        return row
""",
        """        if row is None:
            raise ClaimLost(transfer.id)
        return row
""",
        LATE,
    ),
    Mutant(
        "a claim is taken from an owner that lives: SQLite",
        "adapters/ledger/sqlite/ledger.py",
        "if owner is None or until <= self._now() or (",
        "if owner is None or until <= self._now() or True or (",
        f"{LEDGER}::test_a_live_claim_keeps_everybody_off[sqlite]",
    ),
    Mutant(
        "a claim does not raise the epoch",
        "adapters/ledger/sqlite/ledger.py",
        "standing.evolve(epoch=standing.epoch + 1, claims",
        "standing.evolve(epoch=max(standing.epoch, 1), claims",
        f"{LEDGER}::test_a_silent_owner_loses_its_claim_after_the_lease[sqlite]",
    ),
    Mutant(
        "an INTENT does not wait for the disk",
        "adapters/ledger/sqlite/ledger.py",
        "BEFORE = (DeliveryState.WAITING, DeliveryState.PINNED)",
        "BEFORE = (DeliveryState.WAITING, DeliveryState.PINNED, DeliveryState.INTENT)",
        f"{POWER}::test_a_power_failure_anywhere_loses_nothing_and_doubles_nothing",
    ),
    Mutant(
        "a temp does not wait for the disk",
        "adapters/ledger/sqlite/ledger.py",
        "BEFORE = (DeliveryState.WAITING, DeliveryState.PINNED)",
        "BEFORE = (DeliveryState.WAITING, DeliveryState.PINNED, DeliveryState.UPLOADING)",
        f"{POWER}::test_a_power_failure_anywhere_loses_nothing_and_doubles_nothing",
    ),
    Mutant(
        "a part of a batch that the instance left out is taken for written",
        "adapters/servicenow/line/convoy.py",
        "if not (seat.alone or seat.answer or seat.error):",
        "if False:",
        "tests/adapters/servicenow/line/test_convoy.py::test_each_part_is_judged_by_itself",
    ),
    Mutant(
        "a link may follow any other",
        "transfer/audit/chain.py",
        "return (link.number, link.previous) == (last.number + 1, last.hash)",
        "return True",
        f"{CHAIN}::test_what_does_not_follow_is_refused_with_all_that_goes_with_it[sqlite]",
    ),
    Mutant(
        "a number of the chain is written twice: DynamoDB",
        "adapters/ledger/dynamo/chain.py",
        'NEW = "attribute_not_exists(#pk)"',
        'NEW = "attribute_not_exists(#nothing)"',
        f"{CHAIN}::test_hosts_that_report_at_once_make_one_chain[dynamodb]",
    ),
    Mutant(
        "a chain is followed by its numbers alone",
        "transfer/audit/proof.py",
        "(link.name, link.previous) != (last.name, last.hash)",
        "link.name != last.name",
        "tests/transfer/audit/test_proof.py::test_the_first_break_is_named",
    ),
    Mutant(
        "what was forgotten leaves no mark",
        "adapters/ledger/sqlite/keeper.py",
        "                    rows.mark(transfer_id, datetime.now(UTC))\n",
        "",
        f"{CHAIN}::test_links_outlive_their_transfers_and_their_endings_do_not[sqlite]",
    ),
    Mutant(
        "a mark hides what is young",
        "transfer/audit/chain.py",
        "old = at - datetime.fromisoformat(link.at) >= KEPT",
        "old = at >= datetime.fromisoformat(link.at)",
        "tests/transfer/audit/test_proof.py::test_a_mark_excuses_what_was_old_enough",
    ),
    Mutant(
        "a post is written in a transaction of its own",
        "adapters/ledger/sqlite/ledger.py",
        """            rows.write(transfer.id, changes)
            if transfer.at_rest:
                self._known.drop(transfer.id)

    def deliveries""",
        """            rows.write(transfer.id, [c for c in changes if not isinstance(c, Post)])
        with writing(self._database) as rows:
            rows.write(transfer.id, [c for c in changes if isinstance(c, Post)])

    def deliveries""",
        "tests/torture/test_one_transaction.py",
    ),
    Mutant(
        "a hand-out of the outbox is not counted as a try",
        "adapters/ledger/sqlite/outbox.py",
        "tries=tries + 1)",
        "tries=tries)",
        "tests/ports/test_outbox.py::"
        "test_what_a_silent_sender_held_comes_back_as_a_second_try[sqlite]",
    ),
    Mutant(
        "a post is settled before it is sent",
        "adapters/running/sender.py",
        "            ticket = self._write(post, again=tries > 0)\n",
        "            ticket = Ticket(\n"
        '                role=post.ticket, sys_id="0" * 32, number="", url="", state=""\n'
        "            )\n"
        "            self._outbox.settle((post, ticket))\n"
        "            ticket = self._write(post, again=tries > 0)\n",
        "tests/adapters/running/test_sender.py::test_a_post_that_failed_is_sent_again_later_and_written_once",
    ),
    Mutant(
        "of what arrived together one is settled",
        "adapters/running/sender.py",
        "        self._outbox.settle(*arrived)\n",
        "        self._outbox.settle(*arrived[:1])\n",
        "tests/adapters/running/test_settling.py::"
        "test_what_arrived_of_a_batch_is_settled_at_once_without_what_did_not[1]",
    ),
    Mutant(
        "a post is settled without a look whether another sender was quicker",
        "adapters/ledger/sqlite/rows.py",
        "        return new if changed.rowcount else None\n",
        "        return new\n",
        "tests/ports/test_outbox.py::"
        "test_of_those_settled_together_one_may_be_settled_already[sqlite]",
    ),
    Mutant(
        "a second try of a post does not look whether it has arrived",
        "adapters/running/sender.py",
        "ticket = self._write(post, again=tries > 0)",
        "ticket = self._write(post, again=False)",
        "tests/adapters/running/test_sender.py::test_a_post_that_failed_is_sent_again_later_and_written_once",
    ),
    Mutant(
        "the list of candidates is not persisted before the first rename",
        "transfer/crossing/publish.py",
        "delivery = crossing.save(delivery, temp=temp, candidates=(*older, temp))",
        "delivery = delivery.evolve(temp=temp, candidates=(*older, temp))",
        f"{CRASHES}::test_a_crash_in_every_recovery_too",
    ),
    Mutant(
        "candidates are tried in descending order",
        "transfer/crossing/publish.py",
        "any(crossing.move(name, temp) for name in older)",
        "any(crossing.move(name, temp) for name in reversed(older))",
        f"{RECOVERY}::test_candidates_are_tried_in_ascending_order",
    ),
    Mutant(
        "its own temp is asked for before the older candidates",
        "transfer/crossing/publish.py",
        "    renamed = any(crossing.move",
        "    if crossing.remote.size(temp) is None:\n"
        "        if any(crossing.move(name, temp) for name in older):\n"
        "            return delivery\n"
        "        return _found(delivery, crossing)\n"
        "    renamed = any(crossing.move",
        f"{RECOVERY}::test_a_rename_whose_answer_was_lost_may_come_to_pass_late",
    ),
    Mutant(
        "the approval is not read again before the publish",
        "transfer/crossing/publish.py",
        "        rechecked = asked(crossing)\n",
        "        rechecked = tools.clock()\n",
        f"{JOURNEY}::test_an_approval_withdrawn_during_the_upload_stops_the_publish",
    ),
    Mutant(
        "the fence is not asked before the rename",
        "transfer/crossing/publish.py",
        "        return _kept_back(error, delivery, crossing)\n    crossing.tools.fence()\n",
        "        return _kept_back(error, delivery, crossing)\n",
        "tests/transfer/crossing/test_conflict.py::test_a_claim_that_was_not_renewed_publishes_nothing",
    ),
    Mutant(
        "the size on the server is not compared",
        "transfer/crossing/verify.py",
        "    if stored != delivery.size:",
        "    if stored is None:",
        f"{RECOVERY}::test_a_short_file_on_the_server_is_never_published",
    ),
    Mutant(
        "an heir renames a temp before its own name is durable",
        "transfer/crossing/resume.py",
        "delivery = crossing.save(delivery, temp=temp, older=with_older(delivery), candidates=())",
        "delivery = delivery.evolve(temp=temp, older=with_older(delivery), candidates=())",
        f"{RECOVERY}::test_an_heir_that_dies_after_its_rename_leaves_what_its_own_heir_finds",
    ),
    Mutant(
        "what was left is taken on trust",
        "transfer/crossing/resume.py",
        'return b"".join(pieces) == wanted',
        "return bool(pieces) or bool(wanted)",
        "tests/transfer/crossing/test_resume.py tests/transfer/crossing/test_engine.py",
    ),
    Mutant(
        "the final name is not locked",
        "transfer/crossing/carrying.py",
        "        _hold_names(transfer, destination, deliveries, tools)\n    return",
        "        pass\n    return",
        "tests/transfer/crossing/test_conflict.py::test_requests_for_one_name_go_one_after_the_other",
    ),
    Mutant(
        "a lock does not look who holds the name",
        "adapters/ledger/sqlite/ledger.py",
        'if row and row["transfer_id"] != transfer.id:',
        "if row is None:",
        "tests/ports/test_locks.py",
    ),
    Mutant(
        "what was written after the approval is pinned",
        "transfer/request/binding.py",
        "if pin.modified is None or pin.modified > approved_at:",
        "if pin.modified is None:",
        f"{BINDING}::test_an_object_replaced_after_the_approval_is_refused",
    ),
    Mutant(
        "a manifest is not compared with the approval",
        "transfer/request/planning.py",
        "pin = insist(objects.describe(source), source, request, rules)",
        "pin = objects.describe(source)",
        f"{BINDING}::test_a_manifest_replaced_after_the_approval_sends_nothing",
    ),
    Mutant(
        "an heir takes what it pins for approved",
        "transfer/steps.py",
        "insist(pin, delivery.source, transfer.request, tools.rules)",
        "pin if transfer.claims > 1 "
        "else insist(pin, delivery.source, transfer.request, tools.rules)",
        f"{BINDING}::test_an_heir_pins_nothing_that_was_replaced_meanwhile",
    ),
    Mutant(
        "a retry pins anew without being told to",
        "transfer/decisions.py",
        "pin = None if pin_anew else delivery.pin",
        "pin = None",
        f"{BINDING}::test_a_retry_sends_what_the_first_run_pinned",
    ),
    Mutant(
        "a digest that is demanded is not compared",
        "transfer/crossing/verify.py",
        "if demanded and sent.sha256 != demanded:",
        "if demanded and not sent.sha256:",
        f"{BINDING}::test_another_digest_is_refused_with_nothing_published_and_no_temp",
    ),
    Mutant(
        "keys are listed once for each pattern",
        "transfer/request/listing.py",
        "if bucket != last[0] or not prefix.startswith(last[1]):",
        "if bucket:",
        "tests/transfer/request/test_listing.py",
    ),
    Mutant(
        "a task is admitted without a look at its item: SQLite",
        "adapters/ledger/sqlite/ledger.py",
        "_holder(rows, transfer) if items.takes(transfer) else None",
        "None",
        f"{ITEMS}::test_a_second_task_of_an_item_gets_the_first_and_leaves_no_row[sqlite]",
    ),
    Mutant(
        "an item is taken although another took it meanwhile: DynamoDB",
        "adapters/ledger/dynamo/takers.py",
        'SEEN = "attribute_not_exists(#pk) OR #token = :token"',
        'SEEN = "attribute_not_exists(#pk) OR attribute_exists(#token)"',
        "tests/adapters/ledger/dynamo/test_items.py::"
        "test_another_host_admits_the_other_task_that_very_moment",
    ),
    Mutant(
        "an item is let go of by what was sent in part",
        "transfer/approval/items.py",
        "return any(item.started_at or item.state not in UNTOUCHED for item in files(transfer.id))",
        "return False",
        f"{ITEMS}::test_what_was_sent_in_part_or_may_be_yet_holds_its_item",
    ),
    Mutant(
        "a further task of an item is not refused",
        "daemon/intake.py",
        "        if standing.id != received.id:\n",
        "        if standing is None:\n",
        "tests/daemon/test_intake_items.py::"
        "test_a_second_task_of_an_item_is_refused_once_and_names_the_first",
    ),
    Mutant(
        "a retry does not wait for a task of the same item in quarantine",
        "transfer/approval/items.py",
        "(other.at_rest and transfer.generation == 1)",
        "other.at_rest",
        f"{ITEMS}::test_a_retry_waits_for_another_task_in_quarantine_and_a_release_does_not",
    ),
    Mutant(
        "a wounded SQLite handle is used on",
        "adapters/ledger/sqlite/database.py",
        "        if is_harmed(error, self.path):\n            self._harm = told\n",
        "",
        "tests/adapters/ledger/sqlite/test_disk.py",
    ),
    Mutant(
        "a commit that must last waits for no sync",
        "adapters/ledger/sqlite/syncing.py",
        "while self._synced < mine:",
        "while self._synced < 0:",
        f"{SYNCING}::test_alone_each_commit_that_must_last_is_one_sync",
    ),
    Mutant(
        "a sync is taken for one of what was committed while it ran",
        "adapters/ledger/sqlite/syncing.py",
        "            self._synced = covered\n",
        "            self._synced = self._committed\n",
        f"{SYNCING}::test_those_that_commit_while_one_waits_for_the_disk_share_the_next_wait",
    ),
    Mutant(
        "a sync is tried again after one that failed",
        "adapters/ledger/sqlite/syncing.py",
        "        if self._failed or self._wal is None:\n",
        "        if self._wal is None:\n",
        f"{SYNCING}::test_all_that_wait_are_told_of_a_sync_that_fails_and_none_is_tried_again",
    ),
    Mutant(
        "a file that was read is taken for unchanged",
        "adapters/ledger/sqlite/rows.py",
        "yield (each[1], each[-1]), partial(",
        'yield (each[1], ""), partial(',
        "tests/adapters/ledger/sqlite/test_ledger.py::"
        "test_a_file_that_has_not_changed_is_not_read_again",
    ),
    *APPROVALS,
    *DOORS,
    *LIMITS,
    *SESSIONS,
)
