"""What a one-off does not need is not loaded: start-up is most of the time of a small file."""

from __future__ import annotations

import subprocess
import sys

import pytest

from sandbox.children import clean_environment

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


@pytest.mark.parametrize(
    ("protocol", "spared"),
    [("sftp", HEAVY | {"invoke", "ftplib"}), ("ftp", HEAVY | {"invoke", "paramiko"})],
)
def test_what_is_not_needed_is_not_loaded(protocol: str, spared: set[str]) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "KEY", "AWS_SECRET_ACCESS_KEY": "secret"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(protocol=protocol)],
        env=clean_environment() | keys, capture_output=True, text=True, check=True,
    )  # fmt: skip
    loaded = set(done.stdout.split())
    assert "transfer.model" in loaded
    assert not loaded & spared


def test_a_command_line_that_only_looks_loads_nothing_that_speaks_to_others() -> None:
    """All commands are known then, and the parts that hang theirs on it."""
    program = """
import sys
from daemon import cli
cli.plug_in()
print(*sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=clean_environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    loaded = set(done.stdout.split())
    assert "daemon.cli" in loaded
    heavy = {"boto3", "botocore", "paramiko", "cryptography", "requests", "urllib3", "structlog"}
    assert not loaded & (heavy | {"flask", "apscheduler", "tenacity", "ftplib"})
