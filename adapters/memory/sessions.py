"""Sessions in memory: who opened one is remembered, and refusing can be asked for."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime

from transfer.errors import Code, FerryError, Permanent
from transfer.model import Session, SessionKind, Transfer
from transfer.ports import ObjectStore


class MemorySessions:
    """The Sessions port. While `refusal` is set, opening raises it; `live` are those not closed."""

    def __init__(
        self,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        identity: str = "arn:aws:iam::123456789012:user/fileferry",
        kind: SessionKind = SessionKind.PROCESS,
    ) -> None:
        self._clock = clock
        self._identity = identity
        self._kind = kind
        self.refusal: FerryError | None = None
        self.live: dict[str, Session] = {}

    def open(self, transfer: Transfer) -> Session:  # noqa: ARG002  one identity for all of them
        if self.refusal:
            raise self.refusal
        session = Session(
            id=os.urandom(6).hex(),
            identity=self._identity,
            opened_at=self._clock(),
            kind=self._kind,
        )
        self.live[session.id] = session
        return session

    def reading(
        self,
        transfer: Transfer,
        objects: ObjectStore,
        may: Callable[[], None],  # noqa: ARG002  nothing is opened anew
    ) -> ObjectStore:
        if transfer.session is None or transfer.failure or transfer.outcome:
            raise Permanent(Code.SESSION_REFUSED, "Nothing more of it is to be read.")
        return objects

    def told(self, session: Session) -> Session:
        return session

    def close(self, session: Session) -> Session:
        self.live.pop(session.id, None)
        return session
