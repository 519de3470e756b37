"""Credentials at one moment, and lending them to a client for the calls of one thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from transfer.errors import Code, Permanent

if TYPE_CHECKING:
    from botocore.awsrequest import AWSRequest


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """They have no repr, so that no log can show them."""

    access: str
    secret: str
    token: str | None = None


class Lending:
    """Signs with other credentials than the client's own, while a thread asks for that.

    One client serves all threads and sessions: making one costs tens of milliseconds.
    """

    def __init__(self, client: Any) -> None:
        self._thread = threading.local()
        service = client.meta.service_model.service_id.hyphenize()
        client.meta.events.register(f"before-sign.{service}", self._put)

    @contextmanager
    def by(self, keys: Callable[[], Keys] | None) -> Iterator[None]:
        """`keys` is asked at each request, repeated ones too; None: the client's own are used."""
        before = getattr(self._thread, "keys", None)
        self._thread.keys = keys
        try:
            yield
        finally:
            self._thread.keys = before

    def _put(self, request: AWSRequest, **_: Any) -> None:
        keys: Callable[[], Keys] | None = getattr(self._thread, "keys", None)
        if keys is None:
            return
        # Who has a client has paid for botocore.
        from botocore.credentials import Credentials  # noqa: PLC0415

        signing: dict[str, Any] = request.context.setdefault("signing", {})
        if signing.get("identity_cache") is not None:
            # Their CreateSession goes out under the client's own credentials, around the session.
            raise Permanent(
                Code.SESSION_REFUSED,
                "FileFerry reads no directory bucket under a session of its own.",
                action="Tell the operators: directory buckets need aws.sessions: process.",
            )
        lent = keys()
        signing["request_credentials"] = Credentials(lent.access, lent.secret, lent.token)
