"""One destination: reached, greeted, and with `write` tried out as a file would."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from functools import partial

from daemon.doctor.findings import Finding, Mark, Tell, ok
from daemon.doctor.greeting import LOGIN, greet
from daemon.doctor.profile import Shown, plan
from daemon.doctor.trial import Trial
from transfer.destination import Destination
from transfer.ports import Remotes


def look_over(destination: Destination, remotes: Remotes, tell: Tell) -> Shown | None:
    """What the server has shown; None where it could not be tried. Never raises a FerryError."""
    remote = greet(destination, remotes, tell)
    if remote is None:
        return None
    with closing(remote):
        trial = Trial(destination, remote, partial(remotes.connect, destination), tell)
        trial.run()
    if trial.shown.resumes is None:
        return None
    tell(ok("settings", _sentence(plan(destination, trial.shown))))
    return trial.shown


def knock(destination: Destination, remotes: Remotes, tell: Tell) -> None:
    """A login and nothing else; of what is well that is told alone."""

    def hear(finding: Finding) -> None:
        if finding.name == LOGIN or finding.mark is not Mark.OK:
            tell(finding)

    if (remote := greet(destination, remotes, hear)) is not None:
        remote.close()


def _sentence(told: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {words}" for name, words in told.items()) + "."
