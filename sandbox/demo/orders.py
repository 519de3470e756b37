"""What the demo orders: seven requests, the objects that they name, and how each should end."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from posixpath import basename, join

from sandbox.boto import make_client
from sandbox.plan import Addresses
from transfer.errors import Code
from transfer.model import MIB, Outcome

ABSENT = "exports/never-uploaded.csv"
ACCENTED = "reports/Übersicht März 2026 \N{EN DASH} Größe.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One request. `outcome` is None for the one that must stay untouched.

    `code` is of the failure that is expected. Several files are delivered into the directory
    `path`; a single one under that name, or under its own where `path` is empty. `more` are answers
    to further variables of the item. A key with “@” in front is a manifest's.
    """

    label: str
    keys: tuple[str, ...]
    requester: str = "anna.berg"
    destination: str = "partner"
    path: str = ""
    outcome: Outcome | None = Outcome.DELIVERED
    code: Code | None = None
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def approved(self) -> bool:
        return self.outcome is not None

    @property
    def paths(self) -> dict[str, str]:
        """{path below the SFTP server's root: key} of what this order should bring there."""
        if self.outcome is not Outcome.DELIVERED:
            return {}
        if len(self.keys) == 1 and self.path:
            return {self.path: self.keys[0]}
        return {join(self.path, basename(key)): key for key in self.keys}


QUARTER = ("q1/january.csv", "q1/february.csv", "q1/march.csv")


def orders(size: int) -> tuple[Order, ...]:
    """`size` is in MiB, of the large file."""
    return (
        Order(label=f"a {size} MiB file", keys=("exports/ledger.bin",)),
        Order(label="an empty file", keys=("exports/empty.txt",), path="nothing.txt"),
        Order(label="spaces and accents", keys=(ACCENTED,), requester="tom.reyes"),
        Order(label="three files", keys=QUARTER, path="quarter"),
        Order(
            label="no such object",
            keys=(ABSENT,),
            outcome=Outcome.FAILED,
            code=Code.SOURCE_MISSING,
        ),
        Order(
            label="no grant",
            keys=("exports/ledger.bin",),
            destination="vault",
            outcome=Outcome.REFUSED,
            code=Code.GRANT_MISSING,
        ),
        Order(label="nobody approved", keys=("q1/march.csv",), path="unseen.csv", outcome=None),
    )


DIRECTORIES = ("quarter",)
"""Directories that the partner has prepared; FileFerry makes none."""


@dataclass(frozen=True, slots=True)
class Content:
    """What was put into S3."""

    size: int
    sha256: str


def put_objects(addresses: Addresses, ordered: Sequence[Order], size: int) -> dict[str, Content]:
    """Upload every object that the orders name, but one; returns what was uploaded by key."""
    store, bucket = make_client("s3", addresses["aws"]), addresses["aws"]["bucket"]
    sizes = {key: 200_000 for order in ordered for key in order.keys if key != ABSENT}
    sizes |= {"exports/ledger.bin": size * MIB, "exports/empty.txt": 0}
    contents = {}
    for key, length in sizes.items():
        body = os.urandom(length)
        store.put_object(Bucket=bucket, Key=key, Body=body)
        contents[key] = Content(length, hashlib.sha256(body).hexdigest())
    return contents
