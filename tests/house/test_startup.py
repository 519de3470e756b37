"""What a one-off does not need is not loaded: start-up is most of the time of a small file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from adapters.ledger.sqlite.books import sqlite_books
from sandbox.children import clean_environment
from tests.config.conftest import GOOD
from tests.transfer.made import NOON, request
from transfer.model import Transfer

# A closed port: the libraries of the protocol are loaded, and the line is refused.
PROGRAM = """
import sys
import adapters.running.retries
from adapters.memory.ledger import MemoryLedger
from adapters.remotes import Register
from adapters.s3.store import make_objects
from transfer.destination import Destination
from transfer.errors import Transient

make_objects("eu-central-1", "http://127.0.0.1:9")
destination = Destination(
    name="partner", protocol="{protocol}", host="127.0.0.1", port=9, username="u", root="/",
    password="password", clear_text="a test", connect_timeout=5,
)
try:
    Register(lambda name: name).connect(destination)
except Transient:
    print(*sys.modules)
"""
HEAVY = {"boto3", "botocore", "awscrt", "structlog", "rich", "asyncio", "requests", "pydantic"}
HEAVY |= {"tenacity", "uuid", "zoneinfo"}
SMALL = {"email", "calendar", "importlib.metadata"}
"""Milliseconds each; paramiko brings them for itself."""


@pytest.mark.parametrize(
    ("protocol", "spared"),
    [("sftp", HEAVY | {"invoke", "ftplib"}), ("ftp", HEAVY | SMALL | {"invoke", "paramiko"})],
)
def test_what_is_not_needed_is_not_loaded(protocol: str, spared: set[str]) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "KEY", "AWS_SECRET_ACCESS_KEY": "secret"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(protocol=protocol)],
        env=clean_environment() | keys, capture_output=True, text=True, check=True,
    )  # fmt: skip
    loaded = set(done.stdout.split())
    assert "transfer.model" in loaded
    assert sorted(loaded & spared) == []


SPEAKS = {"boto3", "botocore", "paramiko", "cryptography", "requests", "urllib3", "structlog"}
SPEAKS |= {"flask", "apscheduler", "tenacity", "ftplib", "asyncio", "pydantic_settings"}
MODELS = {"yaml", "config.settings", "config.reading"}
JUDGES = {"config.settings", "config.destination", "config.rules", "config.reading"}
DRAWN = {"rich.console", "adapters.console"}
TAB = {
    "_FILEFERRY_COMPLETE": "complete_bash",
    "COMP_WORDS": "fileferry status --",
    "COMP_CWORD": "2",
}
WALK = """
import sys
from daemon.cli import main
sys.argv = ["fileferry", *sys.argv[1:]]
try:
    main()
finally:
    print("loaded:", *sys.modules)
"""


@pytest.mark.parametrize(
    ("words", "more", "spared"),
    [
        ("--version", {}, SPEAKS | MODELS | DRAWN | {"typer", "daemon.commands.root"}),
        ("-h", {}, SPEAKS | MODELS | DRAWN | {"daemon.commands.status", "adapters.ledger.codec"}),
        ("status", TAB, SPEAKS | MODELS | DRAWN | {"daemon.commands.show", "sandbox.cli"}),
        (
            "status",
            {},
            SPEAKS | DRAWN | {"transfer.crossing", "daemon.commands.show", "sandbox.cli"},
        ),
        (
            "show RITM0010001",
            {},
            SPEAKS | DRAWN | JUDGES | {"transfer.crossing", "sandbox.cli"},
        ),
    ],
)
def test_a_command_loads_what_it_needs(
    words: str, more: dict[str, str], spared: set[str], tmp_path: Path
) -> None:
    file = tmp_path / "fileferry.yaml"
    file.write_text(f"{GOOD}ledger:\n  path: {tmp_path}/ledger.db\n")
    books = sqlite_books(tmp_path / "ledger.db", "test", 60.0)
    books.ledger.admit(Transfer(request=request(), received_at=NOON))
    books.close()
    done = subprocess.run(
        [sys.executable, "-c", WALK, *words.split()],
        env=clean_environment() | more | {"FILEFERRY_CONFIG": str(file)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    loaded = set(done.stdout.rpartition("loaded:")[2].split())
    assert "daemon.cli" in loaded
    assert sorted(loaded & spared) == []
