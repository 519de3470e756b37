"""Programs that the demo starts: each with a log, none of which outlives it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, Self

TAIL = 15
"""Lines of a log that are shown when its program died."""
PATIENCE = 35.0
"""Seconds from SIGTERM to SIGKILL; the daemon may drain for 25."""


class Unready(Exception):
    """A program ended that should go on, or was too slow; the message shows the end of its log."""


class Part(Protocol):
    """Something that was started and should go on."""

    def check(self) -> None:
        """Raises Unready when it has ended."""


class Running(Protocol):
    """A process, in the words of subprocess.Popen."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None:
        """Its exit code, once it has ended."""

    def send_signal(self, sig: int, /) -> None:
        """Nothing, once it has ended."""

    def kill(self) -> None:
        """Send SIGKILL."""

    def wait(self, timeout: float | None = None) -> int:
        """The exit code. Raises subprocess.TimeoutExpired."""


class Child:
    """A program in a session of its own, so that Ctrl-C reaches the demo alone, which ends it.

    Standard output goes to `NAME.out` and standard error to `NAME.log` in `directory`.
    """

    def __init__(
        self, name: str, command: Sequence[str], directory: Path, environment: Mapping[str, str]
    ) -> None:
        self.name = name
        self.out, self.log = directory / f"{name}.out", directory / f"{name}.log"
        self.out.write_bytes(b"")
        self.log.write_bytes(b"")
        self._process = self._begin(command, environment)

    def _begin(self, command: Sequence[str], environment: Mapping[str, str]) -> Running:
        leash = [sys.executable, "-m", "sandbox.leash", *command]
        with self.out.open("ab") as out, self.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603  the command is ours
                leash,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=log,
                env={**environment, "SANDBOX_STARTER": str(os.getpid())},
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        return self._process.pid

    def check(self) -> None:
        """Raises Unready when it has ended."""
        code = self._process.poll()
        if code is not None:
            how = f"exit code {code}" if code >= 0 else f"signal {-code}"
            raise Unready(f"The {self.name} ended with {how}. The end of its log:\n{self.tail()}")

    def tail(self) -> str:
        lines = self.log.read_text("utf-8", "replace").splitlines()
        return "\n".join(f"  {line}" for line in lines[-TAIL:]) or "  (nothing was written)"

    def answer(self, deadline: float) -> Any:
        """The JSON that it prints, as soon as that is whole. Raises Unready.

        `deadline` is on the clock of `time.monotonic`.
        """
        while time.monotonic() < deadline:
            try:
                return json.loads(self.out.read_text("utf-8"))
            except ValueError:
                self.check()
                time.sleep(0.05)
        raise Unready(f"The {self.name} is not up in time. The end of its log:\n{self.tail()}")

    def send(self, number: int) -> None:
        """Send the signal, unless it has ended."""
        self._process.send_signal(number)

    def wait(self, seconds: float) -> int:
        """The exit code. Raises subprocess.TimeoutExpired."""
        return self._process.wait(seconds)

    def stop(self) -> int:
        """SIGTERM, and SIGKILL for one that does not heed it, or when somebody will not wait;
        returns its exit code.
        """
        self.send(signal.SIGTERM)
        try:
            return self.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()
        except KeyboardInterrupt:
            self._process.kill()
            # What it still writes would be left behind.
            self._process.wait()
            raise


@contextmanager
def surviving(*children: Part) -> Iterator[None]:
    """What fails within fails because a child has ended, where one has: then raises Unready."""
    try:
        yield
    except Exception:
        for child in children:
            child.check()
        raise


def program() -> list[str]:
    """The `fileferry` command of this installation."""
    beside = Path(sys.executable).with_name("fileferry")
    return [str(beside) if beside.exists() else "fileferry"]


def clean_environment() -> dict[str, str]:
    """Ours, without what would lead a child to another AWS, configuration, proxy or supervisor."""
    foreign = ("AWS_", "BOTO", "FILEFERRY_", "NOTIFY_SOCKET", "WATCHDOG_", "CREDENTIALS_DIRECTORY")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return kept | {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }
