"""The configuration's file, as long as nobody else can put his words in it."""

from __future__ import annotations

from pathlib import Path

from config import files
from config.faults import ConfigError


def text_of(path: Path) -> str:
    data, _ = files.read(path)
    refuse_open("configuration file", path)
    return data.decode("utf-8-sig")


def refuse_open(what: str, path: Path) -> None:
    """Raises ConfigError when others may write to the file, or everybody may replace it."""
    found = files.open_file(path) or files.open_directory(path)
    if found:
        raise ConfigError(f"{found.words} the {what} {path}.", action=found.action)
