"""What is written to ServiceNow: the tickets, and the posts that go to them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from transfer.model import Outcome


class TicketRole(StrEnum):
    """The records of ServiceNow that FileFerry writes to."""

    USER = "user"
    AUDIT = "audit"
    TASK = "task"


class PostAction(StrEnum):
    """What a Post does to its ticket. START shows on the task that work has begun."""

    OPEN = "open"
    START = "start"
    NOTE = "note"
    ATTACH = "attach"
    CLOSE = "close"


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One write to a ticket, durable before it is sent.

    `key` is unique for ever: adding the same key again does nothing. Posts of one ticket are sent
    in the order in which they were added. `title` is for OPEN, `comment` is the word to the
    requester (mailed by ServiceNow), `outcome` is for CLOSE. The `text` of an ATTACH is what
    transfer/telling/document.py needs for the document, which is built when it is sent.
    `requester_id` and `task_id` are sys_ids, empty where there is none. `droppable`: nobody misses
    it when later words say more, or when the instance takes few calls.
    """

    key: str
    transfer_id: str
    generation: int
    ticket: TicketRole
    action: PostAction
    text: str
    title: str = ""
    comment: str = ""
    outcome: Outcome | None = None
    number: str = ""
    requester_id: str = ""
    task_id: str = ""
    droppable: bool = False

    @property
    def lane(self) -> str:
        """The posts of one lane are sent one after the other."""
        return f"{self.transfer_id}#{self.generation}:{self.ticket}"

    @property
    def marker(self) -> str:
        """Stands in the note's text, so that a retry after an unknown outcome can look for it."""
        return f"[ff:{hashlib.sha256(self.key.encode()).hexdigest()[:12]}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A ServiceNow record that a post has reached."""

    role: TicketRole
    sys_id: str
    number: str
    url: str
    state: str
