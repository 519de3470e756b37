"""Each receipt of an instance is a link that names the hash of the one before it.

So no link can be altered, taken out, put in or moved without every later hash being another one,
and those stand on tickets, where whoever has the ledger cannot change them unseen.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, Self

from transfer.audit.canonical import canonical

FORMAT = "fileferry-chain/1"
_INSTANCE = re.compile(r"([^:]*(?::\d+)?)(?::.*)?", re.DOTALL)
FIRST = "0" * 64
"""What the first link of a ledger names as the hash before it."""
KEPT = timedelta(days=400)
"""What was closed is remembered for so long at least; `ledger.keep_days` allows no less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Of a link's own text. `key` is the SHA-256 of the public key (SubjectPublicKeyInfo, DER),
    `value` is Base64.
    """

    algorithm: str
    key: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What stays of a report for ever. `receipt` is the SHA-256 of its content without this.

    `ledger` is the name that the ledger gave itself with its first link, `at` the time of the
    report. `hash` is that of all the others but `signature`.
    """

    instance: str
    ledger: str
    number: int
    previous: str
    transfer: str
    generation: int
    at: str
    receipt: str
    hash: str = ""
    signature: Signature | None = None

    @property
    def text(self) -> bytes:
        """What is hashed, and signed."""
        return canonical({"format": FORMAT, **{name: getattr(self, name) for name in _HASHED}})

    @property
    def right_hash(self) -> str:
        """The one that `hash` has to be."""
        return hashlib.sha256(self.text).hexdigest()

    @property
    def name(self) -> str:
        """Of the whole chain."""
        return f"{self.instance}/{self.ledger}"

    def sealed(self) -> Self:
        return replace(self, hash=self.right_hash)

    def shown(self) -> dict[str, Any]:
        """As receipt.json has it."""
        shown = {"format": FORMAT, **{name: getattr(self, name) for name in _HASHED}}
        shown["hash"] = self.hash
        if self.signature:
            shown["signature"] = {each: getattr(self.signature, each) for each in _SIGNATURE}
        return shown

    @classmethod
    def read(cls, shown: Mapping[str, Any]) -> Self:
        """Back from `shown`. Raises ValueError where it is none."""
        if shown.get("format") != FORMAT:
            raise ValueError(f"its chain is not of the form {FORMAT}")
        values: dict[str, Any] = {name: shown.get(name) for name in (*_HASHED, "hash")}
        for name, value in values.items():
            whole = name in ("number", "generation")
            if type(value) is not (int if whole else str):
                raise ValueError(f"its chain has no {name}")
        signature = shown.get("signature")
        return cls(**values, signature=_read_signature(signature) if signature else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A link as it is written: `ending` is what its receipt is built from (telling/document.py),
    and is forgotten with the transfer.
    """

    link: Link
    ending: str


class Signer(Protocol):
    """Signs what FileFerry reports, by a key whose public half whoever checks it has."""

    def sign(self, link: Link) -> Signature:
        """Of the link's text. Raises `audit.unsigned`."""


_HASHED = tuple(each.name for each in fields(Link) if each.name not in ("hash", "signature"))
_SIGNATURE = tuple(each.name for each in fields(Signature))


def _read_signature(shown: object) -> Signature:
    values: dict[str, Any] = dict.fromkeys(_SIGNATURE)
    values |= {name: shown.get(name) for name in values} if isinstance(shown, dict) else {}
    if not all(isinstance(value, str) for value in values.values()):
        raise ValueError("its signature is not whole")
    return Signature(**values)


def instance_of(transfer_id: str) -> str:
    """Whose tickets it is about: the host, perhaps with a port, that begins the id."""
    return _INSTANCE.sub(r"\1", transfer_id)


def _new_name() -> str:
    from uuid import uuid4  # noqa: PLC0415  once in the life of a ledger

    return uuid4().hex


def following(  # noqa: PLR0913 what a link says
    last: Link | None, *, instance: str, transfer: str, generation: int, at: str, receipt: str
) -> Link:
    """The next link, sealed and not signed."""
    return Link(
        instance=instance,
        ledger=last.ledger if last else _new_name(),
        number=last.number + 1 if last else 1,
        previous=last.hash if last else FIRST,
        transfer=transfer,
        generation=generation,
        at=at,
        receipt=receipt,
    ).sealed()


def marks_of(instance: str) -> str:
    """The name under which what was forgotten of an instance has a chain of its own.

    Among the receipts a mark would be a number without a ticket, and whoever has the tickets alone
    could not tell it from one that was taken out.
    """
    return f"{instance}#forgotten"


def mark(last: Link | None, link: Link, now: datetime) -> Link:
    """What stays of a transfer whose latest link this is, once the ledger forgets it."""
    return following(
        last,
        instance=marks_of(link.instance),
        transfer=link.transfer,
        generation=link.generation,
        at=now.astimezone(UTC).isoformat(timespec="microseconds"),
        receipt=link.receipt,
    )


def forgets(marked: Link, link: Link, now: datetime) -> bool:
    """Whether the mark says why the transfer of this link is not there any more.

    Only of what was reported KEPT before it: a mark that hides a young transfer would have to be
    written at a time that has not come.
    """
    try:
        at = datetime.fromisoformat(marked.at)
        old = at - datetime.fromisoformat(link.at) >= KEPT
    except (ValueError, TypeError):
        return False
    return marked.transfer == link.transfer and old and at <= now


def follows(link: Link, last: Link | None) -> bool:
    """What a ledger asks before it writes one."""
    if last is None:
        return (link.number, link.previous) == (1, FIRST)
    return (link.number, link.previous) == (last.number + 1, last.hash)
