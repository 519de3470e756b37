"""Builds the adapters from Settings; with `instance` the only one that reads them."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from adapters.audit.making import signer
from adapters.aws.sessions import ProcessSessions
from adapters.aws.sessions import make_client as make_sts_client
from adapters.digests import Stateable
from adapters.instance import client_of, desk_of, ecc_of, inbox_of, pulse_of
from adapters.notify import LogNotifier
from adapters.remotes import Register
from adapters.remotes.breakers import Breakers
from adapters.remotes.pool import Pool
from adapters.running.live import LiveList, LiveMap
from adapters.running.pacing import Pacer
from adapters.running.places import Places
from adapters.running.quota import Quota
from adapters.running.sender import Convoy
from adapters.s3.store import make_objects
from config.notices import PORTS as MAIL_PORTS
from config.secrets import Secrets
from config.settings import Settings
from config.values import destinations, rules
from transfer.approval.authority import InstanceAuthority
from transfer.audit.chain import Signer
from transfer.books import Books
from transfer.errors import Stopping
from transfer.model import SessionKind
from transfer.ports import (
    Authority,
    Executions,
    Inbox,
    Notifier,
    ObjectStore,
    Observer,
    Queue,
    Remotes,
    Sessions,
    TicketDesk,
)
from transfer.rules import Rules
from transfer.slots import Slots
from transfer.tools import Tools

if TYPE_CHECKING:
    from adapters.notices.notices import Told


PROGRESS_EVERY = 1.0
"""Seconds of sending that a kill may cost where a write is a transaction over the network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Everything that the daemon works with, built and joined."""

    settings: Settings
    tools: Tools
    books: Books
    inbox: Inbox
    queue: Queue | None
    ecc: Queue | None
    desk: TicketDesk
    short: Callable[[], bool]
    convoy: Convoy | None = None
    calls_left: Callable[[], int | None] = lambda: None
    halting: threading.Event
    close: Callable[[], None]
    executions: Executions | None = None
    places: Places | None = None
    register: Register | None = None
    calls_made: Callable[[], int] = lambda: 0
    """Of this process to ServiceNow, in the hour that has just passed."""
    pulse: Callable[[Mapping[str, str], bool], None] | None = None
    """Writes how the service fares to FileFerry's application; None where it is not used."""

    def about(self) -> dict[str, str | int]:
        """What the log says of it at the start."""
        return {
            "servicenow": self.settings.servicenow.url,
            "ledger": ledger_place(self.settings),
            "queue": self.settings.queue.url or "none",
            "second_door": self.settings.cloud.state_machine or "none",
            "destinations": len(self.settings.destinations),
        }


def build(settings: Settings, secrets: Secrets, observer: Callable[[Books], Observer]) -> House:
    """The house of the daemon, over its own books.

    Raises Permanent `ledger.*`, `config.invalid`, `secret.*`.
    """
    standing = books(settings)
    try:
        house = furnish(settings, secrets, standing, observer(standing))
        return replace(house, executions=executions(settings))
    except BaseException:
        standing.close()
        raise


def furnish(
    settings: Settings, secrets: Secrets, books: Books, observer: Observer, *, careful: bool = True
) -> House:
    """The house; `careful` as in Breakers. Raises Permanent `config.invalid`, `secret.*`."""
    client = client_of(settings, secrets, books.limits if books.shared else None)
    inbox = inbox_of(settings, client, clock)
    halting = threading.Event()
    holder = _owner()
    register = _register(secrets, books, holder, careful=careful and books.shared)
    pool = Pool(register)
    judged = _live(rules(settings))
    plain = tools(
        settings,
        secrets,
        rules=judged,
        authority=InstanceAuthority(inbox, judged),
        books=books,
        observer=observer,
        halting=halting,
        remotes=pool,
    )
    plain = replace(plain, signer=_signer(settings, secrets))
    places = places_of(settings, books, holder, plain.slots)
    return House(
        settings=settings,
        tools=shared(plain, places) if places else plain,
        places=places,
        register=register,
        books=books,
        inbox=inbox,
        queue=queue(settings),
        ecc=ecc_of(settings, client, halting),
        desk=desk_of(settings, client),
        short=client.short,
        convoy=client.convoy if settings.servicenow.batches else None,
        calls_made=lambda: client.budget.made,
        calls_left=lambda: client.budget.left,
        pulse=pulse_of(settings, client, clock),
        halting=halting,
        close=lambda: _close(pool, books),
    )


