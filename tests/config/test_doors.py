"""The settings of the doors: off by default, and fields that could be fields."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters import instance
from config.faults import ConfigError
from config.loading import load
from config.values import rules
from tests.config.conftest import GOOD, Faults, Write
from transfer.rules import Standing

QUEUE = "queue:\n  url: https://sqs.eu-central-1.amazonaws.com/123456789012/orders\n"


def with_standing(*lines: str, queue: str = QUEUE) -> str:
    return _within("standing", *lines) + queue


def _within(section: str, *lines: str) -> str:
    body = "".join(f"    {line}\n" for line in lines)
    return GOOD.replace("servicenow:\n", f"servicenow:\n  {section}:\n{body}", 1)


def test_both_are_off_by_default(write: Write) -> None:
    settings = load(write(GOOD))
    assert (settings.servicenow.standing.table, settings.servicenow.ecc.agent) == (None, None)
    assert rules(settings).standing is None


def test_the_fields_reach_the_rules_and_the_inbox(write: Write) -> None:
    text = with_standing("table: change_request", "path: null", "changes: record", "settle: 5")
    settings = load(write(text))
    assert rules(settings).standing == Standing(
        table="change_request", prefix="u_prefix", destination="u_destination", until="u_until"
    )
    table = instance.standing_table(settings.servicenow.standing)
    assert table is not None
    assert (table.path, table.audited, table.settle) == ("", False, 5.0)
    assert (table.requester, table.until) == ("opened_by", "u_until")


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (["table: a.b"], "servicenow.standing.table: must be the name of a table"),
        (["prefix: a.b"], "servicenow.standing.prefix: must be the name of a field"),
        (["prefix: 1a"], "servicenow.standing.prefix: must be the name of a field"),
        (["until: u_prefix"], "servicenow.standing.until: must be a field of its own"),
        (["requester: u_path"], "servicenow.standing.requester: must be a field of its own"),
        (["path: same", "prefix: same"], "servicenow.standing.path: must be a field of its own"),
        (["changes: never"], "servicenow.standing.changes"),
        (["settle: -1"], "servicenow.standing.settle"),
        (["active: yes"], "servicenow.standing.active"),
    ],
)
def test_what_is_no_field_is_named_with_its_place(
    write: Write, lines: list[str], complaint: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(write(with_standing(*lines)))
    assert complaint in str(caught.value)


def test_standing_approvals_need_a_queue(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path: Path = write(with_standing("table: u_standing", queue=""))
    with pytest.raises(ConfigError, match=r"servicenow\.standing\.table: needs queue\.url"):
        load(path)
    monkeypatch.setenv("FILEFERRY_QUEUE__URL", "https://sqs.example.com/orders")
    assert load(path).servicenow.standing.table == "u_standing"


@pytest.mark.parametrize("agent", ["mid.server.one", "", "a^b", "1a"])
def test_an_agent_is_a_name_of_our_own(write: Write, agent: str) -> None:
    assert load(write(_within("ecc", "agent: fileferry"))).servicenow.ecc.agent == "fileferry"
    with pytest.raises(ConfigError, match=r"servicenow\.ecc\.agent: must be the name of an agent"):
        load(write(_within("ecc", f"agent: '{agent}'")))


ITEM = "23456789abcdef0123456789abcdef01"


def test_content_is_what_was_approved_unless_an_item_is_named(write: Write) -> None:
    assert rules(load(write(GOOD))).as_found == frozenset()
    named = GOOD.replace("servicenow:\n", f"servicenow:\n  content_as_found: [{ITEM}]\n", 1)
    assert rules(load(write(named))).as_found == {ITEM}


def test_an_item_that_may_not_order_is_no_item_to_name(write: Write) -> None:
    named = GOOD.replace("servicenow:\n", f"servicenow:\n  content_as_found: [{'a' * 32}]\n", 1)
    with pytest.raises(ConfigError) as raised:
        load(write(named))
    assert "servicenow.content_as_found[0]: must be one of catalog_items" in str(raised.value)


def test_version_and_digest_are_options_that_have_a_variable(write: Write) -> None:
    named = _within("variables", "version: u_version", "sha256: u_sha256")
    assert rules(load(write(named))).options == {"version": "u_version", "sha256": "u_sha256"}


@pytest.mark.parametrize("scope", ["fferry", "x", "X_FF", "x_a-b", "x_much_too_long_a_scope"])
def test_the_scope_of_an_application_has_its_form(faults: Faults, scope: str) -> None:
    (fault,) = faults("  user:", f"  application: {scope}\n  user:")
    assert "must be the scope of an application, like x_fferry" in fault
