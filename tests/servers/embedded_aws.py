"""The embedded AWS for tests: on a port that no other worker gets."""

from __future__ import annotations

from collections import Counter
from typing import Self

from sandbox.ministack import server
from sandbox.ministack.installing import is_there
from tests.servers import absent
from tests.servers.ports import free_port


class EmbeddedAws(server.EmbeddedAws):
    """As of sandbox/ministack, which the demo starts.

    `counts`: it writes down what is written to DynamoDB.
    """

    def __init__(self, *, auth: bool = True, waits: float = 1.0, counts: bool = False) -> None:
        super().__init__(auth=auth, waits=waits)
        self._counts = counts

    def free_port(self) -> int:
        return free_port()

    def environment(self) -> dict[str, str]:
        counting = {"COUNT_WRITES": f"{self.home}/writes"} if self._counts else {}
        return super().environment() | counting

    def __enter__(self) -> Self:
        if not is_there():
            absent("ministack (.ci/servers)")
        return super().__enter__()

    def given(self) -> list[str]:
        """The secrets and tokens of all temporary credentials that were given out."""
        return (self.home / "given").read_text().splitlines()

    def writes(self) -> dict[str, int]:
        """Items that were written to DynamoDB, by the name of the call."""
        found: Counter[str] = Counter()
        for line in (self.home / "writes").read_text().splitlines():
            action, items = line.split()
            found[action] += int(items)
        return dict(found)
