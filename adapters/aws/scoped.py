"""Sessions of ten seconds: each reads one object, and ends by itself.

Credentials live in this process's memory only. Nothing of them gets into a Session, an error or a
repr: Keys and Lent have none.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol

import structlog

from adapters.aws.keys import Keys
from adapters.aws.role import SECONDS, Lent, Role, UnofferedError
from adapters.aws.scope import Scope
from adapters.aws.sessions import insist_on_more
from transfer.digests import Makers
from transfer.errors import Code, FerryError, Permanent, Transient
from transfer.model import Pin, Session, SessionKind, Source, Transfer
from transfer.ports import ObjectStore
from transfer.visible import in_utc

SPARE = 2.0
"""Seconds before its end from which on no request is begun under a session: it has to arrive."""
RENEWED = 60.0
"""Seconds before its end from which on the role's own session is asked for anew."""
REMEMBERED = 1000
"""Transfers whose sessions a process remembers: those that another one took over are never closed.
"""
SETTLED = 1.0
"""Seconds that are waited beyond the end, for clocks are read to the second."""
REFUSED = frozenset({400, 401, 403})
"""HTTP statuses of credentials that are good for nothing; S3 says 400 for those that have expired.
"""

log = structlog.get_logger()


class Store(Protocol):
    """S3 that reads with lent credentials."""

    @property
    def checksums(self) -> Makers: ...

    def under(self, lend: Callable[[Scope], Callable[[], Keys]]) -> ObjectStore: ...

    def status(self, source: Source, keys: Keys) -> int:
        """That of the answer to HEAD with those credentials."""


