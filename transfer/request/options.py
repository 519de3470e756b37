"""What a request may ask for beside its files: when, whether really, and all or nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Self

from transfer.errors import Code, Permanent
from transfer.request.names import shown

NAMES = ("not_before", "finish_by", "dry_run", "all_or_nothing", "version", "sha256")
TOO_LATE = 3000
"""Year: no transfer waits that long."""
SHA256 = re.compile(r"[0-9A-Fa-f]{64}")
_VERSION = re.compile(r"[!-~]{1,1024}")
_YES, _NO = ("true", "yes", "1"), ("", "false", "no", "0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`finish_by`: nothing is published later. `dry_run`: everything is checked, nothing is sent.

    `all_or_nothing`: no file gets its final name before every file is verified. `version` and
    `sha256` (hex, small letters) bind the one object or manifest that is ordered; '' is any.
    """

    not_before: datetime | None = None
    finish_by: datetime | None = None
    dry_run: bool = False
    all_or_nothing: bool = False
    version: str = ""
    sha256: str = ""

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> Self:
        """From the words of the requester. Raises Permanent `request.malformed`."""
        options = cls(
            not_before=moment("not_before", asked.get("not_before", "")),
            finish_by=last_moment("finish_by", asked.get("finish_by", "")),
            dry_run=_truth("dry_run", asked),
            all_or_nothing=_truth("all_or_nothing", asked),
            version=_version(asked.get("version", "").strip()),
            sha256=_sha256(asked.get("sha256", "").strip()),
        )
        first, last = options.not_before, options.finish_by
        if first and first.year >= TOO_LATE:
            # The hours of a destination are looked for from there on, in its own zone.
            wanted = f"a date and time before the year {TOO_LATE}"
            raise _malformed("not_before", asked["not_before"], wanted)
        if first and last and last <= first:
            raise Permanent(
                Code.REQUEST_MALFORMED, "The transfer must be finished before it may begin."
            )
        return options


def moment(name: str, text: str) -> datetime | None:
    """ServiceNow gives `2026-11-23 18:00:00` in UTC; a zone may stand behind it. Empty is None.

    Raises Permanent `request.malformed`, which names `name`.
    """
    if not text.strip():
        return None
    try:
        # As tickets have it, from where people copy.
        found = datetime.fromisoformat(text.strip().removesuffix(" UTC"))
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        # With an offset, the first and the last day of all may lie outside of the calendar.
        raise _malformed(name, text, "a date and time, as in 2026-11-23 18:00:00 (UTC)") from error


def last_moment(name: str, text: str) -> datetime | None:
    """The same; a date alone lasts to the end of its day."""
    day = text.strip().removesuffix(" UTC")
    try:
        date.fromisoformat(day)
    except ValueError:
        return moment(name, text)
    return moment(name, f"{day} 23:59:59")


def _truth(name: str, asked: Mapping[str, str]) -> bool:
    text = asked.get(name, "").strip().lower()
    if text not in (*_YES, *_NO):
        raise _malformed(name, text, "true or false")
    return text in _YES


def _version(text: str) -> str:
    """“null” is no version: each write of a bucket that keeps none replaces it."""
    if text and (text == "null" or not _VERSION.fullmatch(text)):
        raise _malformed("version", text, "the version id that S3 gave the object")
    return text


def _sha256(text: str) -> str:
    if text and not SHA256.fullmatch(text):
        raise _malformed("sha256", text, "64 hex digits, as sha256sum prints them")
    return text.lower()


def _malformed(name: str, text: str, wanted: str) -> Permanent:
    return Permanent(Code.REQUEST_MALFORMED, f"{name} is {shown(text)}; it must be {wanted}.")
