"""Signed requests to S3 without boto3's own way: a sixth of its CPU, and no copy of the body.

Where and how is said by adapters/s3/address.py; connections are kept. What cannot be done this way
is left to boto3.
"""

from __future__ import annotations

import socket
import time
import weakref
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Protocol, TypeVar

from adapters.aws.terms import POOL, Terms
from adapters.names import addresses
from adapters.s3.address import Address, Origin, Signed
from adapters.s3.wire import Answered, Wire

if TYPE_CHECKING:
    import ssl


LONGEST_REASON = 65_536
"""Bytes of a refusal that are read; S3's have some hundred."""
HTTPS = 443
AT_ONCE = 8
"""Requests that one thread has under way. 16 would save a tenth of one's CPU more."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that is still to be signed."""

    address: Address
    key: str
    query: str
    headers: Mapping[str, str]

    def signed(self, method: str) -> Signed:
        return self.address.signed(method, self.key, self.query, self.headers)


class Answer(Protocol):
    """The good answer to a request: headers first, the body as it comes."""

    @property
    def headers(self) -> Mapping[str, str]:
        """By their names in small letters."""

    def readinto(self, buffer: memoryview, /) -> int:
        """How many bytes were read; fewer than the buffer holds at the end of the body."""

    def close(self) -> None: ...


