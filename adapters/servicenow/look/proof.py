"""Before work is taken in: does FileFerry see all that it must? Asked at the start and each day."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

import structlog

from adapters.servicenow.desk.forms import TicketForm
from adapters.servicenow.line.client import Client
from adapters.servicenow.look import choices
from adapters.servicenow.look.findings import Finding, Findings, Verdict
from adapters.servicenow.look.sight import Sight, looks_at_orders, looks_at_tickets
from adapters.servicenow.reading.inbox import Intake
from transfer.errors import Code, Permanent

log = structlog.get_logger(__name__)

DAY = 86_400.0
HOUR = 3_600.0


class Proof:
    """Remembers the latest look; for all threads. `look` raises FerryError when nobody answers."""

    def __init__(
        self,
        host: str,
        look: Callable[[], Iterable[Finding]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._host = host
        self._look = look
        self._clock = clock
        self._lock = threading.Lock()
        self._due_at = clock()
        self._missing: Permanent | None = None

    def insist(self) -> None:
        """Look when it is due: once a day, each hour while something is missing.

        Raises Permanent `servicenow.unready` as long as something is, and what the look raises.
        """
        with self._lock:
            if self._clock() >= self._due_at:
                self._missing = self._looked()
                self._due_at = self._clock() + (HOUR if self._missing else DAY)
            if self._missing is not None:
                raise self._missing

    def _looked(self) -> Permanent | None:
        found = list(self._look())
        for each in found:
            if each.verdict in (Verdict.DEGRADED, Verdict.UNPROVEN):
                log.warning("servicenow check", **_line(each))
        missing = [each for each in found if each.verdict is Verdict.BROKEN]
        for each in missing:
            log.error("servicenow check", **_line(each))
        log.info("servicenow checked", looks=len(found), missing=len(missing))
        if not missing:
            return None
        text = " ".join(each.text for each in missing)
        return Permanent(
            Code.SERVICENOW_UNREADY,
            f"ServiceNow {self._host} does not show FileFerry all that it needs: {text}",
        )


def proof_of(client: Client, intake: Intake, form: TicketForm) -> Proof:
    """Over everything that is read, and the choices that tickets are written with."""

    def look() -> Findings:
        sight = Sight(client, intake, form.table)
        yield from looks_at_orders(sight)
        yield from looks_at_tickets(sight)
        yield from choices.look(client, form)

    return Proof(client.host, look)


def _line(finding: Finding) -> dict[str, str]:
    return {
        "what": finding.name,
        "verdict": finding.verdict,
        "seen": finding.text,
        "action": finding.advice,
    }
