"""HTTP to one instance: a session for each thread, every answer bounded in time and in size."""

from __future__ import annotations

import math
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from urllib.parse import urlsplit

import requests
from requests import PreparedRequest, Response
from requests.cookies import RequestsCookieJar, extract_cookies_to_jar, get_cookie_header
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError, ReadTimeoutError

from adapters.servicenow.line.answers import Answer, Call, Excess, HungUp
from adapters.servicenow.line.patience import Adapter
from transfer.errors import Code, FerryError, Permanent, Transient
from transfer.model import MIB

BODY_LIMIT = 10 * MIB
"""Bytes of an answer's body; ServiceNow's own limit for a REST body."""
_PIECE = 64 * 1024
_AGENT = f"fileferry/{version('fileferry')}"


class Wire:
    """Sends bytes, brings an Answer. `timeout` is in seconds, `verify` a CA file or True.

    `context` shows a client certificate; `repeated` is called when a read is sent a second time.
    """

    def __init__(
        self,
        base_url: str,
        *,
        timeout: float,
        verify: str | bool,
        context: ssl.SSLContext | None = None,
        repeated: Callable[[], None] = lambda: None,
    ) -> None:
        self.url = base_url.rstrip("/")
        self.host = instance_name(base_url)
        self._timeout = timeout
        self._verify = verify
        self._context = context
        self._repeated = repeated
        self._local = threading.local()

    def send(
        self,
        call: Call,
        path: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
    ) -> Answer:
        """Raises `servicenow.unreachable`, or Excess for a body beyond the limit.

        The whole takes at most about twice the timeout. A redirect is an answer like others.
        """
        lane = self._lane()
        request = lane.prepared(call.method, self.url + path, headers, body)
        try:
            with lane.adapter.send(
                request, stream=True, timeout=(min(self._timeout, 10.0), self._timeout)
            ) as response:
                lane.keep_cookies(response)
                content = _content(call, response.raw)
                return Answer(status=response.status_code, headers=response.headers, body=content)
        except (requests.RequestException, HTTPError, OSError) as error:
            raise _translated(call, error) from error

    def forget_cookies(self) -> None:
        """A session cookie of a refused login may stand in the way of the next one."""
        self._lane().forget_cookies()

    def _lane(self) -> _Lane:
        # ServiceNow serialises the calls of one cookie, so the threads do not share a jar.
        lane: _Lane | None = getattr(self._local, "lane", None)
        if lane is None:
            lane = self._local.lane = _Lane(Adapter(self._verify, self._context, self._repeated))
        return lane


class _Lane:
    """What one thread sends by: a connection that is kept, and the cookies of its session.

    A requests.Session does the same for any host and any caller, which is half of the processor
    time of a call.
    """

    def __init__(self, adapter: Adapter) -> None:
        self.adapter = adapter
        self._cookies = RequestsCookieJar()
        self._cookie = ""
        self._until = math.inf

    def prepared(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> PreparedRequest:
        made = PreparedRequest()
        made.method, made.url, made.body = method, url, body
        made.headers = CaseInsensitiveDict(headers)
        made.headers["User-Agent"] = _AGENT
        made.headers["Accept-Encoding"] = "gzip"
        if body is not None:
            made.headers["Content-Length"] = str(len(body))
        if time.time() >= self._until:
            self._bake(made)
        if self._cookie:
            made.headers["Cookie"] = self._cookie
        return made

    def keep_cookies(self, response: Response) -> None:
        """Those of an instance are for all its addresses, and few answers bring any."""
        if "Set-Cookie" in response.headers:
            jar, asked = self._cookies, response.request.copy()
            # To a request that has brought cookies the jar would add none.
            asked.headers.pop("Cookie", None)
            extract_cookies_to_jar(jar, asked, response.raw)  # type: ignore[no-untyped-call]
            self._bake(asked)

    def forget_cookies(self) -> None:
        self._cookies.clear()
        self._cookie = ""

    def _bake(self, request: PreparedRequest) -> None:
        """What is sent until another cookie comes, or the first of them has had its time."""
        jar = self._cookies
        self._cookie = get_cookie_header(jar, request) or ""  # type: ignore[no-untyped-call]
        self._until = min((each.expires for each in jar if each.expires), default=math.inf)


def instance_name(base_url: str) -> str:
    """The host, with its port unless that is 443; it begins every request id."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    return host if parts.port in (None, 443) else f"{host}:{parts.port}"


def _content(call: Call, raw: HTTPResponse) -> bytes:
    """The decoded body; in pieces, so that one without an end meets the limit."""
    content = bytearray()
    while piece := raw.read1(_PIECE, decode_content=True):
        content += piece
        if len(content) > BODY_LIMIT:
            raise Excess(call, "10 MiB")
    return bytes(content)


def _translated(call: Call, error: Exception) -> FerryError:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return Permanent(
            Code.SERVICENOW_UNREACHABLE,
            f"The certificate of ServiceNow {call.host} was not accepted for {call.name}.",
            action="Check the instance's address and servicenow.ca_file.",
        )
    if isinstance(error, requests.exceptions.ProxyError):
        what = "could not be reached by the proxy of the environment (HTTPS_PROXY)"
    elif isinstance(error, requests.Timeout | ReadTimeoutError):
        what = "did not answer in time"
    elif "Connection refused" in str(error):
        what = "refused the connection"
    else:
        what = f"could not be reached, or hung up ({type(error).__name__})"
        return HungUp(f"ServiceNow {call.host} {what}: {call.name}.")
    return Transient(Code.SERVICENOW_UNREACHABLE, f"ServiceNow {call.host} {what}: {call.name}.")
