"""Every misbehaviour that the simulator can play, and what FileFerry makes of each: what the poll
says, what the tickets say, and that afterwards everything is there once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.memory.ledger import MemoryArchive, MemoryLedger, MemoryOutbox, MemoryStore
from adapters.running.alarm import LedgerAlarm
from adapters.running.sender import Sender
from adapters.servicenow.desk.forms import TicketForm
from daemon.intake import Intake
from sandbox.servicenow import SEEDED
from sandbox.servicenow.behaviours import BEHAVIOURS
from sandbox.servicenow.instance import Properties
from tests.adapters.servicenow.stage import Stage, staged
from tests.daemon.door import Clock
from tests.transfer.made import NOON
from transfer.errors import Code, FerryError
from transfer.model import Outcome, Transfer
from transfer.model import Stage as Reached
from transfer.rules import Rules
from transfer.telling import reports

RULES = Rules(
    catalog_items=frozenset({SEEDED.catalog_item}),
    variables=("source", "destination", "path"),
    grants=(),
)
UNSEEN = "nothing is seen, and nothing is wrong"
FINE = "as always"
API = "/api/now/"


OPEN_TASKS = {"table": "sc_task", "query": "active=true"}


@dataclass(frozen=True)
class Play:
    """`poll` and `tickets`: the code that is said, or UNSEEN, or FINE."""

    mode: str
    poll: str
    tickets: str
    options: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return " ".join([self.mode, *map(str, self.options.values())])


def everywhere(mode: str, code: Code, **options: Any) -> Play:
    return Play(mode, code, code, options)


PLAYS = (
    everywhere("hibernating", Code.SERVICENOW_HIBERNATING),
    everywhere("sso_page", Code.SERVICENOW_LOGIN_PAGE),
    everywhere("sso_redirect", Code.SERVICENOW_LOGIN_PAGE),
    everywhere("unauthorized", Code.SERVICENOW_AUTH),
    everywhere("forbidden", Code.SERVICENOW_DENIED),
    everywhere("table_denied", Code.SERVICENOW_DENIED),
    everywhere("business_rule", Code.SERVICENOW_REFUSED),
    everywhere("throttled", Code.SERVICENOW_THROTTLED),
    everywhere("overloaded", Code.SERVICENOW_BUSY),
    everywhere("unavailable", Code.SERVICENOW_UNREACHABLE),
    everywhere("server_error", Code.SERVICENOW_UNREACHABLE),
    everywhere("dropped", Code.SERVICENOW_DROPPED),
    everywhere("truncated", Code.SERVICENOW_CUT_OFF),
    everywhere("result_and_error", Code.SERVICENOW_CUT_OFF),
    everywhere("empty", Code.SERVICENOW_EMPTY),
    everywhere("empty", Code.SERVICENOW_EMPTY, commit=True),
    everywhere("slow", Code.SERVICENOW_UNREACHABLE, seconds=3, count=2),
    everywhere("late", Code.SERVICENOW_UNREACHABLE, seconds=3, count=2),
    everywhere("closed", Code.SERVICENOW_UNREACHABLE),
    everywhere("reset_after_commit", Code.SERVICENOW_UNREACHABLE),
    Play("expire_tokens", FINE, FINE, {"count": 1}),
    everywhere("hidden_field", Code.SERVICENOW_UNTRUSTED, table="sc_task", field="state"),
    Play("hidden_field", FINE, Code.SERVICENOW_UNTRUSTED, {"table": "incident", "field": "state"}),
    Play("hidden_field", Code.APPROVAL_UNREADABLE, FINE,
         {"table": "sc_req_item", "field": "approval", "shown": "empty"}),
    Play("read_only_field", FINE, FINE, {"table": "incident", "field": "urgency"}),
    Play("read_only_field", FINE, Code.SERVICENOW_REFUSED, {"table": "incident", "field": "state"}),
    Play("row_acl", UNSEEN, Code.SERVICENOW_NOT_FOUND, OPEN_TASKS),
    Play("read_lag", UNSEEN, Code.SERVICENOW_NOT_FOUND, {"seconds": 3600}),
    Play("own_sys_ids", FINE, FINE),
    Play("attachment", FINE, FINE, {"fate": "pending"}),
    Play("attachment", FINE, Code.SERVICENOW_UNTRUSTED, {"fate": "altered"}),
    Play("attachment", FINE, FINE, {"fate": "not_available"}),
    Play("attachment", FINE, FINE, {"fate": "unhashed"}),
)  # fmt: skip


class Visit:
    """A poll and a sender over a simulated instance with one approved task in it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.task = stage.task()
        self.clock = Clock()
        self.store = MemoryStore()
        self.said: list[str] = []
        outbox = MemoryOutbox(self.store, self.clock)
        archive = MemoryArchive(self.store)
        self.ledger = MemoryLedger(self.store)
        self.intake = Intake(
            inbox=stage.inbox(),
            ledger=self.ledger,
            archive=archive,
            outbox=outbox,
            rules=RULES,
            carrier=self,
            clock=lambda: NOON,
        )
        self.sender = Sender(
            outbox=outbox,
            archive=archive,
            desk=stage.desk(),
            stop=Event(),
            alarm=LedgerAlarm(lambda _: None),
            lease=60.0,
            now=self.clock,
        )

    def carry(self, heads: object) -> None:
        """Nothing is carried here."""

    def plays(self, play: Play) -> None:
        if play.mode in ("slow", "late"):
            self.sender._desk = self.stage.desk(timeout=1.0)
        options = {"path": API, **play.options}
        self.stage.server.modes.set(play.mode, **options)

    def polls(self) -> str:
        """What the poll says of it, or what the task is told."""
        try:
            tasks = self.intake.round()
        except FerryError as error:
            return error.code
        waits = [item.post.text for item in self.store.posts.values()]
        told = [code for code in Code if any(f"({code})" in text for text in waits)]
        return told[0] if told else (FINE if tasks else UNSEEN)

    def ended(self) -> None:
        """As if it had been delivered: all words of a request are to be sent."""
        [row] = self.store.rows.values()
        claimed = self.ledger.claim(row.transfer.id)
        assert claimed
        done = claimed.evolve(stage=Reached.CLOSED, outcome=Outcome.DELIVERED)
        self.ledger.save(done, *reports.ending(done, (), NOON))

    def sends(self, seconds: int) -> str:
        with capture_logs() as logs:
            for _ in range(seconds):
                self.sender.round()
                self.clock.now += 1.0
        said = [line["code"] for line in logs if line["event"] == "trouble"]
        return said[0] if said else FINE

    def transfers(self) -> list[Transfer]:
        return [row.transfer for row in self.store.rows.values()]

    def all_is_there_once(self) -> None:
        assert [item.post.key for item in self.store.posts.values() if not item.sent] == []
        tickets = self.stage.instance.query("incident")
        assert sorted(row["urgency"] for row in tickets) in (["2", "3"], ["3", "3"])
        assert {row["state"] for row in tickets} <= {"6", "7"}
        assert self.stage.instance.get("sc_task", self.task)["state"] == "3"
        for row in [*tickets, {"sys_id": self.task}]:
            query = f"element_id={row['sys_id']}"
            words = [
                each["value"] for each in self.stage.instance.query("sys_journal_field", query)
            ]
            assert len(words) == len(set(words))


