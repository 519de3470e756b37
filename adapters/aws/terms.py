"""What every way of asking S3 keeps to: how long, how often, over how many connections."""

from __future__ import annotations

from dataclasses import dataclass

TRIES = 3
POOL = 128
"""Connections that are kept to one server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Times in seconds: to connect, and without a byte. `trust` is the file of CAs that TLS is
    proven by; None where it cannot be proven this way.
    """

    connect_timeout: float
    timeout: float
    tries: int
    trust: str | None
