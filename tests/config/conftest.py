"""A configuration to spoil, and an environment with nothing of ours in it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

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
