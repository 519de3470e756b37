"""Calls that several threads make at the same moment, in one request to the Batch API.

Each thread makes its call as if it were alone, and gets the answer to that call to judge. Who has
said that it takes part is waited for, so that a round of posts to the three tickets of a transfer
is one request. The instance serves the parts one after the other, each on its own.
"""

from __future__ import annotations

import base64
import binascii
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from requests.structures import CaseInsensitiveDict

from adapters.servicenow.line.answers import Answer, Call, Excess, HungUp
from transfer.errors import Code, FerryError, Permanent, Transient

ADDRESS = "/api/now/v1/batch"
PATIENCE = 10.0
"""Seconds for which a call waits for those of the others at most."""
VAIN, REST = 3, 300.0
"""After so many batches in a row without a use calls go one by one, for so many seconds."""
_ROWS = ("/api/now/table/", "/api/now/attachment?")
_WITHOUT = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.NOT_IMPLEMENTED,
    }
)
"""How an instance says that it takes no batch from us: nothing in it was looked at."""

_OF_ALL = frozenset(
    {HTTPStatus.ACCEPTED, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.TOO_MANY_REQUESTS}
)
"""Speak of the instance, or of the size, and not of batches."""
_OF_NONE = frozenset({Code.SERVICENOW_AUTH, Code.SERVICENOW_UNREACHABLE})
"""May be about batches alone."""

log = structlog.get_logger(__name__)

Send = Callable[[Call, str, bytes], Answer]


@dataclass(slots=True, eq=False)
class _Seat:
    """A call that waits; `alone`: it was not looked at, and is to be made without the others."""

    call: Call
    address: str
    body: bytes | None
    answer: Answer | None = None
    error: FerryError | None = None
    alone: bool = False
    over: bool = False


class Convoy:
    """For all threads of a client; `send` makes one request, logged in and counted."""

    def __init__(self, host: str, send: Send) -> None:
        self._host = host
        self._send = send
        self._change = threading.Condition()
        self._waiting: list[_Seat] = []
        self._riders = 0
        self._mine = threading.local()
        self._open = True
        self._vain = 0
        self._rests_until = 0.0

    def expect(self, riders: int) -> None:
        """So many threads are about to take part, each by riding()."""
        with self._change:
            self._riders += riders

    @contextmanager
    def riding(self) -> Iterator[None]:
        """The calls of this thread wait for those of the others that were expected."""
        self._mine.rides = True
        try:
            yield
        finally:
            self._mine.rides = False
            with self._change:
                self._riders -= 1
                if self._complete():
                    self._change.notify_all()

    def ask(self, call: Call, address: str, body: bytes | None) -> Answer | None:
        """The answer to this call; None when it is to be made alone. Raises as `send`."""
        rides = self._batching and getattr(self._mine, "rides", False)
        if not (rides and address.startswith(_ROWS)):
            return None
        seat = _Seat(call, address, body)
        seats = self._gathered(seat)
        if seats:
            self._drive(seats)
        if seat.error:
            raise _own(seat.error)
        return None if seat.alone else seat.answer

    def reads(self, calls: Sequence[tuple[Call, str]]) -> Sequence[Answer | None]:
        """The answers to reads of one thread, by call and address; None for one that is to be made
        alone. Raises as `send`.
        """
        if not self._batching or len(calls) < 2:  # noqa: PLR2004 one is made alone
            return [None for _ in calls]
        seats = [_Seat(call, address, None) for call, address in calls]
        self._drive(seats)
        for seat in seats:
            # A read that was lost, or is too much together with others, is made again; as every
            # read is whose connection was lost, which the request for all of them cannot be.
            if seat.error and not _read_again(seat.error):
                raise seat.error
        return [None if seat.alone or seat.error else seat.answer for seat in seats]

    def _gathered(self, seat: _Seat) -> list[_Seat]:
        """All that wait, for the thread that is to send them; none for those whose call is over."""
        until = time.monotonic() + PATIENCE
        with self._change:
            # Who comes last takes all along: the others are not woken before their call is over.
            self._waiting.append(seat)
            while seat in self._waiting:
                left = until - time.monotonic()
                if self._complete() or left <= 0:
                    seats, self._waiting = self._waiting, []
                    return seats
                self._change.wait(left)
            self._change.wait_for(lambda: seat.over)
            return []

    def _complete(self) -> bool:
        return 0 < len(self._waiting) >= self._riders

    @property
    def _batching(self) -> bool:
        return self._open and time.monotonic() >= self._rests_until

    def _drive(self, seats: Sequence[_Seat]) -> None:
        try:
            if len(seats) == 1:
                seats[0].alone = True
            else:
                self._together(seats)
        except FerryError as error:
            for seat in seats:
                seat.error = error
        finally:
            with self._change:
                for seat in seats:
                    # Whatever befell this thread: nobody knows what became of the others' calls.
                    if not (seat.alone or seat.answer or seat.error):
                        seat.error = _lost(seat.call)
                    seat.over = True
                self._change.notify_all()

    def _together(self, seats: Sequence[_Seat]) -> None:
        parts = [_part(number, seat) for number, seat in enumerate(seats)]
        body = json.dumps({"batch_request_id": "fileferry", "rest_requests": parts}).encode()
        try:
            answer = self._send(Call(host=self._host, method="POST", table="batch"), ADDRESS, body)
        except FerryError as error:
            # A policy may refuse the login for batches alone.
            alone = error.code in _OF_NONE and self._in_vain()
            if not alone or error.code is not Code.SERVICENOW_AUTH:
                raise
            for seat in seats:
                seat.alone = True
            return
        if answer.status in _WITHOUT:
            self._open = False
            log.warning("servicenow takes no batches, so calls go one by one", status=answer.status)
        found = answer.parsed() if answer.status == HTTPStatus.OK else None
        told = found if isinstance(found, dict) else {}
        served = _served(told)
        if served is not None:
            self._vain = 0
        again = served is None and answer.status not in _OF_ALL and self._open and self._in_vain()
        for number, seat in enumerate(seats):
            if not self._open or answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                seat.alone = True
            elif served is None:
                # Judged as if it had been the answer to each call; of JSON nobody knows what it is.
                seat.alone = again and seat.body is None
                seat.answer = answer if found is None else None
            else:
                seat.answer = served.get(str(number))
                seat.alone = _refused(seat.answer) or (
                    seat.answer is None and seat.body is None and str(number) in _left_out(told)
                )

    def _in_vain(self) -> bool:
        """Whether calls go one by one from now on: what befalls batches need not befall them."""
        self._vain += 1
        if self._vain == VAIN:
            log.warning("servicenow answers no batches, so calls go one by one", seconds=REST)
        if self._vain >= VAIN:
            self._rests_until = time.monotonic() + REST
        return self._vain >= VAIN


