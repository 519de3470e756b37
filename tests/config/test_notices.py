"""The ways of telling people: what each kind needs, and what only others have."""

from __future__ import annotations

import pytest
import yaml

from config.loading import load
from config.secrets import Secrets, check
from config.settings import Settings
from tests.config.conftest import GOOD, Faults, Write
from transfer.model import Outcome

ARN = "arn:aws:sns:eu-central-1:123456789012:endings"
MAIL = "sender: a@b.example, to: [c@d.example]"
KINDS = {
    "smtp": f"kind: smtp, host: mail.example.com, {MAIL}",
    "ses": f"kind: ses, {MAIL}",
    "sns": f"kind: sns, topic: '{ARN}.fifo'",
    "teams": "kind: teams, webhook: hook",
    "slack": "kind: slack, webhook: hook, destinations: [bank]",
}


def text(way: str) -> str:
    return f"{GOOD}notices:\n  one: {{{way}}}\n"


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_has_what_it_needs(write: Write, kind: str) -> None:
    (way,) = load(write(text(KINDS[kind]))).notices.values()
    assert way.outcomes == [Outcome.FAILED, Outcome.UNKNOWN]
    assert way.kind == kind


def test_nobody_need_be_told(write: Write) -> None:
    assert load(write(f"{GOOD}notices:\n")).notices == load(write(GOOD)).notices == {}


@pytest.mark.parametrize(
    ("way", "fault"),
    [
        ("kind: smtp, host: h, sender: a@b.example", "one.to: must be given with kind: smtp"),
        ("kind: slack", "one.webhook: must be given with kind: slack"),
        (KINDS["slack"] + f", topic: '{ARN}'", "one.topic: is for sns only, not for kind: slack"),
        (KINDS["smtp"] + ", user: u", "one.user: must stand beside password"),
        (KINDS["teams"] + ", destinations: [moon]", "one.destinations: must be configured"),
        (KINDS["teams"] + ", timeout: 21", "one.timeout: must be at most 20"),
        (KINDS["ses"].replace("a@b", "A <a@b>, x@b"), "one.sender: must be one bare mail address"),
        ("kind: teams, webhook: 'https://x/y'", "one.webhook: must be the name of a secret"),
        (KINDS["slack"] + ", outcomes: [lost]", "one.outcomes[0]: must be"),
    ],
)
def test_what_does_not_fit_is_named(faults: Faults, way: str, fault: str) -> None:
    found = faults(text=text(way.replace("sender: A <a@b>, x@b.example", "sender: 'A <a@b>'")))
    assert any(each.startswith(f"notices.{fault}") for each in found), found


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://hooks.example/services/c4n4ry", True),
        ("http://hooks.example/services/c4n4ry", False),
        ("https://me:c4n4ry@hooks.example/x", False),
        ("https://hooks.example", False),
        ("c4n4ry", False),
    ],
)
def test_the_check_looks_at_the_webhook_and_does_not_repeat_it(url: str, good: bool) -> None:
    settings = Settings.model_validate(yaml.safe_load(text(KINDS["teams"])))
    named = {f"FILEFERRY_SECRET_{name}": "x" for name in ("SERVICENOW", "BANK_KEY")}
    found = check(settings, Secrets({**named, "FILEFERRY_SECRET_HOOK": url}))
    ours = [str(fault) for fault in found if fault.place[0] == "notices"]
    assert (not ours) is good
    assert "c4n4ry" not in "".join(ours)
