"""A ServiceNow in a dictionary: evidence that was put there, tickets that can be looked at."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from transfer.errors import Code, FerryError, Permanent
from transfer.evidence import Evidence
from transfer.model import Outcome
from transfer.request.hints import NUMBER, TASK
from transfer.tickets import Post, PostAction, Ticket, TicketRole

_NEW, _WORKING, _TASK_DONE, _TASK_UNDONE, _RESOLVED, _CLOSED = "1", "2", "3", "4", "6", "7"


class MemoryInbox:
    """Serves what was put in; `failure` is raised by every call as long as it is set."""

    def __init__(self, *evidence: Evidence) -> None:
        self._tasks: dict[str, Evidence] = {}
        self._records: dict[str, Evidence] = {}
        self.failure: FerryError | None = None
        for each in evidence:
            self.put(each)

    def put(self, evidence: Evidence) -> None:
        """Add the task, or replace what was said of it."""
        self._tasks[evidence.task_id] = evidence

    def remove(self, task_id: str) -> None:
        del self._tasks[task_id]

    def put_standing(self, evidence: Evidence) -> None:
        """Add the standing approval, or replace what was said of it."""
        self._records[evidence.item_id] = evidence

    def standing(self, record_id: str = "") -> Sequence[Evidence]:
        self._fail()
        if record_id:
            return [self._records[record_id]] if record_id in self._records else []
        return [each for each in self._records.values() if each.item_active]

    def fetch(self, *, more: bool = False) -> Sequence[Evidence]:
        del more  # all of them come at once
        self._fail()
        return [
            each for each in self._tasks.values() if each.task_active and each.task_state == _NEW
        ]

    def read(self, task_id: str) -> Evidence | None:
        self._fail()
        return self._tasks.get(task_id)

    def find(self, number: str) -> tuple[str, ...]:
        if TASK.fullmatch(number):
            return (number,)
        if not NUMBER.fullmatch(number):
            return ()
        self._fail()
        return tuple(
            each.task_id
            for each in self._tasks.values()
            if number in (each.task_number, each.item_number, each.request_number)
        )

    def ended(self, task_ids: Sequence[str]) -> frozenset[str]:
        self._fail()
        known = [self._tasks[task_id] for task_id in task_ids if task_id in self._tasks]
        active = {each.task_id for each in known if each.task_active and each.item_active}
        return frozenset(task_ids) - active

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure


@dataclass
class Card:
    """One ticket with all that was written on it."""

    ticket: Ticket
    title: str = ""
    description: str = ""
    notes: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    close_notes: str = ""
    files: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def closed(self) -> bool:
        done = (_TASK_DONE, _TASK_UNDONE, _CLOSED)
        return self.ticket.state in (
            done if self.ticket.role is TicketRole.TASK else (*done, _RESOLVED)
        )

    def mentions(self, marker: str) -> bool:
        return any(marker in text for text in (self.close_notes, *self.notes))


class MemoryDesk:
    """Tickets by sys_id. A write can be told to fail, before or after it has arrived; `failure` is
    raised by every write as long as it is set.
    """

    def __init__(self) -> None:
        self.failure: FerryError | None = None
        self.cards: dict[str, Card] = {}
        self._trouble: deque[tuple[FerryError, bool]] = deque()
        self._lock = threading.RLock()

    def put_task(self, task_id: str, number: str = "SCTASK0000001") -> None:
        """The catalog task: somebody else has made it."""
        self.cards[task_id] = Card(_ticket(TicketRole.TASK, task_id, number))

    def fail_next(self, error: FerryError, *, arrived: bool = False) -> None:
        """The next call raises `error`; with `arrived` only its answer is lost."""
        self._trouble.append((error, arrived))

    def card(self, post: Post) -> Card:
        """The ticket of the post. Raises Permanent `servicenow.not_found`."""
        card = self.cards.get(_key(post))
        if card is None:
            raise Permanent(Code.SERVICENOW_NOT_FOUND, f"There is no {post.ticket} ticket.")
        return card

    def open(self, post: Post, *, again: bool) -> Ticket:
        del again  # the key of the dictionary is the lock that the deterministic sys_id is
        with self._lock:
            lost = self._stumble()
            if post.ticket is not TicketRole.TASK:
                number = f"INC{len(self.cards) + 1:07}"
                fresh = Card(_ticket(post.ticket, _key(post), number), post.title, post.text)
                self.cards.setdefault(_key(post), fresh)
            return self._answer(post, lost)

    def note(self, post: Post, *, again: bool) -> Ticket:
        with self._lock:
            lost = self._stumble()
            card = self.card(post)
            if not (again and card.mentions(post.marker)):
                _write(card, post)
                if post.action is PostAction.START and not card.closed:
                    _move(card, _WORKING if post.ticket is TicketRole.TASK else card.ticket.state)
            return self._answer(post, lost)

    def attach(self, post: Post, name: str, content: bytes, *, again: bool) -> Ticket:
        with self._lock:
            lost = self._stumble()
            card = self.card(post)
            if not (again and (name, content) in card.files):
                card.files.append((name, content))
            return self._answer(post, lost)

    def close(self, post: Post, *, again: bool) -> Ticket:
        with self._lock:
            lost = self._stumble()
            card = self.card(post)
            was_closed = card.closed
            written = (again or was_closed) and card.mentions(post.marker)
            state = _end(post)
            if not was_closed and state:
                _move(card, state)
                card.close_notes = _marked(post)
            if not written:
                in_notes = was_closed or not state or post.ticket is TicketRole.TASK
                _write(card, post, in_notes=in_notes)
            return self._answer(post, lost)

    def read(self, post: Post) -> Ticket | None:
        with self._lock:
            card = self.cards.get(_key(post))
            return card.ticket if card else None

    def _stumble(self) -> FerryError | None:
        """The error that is to be raised once the write has arrived; others are raised here."""
        if self.failure is not None:
            raise self.failure
        if not self._trouble:
            return None
        error, arrived = self._trouble.popleft()
        if not arrived:
            raise error
        return error

    def _answer(self, post: Post, lost: FerryError | None) -> Ticket:
        if lost is not None:
            raise lost
        return self.card(post).ticket


def _key(post: Post) -> str:
    if post.ticket is TicketRole.TASK:
        return post.task_id
    return f"{post.transfer_id}#{post.generation}:{post.ticket}"


def _ticket(role: TicketRole, sys_id: str, number: str) -> Ticket:
    url = f"memory://{role}/{sys_id}"
    return Ticket(role=role, sys_id=sys_id, number=number, url=url, state=_NEW)


def _marked(post: Post) -> str:
    return f"{post.text}\n{post.marker}"


def _write(card: Card, post: Post, *, in_notes: bool = True) -> None:
    if in_notes:
        card.notes.append(_marked(post))
    if post.comment and post.ticket is TicketRole.USER:
        card.comments.append(post.comment)


def _move(card: Card, state: str) -> None:
    card.ticket = replace(card.ticket, state=state)


def _end(post: Post) -> str:
    """The state that closes the ticket, "" for one that stays open."""
    if post.ticket is TicketRole.TASK:
        return _TASK_DONE if post.outcome is Outcome.DELIVERED else _TASK_UNDONE
    if post.ticket is TicketRole.AUDIT:
        return _CLOSED
    return "" if post.outcome in (Outcome.FAILED, Outcome.UNKNOWN) else _RESOLVED
