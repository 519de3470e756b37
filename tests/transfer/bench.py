"""A workbench of in-memory ports for the steps, whose owner can die at any call."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from adapters.digests import Stateable
from adapters.memory.ledger import (
    MemoryArchive,
    MemoryChain,
    MemoryLedger,
    MemoryLocks,
    MemoryStore,
)
from adapters.memory.notify import MemoryNotifier
from adapters.memory.objects import MemoryObjects
from adapters.memory.recollections import MemoryRecollections
from adapters.memory.remotes import (
    ALL_POWERS,
    MemoryProof,
    MemoryRemote,
    MemoryRemotes,
    MemoryUpload,
)
from adapters.memory.sessions import MemorySessions
from tests.transfer.made import DESTINATIONS, NOON, RULES, request
from transfer.audit.proof import Found, walked
from transfer.books import Record
from transfer.destination import Destination
from transfer.digests import Makers
from transfer.errors import Code, Permanent, Transient
from transfer.model import CHUNK, Delivery, Request, Transfer
from transfer.ports import Meter, Remote
from transfer.slots import Slots
from transfer.tickets import Post
from transfer.tools import NoMeter, Tools

FINAL = "/inbox/pay/nov.csv"


class Crash(BaseException):
    """The process is killed here."""


class Fuse:
    """Counts the calls of all ports; burns at one of them, before or after it has its effect."""

    def __init__(self, at: int | None = None, *, after: bool = False, error: Any = None) -> None:
        self.calls = 0
        self.at = at
        self.after = after
        self.error = error
        self.dead = False

    def around(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self.dead:
            raise Crash
        self.calls += 1
        here = self.calls == self.at
        if here and not self.after:
            self.burn()
        result = call(*args, **kwargs)
        if here:
            self.burn()
        return result

    def burn(self) -> None:
        if self.error is not None:
            raise self.error
        self.dead = True
        raise Crash


class Fused:
    """A port whose every call goes through the fuse; what it returns from connect is fused too."""

    def __init__(self, port: Any, fuse: Fuse) -> None:
        self._port = port
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._port, name)
        # What a session has told already is asked of nobody.
        if not callable(value) or name in ("close", "abandon", "told"):
            return value

        def call(*args: Any, **kwargs: Any) -> Any:
            result = self._fuse.around(value, *args, **kwargs)
            return Fused(result, self._fuse) if name in ("connect", "create") else result

        return call


class Consent:
    """An Authority that the test lets change its mind."""

    def __init__(self) -> None:
        self.refusal: Exception | None = None
        self.asked = 0

    def confirm(self, asked: Request) -> datetime:
        del asked
        self.asked += 1
        if self.refusal:
            raise self.refusal
        return NOON


class Watcher:
    """An Observer that keeps what it saw."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, int]] = []
        self.then: Callable[[], object] = list

    def moved(self, transfer: Transfer, delivery: Delivery) -> None:
        del transfer
        self.seen.append((delivery.number, delivery.moved))
        self.then()


