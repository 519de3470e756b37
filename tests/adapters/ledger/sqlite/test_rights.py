"""A ledger of somebody else's is named, with its owner, whatever a command wants of it."""

from __future__ import annotations

import json
import os
import pwd
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.ledger.sqlite.archive import SqliteArchive
from adapters.ledger.sqlite.books import books_beside
from adapters.ledger.sqlite.hostlock import HostLock
from adapters.ledger.sqlite.shelf import SqliteShelf
from transfer.errors import FerryError

NOBODY = 65534
WANTED: dict[str, Callable[[Path], object]] = {
    "look": SqliteArchive.at,
    "write": lambda path: books_beside(path, "operator", 60.0),
    "init": lambda path: SqliteShelf(path).init(),
    "check": lambda path: SqliteShelf(path).check(),
    "migrate": lambda path: SqliteShelf(path).migrate(),
    "serve": HostLock,
}


def as_nobody(want: Callable[[Path], object], path: Path) -> str:
    """What is said to another user. Where we are not root, we are such a user by the mode alone."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        said = "it was let in"
        if os.geteuid() == 0:
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        try:
            want(path)
        except FerryError as error:
            said = f"{error.code}: {error.message}"
        except BaseException as error:  # noqa: BLE001 the child must not come back
            said = repr(error)
        os.write(writer, json.dumps(said).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as heard:
        said = json.load(heard)
    os.waitpid(child, 0)
    return str(said)


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that others can reach: pytest's own are closed to them."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.parametrize("want", WANTED)
def test_a_closed_directory_is_named_with_its_owner(home: Path, want: str) -> None:
    closed = home / "state"
    closed.mkdir()
    SqliteShelf(closed / "ledger.db").init()
    closed.chmod(0o000)
    me = pwd.getpwuid(os.geteuid()).pw_name
    said = as_nobody(WANTED[want], closed / "ledger.db")
    assert said.startswith(f"ledger.unusable: The ledger {closed}/ledger.db is not open to "), said
    assert f"{closed} belongs to {me} (mode 0000)" in said
    closed.chmod(0o700)


@pytest.mark.parametrize("want", ["look", "check"])
def test_a_closed_file_is_named_with_its_owner(home: Path, want: str) -> None:
    file = home / "ledger.db"
    SqliteShelf(file).init()
    file.chmod(0o000)
    assert f"{file} belongs to" in as_nobody(WANTED[want], file)


@pytest.mark.parametrize("want", WANTED)
def test_a_directory_that_may_not_be_written_is_named_with_its_owner(home: Path, want: str) -> None:
    """With the lock there, as of a ledger whose directory was taken away afterwards."""
    state = home / "state"
    state.mkdir()
    file = state / "ledger.db"
    SqliteShelf(file).init()
    for part in state.iterdir():
        part.chmod(0o444)
    state.chmod(0o555)
    said = as_nobody(WANTED[want], file)
    me = pwd.getpwuid(os.geteuid()).pw_name
    closed = f"{state} belongs to {me} (mode 0555)"
    assert said.startswith(f"ledger.unusable: The ledger {file} cannot be written by "), said
    assert closed in said
    state.chmod(0o700)
