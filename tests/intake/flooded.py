"""The daemon before a simulated instance that one person floods while another one orders."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from adapters.memory.remotes import MemoryRemote
from adapters.memory.servicenow import MemoryDesk
from adapters.servicenow.line.budget import Need
from adapters.servicenow.reading.inbox import ServiceNowInbox
from daemon.hints import Hints
from daemon.lookup import Lookup
from daemon.standing import StandingDoor
from sandbox.servicenow import SEEDED, Instance
from sandbox.servicenow.refusal import Refusal
from sandbox.servicenow.seed import STANDING
from tests.adapters.servicenow.reading.standing import TABLE
from tests.adapters.servicenow.stage import INTAKE, Stage
from tests.daemon.door import Clock
from tests.daemon.ferry import until
from tests.intake.town import CONTENT, POLL, Works
from tests.transfer.bench import Bench, HookedRemotes
from tests.transfer.made import DESTINATIONS
from tests.transfer.request.messages import s3_record
from transfer.destination import Destination
from transfer.errors import Code, Transient
from transfer.ports import Inbox, Remote
from transfer.rules import Grant, Rules, Standing
from transfer.tickets import Post, Ticket, TicketRole

FLOODER, OTHER = "anna.berg", "tom.reyes"
CALLS = 1_000
"""Of the hour: what a small instance grants to an integration."""
ROWS = 30
"""servicenow.max_rows: judged in one poll."""
POLLS = 3
DEAD = "vault"
ANYBODY = Rules(
    catalog_items=frozenset({SEEDED.catalog_item}),
    variables=("source", "destination", "path"),
    grants=(
        Grant(
            requesters=frozenset("*"),
            sources=("s3://exports/",),
            destinations=frozenset(DESTINATIONS),
        ),
    ),
    standing=Standing(
        table=STANDING, prefix="u_prefix", destination="u_destination", until="u_until", path=""
    ),
)


class Mirrored(MemoryDesk):
    """Tickets cost no calls here; what happens to a task happens at the instance."""

    def __init__(self, instance: Instance) -> None:
        super().__init__()
        self._instance = instance

    def open(self, post: Post, *, again: bool) -> Ticket:
        return self._shown(post, super().open, again)

    def note(self, post: Post, *, again: bool) -> Ticket:
        return self._shown(post, super().note, again)

    def close(self, post: Post, *, again: bool) -> Ticket:
        return self._shown(post, super().close, again)

    def _shown(self, post: Post, write: Callable[..., Ticket], again: bool) -> Ticket:
        if post.ticket is not TicketRole.TASK:
            return write(post, again=again)
        if post.task_id not in self.cards:
            self.put_task(post.task_id)
        ticket = write(post, again=again)
        with suppress(Refusal):
            self._instance.update("sc_task", post.task_id, {"state": ticket.state})
        return ticket


class HalfDead(HookedRemotes):
    """One of the partners does not answer."""

    def connect(self, destination: Destination, *, beside: Remote | None = None) -> MemoryRemote:
        if destination.name == DEAD:
            raise Transient(Code.REMOTE_UNREACHABLE, f"{destination.name} cannot be reached.")
        return super().connect(destination, beside=beside)


class Flooded(Works):
    """`order`, `hint` and `event` are anybody's; `delivers` must hold for the innocent."""

    def __init__(self, stage: Stage) -> None:
        self.instance = stage.instance
        self.client = stage.client(timeout=60)
        self.client.budget.per_hour = CALLS
        intake = replace(INTAKE, max_rows=ROWS, standing=TABLE)
        self.inbox = ServiceNowInbox(self.client, intake)
        super().__init__(self.inbox, Mirrored(stage.instance), Clock(99_990.0), ANYBODY)
        self._over = threading.Event()
        self._hinted: Hints | None = None

    def _built_bench(self) -> Bench:
        plain = Bench().remotes
        return Bench(remotes=HalfDead(protocols=plain.protocols, powers=plain.powers))

    def _built_lookup(self, inbox: Inbox) -> Lookup:
        self.lookup = Lookup(inbox, self.intake, self.client.host, self._events, now=self.clock)
        self._standing = StandingDoor(
            inbox=inbox,
            ledger=self.ledger,
            carrier=self,
            rules=ANYBODY,
            destinations=DESTINATIONS,
            clock=lambda: datetime.now(UTC),
            now=self.clock,
        )
        return self.lookup

    def _events(self, hint: Any) -> None:
        self._standing(hint)

    def order(self, name: str, by: str = FLOODER, **variables: str) -> Ordered:
        """An approved order of one small file."""
        ordered = self.draft(name, by, **variables)
        for row in self.instance.query("sysapproval_approver", f"sysapproval={ordered.item}"):
            self.instance.approve(row["sys_id"])
        [task] = self.instance.query("sc_task", f"request_item={ordered.item}")
        return replace(ordered, task=task["sys_id"])

    def draft(self, name: str, by: str = FLOODER, **variables: str) -> Ordered:
        """The same, not approved."""
        source = f"s3://exports/payroll/{name}.csv"
        self.bench.objects.put(source, CONTENT)
        plain = {"source": source, "destination": "partner", "path": f"{name}.csv"}
        item = self.instance.order({**plain, **variables}, by)
        return Ordered(item["sys_id"], item["number"])

    def fill(self, ordered: Ordered, characters: int) -> None:
        links = self.instance.query("sc_item_option_mtom", f"request_item={ordered.item}")
        for link in links:
            value = {"value": "x" * characters}
            self.instance.update("sc_item_option", link["sc_item_option"], value)

    def event(self, key: str) -> None:
        self.queue.send(json.dumps({"Records": [s3_record(key)]}), "")

    def hint(self, **named: object) -> None:
        self.queue.send(json.dumps({"version": 1, **named}), "")

    def listens(self) -> None:
        """The hints' own thread, until it is through or has used up its calls."""
        self._hinted = Hints(self.queue, self.lookup, self._over, self._alarm)
        self._hinted.start()
        until(lambda: self._idle() or not self.client.budget.room(Need.HINTS), 60.0)

    def _idle(self) -> bool:
        return not self.queue._visible and not (self._hinted and self._hinted._in_hand)

    def delivers(self, name: str) -> bool:
        """Whether the file of that name is there after three polls."""
        self.runs((POLLS - 1) * POLL + 1)
        return self.appeared().get(f"/inbox/{name}") == 1

    def closes(self) -> None:
        self._over.set()
        if self._hinted:
            self._hinted.end()
        self.carrier._halting.set()
        self.carrier.close()


@dataclass(frozen=True)
class Ordered:
    item: str
    number: str
    task: str = ""
