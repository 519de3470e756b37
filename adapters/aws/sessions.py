"""Authority to read, from the credentials of the process; STS says whose they are."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from transfer.errors import Code, Permanent
from transfer.model import Session, Transfer
from transfer.ports import ObjectStore
from transfer.remembered import Remembered

if TYPE_CHECKING:
    from types_boto3_sts import STSClient

ERRAND = "open a session to read the objects"
_TOLD_FOR = 60.0
"""Seconds for which the process is believed to be whom STS says."""
UNCHECKED = "process credentials (not checked)"


def make_client(
    region: str, endpoint_url: str | None = None, profile: str | None = None, timeout: float = 30.0
) -> STSClient:
    """A client of the regional STS; `timeout` in seconds. Raises Permanent `config.invalid`."""
    # Loaded by those who need them only: a quarter of a second, and 30 MB.
    import boto3  # noqa: PLC0415

    from adapters.aws import client as aws  # noqa: PLC0415

    with aws.settings_checked():
        session = boto3.session.Session(profile_name=profile, region_name=region)
        config = aws.client_config(endpoint_url, timeout)
        return aws.guarded(session.client("sts", endpoint_url=endpoint_url, config=config))


def insist_on_more(transfer: Transfer) -> Session:
    """Its session. Raises Permanent `session.refused` where nothing more of it is to be read."""
    if transfer.session is None or transfer.failure or transfer.outcome:
        raise Permanent(
            Code.SESSION_REFUSED,
            f"No session is opened for {transfer.request.number}: nothing more of it is to be "
            "read.",
            action="Order again if more is to be sent.",
        )
    return transfer.session


class ProcessSessions:
    """Sessions without an end of their own: nothing is issued, so nothing runs out or is ended.

    `sts` None means that nobody is asked; for stores without STS. The id is evidence for the
    audit ticket, one for each opening; `now` counts seconds.
    """

    def __init__(
        self,
        sts: STSClient | None,
        clock: Callable[[], datetime],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sts = sts
        self._clock = clock
        self._told: Remembered[str] = Remembered(1, _TOLD_FOR, now)

    def open(self, transfer: Transfer) -> Session:  # noqa: ARG002  one identity for all of them
        identity = UNCHECKED if self._sts is None else self._identity(self._sts)
        return Session(id=uuid.uuid4().hex[:12], identity=identity, opened_at=self._clock())

    def _identity(self, sts: STSClient) -> str:
        identity = self._told.get(sts)
        if identity is None:
            identity = caller_of(sts)
            self._told.keep(sts, identity)
        return identity

    def reading(
        self,
        transfer: Transfer,
        objects: ObjectStore,
        may: Callable[[], None],  # noqa: ARG002  nothing is opened
    ) -> ObjectStore:
        insist_on_more(transfer)
        return objects

    def told(self, session: Session) -> Session:
        return session

    def close(self, session: Session) -> Session:
        """The credentials of the process outlive every transfer: there is nothing to end."""
        return session


def caller_of(sts: STSClient) -> str:
    """The ARN of the caller. Needs no permission: GetCallerIdentity cannot be denied (STS API)."""
    from botocore.exceptions import ClientError  # noqa: PLC0415  as in make_client

    from adapters.aws import client as aws  # noqa: PLC0415

    try:
        with aws.no_answer_translated("STS", ERRAND):
            return sts.get_caller_identity()["Arn"]
    except ClientError as error:
        known = aws.answer_translated(error, "STS", ERRAND)
        raise (known or _refusal(aws.code_of(error))) from error


def _refusal(code: str) -> Permanent:
    return Permanent(
        Code.SESSION_REFUSED,
        f"FileFerry could not {ERRAND}: STS refused its credentials ({code}).",
    )
