"""Signed requests to S3 without boto3's own way: a third of its CPU, and no copy of the body.

botocore says where and how (adapters/s3_address.py) and signs; http.client sends, over connections
that are kept. What it cannot do is left to boto3.
"""

from __future__ import annotations

import random
import socket
import ssl
import time
import weakref
from collections.abc import Iterable, Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError
from botocore.httpsession import get_cert_path
from botocore.parsers import create_parser
from urllib3.util.wait import wait_for_read

from adapters import aws
from adapters.s3_address import Address, Origin

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


LONGEST_REASON = 65_536
"""Bytes of a refusal that are read; S3's have some hundred."""


class Answer(Protocol):
    """The good answer to a request: headers first, the body as it comes."""

    @property
    def headers(self) -> Mapping[str, str]:
        """By their names in small letters."""

    def readinto(self, buffer: memoryview, /) -> int:
        """How many bytes were read; fewer than the buffer holds at the end of the body."""

    def close(self) -> None: ...


class ThinHttp:
    """Keeps connections; for all threads. Timeouts and number of tries are the client's."""

    def __init__(self, client: S3Client) -> None:
        config: Any = client.meta.config
        self._connect_timeout: float = config.connect_timeout
        self._timeout: float = config.read_timeout
        self._tries: int = (config.retries or {}).get("total_max_attempts", aws.TRIES)
        self._model = client.meta.service_model
        self._trust = _trust(client)
        self._tls: ssl.SSLContext | None = None
        self._idle: dict[Origin, list[HTTPConnection]] = {}
        weakref.finalize(self, _hang_up, self._idle)

    def can(self, address: Address) -> bool:
        """Whether it can prove the other side to be who it should be."""
        return address.origin[0] == "http" or self._trust is not None

    def ask(
        self, method: str, address: Address, key: str, query: str, headers: dict[str, str]
    ) -> Answer:
        """Send until it is answered with 2xx, as botocore's standard mode does: again for a line
        that breaks before the answer, for 5xx and for what S3 means by "later".

        Raises ClientError, OSError, HTTPException, and what botocore raises for want of
        credentials.
        """
        for left in reversed(range(self._tries)):
            try:
                return self._send(method, address, address.signed(method, key, query, headers))
            except ClientError as error:
                if not left or not aws.is_busy(error):
                    raise
            except (OSError, HTTPException):
                if not left:
                    raise
            time.sleep(random.random() * 2 ** (self._tries - left - 1))  # noqa: S311  jitter
        raise AssertionError("the last try returns or raises")

    def _send(self, method: str, address: Address, request: AWSRequest) -> Answer:
        kept = self._kept(address.origin)
        if kept:
            # The other side may hang up while nobody looks; that says nothing of the request.
            with suppress(ConnectionError, ssl.SSLError):
                return self._exchange(kept, method, address, request)
        return self._exchange(self._connect(address.origin), method, address, request)

    def _exchange(
        self, connection: HTTPConnection, method: str, address: Address, request: AWSRequest
    ) -> Answer:
        url = urlsplit(str(request.url))
        target = f"{url.path}?{url.query}" if url.query else url.path
        try:
            # botocore names the host itself when it signs by awscrt; two of them are no request.
            connection.putrequest(method, target, skip_host="Host" in request.headers)
            for name, text in request.headers.items():
                connection.putheader(name, text)
            connection.endheaders()
            response = connection.getresponse()
            if not 200 <= response.status < 300:  # noqa: PLR2004  RFC 9110
                raise self._refusal(method, response)
            if method == "HEAD":
                response.read()
        except BaseException:
            connection.close()
            raise
        return _Body(connection, response, self._idle.setdefault(address.origin, []))

    def _refusal(self, method: str, response: HTTPResponse) -> ClientError:
        """What boto3 would raise. The connection is not used again."""
        answer = {
            "status_code": response.status,
            "headers": {name.lower(): text for name, text in response.getheaders()},
            "body": response.read(LONGEST_REASON),
        }
        operation = self._model.operation_model("HeadObject" if method == "HEAD" else "GetObject")
        shape: Any = operation.output_shape
        return ClientError(create_parser("rest-xml").parse(answer, shape), operation.name)

    def _kept(self, origin: Origin) -> HTTPConnection | None:
        idle = self._idle.setdefault(origin, [])
        while idle:
            try:
                connection = idle.pop()
            except IndexError:
                break
            # Readable without a request: the other side has hung up.
            if not wait_for_read(connection.sock, timeout=0):
                return connection
            connection.close()
        return None

    def _connect(self, origin: Origin) -> HTTPConnection:
        scheme, host, port = origin
        connection = (
            HTTPSConnection(host, port, timeout=self._connect_timeout, context=self._context())
            if scheme == "https"
            else HTTPConnection(host, port, timeout=self._connect_timeout)
        )
        connection.connect()
        connection.sock.settimeout(self._timeout)
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return connection

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context(cafile=self._trust)
        return self._tls


class _Body:
    def __init__(
        self, connection: HTTPConnection, response: HTTPResponse, idle: list[HTTPConnection]
    ) -> None:
        self.headers = {name.lower(): text for name, text in response.getheaders()}
        self._connection = connection
        self._response = response
        self._idle = idle

    def readinto(self, buffer: memoryview, /) -> int:
        return self._response.readinto(buffer)

    def close(self) -> None:
        """Keeps the connection only when the body has been read to its end."""
        whole = self._response.isclosed() and self._connection.sock is not None
        if whole and len(self._idle) < aws.POOL:
            self._idle.append(self._connection)
        else:
            self._response.close()
            self._connection.close()


def _trust(client: S3Client) -> str | None:
    """The file of CAs that the client trusts; None where it has another way to prove the server.

    AWS_CA_BUNDLE, a profile's `ca_bundle` and REQUESTS_CA_BUNDLE are put together by botocore
    while it makes the client, and are to be had nowhere else.
    """
    if getattr(client.meta.config, "client_cert", None):
        return None
    try:
        verify = client._endpoint.http_session._verify  # type: ignore[attr-defined]  # noqa: SLF001
    except AttributeError:
        return None
    return get_cert_path(verify) or None


def _hang_up(idle: Mapping[Origin, Iterable[HTTPConnection]]) -> None:
    for connections in idle.values():
        for connection in connections:
            connection.close()
