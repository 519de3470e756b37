"""What the SQLite ledger costs in CPU, beside another checkout: `python -m tests.bench.ledger`.

    python -m tests.bench.ledger --against ../older --rounds 3

Each piece of work runs in a process of its own, in turn on both; this file is run there as well, so
it uses only what older checkouts have. Partner, objects and tickets are in memory, the disk is not
waited for: what is left is the engine and the ledger.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from inspect import signature
from pathlib import Path
from typing import Any

from adapters.ledger.sqlite.books import over, sqlite_books
from adapters.ledger.sqlite.database import Database
from adapters.ledger.sqlite.rows import SEALED, Rows
from tests.config.conftest import GOOD
from tests.ports.books import TICKET, post, received
from tests.transfer.bench import Bench
from tests.transfer.made import NOON, PARTNER, request
from tests.transfer.test_journey import three_tries
from transfer.books import Books
from transfer.journey import travel
from transfer.model import Transfer
from transfer.tickets import TicketRole

TREE = Path(__file__).parents[2]
MEMORY = Path("/dev/shm")  # noqa: S108 a directory of its own is made in it
LANES = 4
"""Posts of one transfer, two on each ticket."""
Work = Callable[[Path, int], float]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.ledger", description=__doc__)
    parser.add_argument("--against", type=Path, help="another checkout")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=WORKS, default=list(WORKS))
    parser.add_argument("--count", type=int, help="of files, posts, transfers")
    asked = parser.parse_args(arguments)
    trees = [TREE, *filter(None, [asked.against and asked.against.resolve()])]
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as home:
        for name in asked.only:
            count = asked.count or WORKS[name][1]
            rounds = [_round(trees, name, count, Path(home)) for _ in range(asked.rounds)]
            sys.stdout.write(f"{_told(name, count, rounds)}\n")
            sys.stdout.flush()
    return 0


def _round(trees: Sequence[Path], name: str, count: int, home: Path) -> list[float]:
    """CPU seconds on each."""
    return [_measured(tree, name, count, home / str(place)) for place, tree in enumerate(trees)]


def _measured(tree: Path, name: str, count: int, folder: Path) -> float:
    folder.mkdir(exist_ok=True)
    words = [sys.executable, __file__, name, str(count), str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    said = subprocess.run(words, cwd=tree, env=environment, capture_output=True, check=False)
    if said.returncode:
        raise RuntimeError(said.stderr.decode())
    return float(said.stdout)


def _told(name: str, count: int, rounds: Sequence[Sequence[float]]) -> str:
    medians = [statistics.median(each) for each in zip(*rounds, strict=True)]
    figures = f"{name} ({count:,}): {medians[0]:.2f} CPU-s"
    if len(medians) == 1:
        return figures
    ratios = [here / there for here, there in rounds]
    return (
        f"{figures} here, {medians[1]:.2f} there: {statistics.median(ratios):.2f} times "
        f"({min(ratios):.2f} – {max(ratios):.2f})"
    )


def _cpu(who: int = resource.RUSAGE_SELF) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def _opened(path: Path) -> Database:
    database = Database(path)
    database._connection.execute("PRAGMA synchronous = OFF")
    return database


def files(folder: Path, count: int) -> float:
    """A request of so many small files."""
    world = Bench()
    names = tuple(f"s3://exports/payroll/file-{number:05}" for number in range(count))
    for name in names:
        world.objects.put(name, b"x")
    path = folder / "files.db"
    path.unlink(missing_ok=True)
    with closing(_opened(path)) as database:
        before = _cpu()
        _carry(over(database, "one"), world, names, 1)
        taken = _cpu() - before
    assert len(world.remotes.files) == count
    return taken


def small(folder: Path, count: int) -> float:
    """So many requests of one file each, with their tickets."""
    path = folder / "small.db"
    path.unlink(missing_ok=True)
    name = "s3://exports/payroll/one"
    with closing(_opened(path)) as database:
        books, before = over(database, "one"), _cpu()
        for number in range(count):
            world = Bench()
            world.objects.put(name, b"x")
            _carry(books, world, (name,), number)
            _send(books)
        return _cpu() - before


def _carry(books: Books, world: Bench, names: tuple[str, ...], number: int) -> None:
    ports = {name: getattr(books, name) for name in PORTS if hasattr(books, name)}
    there = {"partner": replace(PARTNER, connections=1)}
    tools = replace(world.tools(), destinations=there, **ports)
    asked = request(
        id=f"i:sc_task:{number:032}", item_id=f"{number:032x}", sources=names, target=f"d{number}"
    )
    books.ledger.admit(Transfer(request=asked, received_at=NOON))
    taken = books.ledger.claim(asked.id)
    assert taken
    done = travel(taken, tools, three_tries)
    books.ledger.renew(done, 0)


PORTS = ("ledger", "locks", "chain", "recollections")


def _send(books: Books) -> None:
    settle: Any = books.outbox.settle
    single = "post" in signature(settle).parameters
    while batch := books.outbox.due():
        if not single:
            settle(*((each, TICKET) for each, _ in batch))
            continue
        for each, _ in batch:
            settle(each, TICKET)


def posts(folder: Path, count: int) -> float:
    """So many waiting posts, handed out and settled."""
    path = folder / "posts.db"
    path.unlink(missing_ok=True)
    with closing(_opened(path)) as database:
        books = over(database, "one")
        for number in range(count // LANES):
            about = received(number)
            books.outbox.add(*(post(about, f"{number}-{n}", TicketRole.USER) for n in "ab"))
            books.outbox.add(*(post(about, f"{number}-{n}", TicketRole.AUDIT) for n in "cd"))
        before = _cpu()
        _send(books)
        return _cpu() - before


def ready(folder: Path, count: int) -> float:
    """A start with so many closed transfers, until it would take work."""
    path = _closed(folder, count)
    before = _cpu()
    books = sqlite_books(path, "one", 60.0)
    assert not books.archive.unfinished()
    taken = _cpu() - before
    books.close()
    return taken


def status(folder: Path, count: int) -> float:
    """`fileferry status`, the whole process, with so many closed transfers."""
    path, config = _closed(folder, count), folder / "fileferry.yaml"
    config.touch(0o600)
    config.write_text(f"{_sensible(GOOD)}ledger: {{path: {path}}}\n")
    code = "import sys; from daemon.cli import main; sys.exit(main())"
    before = _cpu(resource.RUSAGE_CHILDREN)
    words = [sys.executable, "-c", code, "status", "--config", str(config)]
    said = subprocess.run(words, capture_output=True, text=True, check=False)
    assert "delivered" in said.stdout, (said.stdout, said.stderr)
    return _cpu(resource.RUSAGE_CHILDREN) - before


def _sensible(config: str) -> str:
    """Without the values of the example, which nobody can mean."""
    return (
        config.replace("example.service-now", "bank.service-now")
        .replace("bank.example", "partner.example")
        .replace("SHA256:47", "SHA256:57")
        .replace("123456789abcdef", "f123456789abcde")
        .replace("23456789abcdef01", "23456789abcdef02")
    )


def _closed(folder: Path, count: int) -> Path:
    """Copies of one that was carried to its end, row by row, each under a name of its own."""
    path = folder / f"closed-{count}.db"
    if not path.exists():
        small(folder, 1)
        (folder / "small.db").replace(path)
        with closing(_opened(path)) as database, database.transaction() as connection:
            _multiply(connection, Rows(connection, path), count)
    return path


def _multiply(connection: Any, rows: Rows, count: int) -> None:
    mine = [table for table in SEALED if table not in ("links", "endings", "limits", "locks")]
    found: Mapping[str, list[tuple[Any, ...]]] = {
        table: connection.execute(f"SELECT {', '.join(SEALED[table])} FROM {table}").fetchall()  # noqa: S608 names of ours
        for table in mine
    }
    for number in range(1, count):
        for table, those in found.items():
            for values in those:
                rows.put(table, tuple(_renamed(value, number) for value in values))


def _renamed(value: Any, number: int) -> Any:
    if not isinstance(value, str):
        return value
    return value.replace("0" * 32, f"{number:032}").replace("RITM0010001", f"RITM{number:07}")


WORKS: Mapping[str, tuple[Work, int]] = {
    "files": (files, 10_000),
    "small": (small, 200),
    "posts": (posts, 10_000),
    "ready": (ready, 100_000),
    "status": (status, 100_000),
}

if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in WORKS:
        sys.stdout.write(str(WORKS[sys.argv[1]][0](Path(sys.argv[3]), int(sys.argv[2]))))
    else:
        sys.exit(main())
