"""When the service is ready, and what systemd is told of it until then and afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

from adapters.running.gate import Gate
from adapters.systemd import Supervisor
from daemon.intake import Poll
from daemon.outlook import Outlook
from transfer.errors import Code

READY_AFTER = 15.0
"""Seconds after which a ServiceNow that has not answered yet keeps nobody from being ready."""
LONGER_EVERY = 5.0
LONGER = 60.0
"""Seconds by which the start is prolonged, every so many seconds, while the login is refused."""
NOT_LET_IN = frozenset({Code.SERVICENOW_AUTH, Code.SERVICENOW_LOGIN_PAGE})
"""What the poll meets while ServiceNow refuses the login."""

log = structlog.get_logger()


class Readiness:
    """`about` is what the log says of the service once it is ready."""

    def __init__(
        self,
        supervisor: Supervisor,
        outlook: Outlook,
        gate: Gate,
        poll: Poll,
        about: Callable[[], dict[str, str | int]],
    ) -> None:
        self._supervisor = supervisor
        self._outlook = outlook
        self._gate = gate
        self._poll = poll
        self._about = about
        self._began = time.monotonic()
        self.longer_at = self._began + LONGER_EVERY
        self._told = ""

    def tell(self) -> None:
        """The state, to systemd, where it is another than before."""
        line, now = self._outlook.line(), time.monotonic()
        if self._outlook.ready or self._outlook.stopping:
            if line != self._told:
                self._supervisor.status(line)
        elif self._may_be_ready(now):
            self._outlook.ready = True
            self._supervisor.ready(self._outlook.line())
            log.info("ready", **self._about())
        elif now >= self.longer_at:
            self.longer_at = now + LONGER_EVERY
            self._supervisor.starting(line, LONGER)
        self._told = line

    def pause(self) -> float:
        """Seconds until it may say something else, and the watchdog wants to hear of us."""
        if not self._outlook.ready:
            return 0.05 if not self._poll.tried else 0.5
        return min(self._supervisor.watchdog_interval or 5.0, 5.0)

    def _may_be_ready(self, now: float) -> bool:
        """ServiceNow lets us in, or cannot be asked: work goes on without it."""
        seen = self._outlook.board.trouble("poll").seen
        if seen and seen.code in NOT_LET_IN:
            return False
        late = now - self._began > READY_AFTER
        return self._poll.tried or late or self._gate.closed() is not None
