"""What must hold between the settings of one destination, in the plain data of the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from config.destination import PORTS
from transfer.destination import Mode, Tier
from transfer.verify import USUAL

Complaint = tuple[str, str]
"""The setting (empty: the destination itself), and what is wrong with it."""

_SFTP = ("sftp",)
ONLY = {
    "host_keys": _SFTP,
    "private_key": _SFTP,
    "passphrase": _SFTP,
    "certificate": _SFTP,
    "algorithms": _SFTP,
    "tls": ("ftps", "ftps-implicit"),
    "clear_text": ("ftp",),
}
"""Settings that one kind of protocol has, and the others must not have."""


def complaints(destination: Mapping[str, Any]) -> Iterator[Complaint]:
    """Every rule that the destination breaks; a protocol that does not exist breaks none."""
    protocol = destination.get("protocol", "sftp")
    if isinstance(protocol, str) and protocol in PORTS:
        yield from _foreign(destination, protocol)
        yield from _sftp(destination) if protocol == "sftp" else _ftp(destination, protocol)
        yield from _proof(destination, protocol)
    if destination.get("mode") == Mode.RENAME and _true(destination.get("replace")):
        yield (
            "mode",
            "must not be rename beside replace: true, because rename never replaces a file",
        )


def _foreign(destination: Mapping[str, Any], protocol: str) -> Iterator[Complaint]:
    for name, protocols in ONLY.items():
        if protocol not in protocols and _stated(destination.get(name)):
            speakers = " and ".join(protocols)
            yield name, f"is for {speakers} only, and this destination speaks {protocol}"


def _sftp(destination: Mapping[str, Any]) -> Iterator[Complaint]:
    key = destination.get("private_key")
    if not key and not destination.get("password"):
        yield "", "must name a secret as its password or its private_key"
    if not _stated(destination.get("host_keys")):
        yield "host_keys", "is missing - sftp needs at least one host key of the server"
    for name in ("passphrase", "certificate"):
        if destination.get(name) and not key:
            yield name, "is of no use without private_key"


def _ftp(destination: Mapping[str, Any], protocol: str) -> Iterator[Complaint]:
    if not destination.get("password"):
        yield "password", f"is missing - {protocol} logs in with a password"
    if protocol == "ftp" and not _stated(destination.get("clear_text")):
        yield (
            "clear_text",
            "is missing - ftp encrypts nothing: write why that is acceptable here, or take ftps",
        )


def _proof(destination: Mapping[str, Any], protocol: str) -> Iterator[Complaint]:
    tier = destination.get("tier") or USUAL.get(protocol, Tier.SIZE)
    if destination.get("digests") == [] and tier in (Tier.SERVER_HASH, Tier.READ_BACK):
        yield "digests", f"must not be empty: {tier} compares digests; tier: T0 compares sizes only"


def _stated(value: Any) -> bool:
    """Whether there is anything in it; a section of nothing but nulls states nothing."""
    if isinstance(value, dict):
        return any(map(_stated, value.values()))
    return value not in (None, "", [])


def _true(value: Any) -> bool:
    try:
        return TypeAdapter(bool).validate_python(value)
    except ValidationError:
        return False
