"""What a transfer needs from the world, as Protocols of at most five verbs.

The contract stands here; implementations do not repeat it. All of them raise FerryError only:
an adapter translates its library's exceptions at its own edge and never retries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from transfer.destination import Destination
from transfer.digests import Makers
from transfer.errors import FerryError
from transfer.evidence import Evidence
from transfer.model import Delivery, Pin, Request, Session, Source, Transfer
from transfer.routing import ExecutionState
from transfer.tickets import Post, Ticket


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

    def list(self, bucket: str, prefix: str) -> Iterator[str]:
        """The keys that begin with `prefix`, in their order; folder markers (`a/`) are left out.

        Raises Permanent `source.missing` (no such bucket), `source.denied`; Transient
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
        """Bytes written through this handle that the remote has acknowledged, in the order in which
        they were written and without a gap. Any thread asks.
        """

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


class Look(Protocol):
    """What a remote shows of the names on it."""

    def regular(self, path: str) -> bool:
        """Whether it is shown as a file: no directory, no link, not absent, nothing unknown."""

    def standing(self, path: str) -> str | None:
        """The path as listed, perhaps in another case; None for nothing, or if nobody may look."""

    def lacks(self, path: str) -> bool:
        """Whether it is proven that the directory of that name is not there."""

    def names(self, folder: str) -> Sequence[str]:
        """The names in a directory, as many as are looked through. Raises what `Remote` raises."""

    def modified(self, path: str) -> datetime | None:
        """When it was last written, by the server's clock; None where that is not told."""


