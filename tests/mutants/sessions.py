"""What is broken of the sessions that read."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

SCOPED = "tests/adapters/aws/test_scoped.py"
TEMPLATE = "tests/cloud/test_template.py"
VISIT = "tests/cloud/test_visit.py"

SESSIONS = (
    Mutant(
        "the function that reads last proves nothing",
        "cloud/visit.py",
        "ended = transfer.evolve(session=tools.sessions.close(session))",
        "ended = transfer",
        f"{VISIT}::test_the_function_that_read_last_proves_that_its_credentials_have_ended",
    ),
    Mutant(
        "what was opened is not saved with the progress",
        "transfer/steps.py",
        "session = counted(transfer, self._tools).session",
        "session = transfer.session",
        "tests/transfer/test_sessions.py"
        "::test_what_a_dead_process_had_opened_is_counted_with_its_last_progress",
    ),
    Mutant(
        "nobody can tell that who read has died over it",
        "transfer/steps.py",
        "    if _is_counted(transfer):\n        counting.save(transfer)\n",
        "",
        "tests/transfer/test_sessions.py"
        "::test_whoever_dies_the_ticket_names_no_fewer_than_were_opened",
    ),
    Mutant(
        "the sessions of shards are left out",
        "transfer/books.py",
        "opened=sum(each.opened for each in every),",
        "opened=head.session.opened,",
        "tests/cloud/test_shards.py::test_the_sessions_of_shards_are_counted_with_the_heads",
    ),
    Mutant(
        "the end is waited for from when the session was asked for",
        "adapters/aws/scoped.py",
        "if (left := lent.gone - self._role.tick() + SETTLED) > 0:",
        "if (left := lent.until - self._role.tick() + SETTLED) > 0:",
        f"{SCOPED}::test_an_end_that_a_slow_answer_put_off_is_waited_for",
    ),
    Mutant(
        "what is over is read by the process",
        "adapters/aws/sessions.py",
        "if transfer.session is None or transfer.failure or transfer.outcome:",
        "if transfer.session is None:",
        "tests/ports/test_sessions.py::test_nothing_is_read_for_a_request_that_is_over",
    ),
    Mutant(
        "functions keep their own rights on the objects beside sessions",
        "cloud/policies.py",
        "    elif function.step in READERS:\n",
        "    if function.step in READERS:\n",
        f"{TEMPLATE}::test_with_sessions_no_function_reads_by_itself_and_some_take_the_role",
    ),
)
