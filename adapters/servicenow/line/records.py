"""A row as ServiceNow answers it, read field by field; what is not there is never guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from adapters.servicenow.line.query import is_sys_id
from adapters.servicenow.line.wording import storable
from transfer.errors import Code, Permanent

EPOCH = 1970
"""Year: nothing was written to an instance before it."""
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One row of `table` on `host`. Every reader raises Permanent `servicenow.untrusted`."""

    host: str
    table: str
    values: Mapping[str, str]

    def __getitem__(self, field: str) -> str:
        """A key that is missing is an unknown or a hidden field (servicenow.md 1.6, 1.8)."""
        if field not in self.values:
            raise self.untrusted(f"without the field {field} that was asked for")
        return storable(self.values[field])

    def get(self, field: str) -> str | None:
        """The value; None when the field is hidden, empty or unknown."""
        return storable(self.values.get(field, "")) or None

    def flag(self, field: str) -> bool:
        value = self[field]
        if value not in ("true", "false"):
            raise self.untrusted(f"with something other than true or false in {field}")
        return value == "true"

    def time(self, field: str) -> datetime:
        """`YYYY-MM-DD HH:MM:SS` is UTC as long as display values are not asked for."""
        try:
            # Forty times a request: strptime takes twenty times as long.
            naive = datetime.fromisoformat(value if _TIME.fullmatch(value := self[field]) else "")
        except ValueError:
            raise self.untrusted(f"with something other than a time in {field}") from None
        if naive.year < EPOCH:
            raise self.untrusted(f"with a time before {EPOCH} in {field}")
        return naive.replace(tzinfo=UTC)

    def reference(self, field: str) -> str:
        """The sys_id, or "" for an empty reference.

        Reference values are stored unchecked by the Table API; what is no sys_id refers to nothing.
        """
        value = self[field]
        return value if is_sys_id(value) else ""

    def untrusted(self, why: str) -> Permanent:
        name = self.values.get("number") or self.values.get("sys_id") or "a row"
        return Permanent(
            Code.SERVICENOW_UNTRUSTED,
            f"ServiceNow {self.host} answered for table {self.table} with {name[:40]!r} {why}.",
        )
