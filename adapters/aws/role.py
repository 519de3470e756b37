"""Asking STS for credentials of the one role that may read, narrowed to what is being read."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from adapters.aws.keys import Keys, Lending
from adapters.aws.scope import Scope, policy, too_long
from transfer.errors import Code, FerryError, Permanent

SECONDS = 10
"""Of authority to read one object."""
ROLE_SECONDS = 900
"""Of a role's own session: the least that AssumeRole gives (STS API, DurationSeconds)."""
UNOFFERED = frozenset(
    {
        *("AccessDenied", "AccessDeniedException", "UnauthorizedOperation"),
        *("InvalidAction", "UnknownOperationException", "UnsupportedOperation", "NotImplemented"),
        *("404", "405", "501"),
    }
)
"""Codes by which an STS does not offer GetScopedCredentials, or not to us."""
FORBIDDEN = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
TOO_LONG = frozenset({"PackedPolicyTooLarge", "PackedPolicyTooLargeException"})
PURPOSE = "FileFerry reads one object"
ERRAND = "open a session to read the objects"


@dataclass(frozen=True, slots=True, repr=False)
class Lent:
    """Credentials for a while. They surely serve `until`, and have surely ended by `gone`: times of
    `tick`; `ends` is one of AWS's clock. No repr, as for Keys.
    """

    keys: Keys
    identity: str
    until: float
    gone: float
    ends: datetime


class UnofferedError(Exception):
    """STS does not give scoped credentials; the code says how it put that."""


class Role:
    """`arn` is the role's; the client's own credentials must be allowed to assume it, and to set
    the source identity. `clock` and `tick` are this host's; AWS's clock is taken from its answers.
    """

    def __init__(
        self,
        sts: Any,
        arn: str,
        clock: Callable[[], datetime],
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sts = sts
        self._lending = Lending(sts)
        self._clock = clock
        self.tick = tick
        self.arn = arn
        self.partition = arn.split(":")[1]
        self._ahead = timedelta()

    def assume(self, number: str, scope: Scope | None = None) -> Lent:
        """The role under the request's number, narrowed to `scope` and to SECONDS where one is
        given: its policy ends then, the credentials have nothing left.
        """
        began, ends = self.tick(), self._now() + timedelta(seconds=SECONDS)
        asked: dict[str, Any] = {
            "RoleArn": self.arn,
            "RoleSessionName": f"fileferry-{_plain(number)}"[:64],
            "SourceIdentity": _plain(number)[:64].ljust(2, "-"),
            "DurationSeconds": ROLE_SECONDS,
        }
        if scope:
            asked["Policy"] = policy(scope, self.partition, ends)
        with _translated(f"assume {self.arn}", scope):
            answer = self._sts.assume_role(**asked)
        self._heed(answer)
        identity = answer["AssumedRoleUser"]["Arn"]
        if scope:
            return self._lent(answer, identity, began + SECONDS, ends)
        return self._lent(answer, identity, began + ROLE_SECONDS, _expiry(answer))

    def narrow(self, base: Lent, scope: Scope) -> Lent:
        """What of `base` reads `scope`, for SECONDS. Raises UnofferedError."""
        began, said = self.tick(), policy(scope, self.partition)
        ask = getattr(self._sts, "get_scoped_credentials", None)
        if ask is None:
            raise UnofferedError("this botocore does not know GetScopedCredentials")
        with (
            _translated("narrow its session", scope, UNOFFERED),
            self._lending.by(lambda: base.keys),
        ):
            answer = ask(DurationSeconds=SECONDS, Policy=said, ScopedSessionDescription=PURPOSE)
        self._heed(answer)
        return self._lent(answer, base.identity, began + SECONDS, _expiry(answer))

    def _lent(self, answer: Any, identity: str, until: float, ends: datetime) -> Lent:
        """A slow answer's credentials live longer than from when they were asked for."""
        left = (ends - self._now()).total_seconds()
        return Lent(_keys(answer), identity, until, self.tick() + left, ends)

    def _now(self) -> datetime:
        return self._clock() + self._ahead

    def _heed(self, answer: Mapping[str, Any]) -> None:
        """An end that is written into a policy is judged by AWS's clock, not by this host's."""
        told = answer["ResponseMetadata"]["HTTPHeaders"].get("date", "")
        try:
            self._ahead = parsedate_to_datetime(told).astimezone(UTC) - self._clock()
        except (TypeError, ValueError):
            return


@contextmanager
def _translated(
    errand: str, scope: Scope | None, unoffered: frozenset[str] = frozenset()
) -> Iterator[None]:
    from botocore.exceptions import ClientError  # noqa: PLC0415  whoever has a client has it

    from adapters.aws import client as aws  # noqa: PLC0415

    try:
        with aws.no_answer_translated("STS", ERRAND):
            yield
    except ClientError as error:
        code = aws.code_of(error)
        if code in unoffered:
            raise UnofferedError(code) from error
        if code in TOO_LONG and scope:
            raise too_long(scope) from error
        known = aws.answer_translated(error, "STS", ERRAND)
        raise (known or _refusal(errand, code)) from error


def _refusal(errand: str, code: str) -> FerryError:
    words = f"FileFerry could not {ERRAND}: STS did not let it {errand} ({code})."
    if code not in FORBIDDEN:
        return Permanent(Code.SESSION_REFUSED, words)
    action = (
        "Tell the operators: let FileFerry's identity call sts:AssumeRole and "
        "sts:SetSourceIdentity on aws.role_arn, in its policy and in the role's trust policy."
    )
    return Permanent(Code.SESSION_REFUSED, words, action=action)


def _keys(answer: Mapping[str, Any]) -> Keys:
    told = answer["Credentials"]
    return Keys(told["AccessKeyId"], told["SecretAccessKey"], told["SessionToken"])


def _expiry(answer: Mapping[str, Any]) -> datetime:
    ends: datetime = answer["Credentials"]["Expiration"]
    return ends.astimezone(UTC)


def _plain(number: str) -> str:
    """In the letters that STS allows in names."""
    return re.sub(r"[^A-Za-z0-9_+=,.@-]", "-", number)
