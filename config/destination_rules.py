"""What must hold between the settings of one destination, in the plain data of the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from config.destination import PORTS, AcknowledgementSettings, Digest, SidecarSettings
from config.part import Part
from transfer.destination import USUAL_TIERS, Conflict, Mode, Tier
from transfer.request.names import FIELD, looks_like

Complaint = tuple[str, str]
"""The setting (empty: the destination itself), and what is wrong with it."""

_SFTP = ("sftp",)
BESIDE = {"sidecar": SidecarSettings(), "acknowledgement": AcknowledgementSettings()}
"""The sections about small files beside a delivered one, as they are when nothing is said."""
ONLY = {
    "host_keys": _SFTP,
    "private_key": _SFTP,
    "passphrase": _SFTP,
    "certificate": _SFTP,
    "algorithms": _SFTP,
    "connections_per_file": _SFTP,
    "fast_ssh": _SFTP,
    "tls": ("ftps", "ftps-implicit"),
    "clear_text": ("ftp",),
    "names": ("ftp", "ftps", "ftps-implicit"),
}
"""Settings that one kind of protocol has, and the others must not have."""


def complaints(destination: Mapping[str, Any]) -> Iterator[Complaint]:
    """Every rule that the destination breaks; a protocol that does not exist breaks none."""
    protocol = destination.get("protocol", "sftp")
    if isinstance(protocol, str) and protocol in PORTS:
        yield from _foreign(destination, protocol)
        yield from _sftp(destination) if protocol == "sftp" else _ftp(destination, protocol)
        yield from _proof(destination, protocol)
    yield from _beside(destination)
    host, description = destination.get("host"), destination.get("description")
    if (
        isinstance(host, str)
        and isinstance(description, str)
        and host.lower() in description.lower()
    ):
        yield "description", "must not name the host: every requester reads it"
    temp = _part(destination, "temp")
    if temp.get("prefix") == "" and temp.get("suffix") == "" and not temp.get("folder"):
        yield "temp", "must have a prefix, a suffix or a folder, by which others know what to skip"
    if (
        destination.get("mode") == Mode.DIRECT
        and destination.get("route", "in_process") != "in_process"
    ):
        yield (
            "route",
            "must be in_process beside mode: direct, where nothing fences a late function",
        )
    replaces = destination.get("on_conflict") == Conflict.REPLACE
    if destination.get("mode") == Mode.RENAME and replaces:
        yield (
            "mode",
            "must not be rename beside on_conflict: replace, because rename never replaces a file",
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
    tier = destination.get("tier") or None
    if tier == Tier.ACKNOWLEDGED or tier is None:
        tier = USUAL_TIERS.get(protocol, Tier.SIZE)
    if not _digests(destination) and tier in (Tier.SERVER_HASH, Tier.READ_BACK):
        yield "digests", f"must not be empty: {tier} compares digests; tier: T0 compares sizes only"


def _beside(destination: Mapping[str, Any]) -> Iterator[Complaint]:
    """What holds for the small files beside a delivered one."""
    for setting, default in BESIDE.items():
        yield from _whole(destination, setting, default)
    ours, theirs = (_part(destination, setting).get("name") for setting in BESIDE)
    if destination.get("tier") == Tier.ACKNOWLEDGED and not theirs:
        yield "tier", "must not be T3 without acknowledgement.name, which says what to wait for"
    if not (ours and isinstance(ours, str) and isinstance(theirs, str)):
        return
    if looks_like(ours.replace(FIELD, "name"), theirs):
        yield "sidecar.name", "must not look like an acknowledgement, which the partner writes"


def _whole(destination: Mapping[str, Any], setting: str, default: Part) -> Iterator[Complaint]:
    part = _part(destination, setting)
    changed = [name for name, value in part.items() if value not in (None, "", _of(default, name))]
    if changed and not part.get("name"):
        yield f"{setting}.name", f"is missing - {changed[0]} is of no use without it"
    digest = part.get("digest", _of(default, "digest"))
    known = isinstance(digest, str) and digest in get_args(Digest)
    if part.get("name") and known and digest not in _digests(destination):
        yield f"{setting}.digest", f"must not be {digest}, which is missing from digests"


def _digests(destination: Mapping[str, Any]) -> frozenset[object]:
    """The names of those that are on a receipt; all where what stands there is none of the forms,
    which others say.
    """
    names = destination.get("digests")
    if isinstance(names, list):
        return frozenset(map(str, names))
    told = _part(destination, "digests")
    return frozenset(name for name in get_args(Digest) if told.get(name) != "none")


def _of(default: Part, name: str) -> object:
    return getattr(default, name, None)


def _part(destination: Mapping[str, Any], setting: str) -> dict[str, Any]:
    part = destination.get(setting)
    return part if isinstance(part, dict) else {}


def _stated(value: Any) -> bool:
    """Whether there is anything in it; a section of nothing but nulls states nothing."""
    if isinstance(value, dict):
        return any(map(_stated, value.values()))
    return value not in (None, "", [])
