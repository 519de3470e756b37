"""What a transfer needs from the world, as Protocols of at most five verbs.

The contract stands here; implementations do not repeat it. All of them raise FerryError only:
an adapter translates its library's exceptions at its own edge and never retries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from transfer.destination import Destination
from transfer.digests import Makers
from transfer.evidence import Evidence
from transfer.model import Delivery, Pin, Request, Session, Source, Transfer
from transfer.tickets import Post, Ticket, TicketRole


class ObjectStore(Protocol):
    """Where the files come from. All of it by several threads at once."""

    @property
    def checksums(self) -> Makers:
        """The store's own checksums that can be computed here, by their names in Pin."""

    def describe(self, source: Source) -> Pin:
        """Pin the object as it is now.

        Raises Permanent `source.missing`, `source.denied`, `source.archived`; Transient
        `source.unavailable`.
        """

    def read(self, source: Source, pin: Pin, start: int, length: int) -> bytes:
        """Exactly `length` bytes of the pinned version from `start`; `start + length <= pin.size`.

        Raises Permanent `source.changed` when the object is no longer the pinned one,
        `source.missing`, `source.denied`; Transient `source.unavailable`, also when the body ends
        early.
        """

    def read_into(self, source: Source, pin: Pin, start: int, buffer: memoryview) -> None:
        """As `read`, as many bytes as the buffer has; after an error its content is undefined."""


class Upload(Protocol):
    """A file that is being written."""

    @property
    def acknowledged(self) -> int:
        """Bytes written through this handle that the remote has acknowledged; any thread asks."""

    def write(self, data: bytes | memoryview, offset: int) -> None:
        """Send `data` for the place `offset`; may return before it is acknowledged.

        The offsets follow each other without a gap, unless `Powers.ranges`. Who needs the bytes
        after the return holds a view of them. Raises what `Remote` raises.
        """

    def finish(self, modified: datetime | None = None) -> None:
        """Wait for every acknowledgement, have the bytes put on disk where the server offers that,
        close, and set the time of modification where the server offers that.

        Returns only if the remote has acknowledged every byte.
        """

    def abandon(self) -> None:
        """Give the handle up without caring for the bytes. Never raises."""


