"""Request, Transfer, Delivery, Receipt, Stage: frozen values in the words of the house.

Sizes are in bytes, times are aware datetimes in UTC.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from transfer.computed import Digests, Kept
from transfer.errors import Code, FerryError

MIB = 1024 * 1024
CHUNK = 10 * MIB
"""Bytes read from S3, written and counted at a time."""
LARGE = 1024 * MIB
"""Above this size a file goes by ChunkedTransfer instead of TransferFTP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An S3 object as it was asked for; without a version the one that is there at the pin.

    `sha256` is the hex digest that its bytes must have, or ''.
    """

    bucket: str
    key: str
    version_id: str | None = None
    sha256: str = ""

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One version of an S3 object: what every later read must match.

    The digests and checksums are hex, of the whole object, or None where S3 holds none that can be
    compared (the ETag of a multipart or KMS object is not an MD5). `attested` are the names of
    those that S3 vouches for; `doubt` says what is odd about its word (transfer/attest.py).
    """

    size: int
    etag: str
    version_id: str | None = None
    modified: datetime | None = None
    md5: str | None = None
    sha256: str | None = None
    crc64nvme: str | None = None
    crc32c: str | None = None
    crc32: str | None = None
    sha1: str | None = None
    sha512: str | None = None
    attested: tuple[str, ...] = ()
    doubt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A list of files as it was read: which version, and the SHA-256 of its bytes."""

    source: Source
    pin: Pin
    sha256: str
    files: int


class Stage(StrEnum):
    """How far a Transfer has come; each is reached by the step named beside it."""

    RECEIVED = "received"
    VALIDATED = "validated"  # ValidateInput
    AUTHORISED = "authorised"  # AuthSSO
    PINNED = "pinned"  # DownloadS3
    DELIVERED = "delivered"  # TransferFTP, ChunkedTransfer
    REPORTED = "reported"  # UpdateServiceNow
    NOTIFIED = "notified"  # NotifyUser
    CLOSED = "closed"  # Cleanup


class DeliveryState(StrEnum):
    """How far one file has come; delivery.md draws the arrows."""

    WAITING = "waiting"
    PINNED = "pinned"
    UPLOADING = "uploading"
    VERIFIED = "verified"
    INTENT = "intent"
    PUBLISHED = "published"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    """How a Transfer ended, for the person who asked."""

    DELIVERED = "delivered"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    FAILED = "failed"
    REHEARSED = "rehearsed"  # a dry run: nothing was sent
    UNKNOWN = "unknown"  # a person has to find out whether it arrived


class Route(StrEnum):
    """By which door a Transfer goes: carried by the daemon itself, or by an execution in AWS."""

    IN_PROCESS = "in_process"
    STEP_FUNCTIONS = "step_functions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a person asked for and an approver approved, as ServiceNow says it.

    `id` is `instance:table:sys_id` of the approved record, `fingerprint` the SHA-256 of its terms.
    `sources`, `target` and `options` are the words of the requester, still unchecked. `opener` has
    asked for it; `approvers` are those whose approval counts, `actors` wrote it, `discounted` says
    why others do not count. `standing` is the sys_id of the standing approval that stands for a
    task, `version_id` the version that it is about. `as_found`: operators said of the catalog item
    that what is in S3 when FileFerry looks is meant, and not what was there at the approval.
    """

    id: str
    number: str
    requester: str
    destination: str
    sources: tuple[str, ...]
    target: str
    fingerprint: str
    requester_id: str = ""
    request_number: str = ""
    item_id: str = ""
    task_id: str = ""
    task_number: str = ""
    opener: str = ""
    approvers: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()
    discounted: tuple[str, ...] = ()
    approved_at: datetime | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    standing: str = ""
    version_id: str = ""
    catalog_item: str = ""
    as_found: bool = False

    @property
    def token(self) -> str:
        """12 hex digits of the id: short enough for a temp name, long enough to be alone."""
        return hashlib.sha256(self.id.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a transfer or a file did not arrive; the frozen form of a FerryError."""

    code: str
    message: str
    action: str
    file: str | None = None
    permanent: bool = True

    @classmethod
    def of(cls, error: FerryError) -> Self:
        return cls(
            code=error.code.value,
            message=error.message,
            action=error.action,
            file=error.file,
            permanent=error.permanent,
        )


class SessionKind(StrEnum):
    """Whose credentials read the objects."""

    PROCESS = "process"  # those of the process itself, which end with nothing
    SCOPED = "scoped"  # of ten seconds each, for one object: sts:GetScopedCredentials
    ROLE = "role"  # of a role, for one object; their policy ends after ten seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The authority under which the objects are read. It names credentials, never holds them.

    `opened` counts the openings for an object; `least`: there may be more, of who reads now or died
    over it. `not_after` is the end of the latest known. `ended` says how the end was proven;
    `alive`: it was not refused after it.
    """

    id: str
    identity: str
    opened_at: datetime
    not_after: datetime | None = None
    kind: SessionKind = SessionKind.PROCESS
    opened: int = 0
    least: bool = False
    ended: str = ""
    alive: bool = False

    def evolve(self, **changes: Any) -> Self:
        return replace(self, **changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What was delivered, and how it was verified (tiers: delivery.md).

    `collected`: the final name was empty when we looked, because the partner takes files away.
    `sidecar` is the path of our small file beside it, once that is written; `acknowledgement` that
    of the partner's, once it was seen, which makes `tier` T3. `origins` of the digests: computed,
    attested by S3, or remembered; empty on receipts from before there were others.
    """

    path: str
    size: int
    md5: str
    sha256: str
    tier: str
    source_check: str
    server: str
    in_place: bool = False
    collected: bool = False
    started_at: datetime
    rechecked_at: datetime
    published_at: datetime
    sidecar: str = ""
    acknowledgement: str = ""
    acknowledged_at: datetime | None = None
    origins: Mapping[str, str] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        return (self.published_at - self.started_at).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One file's crossing: pinned S3 object → temp name → final name.

    `number` counts from 1. `final` is the absolute path on the remote; `ordered` is the one that
    was asked for, where the file had to take another (Conflict.VERSION). `candidates` are the temps
    that an INTENT may have published, in ascending epoch order. `older` are the temps of earlier
    epochs that nobody can publish any more and that may still be there. `moved` counts the bytes
    that the remote has acknowledged; it may step back and is never part of correctness. `kept` are
    the states of its digests while it is under way.
    """

    number: int
    source: Source
    final: str
    ordered: str = ""
    state: DeliveryState = DeliveryState.WAITING
    pin: Pin | None = None
    temp: str | None = None
    candidates: tuple[str, ...] = ()
    older: tuple[str, ...] = ()
    moved: int = 0
    kept: tuple[Kept, ...] = ()
    started_at: datetime | None = None
    rechecked_at: datetime | None = None
    digests: Digests | None = None
    tier: str = ""
    server: str = ""
    receipt: Receipt | None = None
    failure: Failure | None = None

    @property
    def size(self) -> int:
        """The pinned size; 0 before the pin."""
        return self.pin.size if self.pin else 0

    def evolve(self, **changes: Any) -> Self:
        return replace(self, **changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """The files of a transfer, shared out: shard n has `size` files, from number n * size + 1 on.

    `numbers` are the shards that were opened last, `opened` the epoch of the head under which that
    was, `by` its execution. `last`: they may publish. `left` counts the files that were not so far
    then. The size stays for ever, so that a file has one shard only.
    """

    size: int
    numbers: tuple[int, ...]
    opened: int
    by: str = ""
    last: bool = True
    left: int = 0
    open: bool = True

    def of(self, number: int) -> int:
        """The shard of the file with that number."""
        return (number - 1) // self.size

    def evolve(self, **changes: Any) -> Self:
        return replace(self, **changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A Request under way: the head only; its deliveries stand beside it in the ledger.

    `epoch` is the fencing number: the ledger refuses a save whose epoch is not the latest claim's.
    `claims` counts the claims in a row that were not given back, this one included: 1 in a quiet
    life, and one more for each owner that died over it. `expanded`: the deliveries are complete,
    patterns and manifests included. `generation` is raised by an operator only. `manifests` are
    those that the deliveries were read from. `route` is the door that carries it now, `execution`
    the name of the run behind it; `door` is the digest of the configuration and the code of the
    door that began it. `trace` is the X-Ray header of the trace that all of it is part of.
    `sharing` stands there once the files were shared out; `shard` is the number
    of the shard whose claim this is, with an epoch and `claims` of its own, and None for the head.
    """

    request: Request
    generation: int = 1
    expanded: bool = False
    manifests: tuple[Manifest, ...] = ()
    epoch: int = 0
    claims: int = 0
    stage: Stage = Stage.RECEIVED
    session: Session | None = None
    outcome: Outcome | None = None
    failure: Failure | None = None
    loose_ends: tuple[Failure, ...] = ()
    received_at: datetime | None = None
    closed_at: datetime | None = None
    quarantined_at: datetime | None = None
    route: Route = Route.IN_PROCESS
    execution: str | None = None
    door: str | None = None
    sharing: Sharing | None = None
    shard: int | None = None
    trace: str | None = None

    @property
    def id(self) -> str:
        return self.request.id

    @property
    def finished(self) -> bool:
        return self.stage is Stage.CLOSED

    @property
    def at_rest(self) -> bool:
        """Nobody works on it: closed, or in quarantine until an operator releases it."""
        return self.finished or self.quarantined_at is not None

    @property
    def mark(self) -> str:
        """Of this claim alone, in the names of its temps: `e3`, or `s3` where it is a shard's."""
        return f"{'e' if self.shard is None else 's'}{self.epoch}"

    def evolve(self, **changes: Any) -> Self:
        return replace(self, **changes)

    def failed(self, error: FerryError) -> Self:
        """With the failure noted. Refused: the request itself would not do; nothing was tried."""
        return replace(self, failure=Failure.of(error), outcome=self._outcome_of(error))

    def _outcome_of(self, error: FerryError) -> Outcome:
        if error.code in (Code.REQUEST_CANCELLED, Code.PUBLISH_UNKNOWN):
            cancelled = error.code is Code.REQUEST_CANCELLED
            return Outcome.CANCELLED if cancelled else Outcome.UNKNOWN
        spoken = error.code.startswith(("approval.", "request.", "grant.", "standing."))
        spoken = spoken or error.code is Code.SOURCE_NEWER
        refused = error.permanent and (self.stage is Stage.RECEIVED or spoken)
        return Outcome.REFUSED if refused else Outcome.FAILED

    def log_context(self) -> dict[str, str | int]:
        """What every log line about this transfer bears."""
        return {"transfer": self.id, "request": self.request.number, "epoch": self.epoch}
