"""The section `approvals`: strict where nothing is said."""

from __future__ import annotations

import pytest

from adapters import instance
from config.faults import ConfigError
from config.loading import load
from config.values import rules
from tests.config.conftest import GOOD, Write


def test_the_approver_himself_decides_by_default(write: Write) -> None:
    found = rules(load(write(GOOD)))
    assert (found.actor, found.accounts) == ("approver", frozenset())


def test_what_is_said_reaches_the_rules_and_the_inbox(write: Write) -> None:
    part = "approvals:\n  actor: anybody\n  accounts: [chat.bot]\n  settle: 3\n"
    settings = load(write(GOOD + part))
    assert (rules(settings).actor, rules(settings).accounts) == ("anybody", frozenset({"chat.bot"}))
    assert instance.intake_of(settings).settle == 3.0


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        ("actor: delegate", "approvals.actor"),
        ("accounts: [guest]", "approvals.accounts"),
        ("accounts: [bot, Guest]", "approvals.accounts"),
        ("accounts: [bot, bot]", "approvals.accounts"),
        ("accounts: ['']", "approvals.accounts"),
        ("settle: -1", "approvals.settle"),
    ],
)
def test_what_would_believe_anybody_is_refused(write: Write, lines: str, place: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load(write(f"{GOOD}approvals:\n  {lines}\n"))
    assert place in str(refused.value)
