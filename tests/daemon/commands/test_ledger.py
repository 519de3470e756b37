"""`fileferry ledger`: what it makes, what it says, and its exit codes."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from adapters.ledger.sqlite import schema
from adapters.ledger.sqlite.books import sqlite_books
from tests.adapters.ledger import filled, version_1
from tests.daemon.commands.test_cli import fileferry

EXAMPLE = str(Path(__file__).parents[3] / "config" / "fileferry.example.yaml")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def ledger(path: Path, *words: str) -> CompletedProcess[str]:
    done = fileferry("ledger", *words, "--config", EXAMPLE, FILEFERRY_LEDGER__PATH=str(path))
    assert "Traceback" not in done.stderr
    return done


def test_init_creates_it_once(path: Path) -> None:
    first, second = ledger(path, "init"), ledger(path, "init")
    assert (first.returncode, second.returncode) == (0, 0)
    assert "was created" in first.stdout
    assert "is there already" in second.stdout
    assert path.stat().st_mode & 0o777 == 0o600


def test_init_refuses_to_touch_another_file(path: Path) -> None:
    path.write_text("a shopping list")
    done = ledger(path, "init")
    assert done.returncode == 4
    assert "ledger.unusable" in done.stderr
    assert path.read_text() == "a shopping list"


def test_init_prints_the_definition_and_creates_nothing(path: Path) -> None:
    done = ledger(path, "init", "--print")
    assert done.returncode == 0
    assert not path.exists()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(done.stdout)
    assert ledger(path, "check").returncode == 0


def test_check_counts_what_is_in_it(path: Path) -> None:
    filled.fill(path)
    done = ledger(path, "check")
    assert done.returncode == 0
    said = " ".join(done.stdout.split())
    for words in (
        f"{path} is good",
        f"Schema version {schema.VERSION}",
        "not running",
        "Quarantined 3",
    ):
        assert words in said


def test_check_for_programs(path: Path) -> None:
    filled.fill(path)
    with closing(sqlite_books(path, "daemon", 60.0)):
        found = json.loads(ledger(path, "check", "--json").stdout)
    assert found["good"] is True
    assert found["running"] is True
    assert found["stages"] == {"received": 6, "closed": 3}
    assert (found["unfinished"], found["quarantined"]) == (3, 3)
    assert found["unsent"] == 9 * 6 - 6
    assert found["sizes"]["ledger.db"] > 0
    assert found["oldest"].endswith("+00:00")


def test_check_names_every_row_that_is_not_as_it_was_written(path: Path) -> None:
    filled.fill(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE deliveries SET document = '{}' WHERE number = 2")
        connection.commit()
    done = ledger(path, "check")
    assert done.returncode == 4
    assert done.stdout.count("of deliveries is not as it was written") == filled.COUNT
    assert "restore the last good copy" in done.stdout
    assert json.loads(ledger(path, "check", "--json").stdout)["good"] is False


@pytest.mark.parametrize("command", ["check", "migrate"])
def test_what_is_not_there_is_4(path: Path, command: str) -> None:
    done = ledger(path, command)
    assert done.returncode == 4
    assert "There is no ledger" in done.stderr
    assert "fileferry ledger init" in done.stderr


def test_an_old_one_is_migrated_by_hand_only(path: Path) -> None:
    version_1.write(path)
    for command in ("check", "init"):
        refused = ledger(path, command)
        assert refused.returncode == 4
        assert "fileferry ledger migrate" in refused.stderr
    done = ledger(path, "migrate")
    assert done.returncode == 0
    [copy] = path.parent.glob("ledger.db.v1-*Z")
    assert str(copy) in done.stdout
    assert ledger(path, "check").returncode == 0


def test_migrate_waits_for_no_daemon(path: Path) -> None:
    with closing(sqlite_books(path, "daemon", 60.0)):
        done = ledger(path, "migrate")
    assert done.returncode == 4
    assert "ledger.busy" in done.stderr