def _signer(settings: Settings, secrets: Secrets) -> Signer | None:
    aws = settings.aws
    return signer(settings.audit.model_dump(), secrets, aws.profile, aws.timeout)


def shared(tools: Tools, places: Places) -> Tools:
    """With this door's part of what all doors may do at a destination."""
    return replace(tools, places=places, pace=Pacer(tools.destinations, places.share))


def _live(judged: Rules) -> Rules:
    return replace(judged, grants=LiveList(judged.grants))


def _close(pool: Pool, books: Books) -> None:
    pool.close()
    books.close()


def _register(secrets: Secrets, books: Books, holder: str, *, careful: bool) -> Register:
    # Where nobody else logs in, this process's own turns do.
    return Register(secrets, Breakers(books.limits, holder, careful=careful and books.shared))


def books(settings: Settings) -> Books:
    """The books of a daemon. sqlite: takes the lock of the file, and ends what the dead held.

    Raises Permanent `ledger.busy`, `ledger.unusable`; Transient `ledger.unavailable`.
    """
    part = settings.ledger
    if part.kind == "sqlite":
        # Here, as below: an operator's one-off keeps its books in memory.
        from adapters.ledger.sqlite.books import sqlite_books  # noqa: PLC0415

        return sqlite_books(part.path, _owner(), part.lease)
    return shared_books(settings)(_owner())


def shared_books(settings: Settings) -> Callable[[str], Books]:
    """Books in DynamoDB for any number of owners, by name, over one client."""
    # Here, for its modules cost time that a SQLite bastion need not pay.
    from adapters.ledger.dynamo.books import dynamodb_books, make_client  # noqa: PLC0415

    part, aws = settings.ledger, settings.aws
    client = make_client(part.region or aws.region, part.endpoint_url, aws.profile, aws.timeout)
    return lambda owner: dynamodb_books(client, part.table, owner, part.lease)


def executions(settings: Settings) -> Executions | None:
    """Those of the second door, where there is one. Raises Permanent `config.invalid`."""
    part, aws = settings.cloud, settings.aws
    if part.state_machine is None:
        return None
    # Here, for most services have no second door.
    from adapters.aws.executions import StepFunctions, make_client  # noqa: PLC0415

    region = part.state_machine.split(":")[3]
    client = make_client(region, part.endpoint_url, aws.profile, aws.timeout)
    return StepFunctions(client, part.state_machine)


def vault(settings: Settings) -> Callable[[str], str]:
    """Where a function finds secrets. Raises Permanent `config.invalid`."""
    from adapters.aws.secrets import Vault, make_client  # noqa: PLC0415  boto3, as above

    part, aws = settings.cloud, settings.aws
    client = make_client(aws.region, part.endpoint_url, aws.timeout)
    return Vault(client, part.secrets, part.keep_secrets)


def authority(settings: Settings, secrets: Secrets) -> Authority:
    """Who is asked before a retry. Raises Permanent `secret.*`."""
    inbox = inbox_of(settings, client_of(settings, secrets), clock)
    return InstanceAuthority(inbox, rules(settings))


def places_of(settings: Settings, books: Books, holder: str, slots: Slots) -> Places | None:
    """What is left of each destination's connections; None where no other door has any."""
    if not books.shared:
        return None
    return Places(books.limits, holder, slots, settings.ledger.lease)


def ledger_place(settings: Settings) -> str:
    """Where the books are, for people."""
    part = settings.ledger
    return str(part.path) if part.kind == "sqlite" else f"DynamoDB table {part.table}"


def _owner() -> str:
    """The host and the process, and a name that no other process will have."""
    return f"{socket.gethostname()}/{os.getpid()}/{uuid4().hex[:8]}"


