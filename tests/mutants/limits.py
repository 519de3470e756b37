"""What is broken of a destination's limits."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

BREAKER = "tests/transfer/test_breaker.py"
BREAKERS = "tests/adapters/remotes/test_breakers.py"
RESTS = f"{BREAKER}::test_it_rests_after_so_many_failures_and_for_longer_each_time"

LIMITS = (
    Mutant(
        "two try at once where a partner rests",
        "transfer/breaker.py",
        'taken = now_is.trier not in {"", self.me} and now_is.tried_until > now',
        "taken = False",
        RESTS,
    ),
    Mutant(
        "a rest is not waited for",
        "transfer/breaker.py",
        "if taken or (rests and now_is.until > now):",
        "if taken:",
        RESTS,
    ),
    Mutant(
        "a rest has no end",
        "transfer/breaker.py",
        "if taken or (rests and now_is.until > now):",
        "if taken or rests:",
        f"{BREAKER}::test_any_course_leaves_a_way_back",
    ),
    Mutant(
        "who died over its try is waited for without end",
        "transfer/breaker.py",
        'taken = now_is.trier not in {"", self.me} and now_is.tried_until > now',
        'taken = now_is.trier not in {"", self.me}',
        f"{BREAKER}::test_who_died_over_its_try_holds_nobody_for_longer_than_its_lease",
    ),
    Mutant(
        "a success lets a refused credential be shown again",
        "transfer/breaker.py",
        "            refused=before.refused,\n",
        "",
        f"{BREAKER}::test_a_success_of_another_credential_does_not_forget_what_was_refused",
    ),
    Mutant(
        "a refused credential is shown again after a restart",
        "transfer/breaker.py",
        "        if now_is.refusal(self.mark):\n            return (Leave.REFUSED, now_is), page\n",
        "",
        f"{BREAKERS}::test_a_real_server_sees_one_refused_login_of_all_workers_hosts_and_starts",
    ),
    Mutant(
        "a refusal that the ledger could not be told is forgotten",
        "adapters/remotes/breakers.py",
        "                self._owed.append((name, change))\n",
        "                self._owed.clear()\n",
        f"{BREAKERS}::test_what_the_ledger_could_not_be_told_is_told_before_the_next_try",
    ),
    Mutant(
        "hosts that begin together all show a credential for the first time",
        "transfer/breaker.py",
        "if not rests and not self.first:",
        "if not rests:",
        f"{BREAKERS}::test_of_hosts_that_begin_together_one_finds_out",
    ),
    Mutant(
        "a file that goes on is counted again",
        "transfer/crossing/fleet.py",
        "return [item for item in deliveries if item.state is DeliveryState.PINNED]",
        "return list(deliveries)",
        "tests/transfer/crossing/test_quota.py::test_a_file_that_goes_on_is_not_counted_again",
    ),
    Mutant(
        "each host sends as much as all may together",
        "adapters/running/pacing.py",
        "return None if rate is None else rate * self._share(found)",
        "return rate",
        "tests/adapters/running/test_pacing.py::test_hosts_share_it_and_who_is_alone_has_all",
    ),
)
