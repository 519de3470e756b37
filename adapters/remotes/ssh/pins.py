"""The pinned host keys of a destination, and which of them count today."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

import paramiko

from adapters.remotes.dial import name_of
from adapters.remotes.ssh.algorithms import HOST_KEYS
from transfer.destination import Destination, HostKey
from transfer.errors import Code, Permanent

_learned: dict[str, str] = {}
"""The kind of key that a pinned fingerprint has turned out to be of; that never changes."""


def today() -> date:
    return datetime.now(UTC).date()


def counts(pin: HostKey, day: date) -> bool:
    """Whether the pin is valid on that day, the first and the last one included."""
    return (pin.not_before or date.min) <= day <= (pin.not_after or date.max)


def is_pinned(destination: Destination, fingerprint: str) -> bool:
    day = today()
    return any(pin.fingerprint == fingerprint and counts(pin, day) for pin in destination.host_keys)


def in_order(destination: Destination) -> list[str]:
    """The kinds of host key to ask for, those of the pins first."""
    pinned = _kinds(destination)
    return sorted(HOST_KEYS, key=lambda kind: kind not in pinned)


def may_be(destination: Destination, kind: str) -> bool:
    """Whether a pin may be of that kind; a fingerprint alone does not tell."""
    kinds = _kinds(destination)
    return kind in kinds or "" in kinds


def _kinds(destination: Destination) -> set[str]:
    day = today()
    pins = [pin for pin in destination.host_keys if counts(pin, day)]
    return {kind_of(pin.kind or _learned.get(pin.fingerprint, "")) for pin in pins}


def kind_of(name: str) -> str:
    """Of a key's type, e.g. `ecdsa` of `ecdsa-sha2-nistp256`."""
    return next((kind for kind in HOST_KEYS if name.startswith(kind)), "")


def learn(key: paramiko.PKey) -> None:
    _learned[key.fingerprint] = key.get_name()


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
