"""Tells the service manager how the daemon fares: the notify protocol of sd_notify(3).

Without $NOTIFY_SOCKET every call does nothing, so that nobody need ask where he runs.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping

LONGEST = 1000
"""Characters of a status."""
PATIENCE = 1.0
"""Seconds that a full queue of the manager may hold us up."""


class Supervisor:
    """The service manager, as its environment variables describe it."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._address = _address(environ.get("NOTIFY_SOCKET", ""))
        self.watchdog_interval = _interval(environ)
        """Seconds between two calls of watchdog(): half of what the manager grants. None: off."""

    def ready(self, status: str) -> None:
        """The start is over: work is being taken."""
        self._send("READY=1", f"STATUS={_line(status)}")

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._send(f"STATUS={_line(text)}")

    def starting(self, status: str, seconds: float) -> None:
        """The start takes longer; the manager waits for so many seconds more from now on."""
        self._send(f"EXTEND_TIMEOUT_USEC={round(seconds * 1_000_000)}", f"STATUS={_line(status)}")

    def reloading(self) -> None:
        """The configuration is read anew, until the next ready()."""
        # systemd from 253 on wants to know when that began (sd_notify(3)).
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The stop has begun."""
        self._send("STOPPING=1")

    def watchdog(self) -> None:
        """Still alive; without this call in time the manager kills and restarts the service."""
        self._send("WATCHDOG=1")

    def _send(self, *assignments: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
                channel.settimeout(PATIENCE)
                channel.sendto("\n".join(assignments).encode(errors="replace"), self._address)
        except OSError:
            # Nobody listens: carrying files goes on. A manager that needed the word restarts us.
            return


def _address(text: str) -> str:
    """An absolute path, or `@name` in the abstract namespace; other transports are left alone."""
    if text.startswith("@"):
        return "\0" + text[1:]
    return text if text.startswith("/") else ""


def _interval(environ: Mapping[str, str]) -> float | None:
    # sd_watchdog_enabled(3): the variables may be meant for another process that handed them on.
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    granted = environ.get("WATCHDOG_USEC", "")
    microseconds = int(granted) if granted.isascii() and granted.isdigit() else 0
    return microseconds / 2_000_000 if microseconds else None


def _line(text: str) -> str:
    # A line break would begin another assignment; a datagram of any length would be refused.
    return " ".join(text.split())[:LONGEST]
