"""The CPU that servers take meanwhile, read from /proc.

A session's process ends with its client, and its time is not always its parent's afterwards: vsftpd
lets the kernel bury its children, and of an sshd the user's half outlives the half that would ask.
So the tree is looked at again and again, and what each process had last is kept.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.servers.openssh import descendants

EVERY = 0.02
"""Seconds between two looks: as much of a process's time at most is lost when it ends."""
TICK = 1 / os.sysconf("SC_CLK_TCK")


class Meter:
    """A context manager; `spent` says how many seconds each tree took within the block."""

    def __init__(self, roots: Mapping[str, int]) -> None:
        self._roots = roots
        self._seen: dict[str, dict[int, float]] = {name: {} for name in roots}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._look()
        self._begun = {name: sum(seen.values()) for name, seen in self._seen.items()}
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._over.set()
        self._thread.join()
        self._look()

    def spent(self, name: str) -> float:
        return sum(self._seen[name].values()) - self._begun[name]

    def _watch(self) -> None:
        while not self._over.wait(EVERY):
            self._look()

    def _look(self) -> None:
        for name, root in self._roots.items():
            for pid in (root, *descendants(root)):
                with suppress(OSError):  # it ended between the two looks
                    self._seen[name][pid] = cpu_of(pid)


def cpu_of(pid: int) -> float:
    """User and system seconds of the process alone. Raises OSError when it is gone."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK
