"""The row in which the service desk sees how this FileFerry fares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version

from adapters.servicenow.application.tables import Application, absent, insist_on
from adapters.servicenow.line.budget import Need
from adapters.servicenow.line.client import Client
from adapters.servicenow.line.query import Query
from adapters.servicenow.line.records import Record
from adapters.servicenow.line.wording import clean
from transfer.errors import Code, Permanent

FIELDS = (
    *("sys_id", "instance", "version", "health", "sentence", "code"),
    *("seen", "since", "running", "waiting"),
)
SENTENCE = 1000
"""Characters that the sentence holds."""
_MOST = 500
"""Rows among which our own is looked for."""


class HeartbeatRow:
    """One row for each FileFerry, by the name that it is known as. For one thread at a time."""

    def __init__(
        self, client: Client, application: Application, now: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._application = application
        self._now = now
        name = application.known_as
        self._sys_id = application.row_id(application.heartbeat, name)

    def write(self, vitals: Mapping[str, str], pressing: bool) -> None:
        """Raises FerryError `servicenow.*`, `application.missing`: nothing waits for it.

        Unless it is `pressing` it gives way to all other calls (`servicenow.throttled`).
        """
        self._client.insist(Need.DUTY if pressing else Need.HINTS)
        values = {
            **vitals,
            "sentence": clean(vitals["sentence"], SENTENCE),
            "instance": self._application.known_as,
            "version": version("fileferry"),
            "seen": f"{self._now().astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        }
        try:
            row = self._updated(values) or self._created(values)
        except Permanent as error:
            raise absent(error, self._application.scope) from error
        self._sys_id = row["sys_id"]
        insist_on(row, values)

    def _updated(self, values: Mapping[str, str]) -> Record | None:
        """None when there is no such row, or the account may not see it."""
        try:
            return self._client.update(self._application.heartbeat, self._sys_id, values, FIELDS)
        except Permanent as error:
            if error.code is Code.SERVICENOW_NOT_FOUND:
                return None
            raise

    def _created(self, values: Mapping[str, str]) -> Record:
        table = self._application.heartbeat
        try:
            return self._client.create(table, {"sys_id": self._sys_id, **values}, FIELDS)
        except Permanent:
            # Our row may have another sys_id: of an instance that keeps none that is given to it.
            rows = self._client.rows(table, Query().filled("instance"), FIELDS, limit=_MOST)
            ours = [row for row in rows if row.get("instance") == self._application.known_as]
            if not ours:
                raise
        return self._client.update(table, ours[0]["sys_id"], values, FIELDS)
