"""What a Post writes into which field of its ticket."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from adapters.servicenow.line.query import is_sys_id
from adapters.servicenow.line.wording import clean, title
from transfer.errors import Code, Permanent
from transfer.model import Outcome
from transfer.tickets import Post, TicketRole
from transfer.visible import visible

TASK_TABLE = "sc_task"
NEW, WORKING = "1", "2"
"""Of tasks as of incidents."""
TASK_COMPLETE, TASK_INCOMPLETE = "3", "4"


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketForm:
    """How this instance wants its tickets; the choices differ by release (servicenow.md 3).

    `fields` and `task_fields` are those that only this instance demands, of tickets and of tasks.
    """

    table: str = "incident"
    category: str = "inquiry"
    assignment_group: str | None = None
    audit_caller: str | None = None
    user_urgency: str = "2"
    audit_urgency: str = "3"
    impact: str = "3"
    resolved_state: str = "6"
    closed_state: str = "7"
    close_code_delivered: str = "Solution provided"
    close_code_failed: str = "No resolution provided"
    fields: Mapping[str, str] = field(default_factory=dict)
    task_fields: Mapping[str, str] = field(default_factory=dict)


def ticket_id(post: Post) -> str:
    """The sys_id of the ticket, known before it exists: a second insert of it is refused.

    It also is the correlation_id, by which the ticket is found on an instance that gave it another
    sys_id: unlike a request number it is different for each role and generation.
    """
    name = f"fileferry|{post.transfer_id}|{post.generation}|{post.ticket}"
    return hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()


def opening(post: Post, form: TicketForm) -> dict[str, str]:
    """The user ticket is of medium urgency; the audit ticket is low, and mails nobody."""
    key = ticket_id(post)
    values = {
        **form.fields,
        "sys_id": key,
        "short_description": title(post.title),
        "description": clean(post.text),
        "category": form.category,
        "impact": form.impact,
        "correlation_id": key,
        "correlation_display": clean(f"FileFerry {post.number}", 100),
    }
    stand_in = {"caller_id": form.audit_caller} if form.audit_caller else {}
    if post.ticket is TicketRole.AUDIT:
        return {**values, "urgency": form.audit_urgency, "notify": "1", **stand_in}
    caller = {"caller_id": post.requester_id} if is_sys_id(post.requester_id) else stand_in
    return {**values, "urgency": form.user_urgency, **caller}


def explained(error: Permanent, values: Mapping[str, str]) -> Permanent:
    """Why a ticket may have been refused that was opened with these values."""
    if error.code is not Code.SERVICENOW_REFUSED or "caller_id" in values:
        return demanded(error, "fields")
    action = f"If the caller is mandatory, {_NAME_ONE}. {demanded(error, 'fields').action}"
    return Permanent(error.code, error.message, action=action)


def demanded(error: Permanent, setting: str) -> Permanent:
    """The refusal of a data policy, with the setting that fills what it demands."""
    if not is_of_fields(error):
        return error
    action = f"Give the named fields a value in servicenow.tickets.{setting}."
    return Permanent(error.code, error.message, action=action)


def is_of_fields(error: Permanent) -> bool:
    """Values are demanded, whatever the state."""
    return error.code is Code.SERVICENOW_REFUSED and "mandatory" in error.message


_NAME_ONE = "set servicenow.tickets.audit_caller"
NAME_A_CALLER = f"To have another caller, {_NAME_ONE}."


def marked(post: Post) -> str:
    return clean(post.text, end=post.marker)


def note(post: Post) -> dict[str, str]:
    return {"work_notes": marked(post), **_comment(post)}


def missing(post: Post, name: str, content: bytes, why: str) -> dict[str, str]:
    """The word about a file that is not on the ticket as it was sent."""
    digest = hashlib.sha256(content).hexdigest()
    text = f"{name} is not on this ticket as FileFerry sent it. {why} Its SHA-256: {digest}"
    return {"work_notes": clean(visible(text), end=post.marker)}


def ending(post: Post, form: TicketForm) -> dict[str, str]:
    """The fields that close the ticket; writing them twice changes nothing.

    The user ticket of a failed transfer stays open, for the group that has to look into it.
    """
    if post.ticket is TicketRole.TASK:
        delivered = post.outcome is Outcome.DELIVERED
        state = TASK_COMPLETE if delivered else TASK_INCOMPLETE
        return {**form.task_fields, "state": state, "close_notes": marked(post)}
    if stays_open(post):
        return {"assignment_group": form.assignment_group} if form.assignment_group else {}
    audit = post.ticket is TicketRole.AUDIT
    return {
        "state": form.closed_state if audit else form.resolved_state,
        "close_code": _close_code(post, form),
        "close_notes": marked(post),
    }


def stays_open(post: Post) -> bool:
    """The user ticket of what a person has to look into."""
    return post.ticket is TicketRole.USER and post.outcome in (Outcome.FAILED, Outcome.UNKNOWN)


def remarks(post: Post, *, in_notes: bool) -> dict[str, str]:
    """The journal entries of a close, written once; `in_notes`: the result goes there too."""
    notes = {"work_notes": marked(post)} if in_notes else {}
    return {**notes, **_comment(post)}


def _comment(post: Post) -> dict[str, str]:
    """The word to the requester: only the user ticket has one."""
    told = post.comment and post.ticket is TicketRole.USER
    return {"comments": clean(post.comment)} if told else {}


def _close_code(post: Post, form: TicketForm) -> str:
    delivered = post.outcome is Outcome.DELIVERED
    return form.close_code_delivered if delivered else form.close_code_failed
