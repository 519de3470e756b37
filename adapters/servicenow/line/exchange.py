"""One call and its answer: logged in, within the budget, judged before anybody sees it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import structlog

from adapters.servicenow.line.answers import Answer, Call, result
from adapters.servicenow.line.auth import PAUSE, Lockout, login_of
from adapters.servicenow.line.budget import Budget
from adapters.servicenow.line.convoy import Convoy
from adapters.servicenow.line.credentials import Credentials
from adapters.servicenow.line.wire import Wire

log = structlog.get_logger(__name__)

JSON = "application/json"
_SILENT = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS})
"""Answers below 500 that do not show that the login is good."""


class Exchange:
    """Shared by all threads. `pause` is in seconds, after a login that was refused."""

    def __init__(
        self, wire: Wire, credentials: Credentials, budget: Budget, pause: float = PAUSE
    ) -> None:
        self.budget = budget
        self.skew: float | None = None
        """Seconds that our clock is ahead of the instance's, to about a second; None: unknown."""
        self._wire = wire
        self._lockout = Lockout(pause)
        self._login = login_of(credentials, self, self._lockout)
        self.convoy = Convoy(wire.host, self._batch)

    @property
    def host(self) -> str:
        return self._wire.host

    def send(
        self, call: Call, path: str, *, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        """One request, counted; its answer as it came. Raises as a Wire, and when it must wait."""
        number = self.budget.take(call)
        sent_at = time.time()
        answer = self._wire.send(call, path, headers=headers, body=body)
        self._compare_clocks(answer, (sent_at + time.time()) / 2)
        self.budget.learn(number, answer)
        log.debug(
            "servicenow answered",
            call=call.name,
            status=answer.status,
            transaction=answer.transaction,
        )
        return answer

    def ask(
        self, call: Call, address: str, body: bytes | None = None, kind: str = JSON
    ) -> tuple[Any, Mapping[str, str]]:
        """The `result` of a success, and its headers; `kind` is the media type of the body.

        Raises FerryError `servicenow.*`.
        """
        answer = self._answer(call, address, body, kind)
        return result(call, answer), answer.headers

    def reads(self, calls: Sequence[tuple[Call, str]]) -> Sequence[Answer | None]:
        """The answers to reads that go in one request, by call and address; None for one that is
        to be made alone. Raises as `ask`.
        """
        answers = self.convoy.reads(calls)
        for answer in filter(None, answers):
            self.budget.learn(0, answer)
        return answers

    def delete(self, call: Call, address: str) -> None:
        """A success has neither body nor type (servicenow.md 1.1). Raises as `ask`."""
        answer = self._answer(call, address, None, JSON)
        if answer.status != call.expected or answer.body:
            result(call, answer)

    def _answer(self, call: Call, address: str, body: bytes | None, kind: str) -> Answer:
        answer = self.convoy.ask(call, address, body) if kind == JSON else None
        if answer:
            # The batch was answered well, and this part of it may ask for silence all the same.
            self.budget.learn(0, answer)
        return answer or self._logged_in(call, address, body, kind)

    def _batch(self, call: Call, address: str, body: bytes) -> Answer:
        return self._logged_in(call, address, body, JSON)

    def _logged_in(self, call: Call, address: str, body: bytes | None, kind: str) -> Answer:
        """Raises Permanent `servicenow.auth` when the login was refused, now or lately."""
        with self._lockout.knocking() as is_good:
            header = self._login.header()
            answer = self._once(call, address, header, body, kind)
            if answer.status == HTTPStatus.UNAUTHORIZED and self._login.refused(header):
                self._wire.forget_cookies()
                answer = self._once(call, address, self._login.header(), body, kind)
            if answer.status == HTTPStatus.UNAUTHORIZED:
                result(call, answer)
            if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR and answer.status not in _SILENT:
                is_good()
        return answer

    def _once(self, call: Call, address: str, header: str, body: bytes | None, kind: str) -> Answer:
        headers = {"Accept": JSON, "Content-Type": kind}
        headers |= {"Authorization": header} if header else {}
        return self.send(call, address, headers=headers, body=body)

    def _compare_clocks(self, answer: Answer, ours: float) -> None:
        try:
            theirs = parsedate_to_datetime(answer.headers.get("Date", ""))
            # The header is cut to whole seconds.
            self.skew = ours - theirs.timestamp() - 0.5
        except (ValueError, OverflowError):
            return
