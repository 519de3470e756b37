"""How connections behave below HTTP: patience with a slow answer, and which calls are repeated."""

from __future__ import annotations

import contextlib
import http.client
import io
import socket
import ssl
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from requests.adapters import HTTPAdapter
from requests.exceptions import ProxyError, RequestException
from requests.utils import get_environ_proxies
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import MaxRetryError, ReadTimeoutError
from urllib3.util import Retry
from urllib3.util.ssl_ import create_urllib3_context

from adapters import certificates
from transfer.errors import Code, Permanent


class _Pace(io.RawIOBase):
    """The bytes of an answer, as they come in `seconds`; then TimeoutError.

    The socket's own timeout is for one packet, so an answer that drips in byte by byte would hold
    a thread for hours.
    """

    def __init__(self, sock: socket.socket, raw: io.RawIOBase) -> None:
        self._sock = sock
        self._raw = raw
        self._seconds = sock.gettimeout() or 60.0
        self.begin()

    def begin(self) -> None:
        """Count the seconds from now."""
        self._until = time.monotonic() + self._seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        super().close()
        with contextlib.suppress(OSError):
            # The next request of this connection is not to be sent in what is left of this answer.
            self._sock.settimeout(self._seconds)
        self._raw.close()


class PacedResponse(http.client.HTTPResponse):
    """Its head must arrive within the read timeout as a whole, and its body within another."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self._pace = _Pace(sock, sock.makefile("rb", buffering=0))
        self.fp = io.BufferedReader(self._pace)

    def begin(self) -> None:
        super().begin()
        self._pace.begin()


class _PlainConnection(HTTPConnection):
    response_class = PacedResponse


class _TlsConnection(HTTPSConnection):
    response_class = PacedResponse


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


_POOLS = {"http": _PlainPool, "https": _TlsPool}


class _SecondTry(Retry):
    """One more try of a GET whose connection failed, or that a node going down answered.

    A write is never repeated here: only the desk knows how to look whether it arrived. A time-out
    is not repeated either, it would double the time that the caller has to wait.
    """

    repeated: Callable[[], None] = staticmethod(lambda: None)

    def new(self, **changes: Any) -> _SecondTry:
        fresh = super().new(**changes)
        fresh.repeated = self.repeated
        return fresh

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: Any = None,
        _stacktrace: TracebackType | None = None,
    ) -> _SecondTry:
        if isinstance(error, ReadTimeoutError):
            raise error
        if error is not None and method != "GET":
            raise MaxRetryError(_pool, url or "", error)
        left = super().increment(method, url, response, error, _pool, _stacktrace)
        self.repeated()
        return left


def _second_try(repeated: Callable[[], None]) -> _SecondTry:
    retry = _SecondTry(
        total=1,
        redirect=0,
        other=0,
        allowed_methods={"GET"},
        status_forcelist={502, 503, 504},
        backoff_factor=0.2,
        respect_retry_after_header=False,
        raise_on_status=False,
    )
    retry.repeated = repeated
    return retry


class Adapter(HTTPAdapter):
    """Sends to one host: patient connections, one second try, our certificate if any.

    `verify` is the path of a CA file, or True for the system's; `repeated` is called at each second
    try. What requests finds out anew for each call, by which proxy and CA, is found out once.
    """

    def __init__(
        self, verify: str | bool, context: ssl.SSLContext | None, repeated: Callable[[], None]
    ) -> None:
        self._verify = verify
        self._context = context
        self._pool: object = None
        self._proxies: dict[str, str] = {}
        super().__init__(max_retries=_second_try(repeated))

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **(kwargs | self._shown()))
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> PoolManager:
        manager: PoolManager = super().proxy_manager_for(proxy, **self._shown(), **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def _shown(self) -> dict[str, Any]:
        return {"ssl_context": self._context} if self._context else {}

    def get_connection_with_tls_context(self, request: Any, *_: object, **__: object) -> Any:
        if self._pool is None:
            self._proxies = get_environ_proxies(request.url)
            pool = self._found(request)
            super().cert_verify(pool, request.url, self._verify, None)  # type: ignore[no-untyped-call]
            self._pool = pool
        return self._pool

    def _found(self, request: Any) -> Any:
        try:
            return super().get_connection_with_tls_context(request, self._verify, self._proxies)
        except (RequestException, ValueError, TypeError):
            if not self._proxies:
                raise
            # What is raised tells the address, and the password in it.
            raise ProxyError("not the address of a proxy") from None

    def cert_verify(self, *_: object) -> None:
        """What is to be verified is known to the pool, see above."""

    def request_url(self, request: Any, _: object) -> str:
        address: str = request.path_url
        return super().request_url(request, self._proxies) if self._proxies else address


def showing(pem: str) -> ssl.SSLContext:
    """A context that shows the client certificate in `pem`, which holds its key as well.

    Raises Permanent `config.invalid` when it is none.
    """
    context = create_urllib3_context(ssl_minimum_version=ssl.TLSVersion.TLSv1_2)
    try:
        certificates.show(context, pem)
    except (OSError, ValueError):
        why = "is not a certificate and its private key in PEM form, without a passphrase."
        raise Permanent(
            Code.CONFIG_INVALID, f"The secret that servicenow.certificate names {why}"
        ) from None
    return context
