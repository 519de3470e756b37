"""What policy.py judges by, as the operators wrote it down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Who may send what where: user names (or `*`), prefixes of S3 URIs, destination names.

    `items` are the catalog items through which it may be ordered; none of them is any.
    """

    requesters: frozenset[str]
    sources: tuple[str, ...]
    destinations: frozenset[str]
    items: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where standing approvals stand: the table, and its fields for each of the terms.

    `path` may be empty: then everything goes into the destination's root.
    """

    table: str
    prefix: str
    destination: str
    until: str
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What policy.py judges by: `variables` names source, destination and path on the item.

    `options` names the variables of options (transfer/request/options.py) that the item has.
    `as_found` are the catalog items whose orders mean whatever is in S3 when FileFerry looks.
    `actor`: who may have written a decision, the `approver` alone or `anybody` who had no hand in
    the request; `accounts` are user names that write decisions for approvers.
    """

    catalog_items: frozenset[str]
    variables: tuple[str, str, str]
    grants: Sequence[Grant]
    options: Mapping[str, str] = field(default_factory=dict)
    standing: Standing | None = None
    as_found: frozenset[str] = frozenset()
    actor: str = "approver"
    accounts: frozenset[str] = frozenset()
