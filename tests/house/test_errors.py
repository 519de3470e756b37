"""Each code has an action for a person and a page for the operator."""

from __future__ import annotations

import re

import pytest

from tests.house import TOP
from transfer.errors import ACTIONS, Code

TEXT = TOP / "docs" / "errors.md"
PARTS = ("What happened", "What it means", "The requester", "The operator")


def entries() -> dict[str, str]:
    """The text below each `### code`."""
    pieces = re.split(r"(?m)^### `?([a-z_.]+)`?\n", TEXT.read_text(encoding="utf-8"))
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


@pytest.mark.parametrize("code", Code)
def test_a_code_has_an_action_that_is_a_sentence(code: Code) -> None:
    action = ACTIONS[code]
    assert action[0].isupper() or action[0] in "`$"
    assert action.endswith(".")
    assert len(action) <= 100


@pytest.mark.parametrize("code", Code)
def test_a_code_is_explained(code: Code) -> None:
    entry = entries()[code]
    for part in PARTS:
        said = re.search(rf"(?ms)^- \*\*{part}\.\*\* (.+?)(?=\n-|\n#|\n\n|\Z)", entry)
        assert said, f"{code}: no “{part}.”"
        assert said[1].strip().endswith((".", "?"))


def test_nothing_is_explained_that_does_not_exist() -> None:
    assert list(entries()) == [code.value for code in Code]