class ThinHttp:
    """Keeps connections; for all threads."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._tls: ssl.SSLContext | None = None
        self._idle: dict[Origin, list[Wire]] = {}
        weakref.finalize(self, _hang_up, self._idle)

    def can(self, address: Address) -> bool:
        """Whether it can prove the other side to be who it should be."""
        return address.origin[0] == "http" or self._terms.trust is not None

    def ask(self, method: str, asked: Asked) -> Answer:
        """Send until it is answered with 2xx, as botocore's standard mode does: again for a line
        that breaks before the answer, for 5xx and for what S3 means by "later".

        Raises ClientError, OSError, and what botocore raises for want of credentials.
        """
        address, tries = asked.address, self._terms.tries
        for left in reversed(range(tries)):
            try:
                return self._send(address, asked.signed(method))
            except Exception as error:
                if not left or not _worth_another(error):
                    raise
            _wait(2.0 ** (tries - left - 1))
        raise AssertionError("the last try returns or raises")

    def ask_all(
        self, method: str, requests: Iterable[tuple[T, Asked | None]]
    ) -> Iterator[tuple[T, Answer | None]]:
        """The good answers in the order of the requests, each to be closed before the next is
        taken. None for what did not go smoothly, or was not to be asked so: `ask` says why.

        One request at a time waits for a whole round trip, and after each change of the thread
        everything takes twice the CPU.
        """
        left = iter(requests)
        while first := next(left, None):
            flight: deque[tuple[T, Asked | None, Wire | None]] = deque()
            try:
                for name, asked in chain([first], islice(left, self._room(first[1]))):
                    flight.append((name, asked, self._posted(method, asked) if asked else None))
                while flight:
                    name, asked, wire = flight.popleft()
                    yield name, self._heard(method, asked, wire) if asked and wire else None
            finally:
                for _, _, wire in flight:
                    if wire:
                        wire.close()

    def _room(self, asked: Asked | None) -> int:
        """For how many more there is a connection. With the one that this one may have to make, a
        thread has one more each time.
        """
        return min(AT_ONCE - 1, len(self._idle.get(asked.address.origin, ()))) if asked else 0

    def _posted(self, method: str, asked: Asked) -> Wire | None:
        wire: Wire | None = None
        try:
            request = asked.signed(method)
            wire = self._kept(asked.address.origin) or self._connect(asked.address.origin)
            wire.post(method, request.target, request.headers)
        except Exception:  # noqa: BLE001  it is asked alone, which says why
            if wire:
                wire.close()
            return None
        return wire

    def _heard(self, method: str, asked: Asked, wire: Wire) -> Answer | None:
        with suppress(OSError):
            answer = wire.hear(method)
            if 200 <= answer.status < 300:  # noqa: PLR2004  RFC 9110
                return _Body(wire, answer, self._idle.setdefault(asked.address.origin, []))
        wire.close()
        return None

    def _send(self, address: Address, request: Signed) -> Answer:
        kept = self._kept(address.origin)
        if kept:
            try:
                return self._exchange(kept, address, request)
            except TimeoutError:
                raise
            except OSError:
                # The other side hung up while nobody looked, which says nothing of the request.
                pass
        return self._exchange(self._connect(address.origin), address, request)

    def _exchange(self, wire: Wire, address: Address, request: Signed) -> Answer:
        try:
            answer = wire.ask(request.method, request.target, request.headers)
            if not 200 <= answer.status < 300:  # noqa: PLR2004  RFC 9110
                raise _refusal(request.method, answer)
        except BaseException:
            wire.close()
            raise
        return _Body(wire, answer, self._idle.setdefault(address.origin, []))

    def _kept(self, origin: Origin) -> Wire | None:
        idle = self._idle.setdefault(origin, [])
        while idle:
            try:
                wire = idle.pop()
            except IndexError:
                break
            if wire.quiet:
                return wire
            wire.close()
        return None

    def _connect(self, origin: Origin) -> Wire:
        scheme, host, port = origin
        secure = scheme == "https"
        sock = _dial(host, port or (HTTPS if secure else 80), self._terms.connect_timeout)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            if secure:
                sock = self._context().wrap_socket(sock, server_hostname=host)
            sock.settimeout(self._terms.timeout)
        except BaseException:
            sock.close()
            raise
        return Wire(sock)

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            # Stores of our own network are often without TLS.
            import ssl  # noqa: PLC0415

            self._tls = ssl.create_default_context(cafile=self._terms.trust)
        return self._tls


def _dial(host: str, port: int, patience: float) -> socket.socket:
    """As `socket.create_connection`, which waits for name servers as long as they like."""
    error: OSError | None = None
    for family, kind, number, _, address in addresses(host, port, patience):
        sock = socket.socket(family, kind, number)
        sock.settimeout(patience)
        try:
            sock.connect(address)
        except OSError as failed:
            sock.close()
            error = failed
        else:
            return sock
    raise error or OSError("no address")


class _Body:
    def __init__(self, wire: Wire, answer: Answered, idle: list[Wire]) -> None:
        self.headers = answer.headers
        self.readinto = answer.readinto
        self._wire = wire
        self._answer = answer
        self._idle = idle

    def close(self) -> None:
        """Keeps the connection only when the body has been read to its end."""
        if self._answer.reusable and len(self._idle) < POOL:
            self._idle.append(self._wire)
        else:
            self._wire.close()


def _refusal(method: str, answer: Answered) -> Exception:
    """What boto3 would raise. The connection is not used again."""
    # Who is never refused need not wait for botocore.
    from adapters.s3.refusals import refusal  # noqa: PLC0415

    reason, count = bytearray(LONGEST_REASON), 0
    view = memoryview(reason)
    with suppress(OSError):
        while got := answer.readinto(view[count:]):
            count += got
    return refusal(method, answer.status, answer.headers, bytes(reason[:count]))


def _wait(most: float) -> None:
    """Seconds up to so many, that not all come back at once."""
    from random import random  # noqa: PLC0415  a millisecond, for what seldom fails

    time.sleep(random() * most)  # noqa: S311  jitter


def _worth_another(error: Exception) -> bool:
    if isinstance(error, OSError):
        return True
    from adapters.s3.refusals import is_busy  # noqa: PLC0415  as in _refusal

    return is_busy(error)


def _hang_up(idle: Mapping[Origin, Iterable[Wire]]) -> None:
    for wires in idle.values():
        for wire in wires:
            wire.close()
