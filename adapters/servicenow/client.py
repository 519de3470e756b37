"""The Table API: rows read and written, every answer judged before anybody sees it.

Values only, never display values; references come as plain sys_ids.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import structlog

from adapters.servicenow.answers import Answer, Call, result, throttle_wait
from adapters.servicenow.auth import Basic, BasicLogin, ClientCredentials, Login, TokenLogin
from adapters.servicenow.query import Query, is_sys_id
from adapters.servicenow.records import Record
from adapters.servicenow.wire import Wire
from transfer.errors import Code, Permanent, Transient

log = structlog.get_logger(__name__)

_TABLE = re.compile(r"[a-z][a-z0-9_]{0,79}")
_JSON = {"Accept": "application/json", "Content-Type": "application/json"}
_PLAIN = {"sysparm_display_value": "false", "sysparm_exclude_reference_link": "true"}


class Client:
    """One instance, one account; shared by all threads.

    `timeout` is in seconds for one answer, `verify` the path of a CA file, or True for the
    system's. Every method raises FerryError `servicenow.*`.
    """

    def __init__(
        self,
        base_url: str,
        credentials: Basic | ClientCredentials,
        *,
        timeout: float = 30.0,
        verify: str | bool = True,
    ) -> None:
        self._wire = Wire(base_url, timeout=timeout, verify=verify)
        self._login: Login = (
            BasicLogin(credentials)
            if isinstance(credentials, Basic)
            else TokenLogin(credentials, self._wire)
        )
        self._gate = _Gate()

    @property
    def url(self) -> str:
        return self._wire.url

    @property
    def host(self) -> str:
        """The instance's name, e.g. `example.service-now.com`."""
        return self._wire.host

    def rows(
        self, table: str, query: Query, fields: Iterable[str], *, limit: int
    ) -> tuple[Record, ...]:
        """The first `limit` rows. ServiceNow drops conditions that it does not understand, so the
        caller checks every row again.
        """
        asked = {
            "sysparm_query": str(query),
            "sysparm_limit": str(limit),
            "sysparm_no_count": "true",
            "sysparm_suppress_pagination_header": "true",
        }
        call = self._named("GET", table)
        found = result(call, self._send(call, "", params={**asked, **_only(fields)}))
        if not isinstance(found, list) or len(found) > limit:
            raise _odd(call, f"with other than a list of at most {limit} rows")
        return tuple(self._record(call, row) for row in found)

    def row(
        self, table: str, sys_id: str, fields: Iterable[str], *, display: bool = False
    ) -> Record | None:
        """One row, None when there is none or the account may not see it.

        `display` asks for display values: the only way to read a journal from its record.
        """
        call = self._named("GET", table)
        shown = {"sysparm_display_value": "true"} if display else {}
        try:
            answer = self._send(call, _below(sys_id), params={**_only(fields), **shown})
            found = self._record(call, result(call, answer))
        except Permanent as error:
            if error.code is Code.SERVICENOW_NOT_FOUND:
                return None
            raise
        if found["sys_id"] != sys_id:
            raise found.untrusted(f"where {sys_id} was asked for")
        return found

    def create(self, table: str, values: Mapping[str, str], fields: Iterable[str]) -> Record:
        """The record as it stands after the insert; the caller compares it with `values`."""
        call = self._named("POST", table, expected=HTTPStatus.CREATED)
        return self._record(call, result(call, self._send(call, "", _only(fields), values)))

    def update(
        self, table: str, sys_id: str, values: Mapping[str, str], fields: Iterable[str]
    ) -> Record:
        """The record as it stands after the update.

        Fields that an ACL protects are ignored with a 200: the caller compares.
        """
        call = self._named("PATCH", table)
        path = _below(sys_id)
        found = self._record(call, result(call, self._send(call, path, _only(fields), values)))
        if found["sys_id"] != sys_id:
            raise found.untrusted(f"where {sys_id} was written")
        return found

    def _named(self, method: str, table: str, expected: int = HTTPStatus.OK) -> Call:
        if _TABLE.fullmatch(table) is None:
            raise ValueError(f"{table!r} is no table name")
        return Call(host=self.host, method=method, table=table, expected=expected)

    def _send(
        self,
        call: Call,
        path: str,
        params: Mapping[str, str],
        values: Mapping[str, str] | None = None,
    ) -> Answer:
        self._gate.pass_through(call)
        address = f"/api/now/table/{call.table}{path}?{urlencode({**_PLAIN, **params})}"
        body = None if values is None else json.dumps(dict(values)).encode()
        header = self._login.header()
        answer = self._once(call, address, header, body)
        if answer.status == HTTPStatus.UNAUTHORIZED and self._login.refused(header):
            self._wire.forget_cookies()
            answer = self._once(call, address, self._login.header(), body)
        self._gate.learn(answer)
        return answer

    def _once(self, call: Call, address: str, header: str, body: bytes | None) -> Answer:
        headers = {**_JSON, "Authorization": header}
        answer = self._wire.send(call, address, headers=headers, body=body)
        log.debug(
            "servicenow answered",
            call=call.name,
            status=answer.status,
            transaction=answer.transaction,
        )
        return answer

    def _record(self, call: Call, row: Any) -> Record:
        if not isinstance(row, dict):
            raise _odd(call, "with other than a record")
        values = {key: _plain(value) for key, value in row.items()}
        if odd := [key for key, value in values.items() if value is None]:
            raise _odd(call, f"with other than text in the field {odd[0][:80]}")
        return Record(
            host=call.host,
            table=call.table,
            values={key: value for key, value in values.items() if value is not None},
        )


class _Gate:
    """After a 429 that names a time, nobody calls before that time: the limit is the account's."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._opens_at = 0.0

    def pass_through(self, call: Call) -> None:
        with self._lock:
            wait = self._opens_at - time.monotonic()
        if wait > 0:
            raise Transient(
                Code.SERVICENOW_THROTTLED,
                f"ServiceNow {call.host} asked for silence; {call.name} was not sent.",
                retry_after=wait,
            )

    def learn(self, answer: Answer) -> None:
        throttled = answer.status == HTTPStatus.TOO_MANY_REQUESTS
        wait = throttle_wait(answer) if throttled else None
        if wait is not None:
            with self._lock:
                self._opens_at = max(self._opens_at, time.monotonic() + wait)


def _below(sys_id: str) -> str:
    if not is_sys_id(sys_id):
        raise ValueError(f"{sys_id[:40]!r} is no sys_id")
    return f"/{sys_id}"


def _only(fields: Iterable[str]) -> dict[str, str]:
    return {"sysparm_fields": ",".join(fields)}


def _plain(value: Any) -> str | None:
    """A reference may come as `{link, value}` all the same; its value is what was asked for."""
    if isinstance(value, dict):
        value = value.get("value")
    return value if isinstance(value, str) else None


def _odd(call: Call, how: str) -> Permanent:
    return Permanent(
        Code.SERVICENOW_UNTRUSTED, f"ServiceNow {call.host} answered {call.name} {how}."
    )
