"""Programs of the house as processes without their imports, which are most of what a start costs.

What begins is a process of its own all the same, forked from one that has imported the house and
done nothing else: it has its own signals, files, locks and end.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from daemon.cli import main
from daemon.commands.root import COMMANDS
from sandbox.children import Child

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    [
        __name__,
        "adapters.ledger.dynamo.books",
        "adapters.ledger.sqlite.books",
        "adapters.running.progress",
        "adapters.servicenow.line.client",
        "adapters.systemd",
        "adapters.wiring",
        "cloud.cli",
        *sorted({f"daemon.commands.{place.module}" for place in COMMANDS.values()}),
        "daemon.commands.send",
        "daemon.commands.submit",
        "daemon.service",
        "daemon.telemetry",
        "rich.live",
        "sandbox.cli",
        "tests.servers.preloaded",
        "typer.rich_utils",
    ]
)
_PR_SET_PDEATHSIG = 1
_PATIENCE = 120.0


class Forked:
    """A process that calls `target`, in the words of subprocess.Popen. It dies with this one.

    Standard output goes to the end of `out`, standard error to that of `log`; both exist. The first
    one of a test run waits for the imports.
    """

    def __init__(
        self, target: Callable[[], object], out: Path, log: Path, environment: Mapping[str, str]
    ) -> None:
        arguments = (target, str(out), str(log), dict(environment))
        self._process = _FORKS.Process(target=_become, args=arguments, daemon=True)
        self._process.start()
        self.pid = self._process.pid or 0

    def poll(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, sig: int, /) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired("fileferry", timeout or 0.0)
        return code


def _become(
    target: Callable[[], object], out: str, log: str, environment: Mapping[str, str]
) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setsid()
    for number, path in enumerate((os.devnull, out, log)):
        opened = os.open(path, os.O_RDWR | os.O_APPEND)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    target()


def _typed(words: Sequence[str]) -> None:
    """As a shell would start `fileferry WORDS`."""
    sys.argv = ["fileferry", *words]
    main()


class WarmChild(Child):
    """`fileferry WORDS`."""

    def _begin(self, command: Sequence[str], environment: Mapping[str, str]) -> Forked:
        return Forked(partial(_typed, list(command)), self.out, self.log, environment)


def fileferry(*words: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """`fileferry WORDS`, to its end."""
    with tempfile.TemporaryDirectory(prefix="fileferry-") as directory:
        child = WarmChild("command", words, Path(directory), environment)
        try:
            code = child.wait(_PATIENCE)
        finally:
            child.send(signal.SIGKILL)
        said = [file.read_text("utf-8") for file in (child.out, child.log)]
    return subprocess.CompletedProcess(["fileferry", *words], code, *said)
