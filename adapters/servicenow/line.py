"""How connections behave below HTTP: patience with a slow answer, and which calls are repeated."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import MaxRetryError, ReadTimeoutError
from urllib3.util import Retry


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
        return super().increment(method, url, response, error, _pool, _stacktrace)


_RETRY = _SecondTry(
    total=1,
    redirect=0,
    other=0,
    allowed_methods={"GET"},
    status_forcelist={502, 503, 504},
    backoff_factor=0.2,
    respect_retry_after_header=False,
    raise_on_status=False,
)


class Adapter(HTTPAdapter):
    """For a requests.Session: patient connections, and one second try."""

    def __init__(self) -> None:
        super().__init__(max_retries=_RETRY)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}
