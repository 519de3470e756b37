"""How connections behave below HTTP: patience with a slow answer, and which calls are repeated."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import MaxRetryError, ReadTimeoutError
from urllib3.util import Retry
from urllib3.util.ssl_ import create_urllib3_context

from adapters import certificates
from transfer.errors import Code, Permanent


class _Patience:
    """Mixin: the answer's head must arrive within the read timeout as a whole.

    The socket's own timeout is for one packet, so a head that drips in byte by byte would hold a
    thread for hours.
    """

    sock: socket.socket | None
    timeout: float | None

    def getresponse(self) -> Any:
        over = threading.Event()
        watch = threading.Timer(self.timeout or 60.0, _hang_up, [self.sock, over])
        watch.daemon = True
        watch.start()
        try:
            return super().getresponse()  # type: ignore[misc]
        finally:
            watch.cancel()
            if over.is_set():
                # A head that is cut off would pass for one without a body.
                raise TimeoutError


def _hang_up(sock: socket.socket, over: threading.Event) -> None:
    over.set()
    with contextlib.suppress(OSError):
        # SSLSocket's own shutdown would take the TLS state away under the reading thread.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


class _PlainConnection(_Patience, HTTPConnection):
    pass


class _TlsConnection(_Patience, HTTPSConnection):
    pass


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


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
    """For a requests.Session: patient connections, one second try, our certificate if any.

    `repeated` is called at each second try.
    """

    def __init__(self, context: ssl.SSLContext | None, repeated: Callable[[], None]) -> None:
        self._context = context
        super().__init__(max_retries=_second_try(repeated))

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        if self._context is not None:
            kwargs["ssl_context"] = self._context
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}


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
