"""Desks with an eye on their tickets and trouble on the line, for the suites of TicketDesk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from adapters.memory.servicenow import MemoryDesk
from tests.adapters.servicenow.stage import Stage, staged
from transfer.errors import Code, Transient
from transfer.model import Outcome
from transfer.ports import TicketDesk
from transfer.tickets import Post, PostAction, Ticket, TicketRole


class World(Protocol):
    """A desk, an eye on its tickets, and trouble on the line to it."""

    task_id: str

    @property
    def desk(self) -> TicketDesk: ...

    def tickets(self) -> int: ...

    def written(self, ticket: Ticket) -> Sequence[str]: ...

    def attached(self, ticket: Ticket) -> Sequence[tuple[str, bytes]]: ...

    def lose_next_answer(self) -> None: ...

    def lose_next_call(self) -> None: ...


class Memory:
    def __init__(self) -> None:
        self.desk = MemoryDesk()
        self.task_id = "a" * 32
        self.desk.put_task(self.task_id)

    def tickets(self) -> int:
        return len(self.desk.cards) - 1

    def written(self, ticket: Ticket) -> Sequence[str]:
        card = next(c for c in self.desk.cards.values() if c.ticket.sys_id == ticket.sys_id)
        return [*card.notes, *card.comments]

    def attached(self, ticket: Ticket) -> Sequence[tuple[str, bytes]]:
        card = next(c for c in self.desk.cards.values() if c.ticket.sys_id == ticket.sys_id)
        return card.files

    def lose_next_answer(self) -> None:
        self.desk.fail_next(Transient(Code.SERVICENOW_UNREACHABLE, "Lost."), arrived=True)

    def lose_next_call(self) -> None:
        self.desk.fail_next(Transient(Code.SERVICENOW_UNREACHABLE, "Lost."))


class Simulated:
    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.desk = stage.desk()
        self.task_id = stage.task()

    def tickets(self) -> int:
        return len(self.stage.instance.query("incident"))

    def written(self, ticket: Ticket) -> Sequence[str]:
        query = f"element_id={ticket.sys_id}"
        return [row["value"] for row in self.stage.instance.query("sys_journal_field", query)]

    def attached(self, ticket: Ticket) -> Sequence[tuple[str, bytes]]:
        rows = self.stage.instance.query("sys_attachment", f"table_sys_id={ticket.sys_id}")
        return [(row["file_name"], self.stage.instance.files[row["sys_id"]]) for row in rows]

    def lose_next_answer(self) -> None:
        for method in ("POST", "PATCH"):
            self.stage.server.modes.set(
                "reset_after_commit", method=method, count=1, path="/table/|/attachment/"
            )

    def lose_next_call(self) -> None:
        for method in ("POST", "PATCH"):
            self.stage.server.modes.set(
                "closed", method=method, count=1, path="/table/|/attachment/"
            )


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[World]:
    """`memory` or `servicenow`, the simulator."""
    if kind == "memory":
        yield Memory()
        return
    with staged(folder / "tls") as stage:
        yield Simulated(stage)


def post(world: World, role: TicketRole, action: PostAction, **more: object) -> Post:
    plain = Post(
        key=f"{role}:{action}",
        transfer_id="instance:sc_task:1",
        generation=1,
        ticket=role,
        action=action,
        text="Hello.",
        title="File transfer RITM0010001",
        number="RITM0010001",
        task_id=world.task_id,
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def ready(world: World, role: TicketRole) -> Ticket:
    """The ticket, open."""
    return world.desk.open(post(world, role, PostAction.OPEN), again=False)


def close(world: World, role: TicketRole, outcome: Outcome) -> Post:
    return post(world, role, PostAction.CLOSE, outcome=outcome, comment="It is over.")


def lose(world: World, *, arrived: bool) -> None:
    if arrived:
        world.lose_next_answer()
    else:
        world.lose_next_call()
