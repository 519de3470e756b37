"""The table of misbehaviours that real instances, proxies and networks were seen to show.

A behaviour takes the Call and returns the answer; `call.proceed()` is the proper one. To add one,
write a function and name it in BEHAVIOURS.
"""

from __future__ import annotations

import gzip
import io
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

from sandbox.servicenow import wire
from sandbox.servicenow.refusal import Refusal, acl, business_rule, unauthorized_table

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from sandbox.servicenow.tokens import Tokens

_JSON = "application/json;charset=UTF-8"
_HIBERNATING = (
    '<html><body class="instance-hibernating-page"><h1>Your instance is hibernating</h1>'
    "<p>Sign in to the Developer Site to wake it.</p></body></html>"
)
_LOGIN = (
    "<html><head><title>Log in | ServiceNow</title></head><body>"
    '<form action="login.do" method="post"></form></body></html>'
)
_DOWN = "<html><body><h1>503 Service Unavailable</h1></body></html>"
_CANCELLED = {
    "message": "Transaction cancelled: maximum execution time exceeded",
    "detail": "Transaction cancelled: maximum execution time exceeded "
    "Check logs for error trace or enable glide.rest.debug property to verify "
    "REST request processing",
}


@dataclass(frozen=True)
class Call:
    """A request that is being misbehaved at. `stopping` ends every wait when the server stops."""

    environ: WSGIEnvironment
    options: Mapping[str, Any]
    proceed: Callable[[], Response]
    tokens: Tokens
    stopping: threading.Event

    def number(self, name: str, default: float) -> float:
        return float(self.options.get(name, default))

    def text(self, name: str, default: str = "") -> str:
        return str(self.options.get(name, default))

    def add(self, key: str, value: object) -> None:
        """Hand a rule for this one request on to the application (`gate.py` reads it)."""
        known = self.environ.get(key, ())
        self.environ[key] = (*known, value)


def _page(body: str, status: int = 200) -> Response:
    return Response(body, status, mimetype="text/html")


def _refuse(refusal: Refusal) -> Response:
    return Response(json.dumps(refusal.body), refusal.status, content_type=_JSON)


def _sso_redirect(call: Call) -> Response:
    headers = {"Location": f"https://{call.environ['HTTP_HOST']}/login_with_sso.do"}
    return Response("", 302, headers=headers, mimetype="text/html")


def _unauthorized(call: Call) -> Response:
    call.environ["HTTP_AUTHORIZATION"] = ""
    return call.proceed()


def _throttled(call: Call) -> Response:
    """Options: retry_after (seconds, 30), limit (100), rule."""
    wait, limit = int(call.number("retry_after", 30)), int(call.number("limit", 100))
    detail = f"Rate limit of {limit} requests per hour for Table API exceeded"
    answer = _refuse(Refusal(429, "Rate limit exceeded", detail))
    answer.headers["Retry-After"] = str(wait)
    answer.headers["X-RateLimit-Limit"] = str(limit)
    answer.headers["X-RateLimit-Reset"] = str(int(time.time()) + wait)
    answer.headers["X-RateLimit-Rule"] = call.text("rule", "c5a5ba0f53022010f9e1ddeeff7b12b0")
    return answer


