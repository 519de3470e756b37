"""`fileferry ledger` for a SQLite file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path

from adapters.ledger.shelf import Findings
from adapters.ledger.sqlite import migration, schema
from adapters.ledger.sqlite.database import Database
from adapters.ledger.sqlite.hostlock import HostLock
from adapters.ledger.sqlite.inspection import ENOUGH, EVERYTHING, damage
from adapters.ledger.sqlite.rights import open_to_us
from adapters.ledger.sqlite.rows import Rows
from transfer.errors import FerryError


class SqliteShelf:
    """The Shelf protocol."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def init(self) -> str:
        open_to_us(self._path)
        if self._path.is_file() and self._path.stat().st_size:
            with closing(Database(self._path, read_only=True)):
                return f"The ledger {self._path} is there already, and was left as it is."
        with self._alone(), closing(Database(self._path)):
            return f"The ledger {self._path} was created, schema version {schema.VERSION}."

    def check(self) -> Findings:
        with closing(Database(self._path, read_only=True)) as database:
            faults = self._faults(database)
            return self._counted(database, faults)

    def migrate(self) -> str:
        with self._alone():
            copy = migration.migrate(self._path)
        if copy is None:
            return f"The ledger {self._path} has schema version {schema.VERSION} already."
        return (
            f"The ledger {self._path} was brought to schema version {schema.VERSION}. "
            f"The file as it was before is {copy}."
        )

    def definition(self) -> str:
        return schema.definition()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        lock = HostLock(self._path)
        try:
            yield
        finally:
            lock.release()

    def _faults(self, database: Database) -> list[str]:
        faults: list[str] = []
        try:
            with database.reading() as connection:
                found = damage(connection, self._path, EVERYTHING)
                faults.extend(error.message for error in islice(found, ENOUGH))
        except FerryError as error:
            faults.append(error.message)
        return faults

    def _counted(self, database: Database, faults: list[str]) -> Findings:
        counts = _Counts()
        try:
            with database.reading() as connection:
                counts.read(Rows(connection, self._path))
        except FerryError as error:
            faults.append(error.message)
        return Findings(
            kind="sqlite",
            place=str(self._path),
            version=schema.VERSION,
            running=HostLock.held(self._path),
            faults=tuple(dict.fromkeys(faults)),
            stages=dict(counts.stages),
            outcomes=dict(counts.outcomes),
            unfinished=counts.unfinished,
            quarantined=counts.quarantined,
            unsent=counts.unsent,
            oldest=counts.oldest,
            sizes=self._sizes(),
        )

    def _sizes(self) -> dict[str, int]:
        files = (self._path, Path(f"{self._path}-wal"))
        return {file.name: file.stat().st_size for file in files if file.exists()}


class _Counts:
    """What the tables hold; of a damaged file as far as it can be read."""

    def __init__(self) -> None:
        self.stages: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.unfinished = self.quarantined = self.unsent = 0
        self.oldest: datetime | None = None

    def read(self, rows: Rows) -> None:
        found = rows.execute(
            "SELECT json_extract(document, '$.stage'), json_extract(document, '$.outcome'), "
            "count(*) FROM transfers GROUP BY 1, 2"
        )
        for stage, outcome, count in found:
            self.stages[str(stage)] += count
            if outcome is not None:
                self.outcomes[str(outcome)] += count
        self.unfinished, oldest = rows.execute(
            "SELECT count(*), min(received_at) FROM transfers WHERE at_rest = 0"
        ).fetchone()
        self.oldest = datetime.fromisoformat(oldest) if oldest else None
        self.quarantined = _count(rows, "transfers WHERE quarantined = 1")
        self.unsent = _count(rows, "posts WHERE sent = 0")


def _count(rows: Rows, what: str) -> int:
    return int(rows.execute(f"SELECT count(*) FROM {what}").fetchone()[0])  # noqa: S608 words of ours
