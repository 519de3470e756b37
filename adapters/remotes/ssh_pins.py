"""The pinned host keys of a destination, and which of them count today."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from adapters.remotes.dial import name_of
from transfer.destination import Destination, HostKey
from transfer.errors import Code, Permanent


def today() -> date:
    return datetime.now(UTC).date()


def counts(pin: HostKey, day: date) -> bool:
    """Whether the pin is valid on that day, the first and the last one included."""
    return (pin.not_before or date.min) <= day <= (pin.not_after or date.max)


def is_pinned(destination: Destination, fingerprint: str) -> bool:
    day = today()
    return any(pin.fingerprint == fingerprint and counts(pin, day) for pin in destination.host_keys)


def unknown(destination: Destination, seen: Sequence[str]) -> Permanent:
    """`seen` are the server's host keys, each as `type fingerprint`."""
    expected = " or ".join(_shown(pin) for pin in destination.host_keys) or "none at all"
    return Permanent(
        Code.HOSTKEY_UNKNOWN,
        f"The server of {name_of(destination)} shows the host key {' and '.join(seen)}, "
        f"expected is {expected}; nothing was sent to it.",
    )


def _shown(pin: HostKey) -> str:
    day = today()
    if counts(pin, day):
        return pin.fingerprint
    if pin.not_after and pin.not_after < day:
        return f"{pin.fingerprint} (which counted until {pin.not_after})"
    return f"{pin.fingerprint} (which counts from {pin.not_before} on)"
