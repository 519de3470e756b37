"""The example is what the model says, and what a person may build on."""

from __future__ import annotations

import re
from pathlib import Path

from config import example
from config.loading import load
from config.settings import Settings
from tests.config.conftest import Write

FILE = Path(example.__file__).with_name("fileferry.example.yaml")


def test_the_file_is_what_the_model_writes() -> None:
    assert FILE.read_text(encoding="utf-8") == example.write(), "run: make example"


def test_it_loads(write: Write) -> None:
    settings = load(write(example.write()))
    assert settings.destinations["bank"].private_key == "bank-key"


def test_its_comments_are_the_defaults(write: Write) -> None:
    uncommented = re.sub(r"(?m)^( *)#(\w)", r"\1\2", example.write())
    assert uncommented != example.write()
    assert load(write(uncommented)) == load(write(example.write()))


def test_it_names_every_section() -> None:
    for section in Settings.model_fields:
        assert f"\n{section}:\n" in example.write()
