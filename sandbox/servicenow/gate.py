"""What every request of the API passes: login, content negotiation, headers, and the log."""

from __future__ import annotations

import gzip
import re
import secrets
import ssl
from dataclasses import replace
from typing import Any
from xml.sax.saxutils import escape

from flask import Flask, Response, g, jsonify, request
from werkzeug.datastructures import MIMEAccept
from werkzeug.exceptions import HTTPException
from werkzeug.http import parse_accept_header

from sandbox.servicenow.access import Caller
from sandbox.servicenow.refusal import Refusal
from sandbox.servicenow.site import PART, Served, site
from sandbox.servicenow.tokens import knows
from sandbox.servicenow.walk import Walker

MAX_BODY = 10 * 1024 * 1024
_XML = frozenset({"application/xml", "text/xml"})
_JSON = "application/json;charset=UTF-8"
_NO_STORE = {
    "Pragma": "no-store,no-cache",
    "Cache-Control": "no-cache,no-store,must-revalidate,max-age=-1",
    "Expires": "0",
}
_FRONT = {
    "Server-Timing": "sem_wait;dur=0, sesh_wait;dur=0",
    "X-Content-Type-Options": "nosniff",
    "Keep-Alive": "timeout=20",
}
_HSTS = "max-age=63072000; includeSubDomains"


def install(app: Flask) -> None:
    app.before_request(_admit)
    app.after_request(_finish)
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(HTTPException, _http_error)


def is_api() -> bool:
    return request.path.startswith("/api/")


def _admit() -> None:
    if not is_api():
        return
    g.caller = _caller()
    _refuse_media()


def _caller() -> Caller:
    name = _user_name()
    user = site().instance.user(name) if name else None
    if user is None:
        old = site().instance.properties.old_401_text
        message = "User Not Authenticated" if old else "User is not authenticated"
        raise Refusal(401, message, "Required to provide Auth information")
    given = request.environ.get
    hidden, blank = (frozenset(given(f"sandbox.{key}", ())) for key in ("hidden", "blank"))
    walker = Walker(site().instance, hidden, blank, given("sandbox.as_of"), user)
    read_only = frozenset(given("sandbox.read_only", ()))
    found = Caller(site().instance, user, walker, read_only, given("sandbox.rows", ()))
    if not (closed := found.hidden()):
        return found
    return replace(found, walker=replace(walker, hidden=hidden | closed))


def _user_name() -> str | None:
    given = request.authorization
    if given is None:
        return _certified_name()
    if given.type == "bearer":
        return site().tokens.owner(given.token or "")
    instance = site().instance
    name, password = given.username or "", given.password or ""
    allowed = given.type == "basic" and instance.properties.basic_auth
    return name if allowed and knows(instance, name, password) else None


def _certified_name() -> str | None:
    """The common name of the client certificate, which the TLS layer has checked."""
    line = request.environ["werkzeug.socket"]
    shown = line.getpeercert() if isinstance(line, ssl.SSLSocket) else None
    parts: Any = (part for parts in (shown or {}).get("subject", ()) for part in parts)
    return next((value for name, value in parts if name == "commonName"), None)


def _refuse_media() -> None:
    """406 and 415 as documented; `*/*`, or nothing, is answered in JSON."""
    if not _wants_xml() and not _accepted()["application/json"]:
        raise Refusal(406, "Not acceptable", "Supported types: application/json")
    length = request.content_length or 0
    free = "/attachment" in request.path or request.method in {"GET", "HEAD"}
    if length > MAX_BODY and not free:
        detail = (
            f"Rejected large REST payload with content-length = {length} bytes. "
            f"Max allowed: {MAX_BODY} bytes."
        )
        raise Refusal(400, "Exception while reading request", detail)
    if length and not free and request.mimetype != "application/json":
        raise Refusal(415, "Unsupported media type", "Supported types: application/json")


def _refused(refusal: Refusal) -> Response:
    answer = jsonify(refusal.body)
    answer.status_code = refusal.status
    return answer


def _http_error(error: HTTPException) -> Response:
    if not is_api():
        return Response(error.get_response().get_data(), error.code, mimetype="text/html")
    if error.code == 405:  # noqa: PLR2004 — the HTTP status itself
        return _refused(Refusal(405, "Method not supported"))
    if error.code == 404:  # noqa: PLR2004
        return _refused(Refusal(400, "Requested URI does not represent any resource"))
    return _refused(Refusal(error.code or 500, error.name, error.description))


def _finish(answer: Response) -> Response:
    """The headers that an instance and the proxy before it put on; see servicenow docs §1.2."""
    answer.headers["Server"] = "ServiceNow"
    if request.is_secure:
        answer.headers["Strict-Transport-Security"] = _HSTS
    if is_api():
        _api_headers(answer)
        name = g.caller.name if "caller" in g else ""
        query, part = request.query_string.decode(), PART in request.environ
        entry = Served(request.method, request.path, query, answer.status_code, name, part)
        site().served.append(entry)
    return answer


def _api_headers(answer: Response) -> None:
    _cookies(answer)
    if answer.mimetype == "application/json" and _wants_xml():
        answer.set_data(as_xml(answer.get_json()))
        answer.headers["Content-Type"] = "application/xml;charset=UTF-8"
    if answer.status_code == 401:  # noqa: PLR2004
        answer.headers["WWW-Authenticate"] = 'BASIC realm="Service-now"'
        answer.headers["Connection"] = "close"
    else:
        answer.headers["X-Is-Logged-In"] = "true"
        answer.headers["X-Transaction-ID"] = secrets.token_hex(6)
    if answer.status_code == 204:  # noqa: PLR2004
        answer.headers.pop("Content-Type", None)
        return
    answer.headers.update(_FRONT)
    if answer.mimetype == "application/json":
        answer.headers["Content-Type"] = _JSON
        answer.headers.update(_NO_STORE)
        _compress(answer)


def _wants_xml() -> bool:
    """Who does not say what he accepts gets JSON."""
    best = _accepted().best or "*/*"
    return best in _XML


def _accepted() -> MIMEAccept:
    """RFC 9110, 12.4.2 lets a weight begin with a digit; Java's own clients send `q=.2`."""
    accept = request.headers.get("Accept", "") or "*/*"
    return parse_accept_header(re.sub(r"q=\.(?=\d)", "q=0.", accept), MIMEAccept)


def as_xml(value: Any) -> str:
    body = _element("response", value)
    return f'<?xml version="1.0" encoding="UTF-8"?>{body}'


def _element(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_element(name, each) for each in value)
    if isinstance(value, dict):
        inner = "".join(_element(key, each) for key, each in value.items())
    else:
        inner = escape("" if value is None else str(value))
    return f"<{name}>{inner}</{name}>"


def _cookies(answer: Response) -> None:
    """A caller without cookies gets a new session; it never stands in for a login here."""
    if "JSESSIONID" not in request.cookies:
        secure = request.is_secure
        answer.set_cookie("JSESSIONID", secrets.token_hex(16).upper(), secure=secure, httponly=True)
        route = f"glide.{secrets.token_hex(16)}"
        answer.set_cookie("glide_user_route", route, secure=secure, httponly=True)


def _compress(answer: Response) -> None:
    if "gzip" in request.headers.get("Accept-Encoding", "") and request.method != "HEAD":
        answer.set_data(gzip.compress(answer.get_data()))
        answer.headers["Content-Encoding"] = "gzip"
