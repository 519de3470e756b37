"""The embedded AWS for tests: on a port that no other worker gets."""

from __future__ import annotations

from typing import Self

from sandbox.ministack import server
from sandbox.ministack.installing import is_there
from tests.servers import absent
from tests.servers.ports import free_port


class EmbeddedAws(server.EmbeddedAws):
    """As of sandbox/ministack, which the demo starts."""

    def free_port(self) -> int:
        return free_port()

    def __enter__(self) -> Self:
        if not is_there():
            absent("ministack (.ci/servers)")
        return super().__enter__()

    def given(self) -> list[str]:
        """The secrets and tokens of all temporary credentials that were given out."""
        return (self.home / "given").read_text().splitlines()
