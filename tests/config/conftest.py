"""A configuration to spoil, and an environment with nothing of ours in it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config.faults import ConfigError
from config.loading import load

GOOD = """\
servicenow:
  url: https://example.service-now.com
  user: fileferry
  group: 0123456789abcdef0123456789abcdef
  approver_group: 123456789abcdef0123456789abcdef0
  catalog_items: [23456789abcdef0123456789abcdef01]
destinations:
  bank:
    host: sftp.bank.example
    username: fileferry
    private_key: bank-key
    host_keys: ["SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"]
grants:
  - requesters: ["*"]
    sources: ["s3://exports/payroll/"]
    destinations: [bank]
"""

FINGERPRINT = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"
SFTP: dict[str, Any] = {
    "protocol": "sftp",
    "host": "bank.example",
    "username": "fileferry",
    "private_key": "bank-key",
    "host_keys": [FINGERPRINT],
}
FTPS: dict[str, Any] = {
    "protocol": "ftps",
    "host": "bank.example",
    "username": "fileferry",
    "password": "bank",
}
FTP: dict[str, Any] = {
    **FTPS,
    "protocol": "ftp",
    "clear_text": "Their mainframe can do no other: A. Berg.",
}
FIRST_LINE = 9
"""Where the settings of bank() begin, one a line."""


def bank(settings: dict[str, Any]) -> str:
    """The good file with these settings of the bank; None leaves one out."""
    given = {name: value for name, value in settings.items() if value is not None}
    lines = "".join(f"    {name}: {json.dumps(value)}\n" for name, value in given.items())
    before, _, after = GOOD.partition("  bank:\n")
    return f"{before}  bank:\n{lines}{after[after.index('grants:') :]}"


Write = Callable[[str], Path]
Faults = Callable[..., list[str]]


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("FILEFERRY_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str) -> Path:
        path = tmp_path / "fileferry.yaml"
        path.write_text(text, encoding="utf-8")
        path.chmod(0o644)
        return path

    return write


@pytest.fixture
def faults(write: Write) -> Faults:
    """The faults of the good file with `old` replaced by `new`."""

    def faults(old: str = "", new: str = "", *, text: str = GOOD) -> list[str]:
        assert old in text
        with pytest.raises(ConfigError) as caught:
            load(write(text.replace(old, new, 1)))
        assert caught.value.__context__ is None, "an error with the file's words hangs behind it"
        return [str(fault) for fault in caught.value.faults]

    return faults
