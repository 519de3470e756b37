"""The points of a sweep, found by a quiet run, and the words about what the oracle found."""

from __future__ import annotations

from collections.abc import Sequence

from tests.torture.arena import Arena, Verdict


def points(arena: Arena) -> list[str]:
    """Both sides of every call of a quiet run; found, not typed in."""
    with arena.trial() as trial:
        with arena.daemon():
            arena.until_over(trial)
        quiet = arena.judge("a quiet run", trial, crashes=0)
    assert not told_wrong([quiet]), told_wrong([quiet])
    names = arena.passed.read_text().split()
    assert len(names) >= 50
    return [f"{name}:{side}" for name in names for side in ("before", "after")]


def told_wrong(verdicts: Sequence[Verdict]) -> str:
    return "\n".join(
        f"{one.point}: lost {one.lost}, doubled {one.doubled}, {one.wrong}"
        for one in verdicts
        if one.lost or one.doubled or one.wrong
    )


def missed(verdicts: Sequence[Verdict]) -> int:
    """Points that a run never came to: how many calls there are of a verb is a matter of time."""
    return sum(not one.reached for one in verdicts)


def figure(what: str, verdicts: Sequence[Verdict]) -> str:
    """The line that stands at the end of the run."""
    reached = [one for one in verdicts if one.reached]
    lost, doubled = sum(one.lost for one in verdicts), sum(one.doubled for one in verdicts)
    extra = [one.extra_notes for one in verdicts]
    return (
        f"{what}: {len(reached)} of {len(verdicts)} points reached, {lost} lost, "
        f"{doubled} doubled, {sum(extra)} extra notes, at most {max(extra, default=0)} a point"
    )