class Proof(Look, Protocol):
    """What a remote can show of the bytes that it stored."""

    def digest(self, path: str, algorithm: str) -> str | None:
        """The server's own hash, hex; `algorithm` is of `Powers.digests`. None when it will not."""

    def read(self, path: str, start: int, length: int) -> Iterator[bytes]:
        """The stored bytes from `start`, in pieces; fewer than `length` at the end of the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Powers:
    """What the server can do, asked of the server itself.

    `replaces`: a rename over an existing file in one step. `resumes`: an existing file can be
    continued where it ends. `ranges`: one file can be written in any order, by several connections.
    `digests`: the server's hashes, in hashlib's names. `round_trip`: seconds, the least so far.
    """

    replaces: bool = False
    resumes: bool = False
    ranges: bool = False
    digests: frozenset[str] = frozenset()
    round_trip: float = 0.0


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

    def reading(
        self, transfer: Transfer, objects: ObjectStore, may: Callable[[], None]
    ) -> ObjectStore:
        """What reads `objects` under the transfer's session. `may` raises when it must not go on;
        it is asked before each authority that has to be opened anew.

        Reading raises what `open` raises too. Raises Permanent `session.refused` for a transfer of
        which nothing more is to be read.
        """

    def told(self, session: Session) -> Session:
        """With what is known by now of its openings."""

    def close(self, session: Session) -> Session:
        """End it, and look whether it has ended; closing twice is fine. May wait for seconds."""


class Authority(Protocol):
    """Who says that a request may be carried out."""

    def confirm(self, request: Request) -> datetime:
        """Read the approval again, now; returns when it was read.

        Raises Permanent `approval.*`, `request.*` when it no longer holds; Transient when it
        cannot be read.
        """


class Inbox(Protocol):
    """Open work, and what ServiceNow says of it."""

    def standing(self, record_id: str = "") -> Sequence[Evidence]:
        """The active standing approvals, approved or not, or the one, active or not, with that
        sys_id; empty where there is no table of them.

        Their item is the record itself, their variables are its terms.
        """

    def fetch(self, *, more: bool = False) -> Sequence[Evidence]:
        """Open tasks of our group, oldest first; with `more` the next of the list of before."""

    def read(self, task_id: str) -> Evidence | None:
        """The evidence for one task as it stands now, None when there is no such task."""

    def ended(self, task_ids: Sequence[str]) -> frozenset[str]:
        """Those that are not active or not there any more, or of a cancelled item, at once."""

    def find(self, number: str) -> tuple[str, ...]:
        """The ids of our group's tasks under that number of a task, item or request, open or not.

        A sys_id is given back as it is, for `read` to judge. Any other text finds nothing, and
        nobody is asked. Raises Transient `servicenow.throttled` where calls for hints are used up.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a queue handed out. Neither `id` nor `receipt` says what work it is about.

    `receives` counts the hand-outs, this one included; `last`: the queue would not hand it out
    again. `receipt` is good for this hand-out only. `group` is the group of a FIFO queue, `trace`
    the X-Ray header of who sent it.
    """

    id: str
    body: str
    receives: int = 1
    last: bool = False
    receipt: str = field(default="", repr=False)
    group: str = ""
    trace: str = ""


class Queue(Protocol):
    """Messages, each handed out once or more, in any order. All of it by several threads at once.

    Raises Transient `queue.unavailable`, Permanent `queue.refused`. A message that is no longer
    ours to keep, settle or refuse is passed over: whoever has it deals with it.
    """

    def receive(self) -> Sequence[Message]:
        """At most ten messages, now hidden from others for a while; waits for the first one."""

    def keep(self, seconds: float, *messages: Message) -> None:
        """Hide them for so long from now; 0 gives them back."""

    def settle(self, *messages: Message) -> None:
        """Delete them: what they ask for is done, or is remembered elsewhere."""

    def refuse(self, message: Message, why: FerryError) -> None:
        """Move it to the dead letters, with code and reason; without such a place, delete it."""

    def send(self, body: str, group: str) -> str:
        """Put a message in; returns its id. Messages of one group of a FIFO queue keep order."""


class TicketDesk(Protocol):
    """The tickets. `again` means that an earlier try may have arrived: look before writing."""

    def open(self, post: Post, *, again: bool) -> Ticket: ...

    def note(self, post: Post, *, again: bool) -> Ticket:
        """Append a work note; START also shows the task as being worked on."""

    def attach(self, post: Post, name: str, content: bytes, *, again: bool) -> Ticket:
        """Put a file on the ticket, once, and compare what was stored with what was sent.

        Where the instance takes no such file, a note on the ticket says so instead. Raises Waiting
        while the instance has not stored it yet.
        """

    def close(self, post: Post, *, again: bool) -> Ticket:
        """Write the result and close, resolve or leave the ticket as its role and outcome ask."""

    def read(self, post: Post) -> Ticket | None:
        """The ticket that the post is about, None when it is not there."""


class Executions(Protocol):
    """Runs of the state machine behind the second door, each known by its name.

    Raises Permanent `execution.refused`, Transient `execution.unavailable`.
    """

    def start(self, name: str, told: Mapping[str, object], trace: str = "") -> None:
        """Asking again for a name starts nothing twice, even when the first answer was lost; of
        one that has ended it starts nothing more. `trace` is the X-Ray header that it is part of.
        """

    def state(self, name: str) -> ExecutionState: ...

    def stop(self, name: str, why: str) -> None:
        """No further step begins; the function that runs goes on. One that is over is fine."""


class Notifier(Protocol):
    """Tells people beside the tickets."""

    def tell(self, transfer: Transfer, deliveries: Sequence[Delivery]) -> None:
        """Each of whom is to be told of this ending, once; within a time that it keeps itself.

        Raises Permanent `notice.failed` when everybody else was told, and nothing else.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the service stands: transfers that are not at rest, seconds since the oldest of them was
    received, calls left of ServiceNow's budget, if any, and bytes of the ledger, if on this host;
    `held` are destinations that rest after failures, or whose login was refused.
    """

    unfinished: int
    oldest: float = 0.0
    calls_left: int | None = None
    ledger_bytes: int | None = None
    held: int = 0


class Meter(Protocol):
    """Counts for machines what the tickets tell people. No verb raises, or waits for anybody."""

    def ended(self, transfer: Transfer, deliveries: Callable[[], Sequence[Delivery]]) -> None:
        """It is closed, and the ledger has that; its files are asked for where they count."""

    def again(self, transfer: Transfer) -> None:
        """A step of it has failed, and will be tried again."""

    def quarantined(self, transfer: Transfer) -> None:
        """It was set aside for an operator, and the ledger has that."""

    def standing(self, figures: Standing) -> None:
        """How the service stands now; about once a minute."""


class Tracer(Protocol):
    """Writes down when what was done, and what it was part of. No verb raises, or waits.

    It is told of values of ours alone, and says what it takes from them: no text of an error, no
    path, no name of a person.
    """

    def hint(self, header: str) -> AbstractContextManager[None]:
        """A message of a queue is dealt with; `header` is X-Ray's, of who sent it, or empty."""

    def begun(self) -> str | None:
        """What a new head remembers: the trace under way, else a new one; None where none are."""

    def admitted(self, transfer: Transfer) -> None:
        """The ledger has taken the head that remembers what `begun` said last in this thread."""

    def span(
        self, name: str, transfer: Transfer, delivery: Delivery | None = None
    ) -> AbstractContextManager[None]:
        """A part of the work on it. Whoever asks in the same thread within is part of that."""

    def ticket(self, find: Callable[[], Transfer]) -> AbstractContextManager[None]:
        """A ticket is written; `find` gives the transfer that it is about, and may raise."""


class Observer(Protocol):
    """Watches bytes move. A broken observer never breaks the work."""

    def moved(self, transfer: Transfer, delivery: Delivery) -> None:
        """`delivery.moved` has changed."""
