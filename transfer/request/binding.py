"""What was approved is what is sent: what S3 holds is compared with the approval at each pin.

An object or manifest that was written after the approval is refused, unless its content is bound:
by the version or digest that the order, the event or the manifest names. Both times are whole
seconds, of two clocks (security.md).
"""

from __future__ import annotations

from transfer.errors import Code, Permanent
from transfer.model import Pin, Request, Source
from transfer.request.names import shown
from transfer.request.options import Options
from transfer.rules import Rules
from transfer.visible import in_utc


def insist(pin: Pin, source: Source, request: Request, rules: Rules) -> Pin:
    """The pin, if it is of what was approved.

    Raises Permanent `source.changed`, `source.newer_than_approval`.
    """
    _insist_on_the_one(pin, source)
    approved_at = request.approved_at
    # Nobody approves an operator's one-off.
    if approved_at is None or source.sha256 or source.version_id or _as_found(request, rules):
        return pin
    if pin.modified is None or pin.modified > approved_at:
        written = f"at {in_utc(pin.modified)}" if pin.modified else "nobody can tell when"
        raise Permanent(
            Code.SOURCE_NEWER,
            f"{source.uri} was written {written}; {request.number} was approved at "
            f"{in_utc(approved_at)}.",
            file=source.uri,
        )
    return pin


def _insist_on_the_one(pin: Pin, source: Source) -> None:
    """Some stores that only speak like S3 pass over the version that they are asked for."""
    other = ""
    if source.version_id not in (None, "null", pin.version_id):
        other = "version"
    elif source.sha256 and pin.sha256 and pin.sha256 != source.sha256:
        other = "SHA-256"
    if other:
        raise Permanent(
            Code.SOURCE_CHANGED,
            f"{source.uri} has another {other} than the one that is demanded of it.",
            file=source.uri,
        )


def _as_found(request: Request, rules: Rules) -> bool:
    """A standing approval is about what arrives after it. A setting may be taken back."""
    return bool(request.standing) or (request.as_found and request.catalog_item in rules.as_found)


def basis(request: Request) -> str:
    """Which content was approved, in words for the audit ticket; empty where nobody approved."""
    options = {name: request.options.get(name, "").strip() for name in ("version", "sha256")}
    if any(options.values()):
        named = " and ".join(f"{name} {shown(text)}" for name, text in options.items() if text)
        return f"only the one with {named}, as ordered"
    if request.standing:
        version = request.version_id
        return f"what arrived under the prefix{f', version {shown(version)}' if version else ''}"
    if request.as_found:
        return "whatever was in S3 when FileFerry looked, as operators set for the catalog item"
    if request.approved_at is None:
        return ""
    return f"nothing that was written after the approval at {in_utc(request.approved_at)}"


def bound(source: Source, request: Request) -> Source:
    """The source with the version and digest that the order, or the event, names.

    Raises Permanent `request.malformed`.
    """
    options = Options.of(request.options)
    version = request.version_id or options.version or None
    return Source(bucket=source.bucket, key=source.key, version_id=version, sha256=options.sha256)


def binds(request: Request) -> bool:
    """The order names a version or a digest, so that it can only be for one object."""
    options = Options.of(request.options)
    return bool(options.version or options.sha256)
