"""The frozen values as JSON documents, and back."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from transfer.audit.chain import Link
from transfer.history import Event
from transfer.model import Delivery, Session, Transfer
from transfer.recollection import Recollection
from transfer.tickets import Post, Ticket

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Value = TypeVar("Value")


class Form(Generic[Value]):
    """How values of a kind are written. Found out at the first one: each takes milliseconds, and
    whoever only looks something up meets three of them.
    """

    def __init__(self, kind: type[Value]) -> None:
        self._kind = kind

    @cached_property
    def _adapter(self) -> TypeAdapter[Value]:
        from pydantic import TypeAdapter  # noqa: PLC0415

        return TypeAdapter(self._kind)

    def validate_json(self, text: str | bytes) -> Value:
        """Raises ValueError, as the next does."""
        return self._adapter.validate_json(text)

    def validate_python(self, fields: Any) -> Value:
        return self._adapter.validate_python(fields)

    def dump_json(self, value: Value, **how: Any) -> bytes:
        return self._adapter.serializer.to_json(value, **how)


TRANSFER: Final = Form(Transfer)
DELIVERY: Final = Form(Delivery)
SESSION: Final = Form(Session)
POST: Final = Form(Post)
TICKET: Final = Form(Ticket)
LINK: Final = Form(Link)
EVENT: Final = Form(Event)
RECOLLECTION: Final = Form(Recollection)


def dump(form: Form[Value], value: Value) -> str:
    """The value as JSON text; what the model gains later is read back with its default."""
    return form.dump_json(value).decode()
