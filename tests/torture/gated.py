"""`fileferry run` with its ports behind the gate of failpoints.py, for tests/servers/warm.py."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from adapters.running.progress import ProgressNotes
from adapters.systemd import Supervisor
from adapters.wiring import House, build
from config.loading import load
from config.logging import configure
from config.secrets import Secrets
from daemon.service import Service
from daemon.signals import stop_on_signals
from tests.torture.failpoints import Gate, watched
from transfer.errors import Transient

STARTS = 5


def run(config: Path, gate: Callable[[], Gate] | None) -> None:
    stop = threading.Event()
    settings = load(config)
    configure(settings.log)
    stop_on_signals(stop)
    note_every = settings.transfers.note_every
    secrets = Secrets()
    house = _furnished(lambda: build(settings, secrets, lambda it: ProgressNotes(it, note_every)))
    Service(watched(house, gate()) if gate else house, Supervisor(), stop).run()


def _furnished(begin: Callable[[], House]) -> House:
    """A ledger that gives no answer ends the service, and systemd starts it again."""
    for _ in range(STARTS):
        with suppress(Transient):
            return begin()
    return begin()
