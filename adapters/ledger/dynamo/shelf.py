"""`fileferry ledger` for a DynamoDB table."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from adapters.ledger.dynamo import definition, migration
from adapters.ledger.dynamo.errors import Missing, Refused
from adapters.ledger.dynamo.heads import CLOSED, QUARANTINED, UNFINISHED, UNSENT
from adapters.ledger.dynamo.items import SCHEMA, Item, key_of, number, texts
from adapters.ledger.dynamo.table import Change, Table
from adapters.ledger.shelf import Findings

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

LOOKS, BETWEEN = 150, 2.0
"""Looks at a table that is being made, and seconds between two of them."""
Facts = Mapping[str, Any]


def recognise(table: Table) -> None:
    """Raises Permanent `ledger.unusable` when it is no ledger that this FileFerry works with."""
    standing = table.get(SCHEMA)
    if standing is None:
        raise table.place.unusable(
            "is not furnished as a ledger",
            "Run `fileferry ledger init`, or mend ledger.table and ledger.region.",
        )
    version = number(standing, "version")
    if version != definition.VERSION:
        older = version < definition.VERSION
        raise table.place.unusable(
            f"has schema version {version}; this FileFerry works with {definition.VERSION}",
            "Stop the service on every host and run `fileferry ledger migrate`."
            if older
            else "Install the FileFerry that the other hosts run.",
        )


class DynamoShelf:
    """The Shelf protocol."""

    def __init__(
        self, client: DynamoDBClient, table: str, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self._client = client
        self._table = Table(client, table)
        self._place = self._table.place
        self._sleep = sleep

    def init(self) -> str:
        try:
            self._described()
            what = "was found empty and furnished"
        except Missing:
            self._table.call(self._client.create_table, **definition.creation(self._table.name))
            what = "was created"
        faults = _differences(self._active())
        if faults:
            raise self._place.unusable(
                f"is not a ledger of FileFerry: {faults[0].rstrip('.').lower()}",
                "Set ledger.table to another name.",
            )
        if self._table.get(SCHEMA):
            recognise(self._table)
            return f"{self._place} is there already, and was left as it is."
        self._furnish()
        return f"{self._place} {what}, schema version {definition.VERSION}."

    def check(self) -> Findings:
        facts = self._described()
        standing = self._table.get(SCHEMA)
        version = number(standing, "version") if standing else None
        different = _differences(facts)
        faults = [*different, *self._unguarded(facts)]
        if version != definition.VERSION:
            faults.append(f"Its schema version is {version}, not {definition.VERSION}.")
        # Without its indexes there is nothing to count by.
        counted = _Counts() if different else self._counted()
        return Findings(
            kind="dynamodb",
            place=f"table {self._table.name} in {self._place.region}",
            version=version,
            faults=tuple(faults),
            stages=counted.stages,
            outcomes=counted.outcomes,
            unfinished=counted.work[UNFINISHED],
            quarantined=counted.work[QUARANTINED],
            unsent=counted.unsent,
            oldest=counted.oldest,
            sizes={self._table.name: int(facts.get("TableSizeBytes", 0))},
        )

    def migrate(self) -> str:
        standing = self._table.get(SCHEMA)
        if standing is None or number(standing, "version") != migration.FROM:
            recognise(self._table)
            return f"{self._place} has schema version {definition.VERSION} already."
        count = migration.migrate(self._table)
        return (
            f"{self._place} was brought to schema version {definition.VERSION}: {count:,} "
            "transfers are known by their items. Nothing else in it was changed."
        )

    def definition(self) -> str:
        return definition.template(self._table.name)

    def _described(self) -> Facts:
        return self._ask(self._client.describe_table)["Table"]  # type: ignore[no-any-return]

    def _active(self) -> Facts:
        """Waits until the table and its indexes can be used."""
        for _ in range(LOOKS):
            facts = self._described()
            parts = [facts["TableStatus"]]
            # Some stand-ins for DynamoDB say nothing of an index that is there at once.
            indexes = facts.get("GlobalSecondaryIndexes", ())
            parts += [index.get("IndexStatus", "ACTIVE") for index in indexes]
            if set(parts) == {"ACTIVE"}:
                return facts
            self._sleep(BETWEEN)
        raise self._place.unavailable("is being made for longer than five minutes")

    def _furnish(self) -> None:
        if self._expiry() != definition.EXPIRY:
            told = {"Enabled": True, "AttributeName": definition.EXPIRY}
            self._ask(self._client.update_time_to_live, TimeToLiveSpecification=told)
        if not self._restorable():
            told = {"PointInTimeRecoveryEnabled": True}
            self._ask(self._client.update_continuous_backups, PointInTimeRecoverySpecification=told)
        # Last: whoever finds it finds a whole ledger.
        version = Change(
            key=SCHEMA,
            item={"version": definition.VERSION},
            condition="attribute_not_exists(#pk)",
        )
        try:
            self._table.write(version)
        except Refused:
            recognise(self._table)

    def _unguarded(self, facts: Facts) -> Iterator[str]:
        if self._expiry() != definition.EXPIRY:
            yield f"Time to live is not on for the attribute {definition.EXPIRY}."
        if not self._restorable():
            yield "Point-in-time recovery is off."
        if not facts.get("DeletionProtectionEnabled"):
            yield "Deletion protection is off."

    def _expiry(self) -> str:
        told = self._ask(self._client.describe_time_to_live)["TimeToLiveDescription"]
        on = told.get("TimeToLiveStatus") in ("ENABLED", "ENABLING")
        return str(told.get("AttributeName")) if on else ""

    def _restorable(self) -> bool:
        told = self._ask(self._client.describe_continuous_backups)
        recovery = told["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
        return bool(recovery.get("PointInTimeRecoveryStatus") == "ENABLED")

    def _counted(self) -> _Counts:
        counts = _Counts()
        for work in (UNFINISHED, QUARANTINED, CLOSED):
            for item in self._table.index("work", "work", work):
                counts.add(work, item)
        lanes = [key_of(item) for item in self._table.index("work", "work", UNSENT)]
        found = self._table.get_all(lanes).values()
        counts.unsent = sum(len(texts(lane, "unsent")) for lane in found)
        return counts

    def _ask(self, call: Callable[..., Any], **request: Any) -> Any:
        return self._table.call(call, TableName=self._table.name, **request)


class _Counts:
    """What the indexes say: a little old, and enough for people."""

    def __init__(self) -> None:
        self.work: Counter[str] = Counter()
        self.stages: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.unsent = 0
        self.oldest: datetime | None = None

    def add(self, work: str, item: Item) -> None:
        self.work[work] += 1
        self.stages[str(item["stage"])] += 1
        if "outcome" in item:
            self.outcomes[str(item["outcome"])] += 1
        if work == UNFINISHED and self.oldest is None:
            self.oldest = datetime.fromisoformat(str(item["received"]))


def _differences(facts: Facts) -> list[str]:
    """Where the table is not as it would be made, in sentences."""
    found = []
    if facts["KeySchema"] != definition.keys("pk", "sk"):
        found.append("Its keys are not pk and sk.")
    standing = {index["IndexName"]: index for index in facts.get("GlobalSecondaryIndexes", ())}
    for wanted in definition.indexes():
        name = wanted["IndexName"]
        if name not in standing:
            found.append(f"Its index {name} is missing.")
        elif not _alike(standing[name], wanted):
            found.append(f"Its index {name} has other keys or attributes.")
    return found


def _alike(standing: Facts, wanted: Facts) -> bool:
    def projected(index: Facts) -> tuple[str, Sequence[str]]:
        projection = index["Projection"]
        return projection["ProjectionType"], sorted(projection.get("NonKeyAttributes", ()))

    return standing["KeySchema"] == wanted["KeySchema"] and projected(standing) == projected(wanted)
