"""What the ports of one process share: the table, what it knows of it, and who it is."""

from __future__ import annotations

from dataclasses import dataclass, field

from adapters.ledger.dynamo.documents import Documents
from adapters.ledger.dynamo.heads import Heads
from adapters.ledger.dynamo.lanes import Lanes
from adapters.ledger.dynamo.table import Table
from adapters.ledger.dynamo.watch import Watch
from adapters.ledger.dynamo.writer import Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """`lease` is in seconds of `watch.now`. `fresh`: admitted here, perhaps not in the index."""

    table: Table
    documents: Documents
    heads: Heads
    lanes: Lanes
    writer: Writer
    watch: Watch
    owner: str
    lease: float
    fresh: set[str] = field(default_factory=set)
