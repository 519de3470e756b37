"""What a source and a path may look like, and the paths of the small files beside a delivered one.

Refused, never repaired: the bytes that are checked are the bytes that are sent.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from posixpath import basename, dirname, join

from transfer.destination import Destination
from transfer.errors import Code, Permanent
from transfer.model import Delivery, Source
from transfer.visible import hidden, visible

MAX_NAME = 255
"""Bytes of UTF-8 in one name (NAME_MAX of every common file system)."""
MAX_KEY = 1024
"""Bytes of UTF-8 in an S3 key (Amazon S3 User Guide, "Naming Amazon S3 objects")."""
TEMP_PREFIX = ".ff-"
FOLDERS = ("/", "_$folder$")
"""End the keys that only mark a folder: those of consoles, and of Hadoop and Amazon EMR."""
FIELD = "{name}"
"""In a pattern: the delivered file's own name."""

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


def parse_source(uri: str) -> Source:
    """`s3://bucket/key` as a Source. Raises Permanent `source.malformed` or `name.refused`."""
    bucket, slash, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not slash or not key or not _BUCKET.fullmatch(bucket):
        raise Permanent(
            Code.SOURCE_MALFORMED, f"The source {shown(uri)} is not of the form s3://bucket/key."
        )
    if rule := _character_rule(key):
        raise Permanent(
            Code.NAME_REFUSED,
            f"The S3 key in {shown(uri)} {rule}.",
            action="Store the object under a key that obeys the named rule, then order it.",
            file=shown(uri),
        )
    if len(key.encode()) > MAX_KEY:
        raise Permanent(
            Code.SOURCE_MALFORMED, f"The S3 key in {shown(uri)} exceeds {MAX_KEY} bytes."
        )
    return Source(bucket=bucket, key=key)


def check_seen(name: str, what: str) -> str:
    """`name` as it is, when nothing in it hides; else Permanent `name.refused`. `what` it is of."""
    if rule := _hidden_rule(name):
        raise Permanent(
            Code.NAME_REFUSED,
            f"The {what} {shown(name)} {rule}.",
            action="Order again with the name written anew, by hand.",
            file=shown(name),
        )
    return name


def check_path(path: str) -> str:
    """`path` as it is, when it obeys every rule; else Permanent `name.refused`."""
    rule = _path_rule(path) or next(filter(None, map(_name_rule, path.split("/"))), None)
    if rule:
        raise Permanent(Code.NAME_REFUSED, f"The path {shown(path)} {rule}.", file=shown(path))
    return path


def shown(text: str, limit: int = 120) -> str:
    """`text` in quotes, fit for a ticket: nothing unseen, never endless."""
    return f"“{visible(text if len(text) <= limit else text[:limit] + '…')}”"


def path_beside(pattern: str, final: str) -> str:
    """`{name}.ack` beside `/in/pay.csv` is `/in/pay.csv.ack`."""
    return join(dirname(final), pattern.replace(FIELD, basename(final)))


def looks_like(path: str, pattern: str) -> bool:
    """Whether some file could have `path` beside it by this pattern."""
    shape = "[^/]+".join(map(re.escape, pattern.split(FIELD)))
    return re.fullmatch(f"(?:.*/)?{shape}", path, re.IGNORECASE) is not None


def patterns(destination: Destination) -> list[str]:
    """Of the small files that this destination has."""
    found = (destination.sidecar, destination.acknowledgement)
    return [small.name for small in found if small]


def check_names(deliveries: Iterable[Delivery], destination: Destination) -> None:
    """(1) Nobody may order what would pass for a partner's acknowledgement, or name a file so long
    that nothing fits beside it. Raises Permanent `name.refused`.
    """
    for pattern in patterns(destination):
        for delivery in deliveries:
            check_path(pattern.replace(FIELD, basename(delivery.final)))
            if looks_like(delivery.final, pattern):
                raise Permanent(
                    Code.NAME_REFUSED,
                    f"The path {shown(delivery.final)} is one of those that {destination.name} "
                    f"keeps for {pattern}.",
                    file=shown(delivery.final),
                )


def _path_rule(path: str) -> str | None:
    if not path:
        return "is empty"
    if path.startswith("/"):
        return "is absolute; it must be relative to the destination's root"
    if path.startswith("~"):
        return "begins with “~”, which some servers expand"
    return _character_rule(path)


def _hidden_rule(text: str) -> str | None:
    found = hidden(text)
    return f"has {found}, which shows as nothing or turns the text around" if found else None


def _character_rule(text: str) -> str | None:
    control = next((c for c in text if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")), None)
    if control is not None:
        return f"has a control character, U+{ord(control):04X}"
    if rule := _hidden_rule(text):
        return rule
    if "\\" in text:
        return "has a backslash, which some servers take for a separator"
    if not unicodedata.is_normalized("NFC", text):
        return "is not in Unicode normal form C"
    return None


def _name_rule(name: str) -> str | None:
    if name in ("", "."):
        return "has an empty or “.” component"
    if name == "..":
        return "leads out of the destination's root by “..”"
    if name.endswith((".", " ")):
        return "has a component that ends with a dot or a space"
    if name.startswith(TEMP_PREFIX):
        return f"has a component that begins with “{TEMP_PREFIX}”, which FileFerry keeps for itself"
    if len(name.encode()) > MAX_NAME:
        return f"has a component of more than {MAX_NAME} bytes"
    return None
