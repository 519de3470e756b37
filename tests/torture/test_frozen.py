"""Two daemons share a table; one freezes past its lease, the other ends its work, it wakes."""

from __future__ import annotations

import signal

import pytest

from tests import sweeps
from tests.torture.arena import Arena, Verdict, until
from tests.torture.judged import figure, missed, points, told_wrong


def frozen(arena: Arena, point: str) -> Verdict:
    with arena.trial() as trial, arena.daemon(point, does="stop") as first:
        until(
            lambda: first.frozen or arena.is_over(trial),
            f"{point} is not reached, and {trial.name} does not end",
            arena.told,
        )
        reached = first.frozen
        with arena.daemon(watched=False):
            arena.until_over(trial)
            first.send(signal.SIGCONT)
            # It is told to stop, so that its end shows that it has done whatever it had begun.
            first.send(signal.SIGTERM)
            until(lambda: not first.alive, f"woken at {point} it does not end", arena.told)
            arena.until_over(trial)
        verdict = arena.judge(point, trial, crashes=1)
    verdict.reached = reached
    return verdict


@pytest.mark.parametrize("arena", ["dynamodb"], indirect=True)
def test_an_owner_that_slept_past_its_lease_does_no_harm(arena: Arena) -> None:
    every = points(arena)
    chosen = sweeps.share(every, first=7, every=arena.every)
    verdicts = [frozen(arena, point) for point in chosen]
    sweeps.tell(figure("frozen past the lease, SFTP and DynamoDB", verdicts))
    assert not told_wrong(verdicts), told_wrong(verdicts)
    assert missed(verdicts) <= max(1, len(chosen) // 10)
