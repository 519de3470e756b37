"""What is broken of two doors over one fence."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

CLAIMS = "tests/ports/test_claims.py"
LIVING = f"{CLAIMS}::test_a_living_owner_is_evicted_and_what_it_had_saved_stays"
SIGN = f"{CLAIMS}::test_a_sign_of_life_keeps_everybody_off"
SHARDS = "tests/cloud/test_shards.py"
ADVANCE = "tests/transfer/test_advance.py"

DOORS = (
    Mutant(
        "an eviction does not raise the epoch: DynamoDB",
        "adapters/ledger/dynamo/keeper.py",
        '"SET #epoch = #epoch + :one, #claims = :zero, #beat = :zero, #token = :token, "',
        '"SET #claims = :zero, #beat = :zero, #token = :token, "',
        f"{LIVING}[dynamodb]",
    ),
    Mutant(
        "an eviction leaves the execution in the head",
        "transfer/routing.py",
        "return in_process(transfer).evolve(epoch=",
        "return transfer.evolve(epoch=",
        f"{CLAIMS}::test_what_nobody_holds_is_brought_home_as_well[dynamodb]",
    ),
    Mutant(
        "an execution's name is taken for the beginning of another's",
        "transfer/routing.py",
        'return f"{execution}/"',
        "return execution",
        f"{CLAIMS}::test_the_name_of_an_execution_takes_nothing_from_others",
    ),
    Mutant(
        "a claim that was seen is taken although its owner has renewed it: SQLite",
        "adapters/ledger/sqlite/ledger.py",
        "return seen is None or seen != _beat(row, owner, until)",
        "return seen is None",
        f"{SIGN}[sqlite]",
    ),
    Mutant(
        "a claim that was seen is taken although its owner has renewed it: DynamoDB",
        "adapters/ledger/dynamo/ledger.py",
        "if standing != seen and silent",
        "if not seen and silent",
        f"{SIGN}[dynamodb]",
    ),
    Mutant(
        "a step runs although its stage is reached",
        "transfer/journey.py",
        "    if not due(step, transfer):\n        return transfer\n",
        "",
        f"{ADVANCE}::test_no_step_sets_a_stage_back",
    ),
    Mutant(
        "progress is not written when a file stumbles",
        "transfer/crossing/progress.py",
        "if self._delivery.moved > self._written:",
        "if not self._every and self._delivery.moved > self._written:",
        "tests/transfer/crossing/test_progress.py::test_a_stop_loses_nothing",
    ),
    Mutant(
        "who was overtaken removes the whole temp that its heir is about to rename",
        "transfer/crossing/resume.py",
        "row.older if row.state is DeliveryState.VERIFIED else ()",
        "()",
        "tests/model/test_schedules.py::test_who_was_overtaken_clears_up_at_any_moment_of_its_heir",
    ),
    Mutant(
        "an heir of the head leaves the shards open",
        "transfer/crossing/shards.py",
        "    return tools.shards.close(transfer)",
        "    return transfer",
        f"{SHARDS}::test_a_call_for_a_shard_that_was_taken_back_does_nothing",
    ),
    Mutant(
        "shards publish before all files are there",
        "transfer/crossing/shards.py",
        "last = not options.all_or_nothing or not missing",
        "last = True",
        f"{SHARDS}::test_many_files_are_shared_out_and_all_arrive",
    ),
    Mutant(
        "a shard's old call still writes: DynamoDB",
        "adapters/ledger/dynamo/shards.py",
        'update=update, condition="#epoch = :epoch"',
        'update=update, condition="#epoch >= :epoch"',
        "tests/ports/test_shards.py::"
        "test_the_next_call_for_a_shard_fences_the_one_before_and_no_other[dynamodb]",
    ),
)
