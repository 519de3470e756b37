"""The writer under strace: its N-th system call of a kind kills it, or fails."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.servers import need
from tests.torture.writer import UNUSABLE

CALLS = ("pwrite64", "fdatasync", "fsync", "ftruncate", "unlink", "rename")
"""What changes a file, or brings it to the disk."""
ALLOWED = {0, UNUSABLE, -signal.SIGKILL, 128 + signal.SIGKILL}
"""How the writer may end: any other code is an exception that nobody named."""


@dataclass(frozen=True)
class Point:
    """`fault` as strace writes it: `signal=KILL` or `error=ENOSPC`."""

    call: str
    number: int
    fault: str

    def __str__(self) -> str:
        return f"{self.call}#{self.number}:{self.fault}"


@dataclass(frozen=True)
class Ran:
    code: int
    said: list[str]
    injected: bool

    @property
    def saved(self) -> set[int]:
        return {int(line.split()[1]) for line in self.said if line.startswith("saved")}

    @property
    def refused(self) -> list[str]:
        return [line.split()[1] for line in self.said if line.startswith("refused ledger")]


def count(folder: Path) -> Counter[str]:
    """How often a quiet run makes each call."""
    log = _strace(folder, "-e", f"trace={','.join(CALLS)}")[1]
    return Counter(re.findall(rf"\b({'|'.join(CALLS)})\(", log))


def run(folder: Path, point: Point | None = None) -> Ran:
    """One life of the writer over `folder`/ledger.db."""
    if point is None:
        ended = subprocess.run(_writer(folder), **_surroundings(), check=False)  # type: ignore[call-overload]
        return Ran(ended.returncode, ended.stdout.splitlines(), injected=False)
    inject = f"inject={point.call}:{point.fault}:when={point.number}"
    ended, log = _strace(folder, "-e", f"trace={point.call}", "-e", inject)
    injected = "INJECTED" in log or "killed by SIGKILL" in log
    return Ran(ended.returncode, ended.stdout.splitlines(), injected)


def _strace(folder: Path, *options: str) -> tuple[subprocess.CompletedProcess[str], str]:
    log = folder / "strace.log"
    # Without --seccomp-bpf, under which a signal is not injected (strace 6.1).
    command = [need("strace"), "-f", "-o", str(log), *options, *_writer(folder)]
    ended = subprocess.run(command, **_surroundings(), check=False)  # type: ignore[call-overload]
    return ended, log.read_text()


def _writer(folder: Path) -> list[str]:
    return [sys.executable, "-m", "tests.torture.writer", str(folder / "ledger.db")]


def _surroundings() -> dict[str, object]:
    # Python must not write byte code: those calls would be counted too.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    return {
        "capture_output": True,
        "text": True,
        "timeout": 60,
        "env": environment,
        "cwd": Path(__file__).parents[2],
    }
