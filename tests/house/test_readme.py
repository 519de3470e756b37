"""The commands that the documents tell a reader to type exist."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import pytest

from sandbox.children import clean_environment
from tests.house import TOP, name, tracked
from tests.servers.warm import fileferry

DOCUMENTS = tracked("README.md", "CHANGELOG.md", "docs/*.md")


def code(document: Path) -> str:
    """What stands in fences and between backticks, one piece a line."""
    text = document.read_text(encoding="utf-8")
    fences = re.findall(r"(?ms)^```[a-z]*\n(.*?)^```", text)
    prose = re.sub(r"(?ms)^```.*?^```", "", text)
    spans = [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose)]
    return "\n".join([*fences, *spans])


def commands(document: Path, program: str) -> set[str]:
    """The words after the program's name at the beginning of a line, options left aside."""
    typed = rf"(?m)^(?:\$ )?(?:\S*/)?{program}((?: [a-z][a-z-]*)*)(?=\s|$)"
    return {found.strip() for found in re.findall(typed, code(document))} - {""}


@functools.cache
def exists(command: str) -> bool:
    shown = fileferry(*command.split(), "--help", environment=clean_environment())
    return shown.returncode == 0


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_make_target_exists(document: Path) -> None:
    makefile = (TOP / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"(?m)^([a-z][a-z-]*):", makefile))
    said = {target for words in commands(document, "make") for target in words.split()}
    assert said <= targets


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_command_exists(document: Path) -> None:
    missing = {said for said in commands(document, "fileferry") if not exists(said)}
    assert not missing


def test_a_command_that_does_not_exist_is_told_from_one_that_does() -> None:
    assert exists("config check")
    assert not exists("fly")
