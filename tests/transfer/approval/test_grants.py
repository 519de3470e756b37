"""Grants are looked up in the configuration of the moment: a restart may have taken one away."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.transfer.approval.test_authority import OneTask
from tests.transfer.bench import FINAL, Bench, Crash, Fuse
from tests.transfer.made import NOON, RULES, evidence
from tests.transfer.test_journey import three_tries
from transfer.approval import policy
from transfer.approval.authority import InstanceAuthority
from transfer.errors import Code, Permanent, Transient
from transfer.journey import travel
from transfer.model import DeliveryState, Outcome, Transfer
from transfer.rules import Rules

SOURCE = "s3://exports/payroll/nov.csv"
MANIFEST = "s3://exports/lists/nov.json"
NONE = replace(RULES, grants=())


def granting(*prefixes: str) -> Rules:
    return replace(RULES, grants=(replace(RULES.grants[0], sources=prefixes),))


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.objects.put(SOURCE, b"content")
    listed = b'[{"source": "s3://exports/payroll/nov.csv", "path": "nov.csv"}]'
    bench.objects.put(MANIFEST, listed)
    return bench


def carried(bench: Bench, rules: Rules, *sources: str) -> Transfer:
    tools = replace(bench.tools(), rules=rules)
    return travel(bench.received(sources=sources or (SOURCE,)), tools, three_tries)


def waits_verified(bench: Bench, rules: Rules, *sources: str) -> None:
    """ServiceNow does not answer at the publish, and the owner is stopped meanwhile."""
    bench.consent.refusal = Transient(Code.SERVICENOW_UNREACHABLE, "Away.")
    fuse = Fuse(at=10_000)

    def dies(*_: object) -> None:
        if bench.consent.asked:
            fuse.burn()

    bench.remotes.hooks.append(dies)
    tools = replace(bench.tools(fuse), rules=rules)
    with pytest.raises(Crash):
        travel(bench.received(sources=sources or (SOURCE,)), tools, three_tries)
    bench.remotes.hooks.clear()
    bench.consent.refusal = None
    assert [item.state for item in bench.record().deliveries] == [DeliveryState.VERIFIED]
    assert list(bench.temps())


def refused(bench: Bench, done: Transfer) -> None:
    assert done.failure
    assert (done.outcome, done.failure.code) == (Outcome.REFUSED, Code.GRANT_MISSING)
    assert bench.remotes.files == {}


def test_a_file_that_waited_over_a_restart_without_its_grant_leaves_nothing(bench: Bench) -> None:
    waits_verified(bench, RULES)
    refused(bench, carried(bench, NONE))


def test_with_its_grant_it_goes_on(bench: Bench) -> None:
    waits_verified(bench, RULES)
    assert carried(bench, RULES).outcome is Outcome.DELIVERED


def test_what_a_manifest_names_needs_its_own_grant_to_the_end(bench: Bench) -> None:
    both = granting("s3://exports/lists/", "s3://exports/payroll/")
    waits_verified(bench, both, f"@{MANIFEST}")
    refused(bench, carried(bench, granting("s3://exports/lists/"), f"@{MANIFEST}"))


@pytest.mark.parametrize("rules", [NONE, granting("s3://exports/else/")])
def test_a_grant_that_goes_while_the_file_is_on_its_way_stops_it(
    bench: Bench, rules: Rules
) -> None:
    """The owner dies after the INTENT, before its rename."""

    def dies(verb: str, *_: object) -> None:
        if verb == "rename":
            raise Crash

    bench.remotes.hooks.append(dies)
    with pytest.raises(Crash):
        carried(bench, RULES)
    bench.remotes.hooks.clear()
    [delivery] = bench.record().deliveries
    assert delivery.state is DeliveryState.INTENT
    done = carried(bench, rules)
    assert done.failure
    assert done.failure.code == Code.GRANT_MISSING
    assert FINAL not in bench.remotes.files


def test_the_authority_looks_up_the_grants_as_well() -> None:
    taken = policy.authorise(evidence(), RULES)
    inbox = OneTask(evidence())
    assert InstanceAuthority(inbox, RULES).confirm(taken) > NOON
    with pytest.raises(Permanent) as stopped:
        InstanceAuthority(inbox, NONE).confirm(taken)
    assert stopped.value.code is Code.GRANT_MISSING


def test_an_order_that_is_taken_up_needs_no_history_any_more() -> None:
    taken = policy.authorise(evidence(), RULES)
    unknown = OneTask(evidence(asked_since=None))
    assert InstanceAuthority(unknown, RULES).confirm(taken) > NOON
    other = OneTask(evidence(asked_since=None, requester_id="e" * 32))
    with pytest.raises(Permanent) as stopped:
        InstanceAuthority(other, RULES).confirm(taken)
    assert stopped.value.code is Code.REQUEST_ALTERED
