"""What an HTTP answer of ServiceNow means: a result, or an error with its code.

A status of 200 is not success: see `result`.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from transfer.errors import Code, FerryError, Permanent, Transient

LONGEST_WAIT = 900.0
"""Seconds: nobody is told to wait longer at a time."""
_WINDOW = 3660.0
"""Seconds of a rate limit's window, and a minute for two clocks."""
OF_THE_RIGHTS = frozenset(
    {
        Code.SERVICENOW_DENIED,
        Code.SERVICENOW_REFUSED,
        Code.SERVICENOW_NOT_FOUND,
        Code.SERVICENOW_UNTRUSTED,
    }
)
"""Codes that tell about one table or field; after any other the instance need not be asked more."""

_REASON_LENGTH = 240
_RULES = ("Error during insert", "Business Rule", "Data Policy")
_RIGHTS = re.compile("acl|security|authori[sz]|rights?\\b|permission|access", re.IGNORECASE)
_ADVICE = {
    "unscoped api": "Give the OAuth client a scope with the Table API and the Attachment API for "
    "GET, POST and PATCH, or make it broadly scoped; roles change nothing.",
    "API level ACL": "Open the table to web services, in its application access or its REST ACL.",
}
"""What helps against a 403, by words of its reason (servicenow.md 1.7)."""
_LOGIN = (b"login_with_sso", b"login.do", b"saml", b"user_password")


class Excess(Permanent):
    """More than one answer may hold, in bytes or in rows: a smaller question may be answered."""

    def __init__(self, call: Call, what: str) -> None:
        text = f"ServiceNow {call.host} has more to answer {call.name} than {what}."
        super().__init__(Code.SERVICENOW_TOO_LARGE, text)


