"""Builds the adapters from Settings; the only adapter that reads them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from adapters.ledger.archive import SqliteArchive
from adapters.ledger.outbox import SqliteOutbox
from adapters.ledger.schema import Database
from adapters.ledger.sqlite import HostLock, SqliteLedger
from adapters.notify import LogNotifier
from adapters.remotes import Register
from adapters.s3 import S3Objects, make_client
from adapters.servicenow.auth import Basic, ClientCredentials
from adapters.servicenow.client import Client
from adapters.servicenow.desk import ServiceNowDesk
from adapters.servicenow.forms import TicketForm
from adapters.servicenow.inbox import Intake, ServiceNowInbox
from adapters.sessions import ProcessSessions
from adapters.sessions import make_client as make_sts_client
from config.destination import PORTS, DestinationSettings, HostKeySettings, TlsSettings
from config.secrets import Secrets
from config.settings import Settings
from transfer.destination import Destination, HostKey, Tls
from transfer.errors import Stopping
from transfer.model import Grant, Rules
from transfer.policy import InstanceAuthority
from transfer.ports import (
    Archive,
    Authority,
    Inbox,
    Ledger,
    ObjectStore,
    Observer,
    Outbox,
    Sessions,
    TicketDesk,
)
from transfer.slots import Slots
from transfer.tools import Tools


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Everything that the daemon works with, built and joined."""

    settings: Settings
    tools: Tools
    ledger: Ledger
    archive: Archive
    outbox: Outbox
    inbox: Inbox
    desk: TicketDesk
    halting: threading.Event
    close: Callable[[], None]

    def about(self) -> dict[str, str | int]:
        """What the log says of it at the start."""
        return {
            "servicenow": self.settings.servicenow.url,
            "ledger": str(self.settings.ledger.path),
            "destinations": len(self.settings.destinations),
        }


def build(settings: Settings, secrets: Secrets, observer: Callable[[Outbox], Observer]) -> House:
    """The house of the daemon. Takes the ledger's lock: one daemon a file.

    Raises Permanent `ledger.*`, `config.invalid`, `secret.*`.
    """
    lock = HostLock(settings.ledger.path)
    database = Database(settings.ledger.path)
    ledger = SqliteLedger(database, owner=f"{socket.gethostname()}/{uuid4().hex[:8]}")
    ledger.bury()
    outbox = SqliteOutbox(database)
    client = _client(settings, secrets)
    inbox = _inbox(settings, client)
    halting = threading.Event()

    def close() -> None:
        database.close()
        lock.release()

    return House(
        settings=settings,
        tools=tools(
            settings,
            secrets,
            rules=rules(settings),
            authority=InstanceAuthority(inbox, rules(settings)),
            ledger=ledger,
            observer=observer(outbox),
            halting=halting,
        ),
        ledger=ledger,
        archive=SqliteArchive(database),
        outbox=outbox,
        inbox=inbox,
        desk=_desk(settings, client),
        halting=halting,
        close=close,
    )


def tools(  # noqa: PLR0913 what differs between the daemon and an operator's one-off
    settings: Settings,
    secrets: Secrets,
    *,
    rules: Rules,
    authority: Authority,
    ledger: Ledger,
    observer: Observer,
    halting: threading.Event,
) -> Tools:
    """The ports of the eight steps."""

    def halt() -> None:
        if halting.is_set():
            raise Stopping

    return Tools(
        objects=_objects(settings),
        remotes=Register(secrets),
        sessions=_sessions(settings),
        authority=authority,
        ledger=ledger,
        notifier=LogNotifier(),
        observer=observer,
        destinations=destinations(settings),
        rules=rules,
        slots=Slots(settings.transfers.max_parallel),
        clock=clock,
        halt=halt,
    )


def clock() -> datetime:
    """The time that stands on tickets and receipts."""
    return datetime.now(UTC)


def rules(settings: Settings) -> Rules:
    names = settings.servicenow.variables
    return Rules(
        catalog_items=frozenset(settings.servicenow.catalog_items),
        variables=(names.source, names.destination, names.path),
        grants=tuple(
            Grant(
                requesters=frozenset(grant.requesters),
                sources=tuple(grant.sources),
                destinations=frozenset(grant.destinations),
            )
            for grant in settings.grants
        ),
    )


def destinations(settings: Settings) -> dict[str, Destination]:
    return {name: _destination(name, part) for name, part in settings.destinations.items()}


def _destination(name: str, part: DestinationSettings) -> Destination:
    return Destination(
        name=name,
        protocol=part.protocol,
        host=part.host,
        port=part.port or PORTS[part.protocol],
        username=part.username,
        root=part.root,
        password=part.password,
        private_key=part.private_key,
        passphrase=part.passphrase,
        certificate=part.certificate,
        host_keys=tuple(_host_key(pin) for pin in part.host_keys),
        algorithms=frozenset(part.algorithms),
        tls=_tls(part.tls),
        clear_text=part.clear_text or "",
        replace=part.replace,
        mode=part.mode,
        tier=part.tier,
        digests=tuple(part.digests),
        connections=part.connections,
        connect_timeout=part.connect_timeout,
        timeout=part.timeout,
    )


def _host_key(pin: HostKeySettings) -> HostKey:
    return HostKey(fingerprint=pin.key, not_before=pin.not_before, not_after=pin.not_after)


def _tls(part: TlsSettings) -> Tls:
    return Tls(ca_file=str(part.ca_file) if part.ca_file else None, certificate=part.certificate)


def _objects(settings: Settings) -> ObjectStore:
    aws = settings.aws
    return S3Objects(make_client(aws.region, aws.endpoint_url, aws.profile, aws.timeout))


def _sessions(settings: Settings) -> Sessions:
    aws = settings.aws
    if not aws.check_identity:
        return ProcessSessions(None, clock)
    endpoint = aws.sts_endpoint_url or aws.endpoint_url
    return ProcessSessions(make_sts_client(aws.region, endpoint, aws.profile, aws.timeout), clock)


def _client(settings: Settings, secrets: Secrets) -> Client:
    part = settings.servicenow
    secret = secrets(part.secret)
    credentials = (
        ClientCredentials(client_id=part.user, client_secret=secret)
        if part.auth == "oauth"
        else Basic(user=part.user, password=secret)
    )
    verify = str(part.ca_file) if part.ca_file else True
    return Client(part.url, credentials, timeout=part.timeout, verify=verify)


def _inbox(settings: Settings, client: Client) -> ServiceNowInbox:
    part = settings.servicenow
    intake = Intake(
        group=part.group,
        approver_group=part.approver_group,
        variables=rules(settings).variables,
        max_rows=part.max_rows,
    )
    return ServiceNowInbox(client, intake, clock)


def _desk(settings: Settings, client: Client) -> ServiceNowDesk:
    part = settings.servicenow.tickets
    return ServiceNowDesk(client, TicketForm(**part.model_dump()))
