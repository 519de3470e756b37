"""The daemon's process without its imports, which are a third of what a crossing computes.

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
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from daemon.cli import main
from sandbox.children import Child

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    [__name__, "adapters.running.progress", "adapters.systemd", "adapters.wiring", "daemon.service"]
)
_PR_SET_PDEATHSIG = 1


def _run(words: Sequence[str], out: str, log: str, environment: Mapping[str, str]) -> None:
    """Become `fileferry WORDS` as a shell would start it."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    os.setsid()
    for number, path in enumerate((os.devnull, out, log)):
        opened = os.open(path, os.O_RDWR | os.O_APPEND)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.argv = ["fileferry", *words]
    main()


class WarmChild(Child):
    """`fileferry WORDS`; the first one of a test run waits for the imports."""

    def _begin(self, command: Sequence[str], environment: Mapping[str, str]) -> _Running:
        return _Running(command, self.out, self.log, environment)


class _Running:
    """What Child needs of subprocess.Popen."""

    def __init__(
        self, words: Sequence[str], out: Path, log: Path, environment: Mapping[str, str]
    ) -> None:
        arguments = (list(words), str(out), str(log), dict(environment))
        self._process = _FORKS.Process(target=_run, args=arguments, daemon=True)
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