class Proof(Protocol):
    """What a remote can show of the bytes that it stored."""

    def digest(self, path: str, algorithm: str) -> str | None:
        """The server's own hash, hex; `algorithm` is of `Powers.digests`. None when it will not."""

    def read(self, path: str, start: int, length: int) -> Iterator[bytes]:
        """The stored bytes from `start`, in pieces; fewer than `length` at the end of the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Powers:
    """What the server can do, asked of the server itself.

    `replaces`: a rename over an existing file in one step. `guards`: a rename onto a name that is
    taken is refused by the server itself. `resumes`: an existing file can be continued where it
    ends. `ranges`: one file can be written in any order, by several connections. `digests`: names
    (hashlib's) of the hashes that the server computes.
    """

    replaces: bool = False
    guards: bool = False
    resumes: bool = False
    ranges: bool = False
    digests: frozenset[str] = frozenset()


class Remote(Protocol):
    """An open connection to a Destination. Paths are absolute; used by one thread at a time.

    Raises Permanent `auth.refused`, `hostkey.unknown`, `remote.full`, `remote.denied`,
    `remote.no_directory`, `remote.exists`, `remote.no_replace`, `remote.failed`; Transient
    `remote.timeout`, `remote.dropped`, `remote.unreachable`. After a Transient the connection is
    not used again.
    """

    @property
    def identity(self) -> str:
        """What proved the server to be the partner's, e.g. `ssh-ed25519 SHA256:…`."""

    @property
    def powers(self) -> Powers: ...

    @property
    def proof(self) -> Proof: ...

    def size(self, path: str) -> int | None:
        """Bytes of the file, 0 when it is empty, None when it is absent."""

    def create(self, path: str, *, at: int = 0) -> Upload:
        """Open a new file for writing. Permanent `remote.exists` when something has that name.

        With `at` above 0 the file exists already and is continued from that byte: its end where
        the server only `resumes`, anywhere where it has `ranges`.
        """

    def rename(self, old: str, new: str, *, replace: bool) -> bool:
        """Give `old` the name `new` in one step of the server's; False when `old` is absent.

        With `replace` an existing `new` is replaced atomically (Permanent `remote.no_replace` where
        the server cannot); without, an existing `new` is Permanent `remote.exists`.
        """

    def remove(self, path: str) -> None:
        """Remove the file; an absent one is fine."""

    def close(self) -> None:
        """Hang up. Never raises; twice is fine."""


class Remotes(Protocol):
    """The protocols that FileFerry speaks."""

    @property
    def protocols(self) -> frozenset[str]:
        """The registered names, e.g. `sftp`."""

    def connect(self, destination: Destination, *, beside: Remote | None = None) -> Remote:
        """Connect, prove the server's identity, log in.

        `beside` is an open connection to the same destination: where the protocol lets several
        threads share its line, this costs no login, and ends with it.

        Raises what `Remote` raises, and Permanent `destination.misconfigured`, `secret.missing`,
        `remote.insecure`, `certificate.refused`.
        """


class Sessions(Protocol):
    """Authority to read, opened for one transfer and closed after it."""

    def open(self, transfer: Transfer) -> Session:
        """Raises Permanent `session.refused`, Transient `source.unavailable`."""

    def close(self, session: Session) -> None:
        """End it; closing twice is fine."""


class Authority(Protocol):
    """Who says that a request may be carried out."""

    def confirm(self, request: Request) -> datetime:
        """Read the approval again, now; returns when it was read.

        Raises Permanent `approval.*`, `request.*` when it no longer holds; Transient when it
        cannot be read.
        """


class Inbox(Protocol):
    """Open work, and what ServiceNow says of it."""

    def fetch(self) -> Sequence[Evidence]:
        """Open tasks of our group, approved or not, oldest first, as many as a poll may read."""

    def read(self, task_id: str) -> Evidence | None:
        """The evidence for one task as it stands now, None when there is no such task."""


class Ledger(Protocol):
    """The durable memory. Each verb is one transaction, durable when it returns."""

    def admit(self, transfer: Transfer) -> Transfer:
        """Insert if absent; returns what stands there now, which is `transfer` when it was new."""

    def claim(self, transfer_id: str) -> Transfer | None:
        """Take the right to work on it: the epoch is raised by one and returned in the Transfer.

        None when it is finished, absent, or another live owner holds it.
        """

    def renew(self, transfer: Transfer, seconds: float) -> None:
        """Hold the claim for `seconds` more; 0 gives it back. Raises ClaimLost."""

    def save(self, transfer: Transfer, *changes: Delivery | Post) -> None:
        """Write the head, the given deliveries and the new posts, all or nothing.

        Posts whose key stands already are left as they are. Raises ClaimLost, and writes nothing,
        when `transfer.epoch` is not the epoch of the latest claim.
        """

    def deliveries(self, transfer_id: str) -> tuple[Delivery, ...]:
        """The files of a transfer by number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A row of the archive: a transfer with everything that stands beside it."""

    transfer: Transfer
    deliveries: tuple[Delivery, ...]
    tickets: Mapping[TicketRole, Ticket]
    unsent: int
    last_error: str | None
    updated_at: datetime


class Archive(Protocol):
    """The reading side of the ledger, for recovery and for people."""

    def unfinished(self) -> Sequence[str]:
        """Ids of the transfers that are not closed, oldest first."""

    def search(self, text: str = "", limit: int = 50) -> Sequence[Record]:
        """Newest first; `text` is an id, a number of request, item or task, or empty for all."""


class Outbox(Protocol):
    """Writes to tickets that must arrive."""

    def add(self, *posts: Post) -> None:
        """Durable when it returns; a key that stands already is left as it is."""

    def due(self, limit: int = 20) -> Sequence[tuple[Post, int]]:
        """Posts to send now, each with its number of earlier tries; at most the first unsent post
        of each lane, and none whose lane is put off.
        """

    def settle(self, post: Post, ticket: Ticket) -> None:
        """It has arrived at `ticket`."""

    def defer(self, post: Post, seconds: float, reason: str) -> None:
        """It has not arrived, or nobody knows: try again after `seconds`."""


class TicketDesk(Protocol):
    """The tickets. `again` means that an earlier try may have arrived: look before writing."""

    def open(self, post: Post, *, again: bool) -> Ticket: ...

    def note(self, post: Post, *, again: bool) -> Ticket:
        """Append a work note; START also shows the task as being worked on."""

    def close(self, post: Post, *, again: bool) -> Ticket:
        """Write the result and close, resolve or leave the ticket as its role and outcome ask."""

    def read(self, post: Post) -> Ticket | None:
        """The ticket that the post is about, None when it is not there."""


class Notifier(Protocol):
    """Tells people beside the tickets."""

    def tell(self, transfer: Transfer, deliveries: Sequence[Delivery]) -> None: ...


class Observer(Protocol):
    """Watches bytes move. A broken observer never breaks the work."""

    def moved(self, transfer: Transfer, delivery: Delivery) -> None:
        """`delivery.moved` has changed."""
