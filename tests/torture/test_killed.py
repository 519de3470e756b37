"""The daemon is killed at every point where it could matter, started again, and judged."""

from __future__ import annotations

from collections.abc import Sequence

from tests import sweeps
from tests.torture.arena import Arena, Trial, Verdict, until
from tests.torture.judged import figure, missed, points, told_wrong

CHAINS = 60


def killed(arena: Arena, chain: Sequence[str]) -> Verdict:
    """An order whose owners die one after the other, each at its point; a plain one ends it."""
    with arena.trial() as trial:
        reached = sum(_dies_at(arena, point, trial) for point in chain)
        arena.finish(trial)
        verdict = arena.judge(" then ".join(chain), trial, crashes=reached)
    verdict.reached = reached > 0
    return verdict


def _dies_at(arena: Arena, point: str, trial: Trial) -> bool:
    with arena.daemon(point) as daemon:
        until(
            lambda: not daemon.alive or arena.is_over(trial),
            f"{point} is not reached, and {trial.name} does not end",
            arena.told,
        )
    return bool(arena.reached.read_text())


def test_killed_at_any_point_it_delivers_once(arena: Arena) -> None:
    every = points(arena)
    chosen = sweeps.share(every, first=4, every=arena.every)
    verdicts = [killed(arena, [point]) for point in chosen]
    sweeps.tell(figure(f"killed, SFTP and {arena.kind}", verdicts))
    assert not told_wrong(verdicts), told_wrong(verdicts)
    assert missed(verdicts) <= max(1, len(chosen) // 10)


def test_killed_in_every_recovery_too(arena: Arena) -> None:
    """Three owners in a row die, at points that are far apart and at points that are not."""
    names = points(arena)
    chains = [
        [names[(number * 7 + owner * (number % 11 + 1)) % len(names)] for owner in range(3)]
        for number in range(CHAINS)
    ]
    verdicts = [killed(arena, chain) for chain in sweeps.share(chains, first=2, every=30)]
    sweeps.tell(figure(f"killed three times in a row, SFTP and {arena.kind}", verdicts))
    assert not told_wrong(verdicts), told_wrong(verdicts)
