"""The pages and the advice name the settings that exist, as they are."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from config import settings_table
from config.destination import DestinationSettings
from config.settings import Settings
from config.shape import section_of
from tests.house import PACKAGES, TOP, name, tracked
from transfer.errors import Code

PAGE = TOP / "docs" / "partners.md"
SECTIONS = "|".join(Settings.model_fields)
NAMED = re.compile(rf"(?<![\w/.`-])`?((?:{SECTIONS})(?:\.[a-z_]+)+)\b(?!\()")
WITHOUT_NAME = re.compile(r"(?<=^destinations\.)[a-z_]+\.")
FILES = {"bin", "md", "py", "db", "lock", "json", "service", "yaml", "timer"}


def test_the_page_has_the_table_that_the_model_writes() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert settings_table.written(page) == page, "run: make example"


def test_each_setting_has_one_row() -> None:
    rows = re.findall(r"(?m)^\| `([a-z0-9_.]+)` \|", settings_table.table())
    assert len(rows) == len(set(rows))
    assert {row.partition(".")[0] for row in rows} == set(DestinationSettings.model_fields)


def test_each_pointer_leads_to_a_section_of_the_page() -> None:
    heads = re.findall(r"(?m)^#+ (.*)$", PAGE.read_text(encoding="utf-8"))
    anchors = {re.sub(r"[^a-z0-9 -]", "", head.lower()).replace(" ", "-") for head in heads}
    assert set(settings_table.SEE.values()) <= anchors
    rows = set(re.findall(r"(?m)^\| `([a-z0-9_.]+)` \|", settings_table.table()))
    assert settings_table.SEE.keys() <= rows


def paths(model: type[BaseModel], above: str = "") -> set[str]:
    found: set[str] = set()
    for field, about in model.model_fields.items():
        found.add(f"{above}{field}")
        section = section_of(about.annotation)
        if section:
            found |= paths(section, f"{above}{field}.")
    return found


def unknown(text: str) -> set[str]:
    known = paths(Settings) | {str(code) for code in Code}
    named = {said.rstrip(".") for said in NAMED.findall(text)}
    files = {said for said in named if said.rpartition(".")[2] in FILES}
    return {said for said in named - files if not {said, WITHOUT_NAME.sub("", said)} & known}


def test_an_advice_that_names_no_setting_is_seen() -> None:
    assert unknown("or set servicenow.standing.audited: false.") == {"servicenow.standing.audited"}
    assert not unknown("set `servicenow.standing.changes: record`, see servicenow.md, ledger.busy")


@pytest.mark.parametrize("file", tracked("README.md", "docs/*.md"), ids=name)
def test_a_page_names_settings_that_exist(file: Path) -> None:
    assert not unknown(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "file", [file for package in PACKAGES for file in tracked(f"{package}/*.py")], ids=name
)
def test_a_message_names_settings_that_exist(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    assert not unknown("\n".join(text for text in texts if isinstance(text, str) and " " in text))