def tools(  # noqa: PLR0913 what differs between the daemon and an operator's one-off
    settings: Settings,
    secrets: Secrets,
    *,
    rules: Rules,
    authority: Authority,
    books: Books,
    observer: Observer,
    halting: threading.Event,
    remotes: Remotes | None = None,
    notifier: Notifier | None = None,
) -> Tools:
    """The ports of the eight steps; without `remotes` each connection is used for one request."""
    objects, sessions = _reading(settings, halting.wait)
    known = LiveMap(destinations(settings))
    return Tools(
        objects=objects,
        remotes=remotes or Register(secrets),
        sessions=sessions,
        authority=authority,
        ledger=books.ledger,
        locks=books.locks,
        notifier=notifier or told(settings, secrets),
        observer=observer,
        destinations=known,
        pace=Pacer(known),
        rules=rules,
        slots=Slots(settings.transfers.max_parallel),
        quota=Quota(books.limits),
        clock=clock,
        halt=lambda: _halt(halting),
        progress_every=0.0 if settings.ledger.kind == "sqlite" else PROGRESS_EVERY,
        digests=Stateable(),
        shards=books.shards,
        chain=books.chain,
        recollections=books.recollections,
    )


def _halt(halting: threading.Event) -> None:
    if halting.is_set():
        raise Stopping


def told(settings: Settings, secrets: Secrets) -> Notifier:
    """Who is told of an ending beside the tickets: the log, and the configured ways."""
    if not settings.notices:
        return LogNotifier()
    from adapters.notices.notices import Notices  # noqa: PLC0415

    return Notices(ways(settings, secrets), LogNotifier())


def ways(settings: Settings, secrets: Secrets) -> list[Told]:
    """The configured notices. Nothing is read or connected to before one is sent."""
    from adapters.notices import making  # noqa: PLC0415
    from adapters.notices.notices import Told  # noqa: PLC0415

    aws = settings.aws
    return [
        Told(
            name=name,
            way=making.way(
                {
                    **part.model_dump(),
                    "port": part.port or MAIL_PORTS[part.encryption],
                    "region": part.region or aws.region,
                    "profile": aws.profile,
                },
                secrets,
            ),
            outcomes=frozenset(part.outcomes),
            destinations=frozenset(part.destinations),
            timeout=part.timeout,
        )
        for name, part in settings.notices.items()
    ]


def clock() -> datetime:
    """The time that stands on tickets and receipts."""
    return datetime.now(UTC)


def _reading(settings: Settings, pause: Callable[[float], object]) -> tuple[ObjectStore, Sessions]:
    """The objects, and who reads them; with sessions of a role nobody else does."""
    aws = settings.aws
    store = make_objects(aws.region, aws.endpoint_url, aws.profile, aws.timeout)
    if aws.sessions == "process" and not aws.check_identity:
        return store, ProcessSessions(None, clock)
    endpoint = aws.sts_endpoint_url or aws.endpoint_url
    sts = make_sts_client(aws.region, endpoint, aws.profile, aws.timeout)
    if aws.sessions == "process" or aws.role_arn is None:
        return store, ProcessSessions(sts, clock)
    # Here, for they bring botocore, which most of the rest does without.
    from adapters.aws.role import Role  # noqa: PLC0415
    from adapters.aws.scoped import NoObjects, RoleSessions  # noqa: PLC0415

    role = Role(sts, aws.role_arn, clock)
    sessions = RoleSessions(role, store, SessionKind(aws.sessions), clock, pause)
    return NoObjects(store.checksums), sessions


def queue(settings: Settings, url: str | None = None) -> Queue | None:
    """The queue at `url`, else the configured one, else None. Raises Permanent `config.invalid`."""
    part, aws = settings.queue, settings.aws
    if not (url or part.url):
        return None
    # Here, for most services have no queue.
    from adapters.aws.sqs import SqsQueue, make_client  # noqa: PLC0415

    region = part.region or aws.region
    client = make_client(region, part.endpoint_url, aws.profile, aws.timeout, part.wait)
    return SqsQueue(client, url or part.url or "", part.wait, part.visibility)
