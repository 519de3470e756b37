"""How names are encoded at an FTP server, and what a file is called under way."""

from __future__ import annotations

from typing import Any

import pytest

from config.loading import load
from config.values import destinations
from tests.config.conftest import FTP, SFTP, Faults, Write, bank
from transfer.destination import Destination, TempNames


def made(write: Write, settings: dict[str, Any]) -> Destination:
    return destinations(load(write(bank(settings))))["bank"]


@pytest.mark.parametrize(
    ("said", "meant"),
    [("utf-8", "utf-8"), ("UTF8", "utf-8"), ("latin-1", "iso8859-1"), ("cp1252", "cp1252")],
)
def test_an_encoding_is_known_by_any_of_its_names(write: Write, said: str, meant: str) -> None:
    assert made(write, {**FTP, "names": said}).names == meant


def test_without_a_word_the_server_decides(write: Write) -> None:
    assert made(write, FTP).names == ""


@pytest.mark.parametrize("said", ["klingon", "utf-16", "cp037", "rot13", "hex", ""])
def test_what_is_no_encoding_of_names_is_refused(faults: Faults, said: str) -> None:
    [fault] = faults(text=bank({**FTP, "names": said}))
    assert fault.startswith("destinations.bank.names: must be an encoding")


def test_names_are_for_ftp(faults: Faults) -> None:
    [fault] = faults(text=bank({**SFTP, "names": "cp1252"}))
    assert "is for ftp and ftps and ftps-implicit only" in fault


def test_the_pattern_of_temps(write: Write) -> None:
    assert made(write, SFTP).temp == TempNames()
    temp = {"prefix": "", "suffix": ".tmp", "folder": "in/tmp"}
    assert made(write, {**SFTP, "temp": temp}).temp == TempNames(**temp)


@pytest.mark.parametrize(
    ("temp", "words"),
    [
        ({"prefix": "a/b"}, ".temp.prefix: must be at most 32"),
        ({"suffix": ".tmp."}, ".temp.suffix: must be at most 32"),
        ({"folder": "/tmp"}, ".temp.folder: is absolute"),  # noqa: S108  no such file is made
        ({"folder": "../tmp"}, ".temp.folder: leads out"),
        ({"prefix": "", "suffix": ""}, ".temp: must have a prefix, a suffix or a folder"),
    ],
)
def test_patterns_that_hide_nothing_or_lead_elsewhere(
    faults: Faults, temp: dict[str, str], words: str
) -> None:
    [fault] = faults(text=bank({**SFTP, "temp": temp}))
    assert words in fault
