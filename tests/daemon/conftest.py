"""A service over ports in memory, with a file that it was configured by."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from config.loading import load
from tests.config.conftest import GOOD
from tests.daemon.served import Served

CANARY = "canary-7f3a-of-the-bank"


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Served:
    """Not running yet. Its secrets hold the CANARY."""
    credentials = tmp_path / "credentials"
    credentials.mkdir(mode=0o700)
    for name in ("servicenow", "partner"):
        (credentials / name).touch(mode=0o600)
        (credentials / name).write_text(CANARY)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    config = tmp_path / "fileferry.yaml"
    config.touch(mode=0o600)
    ledger = json.dumps(str(tmp_path / "ledger.db"))
    config.write_text(
        GOOD.replace("bank:\n", "partner:\n")
        .replace("[bank]", "[partner]")
        .replace("private_key: bank-key", "password: partner")
        # The values of the example are refused, as nobody can mean them.
        .replace("example.service-now", "bank.service-now")
        .replace("bank.example", "partner.example")
        .replace("SHA256:47", "SHA256:57")
        .replace("123456789abcdef", "f123456789abcde")
        .replace("23456789abcdef01", "23456789abcdef02")
        + f"ledger: {{path: {ledger}}}\npoll: {{every: 0.05, max_backoff: 0.1}}\n"
    )
    return Served(tmp_path, load(config), config)
