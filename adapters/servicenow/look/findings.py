"""What was found out about an instance: one finding for each thing that FileFerry needs of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from transfer.errors import FerryError


class Verdict(StrEnum):
    """`unproven`: there was nothing to try it on."""

    OK = "ok"
    DEGRADED = "degraded"
    UNPROVEN = "unproven"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`text` is what was seen, `advice` what to do about it; both are whole sentences. `code` is
    that of the error in which a look ended.
    """

    name: str
    verdict: Verdict
    text: str
    advice: str = ""
    code: str = ""


Findings = Iterator[Finding]


def ok(name: str, text: str) -> Finding:
    return Finding(name=name, verdict=Verdict.OK, text=text)


def degraded(name: str, text: str, advice: str) -> Finding:
    return Finding(name=name, verdict=Verdict.DEGRADED, text=text, advice=advice)


def unproven(name: str, text: str, advice: str) -> Finding:
    return Finding(name=name, verdict=Verdict.UNPROVEN, text=text, advice=advice)


def broken(name: str, text: str, advice: str) -> Finding:
    return Finding(name=name, verdict=Verdict.BROKEN, text=text, advice=advice)


def refused(name: str, error: FerryError) -> Finding:
    """The instance has answered, and not as it should."""
    return replace(broken(name, error.message, error.action), code=error.code.value)