def _part(number: int, seat: _Seat) -> dict[str, Any]:
    headers = {"Accept": "application/json", "Content-Type": "application/json"}
    part: dict[str, Any] = {
        "id": str(number),
        "method": seat.call.method,
        "url": seat.address,
        "headers": [{"name": name, "value": value} for name, value in headers.items()],
        "exclude_response_headers": False,
    }
    if seat.body is not None:
        part["body"] = base64.b64encode(seat.body).decode()
    return part


def _served(found: Mapping[str, Any]) -> dict[str, Answer] | None:
    """The answers by the id of their part; None when it is no answer to a batch.

    Of two for one part nobody knows which is its own: as good as lost.
    """
    parts = found.get("serviced_requests")
    if not isinstance(parts, list):
        return None
    answers = [_answer(part) for part in parts if isinstance(part, dict)]
    told = Counter(name for name, _ in answers)
    return {name: answer for name, answer in answers if answer and told[name] == 1}


def _answer(part: Mapping[str, Any]) -> tuple[str, Answer | None]:
    """What cannot be read of it is as good as lost."""
    given = part.get("headers")
    pairs = [each for each in given if isinstance(each, dict)] if isinstance(given, list) else []
    headers = CaseInsensitiveDict({"Content-Type": "application/json"})
    headers.update({str(each.get("name")): str(each.get("value")) for each in pairs})
    status, name = part.get("status_code"), str(part.get("id"))
    try:
        body = base64.b64decode(str(part.get("body") or ""), validate=True)
    except (binascii.Error, ValueError):
        return name, None
    if not isinstance(status, int) or isinstance(status, bool):
        return name, None
    return name, Answer(status=status, headers=headers, body=body)


def _left_out(found: Mapping[str, Any]) -> set[str]:
    """The parts that were not served, by the instance's own word.

    One of them may have been under way when the instance broke off the batch, after its 30 seconds:
    only a read is made again without a look whether it has arrived.
    """
    named = found.get("unserviced_requests")
    return {str(each) for each in named} if isinstance(named, list) else set()


def _refused(answer: Answer | None) -> bool:
    """A login that holds for the batch and not for its part: nothing was done."""
    return answer is not None and answer.status == HTTPStatus.UNAUTHORIZED


def _read_again(error: FerryError) -> bool:
    return isinstance(error, Excess | HungUp) or error.code is Code.SERVICENOW_CUT_OFF


def _lost(call: Call) -> Transient:
    text = f"ServiceNow {call.host} left {call.name} out of its answer to several calls."
    return Transient(Code.SERVICENOW_CUT_OFF, text)


def _own(error: FerryError) -> FerryError:
    """Several threads raise it: each its own."""
    kind = Permanent if error.permanent else Transient
    made = kind(error.code, error.message, action=error.action, retry_after=error.retry_after)
    made.__cause__ = error
    return made