class RoleSessions:
    """Authority of `role`, opened anew for each object and each ten seconds.

    `kind` is what is tried first; where STS does not offer scoped credentials, sessions of the role
    with a policy that ends stand in, and the log and the ticket say so.
    """

    def __init__(
        self,
        role: Role,
        store: Store,
        kind: SessionKind,
        clock: Callable[[], datetime],
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self._role = role
        self._store = store
        self._kind = kind
        self._clock = clock
        self._pause = pause
        self._lock = threading.Lock()
        self._open: OrderedDict[str, _Authority] = OrderedDict()
        self._told = False

    def open(self, transfer: Transfer) -> Session:
        """Takes the role once, which is refused here if at all, before anything is read."""
        session = Session(
            id=uuid.uuid4().hex[:12], identity="", opened_at=self._clock(), kind=self._kind
        )
        authority = self._authority(session, transfer)
        return session.evolve(identity=authority.base().identity)

    def reading(
        self,
        transfer: Transfer,
        objects: ObjectStore,  # noqa: ARG002  what is read here is read by a session alone
        may: Callable[[], None],
    ) -> ObjectStore:
        session = insist_on_more(transfer)
        authority = self._authority(session, transfer)
        authority.goes_on_from(session)
        return SessionObjects(self._store, authority, may)

    def told(self, session: Session) -> Session:
        authority = self._open.get(session.id)
        return authority.told(session) if authority else session

    def close(self, session: Session) -> Session:
        with self._lock:
            authority = self._open.pop(session.id, None)
        if authority is None:
            return session if session.ended else session.evolve(ended=_unproven(session))
        session = authority.told(session)
        return session.evolve(**self._proof(authority.end(), session))

    def _authority(self, session: Session, transfer: Transfer) -> _Authority:
        with self._lock:
            if session.id not in self._open:
                number = transfer.request.number or transfer.id
                made = _Authority(self._role, number, session, self._warn)
                self._open[session.id] = made
            self._open.move_to_end(session.id)
            while len(self._open) > REMEMBERED:
                self._open.popitem(last=False)[1].end()
            return self._open[session.id]

    def _proof(self, last: tuple[Scope, Lent] | None, session: Session) -> dict[str, object]:
        """What a HEAD with the last credentials was answered, after their end."""
        if last is None:
            return {"ended": _unproven(session)}
        scope, lent = last
        if (left := lent.gone - self._role.tick() + SETTLED) > 0:
            self._pause(left)
        if lent.gone > self._role.tick():
            return {"ended": f"not tried, FileFerry was stopped; ends at {in_utc(lent.ends)}"}
        asked = Source(bucket=scope.bucket, key=scope.key, version_id=scope.version_id)
        when = in_utc(self._clock())
        try:
            status = self._store.status(asked, lent.keys)
        except FerryError as error:
            return {"ended": f"S3 did not say, {when} ({error.code}); ended {in_utc(lent.ends)}"}
        said = f"HEAD {scope.uri} with the last credentials, {when}"
        if status in REFUSED:
            return {"ended": f"{said}: refused (HTTP {status})"}
        return {"ended": f"{said}: answered (HTTP {status})", "alive": True}

    def _warn(self, code: str) -> None:
        with self._lock:
            if self._told:
                return
            self._told = True
        log.warning("scoped credentials are not offered, sessions of the role stand in", code=code)


class _Authority:
    """What one request may read with. All of it by several threads at once."""

    def __init__(
        self, role: Role, number: str, session: Session, warn: Callable[[str], None]
    ) -> None:
        self._role = role
        self._number = number
        self._kind = session.kind
        self._opened = session.opened
        self._warn = warn
        self._lock = threading.Lock()
        self._locks: dict[Scope, threading.Lock] = {}
        self._lent: dict[Scope, Lent] = {}
        self._base: Lent | None = None
        self._last: tuple[Scope, Lent] | None = None
        self._ended = False

    def base(self) -> Lent:
        """The role's own session, for as long as it lives."""
        with self._lock:
            if self._base is None or self._base.until - RENEWED < self._role.tick():
                self._base = self._role.assume(self._number)
            return self._base

    def keys(self, scope: Scope, may: Callable[[], None]) -> Keys:
        """Those of a session that is young enough; raises what `may` raises before a new one."""
        with self._lock:
            one = self._locks.setdefault(scope, threading.Lock())
        with one:
            self._check(scope)
            lent = self._lent.get(scope)
            if lent is None or lent.until - SPARE <= self._role.tick():
                may()
                lent = self._fresh(scope)
            return lent.keys

    def has_ended(self, scope: Scope) -> bool:
        """The latest session for it has run out."""
        lent = self._lent.get(scope)
        return lent is not None and lent.until <= self._role.tick()

    def goes_on_from(self, session: Session) -> None:
        """Others may have opened some since this process was last here."""
        with self._lock:
            self._opened = max(self._opened, session.opened)

    def told(self, session: Session) -> Session:
        with self._lock:
            ends = self._last[1].ends if self._last else session.not_after
            opened = max(session.opened, self._opened)
            return session.evolve(kind=self._kind, opened=opened, not_after=ends)

    def end(self) -> tuple[Scope, Lent] | None:
        """Forget the credentials; opens nothing any more. Returns the last session on an object."""
        with self._lock:
            last, self._last, self._base, self._ended = self._last, None, None, True
            self._lent.clear()
            return last

    def _fresh(self, scope: Scope) -> Lent:
        lent = self._asked(scope)
        with self._lock:
            self._check(scope)
            now = self._role.tick()
            for old in [each for each, kept in self._lent.items() if kept.until <= now]:
                del self._lent[old]
            self._lent[scope] = lent
            self._opened += 1
            if not scope.listing:
                self._last = (scope, lent)
        return lent

    def _check(self, scope: Scope) -> None:
        if self._ended:
            raise Permanent(Code.SESSION_REFUSED, f"The session to read {scope.uri} has ended.")

    def _asked(self, scope: Scope) -> Lent:
        if self._kind is SessionKind.SCOPED:
            try:
                return self._role.narrow(self.base(), scope)
            except UnofferedError as error:
                self._kind = SessionKind.ROLE
                self._warn(str(error))
        return self._role.assume(self._number, scope)


class SessionObjects:
    """The store as one request may read it."""

    def __init__(self, store: Store, authority: _Authority, may: Callable[[], None]) -> None:
        self.checksums = store.checksums
        self._authority = authority
        self._objects = store.under(lambda scope: lambda: authority.keys(scope, may))

    def describe(self, source: Source) -> Pin:
        with self._in_time(Scope(source.bucket, source.key, source.version_id)):
            return self._objects.describe(source)

    def list(self, bucket: str, prefix: str) -> Iterator[str]:
        with self._in_time(Scope(bucket, prefix, listing=True)):
            yield from self._objects.list(bucket, prefix)

    def read(self, source: Source, pin: Pin, start: int, length: int) -> bytes:
        with self._in_time(Scope(source.bucket, source.key, pin.version_id)):
            return self._objects.read(source, pin, start, length)

    def read_into(self, source: Source, pin: Pin, start: int, buffer: memoryview) -> None:
        with self._in_time(Scope(source.bucket, source.key, pin.version_id)):
            self._objects.read_into(source, pin, start, buffer)

    @contextmanager
    def _in_time(self, scope: Scope) -> Iterator[None]:
        """A request that lay about until its session had ended says nothing of the object."""
        try:
            yield
        except Permanent as error:
            refused = error.code in (Code.SESSION_REFUSED, Code.SOURCE_DENIED)
            if not refused or not self._authority.has_ended(scope):
                raise
            raise Transient(
                Code.SOURCE_UNAVAILABLE,
                f"The {SECONDS} seconds to read {scope.uri} were over before S3 had answered.",
                file=scope.uri,
            ) from error


class NoObjects:
    """In the place of the store where each read needs a session: whoever has none reads nothing."""

    def __init__(self, checksums: Makers) -> None:
        self.checksums = checksums

    def describe(self, source: Source) -> Pin:
        raise _unasked(source.uri)

    def list(self, bucket: str, prefix: str) -> Iterator[str]:
        raise _unasked(f"s3://{bucket}/{prefix}")

    def read(self, source: Source, pin: Pin, start: int, length: int) -> bytes:  # noqa: ARG002
        raise _unasked(source.uri)

    def read_into(
        self,
        source: Source,
        pin: Pin,  # noqa: ARG002
        start: int,  # noqa: ARG002
        buffer: memoryview,  # noqa: ARG002
    ) -> None:
        raise _unasked(source.uri)


def _unasked(uri: str) -> Permanent:
    return Permanent(Code.SESSION_REFUSED, f"No session was opened to read {uri}.", file=uri)


def _unproven(session: Session) -> str:
    if not session.opened and not session.least:
        return "nothing was read under it, as far as the ledger knows"
    ends = f"; they ended by themselves at {in_utc(session.not_after)}" if session.not_after else ""
    return f"not tried, for the process that had the last credentials is gone with them{ends}"
