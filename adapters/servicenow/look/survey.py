"""`fileferry servicenow check`: could FileFerry work with this instance? Question by question.

Questions that only look come first; then two tickets are made, written, closed and read back, as a
transfer would.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from adapters.servicenow.application.tables import Application
from adapters.servicenow.desk.forms import TicketForm
from adapters.servicenow.line.answers import OF_THE_RIGHTS
from adapters.servicenow.line.client import Client
from adapters.servicenow.line.query import Query
from adapters.servicenow.look import choices
from adapters.servicenow.look.application import ApplicationLook
from adapters.servicenow.look.findings import Finding, Verdict, degraded, ok, refused
from adapters.servicenow.look.sight import NOBODY, Sight, looks_at_orders, looks_at_tickets
from adapters.servicenow.look.trial import Made, Trial
from adapters.servicenow.reading.inbox import Intake
from transfer.errors import FerryError

Progress = Callable[[str], None]
"""Told the name of each question before it is asked."""
Question = tuple[str, Callable[[], Iterable[Finding]]]
_SKEW = 5.0
"""Seconds that two clocks may differ without a word."""
_SKEW_MATTERS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`good`: the daemon could work there. `calls` were made, of which `rule` says the limit."""

    instance: str
    findings: tuple[Finding, ...]
    tickets: tuple[Made, ...]
    calls: int
    rule: str

    @property
    def good(self) -> bool:
        return all(each.verdict in (Verdict.OK, Verdict.DEGRADED) for each in self.findings)


@dataclass
class Survey:
    """One instance, asked as the settings say."""

    client: Client
    intake: Intake
    form: TicketForm
    application: Application | None = None
    run: str = field(default_factory=lambda: uuid.uuid4().hex)
    _over: bool = False
    """The instance has stopped answering, or does not let us in."""

    def report(self, tell: Progress, *, cleanup: bool = False, read_only: bool = False) -> Report:
        """Ask everything; `cleanup` removes the tickets again, `read_only` makes none and writes
        nothing. Never raises a FerryError.
        """
        findings = list(self.look(tell) if read_only else self._asked(tell, self._questions()))
        if self.trial.made and cleanup:
            tell("clean up")
            findings += self._answers("clean up", self.trial.remove)
        return Report(
            instance=self.client.url,
            findings=tuple(findings),
            tickets=tuple(self.trial.made),
            calls=self.client.budget.made,
            rule=self.client.budget.rule,
        )

    def look(self, tell: Progress) -> Iterator[Finding]:
        """What can be seen without writing anything. Never raises a FerryError."""
        sight = Sight(self.client, self.intake, self.form.table)
        tickets = ("read tickets", lambda: looks_at_tickets(sight))
        return self._asked(tell, (*self._looks(sight), tickets, ("count calls", self._calls)))

    @cached_property
    def trial(self) -> Trial:
        return Trial(self.client, self.form, self.run)

    def _questions(self) -> Sequence[Question]:
        sight = Sight(self.client, self.intake, self.form.table)
        return (*self._looks(sight), *self.trial.questions(), ("count calls", self._calls))

    def _looks(self, sight: Sight) -> Sequence[Question]:
        return (
            ("log in", self._login),
            ("compare clocks", self._clocks),
            ("read orders", lambda: looks_at_orders(sight, thorough=True)),
            ("compare choices", lambda: choices.look(self.client, self.form)),
            ("look at the application", self._application),
        )

    def _asked(self, tell: Progress, questions: Iterable[Question]) -> Iterator[Finding]:
        """Until the instance does not answer any more."""
        for name, question in questions:
            tell(name)
            yield from self._answers(name, question)
            if self._over:
                return

    def _answers(self, name: str, question: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
        try:
            yield from question()
        except FerryError as error:
            self._over = error.code not in OF_THE_RIGHTS
            yield refused(name, error)

    def _application(self) -> Iterator[Finding]:
        groups = {"group": self.intake.group, "approver_group": self.intake.approver_group}
        return ApplicationLook(self.client, self.application, groups).findings()

    def _login(self) -> Iterator[Finding]:
        self.client.rows("sc_task", Query().sys_id("sys_id", NOBODY), ("sys_id",), limit=1)
        yield ok("log in", f"{self.client.host} let FileFerry in.")

    def _clocks(self) -> Iterator[Finding]:
        name, skew = "clocks", self.client.skew
        if skew is None:
            yield degraded(name, "The instance does not tell its time.", "Nothing.")
            return
        which = "ahead of" if skew > 0 else "behind"
        text = f"Ours is {abs(skew):.0f} s {which} the instance's."
        if abs(skew) <= _SKEW:
            yield ok(name, text)
        elif abs(skew) <= _SKEW_MATTERS:
            yield degraded(name, f"{text} Times on tickets are off by that.", "Use NTP.")
        else:
            consequence = "Tokens by JWT are refused, and times on tickets are wrong."
            yield degraded(name, f"{text} {consequence}", "Synchronise the bastion's clock.")

    def _calls(self) -> Iterator[Finding]:
        name, budget = "rate limit", self.client.budget
        if budget.rule:
            limited = budget.per_hour is not None
            text = f"The instance allows {budget.rule}."
            yield (
                ok(name, text)
                if limited
                else degraded(
                    name,
                    f"{text} FileFerry may meet it.",
                    "Set servicenow.calls_per_hour below it.",
                )
            )
            return
        own = f"; {budget.left} of our own limit are left" if budget.per_hour else ""
        yield ok(name, f"No limit was met in {budget.made} calls{own}.")
