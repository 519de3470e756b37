"""The frozen values as JSON documents, and back."""

from __future__ import annotations

from typing import Final, TypeVar

from pydantic import TypeAdapter

from transfer.audit.chain import Link
from transfer.history import Event
from transfer.model import Delivery, Session, Transfer
from transfer.recollection import Recollection
from transfer.tickets import Post, Ticket

Value = TypeVar("Value")

TRANSFER: Final = TypeAdapter(Transfer)
DELIVERY: Final = TypeAdapter(Delivery)
SESSION: Final = TypeAdapter(Session)
POST: Final = TypeAdapter(Post)
TICKET: Final = TypeAdapter(Ticket)
LINK: Final = TypeAdapter(Link)
EVENT: Final = TypeAdapter(Event)
RECOLLECTION: Final = TypeAdapter(Recollection)


def dump(adapter: TypeAdapter[Value], value: Value) -> str:
    """The value as JSON text; what the model gains later is read back with its default."""
    return adapter.dump_json(value).decode()