@pytest.fixture
def visit(tmp_path: Path) -> Iterator[Visit]:
    with staged(tmp_path / "tls") as stage:
        yield Visit(stage)


@pytest.mark.parametrize("play", PLAYS, ids=str)
def test_the_poll_says_what_is_wrong_and_takes_the_request_afterwards(
    visit: Visit, play: Play
) -> None:
    visit.plays(play)
    if play.mode not in ("slow", "late"):
        assert visit.polls() == play.poll
    visit.stage.server.modes.clear()
    if play.poll in (FINE, Code.APPROVAL_UNREADABLE):
        visit.intake.round()
    else:
        assert visit.transfers() == []
        # After a refused login, or a 429, the client keeps quiet for a while.
        visit.intake._inbox = visit.stage.inbox()
        assert visit.polls() == FINE
    assert len(visit.transfers()) == 1


@pytest.mark.parametrize("play", PLAYS, ids=str)
def test_the_tickets_say_what_is_wrong_and_are_written_once_afterwards(
    visit: Visit, play: Play
) -> None:
    visit.intake.round()
    visit.ended()
    visit.plays(play)
    assert visit.sends(120) == play.tickets
    visit.stage.server.modes.clear()
    visit.sender._desk = visit.stage.desk()
    visit.sends(1500)
    visit.all_is_there_once()


def test_no_mode_is_without_an_expected_outcome() -> None:
    assert {play.mode for play in PLAYS} == set(BEHAVIOURS)


KINDS_OF_INSTANCE: tuple[dict[str, Any], ...] = (
    {"invalid_query_returns_no_rows": True},
    {"leave_tasks_open": True},
    {"audited": False},
    {"callers": True},
    {"mandatory": {"incident": ["contact_type"], "sc_task": ["assigned_to"]}},
    {"closing_needs_admin": True},
    {"basic_auth": False},
    {"old_401_text": True},
    {"token_lifetime": 0.5},
)


@pytest.mark.parametrize("kind", KINDS_OF_INSTANCE, ids=str)
def test_every_kind_of_instance_is_served_alike(visit: Visit, kind: dict[str, Any]) -> None:
    for name, value in kind.items():
        setattr(visit.stage.instance.properties, name, value)
    otto = SEEDED.users["otto.lind"].sys_id
    form = TicketForm(
        audit_caller=otto,
        fields={"contact_type": "self-service"},
        task_fields={"assigned_to": otto},
    )
    visit.sender._desk = visit.stage.desk(form)
    assert visit.polls() == FINE
    visit.ended()
    assert visit.sends(60) == FINE
    visit.all_is_there_once()


def test_no_property_is_without_its_kind_of_instance() -> None:
    told = {name for kind in KINDS_OF_INSTANCE for name in kind}
    # A business rule of one's own is code, and tried where it matters: by the desk.
    assert told == {each.name for each in fields(Properties)} - {"own"}