class HookedRemotes(MemoryRemotes):
    """A server that counts how often a file appears under a name that is not a temp's.

    `hooks` are called with verb and path before each verb of a connection or an upload; what they
    raise is what the server answers. `opened` lists where the uploads began. `remembered` are the
    sizes that it tells of files, be they there or not.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        self.appeared: dict[str, int] = {}
        self.hooks: list[Callable[[str, str, int], object]] = []
        self.opened: list[int] = []
        self.remembered: dict[str, int] = {}
        self.unreadable = self.unremovable = self.touchy = False

    def connect(self, destination: Destination, *, beside: Remote | None = None) -> MemoryRemote:
        super().connect(destination, beside=beside)
        return HookedRemote(self)

    def told(self, verb: str, path: str, place: int = 0) -> None:
        for hook in self.hooks:
            hook(verb, path, place)


class HookedRemote(MemoryRemote):
    def __init__(self, server: HookedRemotes) -> None:
        super().__init__(server)
        self._hooked = server

    @property
    def proof(self) -> MemoryProof:
        odd = {self._hooked.unreadable: UnreadableProof, self._hooked.touchy: TouchyProof}
        return odd.get(True, HookedProof)(self, self._hooked)

    def size(self, path: str) -> int | None:
        self._hooked.told("size", path)
        return self._hooked.remembered.get(path, super().size(path))

    def create(self, path: str, *, at: int = 0) -> MemoryUpload:
        self._hooked.told("create", path, at)
        self._hooked.opened.append(at)
        plain = super().create(path, at=at)
        return HookedUpload(self, self._hooked, path, plain._content)

    def rename(self, old: str, new: str, *, replace: bool) -> bool:
        self._hooked.told("rename", old)
        done = super().rename(old, new, replace=replace)
        # What stepped aside and comes back has been there before.
        if done and ".ff-" not in new and not old.endswith(".old"):
            self._hooked.appeared[new] = self._hooked.appeared.get(new, 0) + 1
        return done

    def remove(self, path: str) -> None:
        self._hooked.told("remove", path)
        if self._hooked.unremovable and path in self._hooked.files:
            raise Permanent(Code.REMOTE_DENIED, f"{path} may not be removed.")
        super().remove(path)


class HookedProof(MemoryProof):
    def digest(self, path: str, algorithm: str) -> str | None:
        self._server.told("read", path)  # type: ignore[attr-defined]
        return super().digest(path, algorithm)

    def read(self, path: str, start: int, length: int) -> Iterator[bytes]:
        self._server.told("read", path, start)  # type: ignore[attr-defined]
        if path in self._server.files or path not in self._server.remembered:  # type: ignore[attr-defined]
            yield from super().read(path, start, length)


class UnreadableProof(MemoryProof):
    """The login may write, and not read."""

    def read(self, path: str, start: int, length: int) -> Iterator[bytes]:
        del start, length
        raise Permanent(Code.REMOTE_DENIED, f"{path} may not be read.")


class TouchyProof(MemoryProof):
    """The session ends when a hash is asked for."""

    def digest(self, path: str, algorithm: str) -> str | None:
        del algorithm
        raise Transient(Code.REMOTE_DROPPED, f"The line broke at {path}.")


class HookedUpload(MemoryUpload):
    def write(self, data: bytes | memoryview, offset: int) -> None:
        self._server.told("write", self._path, offset)  # type: ignore[attr-defined]
        super().write(data, offset)

    def finish(self, modified: datetime | None = None) -> None:
        self._server.told("finish", self._path)  # type: ignore[attr-defined]
        super().finish(modified)


@dataclass
class Bench:
    """The world around one transfer; it survives the death of the owner."""

    store: MemoryStore = field(default_factory=MemoryStore)
    objects: MemoryObjects = field(default_factory=MemoryObjects)
    remotes: HookedRemotes = field(
        default_factory=lambda: HookedRemotes(
            protocols=frozenset({"memory"}), powers=replace(ALL_POWERS, digests=frozenset())
        )
    )
    sessions: MemorySessions = field(default_factory=MemorySessions)
    notifier: MemoryNotifier = field(default_factory=MemoryNotifier)
    consent: Consent = field(default_factory=Consent)
    watcher: Watcher = field(default_factory=Watcher)
    time: list[float] = field(default_factory=lambda: [0.0])
    halt: Callable[[], None] = lambda: None
    pauses: list[float] = field(default_factory=list)
    destinations: Mapping[str, Destination] = field(default_factory=lambda: DESTINATIONS)
    digests: Makers = field(default_factory=Stateable)
    meter: Meter = field(default_factory=NoMeter)

    def tools(self, fuse: Fuse | None = None) -> Tools:
        fuse = fuse or Fuse()
        plain = Tools(
            objects=self.objects,
            remotes=self.remotes,
            sessions=self.sessions,
            authority=self.consent,
            ledger=self.ledger,
            locks=MemoryLocks(self.store),
            notifier=self.notifier,
            observer=self.watcher,
            destinations=self.destinations,
            rules=RULES,
            slots=Slots(5),
            clock=lambda: NOON,
            halt=self.halt,
            pause=self.pauses.append,
            digests=self.digests,
            meter=self.meter,
            keep_above=4 * CHUNK,
            chain=MemoryChain(self.store),
            recollections=MemoryRecollections(self.store),
        )
        ports = ("objects", "remotes", "sessions", "authority", "ledger", "locks", "notifier")
        fused: dict[str, Any] = {
            name: Fused(getattr(plain, name), fuse) for name in (*ports, "chain")
        }
        return replace(plain, **fused)

    @property
    def ledger(self) -> MemoryLedger:
        return MemoryLedger(self.store, "bench", lambda: self.time[0])

    def received(self, **changes: Any) -> Transfer:
        """Admitted and claimed; an earlier owner's lease has run out."""
        asked = request(**changes)
        self.time[0] += 61.0
        self.ledger.admit(Transfer(request=asked, received_at=NOON))
        claimed = self.ledger.claim(asked.id)
        assert claimed
        return claimed

    def record(self) -> Record:
        [record] = MemoryArchive(self.store).search()
        return record

    def posts(self) -> list[Post]:
        return [item.post for item in self.store.posts.values()]

    def links(self) -> int:
        """Of the chain of receipts, which holds, and whose last hash is on the audit ticket."""
        [links] = self.store.links.values()
        assert walked((Found(link=each) for each in links), whole=True).holds
        [close] = [post for post in self.posts() if post.key.endswith("audit:close")]
        assert links[-1].hash in close.text
        return len(links)

    def temps(self) -> Iterator[str]:
        return (name for name in self.remotes.files if ".ff-" in name)
