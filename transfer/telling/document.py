"""`receipt.json`, attached to every audit ticket: all that the ledger holds of what was done.

The same bytes whenever it is built, so that a second try attaches what the first one did.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import Any

from transfer.audit.canonical import canonical
from transfer.audit.chain import Link
from transfer.model import Delivery, DeliveryState, Manifest, Outcome, Transfer
from transfer.request.binding import basis
from transfer.visible import visible

NAME = "receipt.json"
FORMAT = "fileferry-receipt/1"
CHAIN = "chain"

_OF_THE_RECEIPT = (
    *("md5", "sha256", "tier", "source_check", "server", "in_place", "collected", "started_at"),
    *("rechecked_at", "published_at", "sidecar", "acknowledgement", "acknowledged_at"),
)
_ENDED = {
    DeliveryState.PUBLISHED: "published",
    DeliveryState.INTENT: "unknown",
    DeliveryState.UNKNOWN: "unknown",
}


def ending_of(transfer: Transfer, now: datetime, link: Link | None = None) -> str:
    """What the ledger may hold otherwise later, as it is at the report: the text of the Post."""
    chain = {CHAIN: link.shown()} if link else {}
    return _canonical(
        {
            **chain,
            "epoch": transfer.epoch,
            "outcome": transfer.outcome or Outcome.FAILED,
            "failure": transfer.failure,
            "loose_ends": transfer.loose_ends,
            "session": transfer.session,
            "reported_at": now,
        }
    )


def end_of(ending: str) -> tuple[object, object]:
    """Its outcome and failure, which do not change once the transfer is closed."""
    told = json.loads(ending)
    return told["outcome"], told["failure"]


def document(ending: str, transfer: Transfer, files: Sequence[Delivery]) -> bytes:
    """Canonical JSON: sorted names, no blanks, UTF-8, times in UTC, a newline at the end; escaped
    is what JSON asks for, and what is not seen (transfer/visible.py).

    `chain` ties it to the receipts before it, if there is one; all else is its content. Good for
    the generation that the ledger has: there is no retry before all words of the last one
    have reached ServiceNow (transfer/decisions.py).
    """
    return (_canonical(_content(ending, transfer, files)) + "\n").encode()


def content_digest(ending: str, transfer: Transfer, files: Sequence[Delivery]) -> str:
    """What a link says of the receipt: the SHA-256 of its content by RFC 8785, nothing escaped."""
    content = _content(ending, transfer, files)
    content.pop(CHAIN, None)
    return digest(canonical(_plain_tree(content)))


def parted(receipt: Mapping[str, Any]) -> tuple[Link, str]:
    """The link of a receipt that somebody has, and the digest of the rest of it.

    Raises ValueError where it has none.
    """
    content = dict(receipt)
    chain = content.pop(CHAIN, None)
    if not isinstance(chain, Mapping):
        raise ValueError("it bears no chain: it was written before there was one")  # noqa: TRY004
    return Link.read(chain), digest(canonical(content))


def _content(ending: str, transfer: Transfer, files: Sequence[Delivery]) -> dict[str, Any]:
    arrived = [item for item in files if item.state is DeliveryState.PUBLISHED]
    request = _fields(transfer.request)
    usual = _usual_origins(files)
    return {
        **json.loads(ending),
        "format": FORMAT,
        "transfer": request.pop("id"),
        "generation": transfer.generation,
        "received_at": transfer.received_at,
        "request": request,
        "content": basis(transfer.request),
        "manifests": [_manifest(each) for each in transfer.manifests],
        "files": [_file(item) | _other_origins(item, usual) for item in files],
        "delivered": {"files": len(arrived), "bytes": sum(item.size for item in arrived)},
        **({"origins": usual} if usual else {}),
    }


def _usual_origins(files: Sequence[Delivery]) -> dict[str, str]:
    """Of most files, said once: ten thousand of them are at the limit of what an instance takes.

    Empty, and not there, where digests had none yet: the chain has the digest of what was written.
    """
    told = (item.receipt or item.digests for item in files)
    counts = Counter(tuple(sorted(each.origins.items())) for each in told if each)
    return dict(counts.most_common(1)[0][0]) if counts else {}


def _other_origins(delivery: Delivery, usual: Mapping[str, str]) -> dict[str, Any]:
    told = delivery.receipt or delivery.digests
    return {"origins": dict(told.origins)} if told and told.origins != usual else {}


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _manifest(manifest: Manifest) -> dict[str, Any]:
    return {
        "source": manifest.source.uri,
        "version": manifest.pin.version_id,
        "etag": manifest.pin.etag,
        "written_at": manifest.pin.modified,
        "size": manifest.pin.size,
        "sha256": manifest.sha256,
        "files": manifest.files,
    }


def _file(delivery: Delivery) -> dict[str, Any]:
    pin, receipt, digests = delivery.pin, delivery.receipt, delivery.digests
    shown: dict[str, Any] = {
        "number": delivery.number,
        "source": delivery.source.uri,
        "version": pin.version_id if pin else delivery.source.version_id,
        "etag": pin.etag if pin else None,
        "written_at": pin.modified if pin else None,
        "demanded_sha256": delivery.source.sha256 or None,
        "size": pin.size if pin else None,
        "path": delivery.final,
        "ordered": delivery.ordered or delivery.final,
        "state": _ENDED.get(delivery.state, "not_delivered"),
        "failure": delivery.failure,
    }
    if receipt is not None:
        proven = {"verified_before_publish": delivery.tier or receipt.tier}
        done = {name: getattr(receipt, name) for name in _OF_THE_RECEIPT}
        return {**shown, **proven, **done}
    if digests is not None:
        return {**shown, "md5": digests.md5, "sha256": digests.sha256}
    return shown


def _canonical(value: object) -> str:
    return visible(canonical(_plain_tree(value)).decode())


def _plain_tree(value: object) -> object:
    """As whoever reads the file will have it."""
    text = json.dumps(value, ensure_ascii=False, default=_plain)
    # No encoder takes half a character, and a partner's server may have sent one.
    return json.loads(text.encode("utf-8", "replace"))


def _plain(value: object) -> Any:
    if isinstance(value, datetime):
        return in_utc(value)
    if is_dataclass(value):
        return _fields(value)
    raise TypeError(type(value).__name__)


def _fields(value: Any) -> dict[str, Any]:
    """Not asdict, which copies every value: a request may have ten thousand files."""
    return {each.name: getattr(value, each.name) for each in fields(value)}


def in_utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
