"""The Table API: rows read and written, every answer judged before anybody sees it.

Values only, never display values; references come as plain sys_ids.
"""

from __future__ import annotations

import contextlib
import json
import re
import ssl
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from http import HTTPStatus
from typing import Any
from urllib.parse import quote_plus, urlencode

from adapters.servicenow.line.answers import Call, result
from adapters.servicenow.line.auth import PAUSE
from adapters.servicenow.line.budget import Budget, Need
from adapters.servicenow.line.common import Common
from adapters.servicenow.line.convoy import Convoy
from adapters.servicenow.line.credentials import Credentials
from adapters.servicenow.line.exchange import Exchange
from adapters.servicenow.line.query import Query, is_sys_id
from adapters.servicenow.line.records import Record
from adapters.servicenow.line.wire import Wire
from transfer.books import Limits
from transfer.errors import Code, FerryError, Permanent

ATTACHMENT = "sys_attachment"
_FILE = ("sys_id", "file_name", "table_name", "table_sys_id", "hash", "state")
_TABLE = re.compile(r"[a-z][a-z0-9_]{0,79}")
# Nearly all of an address stands in the one before it: names, lists of fields, states.
_encoded = partial(urlencode, quote_via=lru_cache(maxsize=256)(quote_plus))
_PLAIN = {"sysparm_display_value": "false", "sysparm_exclude_reference_link": "true"}


@dataclass(frozen=True, slots=True)
class Asked:
    """The first `limit` rows of a query; `whole`: all of them, or no answer."""

    table: str
    query: Query
    fields: tuple[str, ...]
    limit: int
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, and how many the query selects in all, whether we may see them or not; None: unsaid."""

    rows: tuple[Record, ...]
    total: int | None


class Client:
    """One instance, one account; shared by all threads.

    `timeout` is in seconds for one answer, `pause` for silence after a refused login; `verify` is
    the path of a CA file, or True for the system's; `context` shows a client certificate. With
    `limits` the calls of an hour are those of all doors. `batches`: what is asked together goes in
    one request where the instance takes it. Every method raises FerryError
    `servicenow.*`, and `ledger.*` with `limits`.
    """

    def __init__(  # noqa: PLR0913 what the settings say of the instance
        self,
        base_url: str,
        credentials: Credentials,
        *,
        timeout: float = 30.0,
        verify: str | bool = True,
        context: ssl.SSLContext | None = None,
        calls_per_hour: int | None = None,
        limits: Limits | None = None,
        batches: bool = False,
        pause: float = PAUSE,
    ) -> None:
        self._batches = batches
        common = Common(limits, calls_per_hour) if limits and calls_per_hour else None
        self.budget = Budget(calls_per_hour, common=common)
        self._wire = Wire(
            base_url,
            timeout=timeout,
            verify=verify,
            context=context,
            repeated=self.budget.repeated,
        )
        self._exchange = Exchange(self._wire, credentials, self.budget, pause)

    @property
    def url(self) -> str:
        return self._wire.url

    @property
    def host(self) -> str:
        """The instance's name, e.g. `example.service-now.com`."""
        return self._wire.host

    @property
    def convoy(self) -> Convoy:
        """By which calls of several threads go in one request."""
        return self._exchange.convoy

    @property
    def skew(self) -> float | None:
        """Seconds that our clock was ahead at the latest answer; None: not known yet."""
        return self._exchange.skew

    def short(self) -> bool:
        """Few calls are left: what nobody misses is better not sent."""
        return not self.budget.room(Need.WORDS)

    def insist(self, need: Need) -> None:
        """Raises Transient `servicenow.throttled` when there is no room for calls of that kind."""
        self.budget.insist(Call(host=self.host, method="GET", table=need.name.lower()), need)

    def rows(
        self, table: str, query: Query, fields: Iterable[str], *, limit: int
    ) -> tuple[Record, ...]:
        """The first `limit` rows. ServiceNow drops conditions that it does not understand, so the
        caller checks every row again.
        """
        asked = Asked(table, query, tuple(fields), limit)
        call, address = self._to_list(asked)
        return self._listed(call, self._exchange.ask(call, address)[0], limit)

    def together(self, asked: Sequence[Asked]) -> dict[Asked, tuple[Record, ...]]:
        """What each of `rows` would answer, in one request. What is not there is to be asked
        alone: the instance takes no batches, or answered this part with less than its rows.
        """
        found = dict[Asked, tuple[Record, ...]]()
        calls = [self._to_list(each) for each in asked] if self._batches else []
        for each, (call, _), answer in zip(asked, calls, self._exchange.reads(calls), strict=False):
            if answer is None:
                continue
            with contextlib.suppress(FerryError):
                rows = self._listed(call, result(call, answer), each.limit)
                if not each.whole or _total(answer.headers) == len(rows):
                    found[each] = rows
        return found

    def page(
        self, table: str, query: Query, fields: Iterable[str], *, limit: int, offset: int = 0
    ) -> Page:
        """`limit` rows from `offset`, fewer where some are hidden from us, and the whole count.

        The instance cuts the page before it leaves out what we may not see (servicenow.md 1.3).
        """
        call = self._named("GET", table)
        asked = {**_PLAIN, **_asked(query, limit), **_only(fields)}
        asked |= {"sysparm_offset": str(offset)} if offset else {}
        found, headers = self._exchange.ask(call, f"{_address(call)}?{_encoded(asked)}")
        return Page(self._listed(call, found, limit), _total(headers))

    def row(
        self, table: str, sys_id: str, fields: Iterable[str], *, display: bool = False
    ) -> Record | None:
        """One row, None when there is none or the account may not see it.

        `display` asks for display values: the only way to read a journal from its record.
        """
        call = self._named("GET", table)
        shown = {"sysparm_display_value": "true"} if display else {}
        try:
            answer = self._ask(call, _below(sys_id), {**_only(fields), **shown})
            found = self._record(call, answer)
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
        return self._record(call, self._ask(call, "", _only(fields), values))

    def update(
        self, table: str, sys_id: str, values: Mapping[str, str], fields: Iterable[str]
    ) -> Record:
        """The record as it stands after the update.

        Fields that an ACL protects are ignored with a 200: the caller compares.
        """
        call = self._named("PATCH", table)
        found = self._record(call, self._ask(call, _below(sys_id), _only(fields), values))
        if found["sys_id"] != sys_id:
            raise found.untrusted(f"where {sys_id} was written")
        return found

    def delete(self, table: str, sys_id: str) -> None:
        call = self._named("DELETE", table, expected=HTTPStatus.NO_CONTENT)
        self._exchange.delete(call, _address(call) + _below(sys_id))

    def attach(self, row: Record, name: str, content: bytes, kind: str) -> Record:
        """The record of the new attachment of `row`; `kind` is its media type."""
        call = Call(host=self.host, method="POST", table=ATTACHMENT, expected=HTTPStatus.CREATED)
        where = {"table_name": row.table, "table_sys_id": row["sys_id"], "file_name": name}
        address = f"/api/now/attachment/file?{_encoded(where)}"
        made, _ = self._exchange.ask(call, address, content, kind)
        return self._record(call, _of_a_file(made))

    def attachments(self, row: Record, limit: int) -> tuple[Record, ...]:
        """Those of `row`, newest first; the caller checks whose they are."""
        call = Call(host=self.host, method="GET", table=ATTACHMENT)
        query = Query().sys_id("table_sys_id", row["sys_id"]).descending("sys_created_on")
        asked = _encoded({"sysparm_query": str(query), "sysparm_limit": str(limit)})
        found, _ = self._exchange.ask(call, f"/api/now/attachment?{asked}")
        files = [_of_a_file(each) for each in found] if isinstance(found, list) else found
        return self._listed(call, files, limit)

    def _named(self, method: str, table: str, expected: int = HTTPStatus.OK) -> Call:
        if _TABLE.fullmatch(table) is None:
            raise ValueError(f"{table!r} is no table name")
        return Call(host=self.host, method=method, table=table, expected=expected)

    def _to_list(self, asked: Asked) -> tuple[Call, str]:
        only = {**_asked(asked.query, asked.limit), **_only(asked.fields)}
        call = self._named("GET", asked.table)
        count = {} if asked.whole else {"sysparm_no_count": "true"}
        return call, f"{_address(call)}?{_encoded({**_PLAIN, **only, **count})}"

    def _ask(
        self,
        call: Call,
        path: str,
        params: Mapping[str, str],
        values: Mapping[str, str] | None = None,
    ) -> Any:
        address = f"{_address(call)}{path}?{_encoded({**_PLAIN, **params})}"
        body = None if values is None else json.dumps(dict(values)).encode()
        return self._exchange.ask(call, address, body)[0]

    def _listed(self, call: Call, found: Any, limit: int) -> tuple[Record, ...]:
        if not isinstance(found, list) or len(found) > limit:
            raise _odd(call, f"with other than a list of at most {limit} rows")
        return tuple(self._record(call, row) for row in found)

    def _record(self, call: Call, row: Any) -> Record:
        if not isinstance(row, dict):
            raise _odd(call, "with other than a record")
        # What is no text is as good as hidden: whoever needs it refuses this row, and no other.
        values = {key: text for key, value in row.items() if (text := _plain(value)) is not None}
        return Record(host=call.host, table=call.table, values=values)