class HungUp(Transient):
    """The connection was lost, before anybody waited for long: a read may be made again."""

    def __init__(self, message: str) -> None:
        super().__init__(Code.SERVICENOW_UNREACHABLE, message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What was asked, in words fit for an error message. `expected` is the status of success."""

    host: str
    method: str
    table: str
    expected: int = HTTPStatus.OK

    @property
    def name(self) -> str:
        return f"{self.method} {self.table}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer, read to its end. `headers` ignores case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def transaction(self) -> str:
        """What a ServiceNow administrator searches the log for, or ""."""
        found = re.fullmatch(r"[0-9a-zA-Z]{1,40}", self.headers.get("X-Transaction-ID", ""))
        return found[0] if found else ""

    @property
    def is_json(self) -> bool:
        kind = self.headers.get("Content-Type", "").partition(";")[0]
        return kind.strip().lower() == "application/json"

    def parsed(self) -> Any:
        """The JSON body, None when it is none."""
        try:
            return json.loads(self.body) if self.is_json else None
        except (ValueError, RecursionError):
            return None


def result(call: Call, answer: Answer) -> Any:
    """The `result` of a success: the expected status, JSON, a `result` and no `error`.

    Raises the FerryError that the answer means; its message never holds more of the body than
    ServiceNow's own short reason.
    """
    if answer.status != call.expected:
        raise _other_status(call, answer)
    if not answer.is_json:
        raise _page(call, answer)
    parsed = answer.parsed()
    if not isinstance(parsed, dict):
        text = _sentence(call, answer, "breaks off in the middle of its answer to")
        raise Transient(Code.SERVICENOW_CUT_OFF, text)
    if "error" in parsed or "result" not in parsed:
        raise _cancelled(call, answer)
    return parsed["result"]


def throttle_wait(answer: Answer) -> float | None:
    """Seconds that a 429 asks for, at least 1; None when it names none.

    The window of a limit is an hour: who asks for more asks for nonsense, and gets LONGEST_WAIT. A
    429 with neither header is the instance's full queue, not the hourly limit (servicenow.md 6.4):
    that one is over in seconds.
    """
    seconds = _number(answer.headers.get("Retry-After"))
    reset = _number(answer.headers.get("X-RateLimit-Reset"))
    if seconds is None and reset is not None:
        seconds = reset - time.time()
    if seconds is None:
        return None
    return max(seconds, 1.0) if seconds <= _WINDOW else LONGEST_WAIT


def busy_wait() -> float:
    """Seconds, with jitter: those who met a full queue together should not come back together."""
    return random.uniform(2.0, 8.0)  # noqa: S311 not for secrecy


def _number(text: str | None) -> float | None:
    return float(text) if text and re.fullmatch(r"[0-9]{1,12}", text.strip()) else None


def _other_status(call: Call, answer: Answer) -> FerryError:
    if answer.status in _MEANINGS:
        return _MEANINGS[answer.status](call, answer)
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _unwell(call, answer)
    return _refused(call, answer) if _reason(answer) else _page(call, answer)


def _throttled(call: Call, answer: Answer) -> Transient:
    wait = throttle_wait(answer)
    if wait is None:
        text = _sentence(call, answer, "is too busy for")
        return Transient(Code.SERVICENOW_BUSY, text, retry_after=busy_wait())
    text = _sentence(call, answer, "asked FileFerry to slow down at")
    return Transient(Code.SERVICENOW_THROTTLED, text, retry_after=min(wait, LONGEST_WAIT))


def _dropped(call: Call, answer: Answer) -> Transient:
    """An overfull session queue drops the request and says "accepted" (servicenow.md 6.5)."""
    text = _sentence(call, answer, "dropped, with 202,")
    return Transient(Code.SERVICENOW_DROPPED, text, retry_after=5.0)


def _login_refused(call: Call, answer: Answer) -> Permanent:
    return Permanent(Code.SERVICENOW_AUTH, _sentence(call, answer, "refused the login for"))


def _too_long(call: Call, answer: Answer) -> Permanent:
    text = _sentence(call, answer, "found the address too long for")
    return Permanent(Code.SERVICENOW_REFUSED, text, action="Lower servicenow.max_rows.")


def _too_large(call: Call, answer: Answer) -> Permanent:
    """A proxy before the instance may have a limit of its own, and no JSON to say so."""
    text = _sentence(call, answer, "found the body too large of")
    return Permanent(Code.SERVICENOW_REFUSED, text, action="Raise the limit of the instance.")


def _unwell(call: Call, answer: Answer) -> Transient:
    if _hibernates(answer):
        return _hibernating(call, answer)
    text = _sentence(call, answer, f"answered {answer.status} for")
    return Transient(Code.SERVICENOW_UNREACHABLE, text)


def _refused(call: Call, answer: Answer) -> Permanent:
    code, verb = Code.SERVICENOW_REFUSED, f"refused with {answer.status}"
    if answer.status == HTTPStatus.NOT_FOUND:
        code, verb = Code.SERVICENOW_NOT_FOUND, "has, or shows, no such record for"
    elif answer.status == HTTPStatus.FORBIDDEN and not _by_a_rule(call, answer):
        code, verb = Code.SERVICENOW_DENIED, "does not allow"
    reason = _reason(answer)
    advice = next((_ADVICE[words] for words in _ADVICE if words in reason), None)
    return Permanent(code, _sentence(call, answer, verb), action=advice)


def _by_a_rule(call: Call, answer: Answer) -> bool:
    """A script may refuse a write with words of its own, which then stand for "ACL Exception"."""
    reason = _reason(answer)
    own = reason.startswith("Operation Failed, ") and not _RIGHTS.search(reason)
    return any(rule in reason for rule in _RULES) or (own and call.method != "GET")


def _page(call: Call, answer: Answer) -> FerryError:
    """Something other than the API answered."""
    if _hibernates(answer):
        return _hibernating(call, answer)
    moved = HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST
    if moved or any(mark in answer.body.lower() for mark in _LOGIN):
        text = _sentence(call, answer, "sent to a login page instead of answering")
        return Permanent(Code.SERVICENOW_LOGIN_PAGE, text)
    if not answer.body:
        text = _sentence(call, answer, f"answered {answer.status} with nothing for")
        return Transient(Code.SERVICENOW_EMPTY, text)
    text = _sentence(call, answer, f"answered {answer.status}, not as the API does, for")
    kind = Transient if answer.status < HTTPStatus.BAD_REQUEST else Permanent
    return kind(Code.SERVICENOW_NOT_JSON, text)


def _cancelled(call: Call, answer: Answer) -> Transient:
    """200 with `result` and `error` together: the transaction was cut short (servicenow.md 6.5)."""
    text = _sentence(call, answer, "broke off the work on")
    return Transient(Code.SERVICENOW_CUT_OFF, text)


def _hibernates(answer: Answer) -> bool:
    body = answer.body.lower()
    return b"instance-hibernating-page" in body or b"instance is hibernating" in body


def _hibernating(call: Call, answer: Answer) -> Transient:
    text = _sentence(call, answer, "hibernates and did not answer")
    return Transient(Code.SERVICENOW_HIBERNATING, text, retry_after=LONGEST_WAIT)


def _sentence(call: Call, answer: Answer, verb: str) -> str:
    reason = f": {_reason(answer)}" if _reason(answer) else ""
    transaction = f" (transaction {answer.transaction})" if answer.transaction else ""
    return f"ServiceNow {call.host} {verb} {call.name}{reason}{transaction}."


def _reason(answer: Answer) -> str:
    """ServiceNow's `message` and `detail` on one line, cut; "" when the answer holds none."""
    parsed = answer.parsed()
    error = parsed.get("error") if isinstance(parsed, dict) else None
    if not isinstance(error, dict):
        return ""
    parts = [part for part in (error.get("message"), error.get("detail")) if isinstance(part, str)]
    plain = "".join(c if c.isprintable() else " " for c in ", ".join(parts))
    return " ".join(plain.split())[:_REASON_LENGTH].rstrip(". ")


_MEANINGS: dict[int, Callable[[Call, Answer], FerryError]] = {
    HTTPStatus.ACCEPTED: _dropped,
    HTTPStatus.UNAUTHORIZED: _login_refused,
    HTTPStatus.REQUEST_URI_TOO_LONG: _too_long,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: _too_large,
    HTTPStatus.TOO_MANY_REQUESTS: _throttled,
}
