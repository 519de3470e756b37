"""Real daemons by the dozen: one process that has imported everything forks a fresh one for each.

`python -m tests.torture.nursery` reads a JSON object a line: `config`, `log`, `point`, `does`,
`passed`, `reached`. It answers each with the process id of a daemon that runs as `fileferry run`
does, its ports behind the gate of failpoints.py. The daemons die with it.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
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

PR_SET_PDEATHSIG = 1
STARTS = 5


def main() -> None:
    # Nobody waits for them: the kernel clears them away at once.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    _warm()
    for line in sys.stdin:
        if threading.active_count() > 1:
            raise AssertionError("a process that forks must not have threads")
        process = os.fork()
        if process == 0:
            _born(json.loads(line))
        os.write(1, f"{process}\n".encode())


def _warm() -> None:
    """What `build` imports when it is first needed."""
    import adapters.ledger.dynamo.books  # noqa: PLC0415
    import adapters.ledger.sqlite.books  # noqa: PLC0415
    import adapters.servicenow.line.client  # noqa: F401, PLC0415


def _born(told: Mapping[str, str]) -> None:
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        log = os.open(told["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, 2)
        _run(told)
    except BaseException:  # noqa: BLE001 the child must not come back into its parent's loop
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


def _run(told: Mapping[str, str]) -> None:
    stop = threading.Event()
    settings = load(Path(told["config"]))
    configure(settings.log)
    stop_on_signals(stop)
    note_every = settings.transfers.note_every
    secrets = Secrets()
    house = _furnished(lambda: build(settings, secrets, lambda it: ProgressNotes(it, note_every)))
    if told["passed"]:
        gate = Gate(told["point"], told["does"], Path(told["passed"]), Path(told["reached"]))
        house = watched(house, gate)
    Service(house, Supervisor(), stop).run()


def _furnished(begin: Callable[[], House]) -> House:
    """A ledger that gives no answer ends the service, and systemd starts it again."""
    for _ in range(STARTS):
        with suppress(Transient):
            return begin()
    return begin()


if __name__ == "__main__":
    main()
