"""The ServiceNow side of the house, built from Settings; wiring.py alone calls it, and `check`."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from config.doors import StandingSettings
from config.secrets import Secrets
from config.settings import Settings
from config.values import rules
from transfer.books import Limits
from transfer.errors import Code, Permanent
from transfer.ports import Inbox, Queue, TicketDesk
from transfer.remembered import Remembered

if TYPE_CHECKING:
    from adapters.servicenow.application.offer import Offer
    from adapters.servicenow.application.tables import Application
    from adapters.servicenow.desk.forms import TicketForm
    from adapters.servicenow.line.client import Client
    from adapters.servicenow.look.survey import Survey
    from adapters.servicenow.reading.inbox import Intake
    from adapters.servicenow.reading.standing import StandingTable

KNOWN, KNOWN_FOR = 1_000, 5.0
"""Tickets whose fields need not be read again before the next words to them, and for how long: the
posts of a transfer follow each other within seconds.
"""


def client_of(settings: Settings, secrets: Secrets, limits: Limits | None = None) -> Client:
    # Here, and in those below: an operator's one-off does without ServiceNow and its libraries.
    from adapters.servicenow.line.client import Client  # noqa: PLC0415
    from adapters.servicenow.line.credentials import Wanted, credentials_of  # noqa: PLC0415
    from adapters.servicenow.line.patience import showing  # noqa: PLC0415

    part = settings.servicenow
    login = part.model_dump(include={"auth", "user", "secret", "refresh_token"})
    return Client(
        part.url,
        credentials_of(Wanted(**login, **part.jwt.model_dump()), secrets),
        timeout=part.timeout,
        verify=str(part.ca_file) if part.ca_file else True,
        context=showing(secrets(part.certificate)) if part.certificate else None,
        calls_per_hour=part.calls_per_hour,
        limits=limits,
        batches=settings.servicenow.batches,
        pause=min(30.0, settings.poll.every),
    )


def survey(settings: Settings, secrets: Secrets) -> Survey:
    """What `fileferry servicenow check` asks. Raises Permanent `config.invalid`, `secret.*`."""
    from adapters.servicenow.look.survey import Survey  # noqa: PLC0415

    return Survey(
        client_of(settings, secrets),
        intake_of(settings),
        form_of(settings),
        application_of(settings),
    )


def inbox_of(settings: Settings, client: Client, now: Callable[[], datetime]) -> Inbox:
    from adapters.servicenow.look.proof import proof_of  # noqa: PLC0415
    from adapters.servicenow.reading.inbox import ServiceNowInbox  # noqa: PLC0415

    intake = intake_of(settings)
    proof = proof_of(client, intake, form_of(settings))
    return ServiceNowInbox(client, intake, now, proof.insist)


def intake_of(settings: Settings) -> Intake:
    """Whose work is taken in, and what is read of it."""
    from adapters.servicenow.reading.inbox import Intake  # noqa: PLC0415

    part = settings.servicenow
    return Intake(
        group=part.group,
        approver_group=part.approver_group,
        settle=settings.approvals.settle,
        variables=(*rules(settings).variables, *rules(settings).options.values()),
        max_rows=part.max_rows,
        standing=standing_table(part.standing),
        believed_rows=part.believed_rows,
    )


def standing_table(part: StandingSettings) -> StandingTable | None:
    """Where standing approvals are read, None where there are none."""
    from adapters.servicenow.reading.standing import StandingTable  # noqa: PLC0415

    if part.table is None:
        return None
    named = part.model_dump(exclude={"changes", "path", "table"})
    audited = part.changes == "audit"
    return StandingTable(**named, table=part.table, path=part.path or "", audited=audited)


def ecc_of(settings: Settings, client: Client, halting: threading.Event) -> Queue | None:
    part = settings.servicenow.ecc
    if part.agent is None:
        return None
    from adapters.servicenow.reading.ecc import EccQueue  # noqa: PLC0415

    return EccQueue(client, part.agent, part.every, pause=halting.wait)


def desk_of(settings: Settings, client: Client) -> TicketDesk:
    from adapters.servicenow.desk.desk import ServiceNowDesk  # noqa: PLC0415

    return ServiceNowDesk(client, form_of(settings), Remembered(KNOWN, KNOWN_FOR))


def form_of(settings: Settings) -> TicketForm:
    from adapters.servicenow.desk.forms import TicketForm  # noqa: PLC0415

    return TicketForm(**settings.servicenow.tickets.model_dump())


def application_of(settings: Settings) -> Application | None:
    """FileFerry's own application on the instance; None where it is not used."""
    from adapters.servicenow.application.tables import Application  # noqa: PLC0415

    part = settings.servicenow
    if part.application is None:
        return None
    return Application(scope=part.application, known_as=part.known_as or socket.gethostname())


def pulse_of(
    settings: Settings, client: Client, now: Callable[[], datetime]
) -> Callable[[Mapping[str, str], bool], None] | None:
    """Writes the heartbeat, from vitals and whether they are pressing."""
    application = application_of(settings)
    if application is None:
        return None
    from adapters.servicenow.application.heartbeat import HeartbeatRow  # noqa: PLC0415

    return HeartbeatRow(client, application, now).write


def offer_of(settings: Settings, secrets: Secrets) -> Offer:
    """What requesters may choose from. Raises Permanent `config.invalid`, `secret.*`."""
    from adapters.servicenow.application.offer import Offer  # noqa: PLC0415

    application = application_of(settings)
    if application is None:
        raise Permanent(
            Code.CONFIG_INVALID,
            "The setting servicenow.application is not there: which tables are meant?",
            action="Set it to x_fferry, or to the prefix under which the application is installed.",
        )
    described = {name: part.description for name, part in settings.destinations.items()}
    return Offer(client_of(settings, secrets), application, described)
