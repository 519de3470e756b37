"""What FileFerry's application on an instance is called, and which rows of it are whose."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from adapters.servicenow.line.records import Record
from transfer.errors import Code, Permanent


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """`scope` begins the names of its tables; `known_as` is this FileFerry in their rows."""

    scope: str
    known_as: str

    @property
    def heartbeat(self) -> str:
        return f"{self.scope}_heartbeat"

    @property
    def destination(self) -> str:
        return f"{self.scope}_destination"

    def row_id(self, table: str, name: str) -> str:
        """The sys_id of a row, known before it exists: a second insert of it is refused."""
        text = f"fileferry|{table}|{name}"
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def absent(error: Permanent, scope: str) -> Permanent:
    """The refusal, in words of its own where the table is not known: there is no application."""
    if "Invalid table" not in error.message:
        return error
    return Permanent(
        Code.APPLICATION_MISSING,
        f"The application {scope} is not there, or not whole: {error.message}",
    )


def insist_on(row: Record, values: Mapping[str, str]) -> None:
    """Raises Permanent `servicenow.denied` for what was sent and is not there now: fields that
    an ACL protects are ignored with a 200.
    """
    other = [name for name, value in values.items() if (row.get(name) or "") != value]
    if other:
        raise Permanent(
            Code.SERVICENOW_DENIED,
            f"ServiceNow {row.host} did not keep {', '.join(other)} of {row.table}.",
        )
