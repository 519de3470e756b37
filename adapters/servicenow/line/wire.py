"""HTTP to one instance: a session for each thread, every answer bounded in time and in size."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from urllib.parse import urlsplit

import requests
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError, ReadTimeoutError

from adapters.servicenow.line.answers import Answer, Call, Excess
from adapters.servicenow.line.patience import Adapter
from transfer.errors import Code, FerryError, Permanent, Transient
from transfer.model import MIB

BODY_LIMIT = 10 * MIB
"""Bytes of an answer's body; ServiceNow's own limit for a REST body."""
_PIECE = 64 * 1024


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

        The whole takes at most about twice the timeout.
        """
        deadline = time.monotonic() + 2 * self._timeout
        try:
            with self._session().request(
                call.method,
                self.url + path,
                data=body,
                headers=dict(headers),
                timeout=(min(self._timeout, 10.0), self._timeout),
                allow_redirects=False,
                stream=True,
            ) as response:
                content = _content(call, response.raw, deadline)
                return Answer(status=response.status_code, headers=response.headers, body=content)
        except (requests.RequestException, HTTPError, OSError) as error:
            raise _translated(call, error) from error

    def forget_cookies(self) -> None:
        """A session cookie of a refused login may stand in the way of the next one."""
        self._session().cookies.clear()

    def _session(self) -> requests.Session:
        # ServiceNow serialises the calls of one cookie, so the threads do not share a jar.
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            session.trust_env = False
            session.verify = self._verify
            session.headers = CaseInsensitiveDict(
                {"User-Agent": f"fileferry/{version('fileferry')}", "Accept-Encoding": "gzip"}
            )
            for scheme in ("https://", "http://"):
                session.mount(scheme, Adapter(self._context, self._repeated))
        return session


def instance_name(base_url: str) -> str:
    """The host, with its port unless that is 443; it begins every request id."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    return host if parts.port in (None, 443) else f"{host}:{parts.port}"


def _content(call: Call, raw: HTTPResponse, deadline: float) -> bytes:
    """The decoded body. `read1` returns with every packet, so that a drip meets the deadline."""
    content = bytearray()
    while piece := raw.read1(_PIECE, decode_content=True):
        content += piece
        if len(content) > BODY_LIMIT:
            raise Excess(call, "10 MiB")
        if time.monotonic() > deadline:
            raise Transient(
                Code.SERVICENOW_UNREACHABLE,
                f"ServiceNow {call.host} did not finish its answer to {call.name} in time.",
            )
    return bytes(content)


def _translated(call: Call, error: Exception) -> FerryError:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return Permanent(
            Code.SERVICENOW_UNREACHABLE,
            f"The certificate of ServiceNow {call.host} was not accepted for {call.name}.",
            action="Check the instance's address and servicenow.ca_file.",
        )
    if isinstance(error, requests.Timeout | ReadTimeoutError):
        what = "did not answer in time"
    elif "Connection refused" in str(error):
        what = "refused the connection"
    else:
        what = f"could not be reached, or hung up ({type(error).__name__})"
    return Transient(Code.SERVICENOW_UNREACHABLE, f"ServiceNow {call.host} {what}: {call.name}.")