def _total(headers: Mapping[str, str]) -> int | None:
    """How many rows the query selects, seen or not (servicenow.md 1.3); None: unsaid."""
    count = headers.get("X-Total-Count", "")
    return int(count) if re.fullmatch(r"[0-9]{1,12}", count) else None


def _address(call: Call) -> str:
    return f"/api/now/table/{call.table}"


def _asked(query: Query, limit: int) -> dict[str, str]:
    return {
        "sysparm_query": str(query),
        "sysparm_limit": str(limit),
        "sysparm_suppress_pagination_header": "true",
    }


def _below(sys_id: str) -> str:
    if not is_sys_id(sys_id):
        raise ValueError(f"{sys_id[:40]!r} is no sys_id")
    return f"/{sys_id}"


def _only(fields: Iterable[str]) -> dict[str, str]:
    return {"sysparm_fields": ",".join(fields)}


def _of_a_file(row: Any) -> Any:
    """The fields that count: the API of attachments answers with all of them, unasked."""
    return {name: row[name] for name in _FILE if name in row} if isinstance(row, dict) else row


def _plain(value: Any) -> str | None:
    """A reference may come as `{link, value}` all the same; its value is what was asked for."""
    if isinstance(value, dict):
        value = value.get("value")
    return value if isinstance(value, str) else None


def _odd(call: Call, how: str) -> Permanent:
    return Permanent(
        Code.SERVICENOW_UNTRUSTED, f"ServiceNow {call.host} answered {call.name} {how}."
    )