def _truncated(call: Call) -> Response:
    answer = call.proceed()
    body = _decoded(answer)
    answer.set_data(body[: len(body) // 2])
    return answer


def _decoded(answer: Response) -> bytes:
    """The body as it would be without compression."""
    body = answer.get_data()
    if answer.headers.pop("Content-Encoding", "") == "gzip":
        body = gzip.decompress(body)
    return body


def _result_and_error(call: Call) -> Response:
    answer = call.proceed()
    body = json.loads(_decoded(answer) or b"{}")
    answer.set_data(json.dumps({**body, "error": _CANCELLED, "status": "failure"}))
    return answer


def _empty(call: Call) -> Response:
    """The recorded one: 200, no body, no Content-Type, no X-Transaction-ID. Option: commit."""
    if call.options.get("commit"):
        call.proceed()
    answer = Response(b"", 200, headers={"Connection": "close"})
    del answer.headers["Content-Type"]
    return answer


def _slow(call: Call) -> Response:
    """The request is carried out first, then the answer is held. Option: seconds (5)."""
    answer = call.proceed()
    call.stopping.wait(call.number("seconds", 5))
    return answer


def _late(call: Call) -> Response:
    """Held before it is carried out. Option: seconds (5)."""
    call.stopping.wait(call.number("seconds", 5))
    return call.proceed()


def _closed(call: Call) -> Response:
    """The line is closed without an answer, and nothing is done."""
    wire.close(call.environ)


def _reset_after_commit(call: Call) -> Response:
    call.proceed()
    wire.reset(call.environ)


def _expire_tokens(call: Call) -> Response:
    call.tokens.expire()
    return call.proceed()


def _hidden_field(call: Call) -> Response:
    """Options: table, field, shown: missing (the key, the default) or empty (the value)."""
    key = "sandbox.blank" if call.text("shown") == "empty" else "sandbox.hidden"
    call.add(key, (call.text("table"), call.text("field")))
    return call.proceed()


def _read_only_field(call: Call) -> Response:
    """Options: table, field. The write is ignored with 200."""
    call.add("sandbox.read_only", (call.text("table"), call.text("field")))
    return call.proceed()


def _row_acl(call: Call) -> Response:
    """Options: table, query. The rows that the query selects are left out after paging."""
    call.add("sandbox.rows", (call.text("table"), call.text("query")))
    return call.proceed()


def _read_lag(call: Call) -> Response:
    """Option: seconds (2). Reads show the state of that long ago; writes see the present."""
    if call.environ["REQUEST_METHOD"] == "GET":
        call.environ["sandbox.as_of"] = time.monotonic() - call.number("seconds", 2)
    return call.proceed()


def _attachment(call: Call) -> Response:
    """Option: fate: pending (for good), not_available, altered (the bytes) or unhashed."""
    call.environ["sandbox.attachment"] = call.text("fate", "pending")
    return call.proceed()


def _own_sys_ids(call: Call) -> Response:
    """A new record gets another sys_id than the one that the caller gives it."""
    if call.environ["REQUEST_METHOD"] == "POST" and "/table/" in call.environ["PATH_INFO"]:
        sent = json.loads(call.environ["wsgi.input"].read())
        body = json.dumps({key: each for key, each in sent.items() if key != "sys_id"}).encode()
        call.environ["wsgi.input"] = io.BytesIO(body)
        call.environ["CONTENT_LENGTH"] = str(len(body))
    return call.proceed()


def _table_denied(call: Call) -> Response:
    """Option: table."""
    return _refuse(unauthorized_table(call.text("table", "sys_journal_field")))


def _aborted(call: Call) -> Response:
    """Options: table, rule, sys_id."""
    name = call.text("rule", "Refuse closing")
    sys_id = call.text("sys_id", "6dc0e0d3d7101200ef7e6ceca4ce5b7f")
    return _refuse(business_rule(call.text("table", "incident"), name, sys_id))


BEHAVIOURS: dict[str, Callable[[Call], Response]] = {
    "hibernating": lambda _: _page(_HIBERNATING),
    "sso_page": lambda _: _page(_LOGIN),
    "sso_redirect": _sso_redirect,
    "unauthorized": _unauthorized,
    "forbidden": lambda call: _refuse(acl(call.text("operation", "Update"))),
    "table_denied": _table_denied,
    "business_rule": _aborted,
    "throttled": _throttled,
    "overloaded": lambda _: _refuse(Refusal(429, "Rate limit exceeded")),
    "unavailable": lambda _: _page(_DOWN, 503),
    "server_error": lambda _: _refuse(Refusal(500, "Internal Server Error")),
    "dropped": lambda _: Response("", 202, content_type=_JSON),
    "truncated": _truncated,
    "result_and_error": _result_and_error,
    "empty": _empty,
    "slow": _slow,
    "late": _late,
    "closed": _closed,
    "reset_after_commit": _reset_after_commit,
    "expire_tokens": _expire_tokens,
    "hidden_field": _hidden_field,
    "read_only_field": _read_only_field,
    "row_acl": _row_acl,
    "read_lag": _read_lag,
    "own_sys_ids": _own_sys_ids,
    "attachment": _attachment,
}
