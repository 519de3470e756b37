"""The machine says what transfer/journey.py says, as often and as long as the settings say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from adapters.running.retries import MAX_WAIT
from cloud.functions import FUNCTIONS, HOMEWARD, OUTBOUND, RESERVE
from cloud.state_machine import ALL, GRACE, LONGEST, as_text, definition
from cloud.visit import LONGEST_WAIT
from config.settings import TransferSettings
from tests.cloud.machine import LONGEST_HISTORY, Data, Execution
from transfer.journey import ORDER, STEPS
from transfer.model import MIB, Stage

WORK = TransferSettings(tries=4, retry_wait=7.0)
MACHINE = definition(WORK, lambda function: f"arn:{function.name}")
STATES: dict[str, dict[str, Any]] = MACHINE["States"]
LONGEST_LAMBDA, LARGEST_LAMBDA = 900, 10_240
"""Seconds and MB (AWS Lambda's quotas)."""
NAMES = [function.name for function in FUNCTIONS]


def ways(state: dict[str, Any]) -> set[str]:
    """All the states that may follow."""
    told = [state, *state.get("Choices", []), *state.get("Catch", [])]
    return {each[key] for each in told for key in ("Next", "Default") if key in each}


def answer(stage: Stage, **more: Any) -> Data:
    usual = {"failed": False, "whole": True, "wait": 0, "small": True, "refused": False, "why": ""}
    usual |= {"shared": False}
    return usual | {"stage": stage.value, "moved": 0, "seen": None} | more


def reached(name: str) -> Stage:
    """What the step of that name takes the transfer to."""
    step = next(function.step for function in FUNCTIONS if function.name == name)
    return ORDER[ORDER.index(STEPS[step]) + 1]


def test_the_functions_are_the_steps_in_their_order() -> None:
    assert [function.step for function in FUNCTIONS] == list(STEPS)
    assert [state for state in STATES if STATES[state]["Type"] == "Task"] == NAMES
    names = [function.name.lower() for function in FUNCTIONS]
    assert names == [step.__name__.replace("_", "") for step in STEPS]


def test_a_quiet_execution_takes_them_in_that_order() -> None:
    done = Execution(MACHINE, "quiet", lambda name, _: answer(reached(name)))
    done.run({})
    passed = [name for name in done.states if name in NAMES]
    assert passed == [name for name in NAMES if name != "ChunkedTransfer"]
    assert done.status == "SUCCEEDED"


@pytest.mark.parametrize(("small", "skipped"), [(True, set()), (False, {"TransferFTP"})])
def test_what_is_left_says_which_of_the_two_carries_it(small: bool, skipped: set[str]) -> None:
    def invoke(name: str, _event: Data) -> Data:
        stage = Stage.PINNED if name == "TransferFTP" else reached(name)
        return answer(stage, small=small)

    done = Execution(MACHINE, "large", invoke)
    done.run({})
    assert set(NAMES) - set(done.states) == skipped


@pytest.mark.parametrize("name", NAMES)
def test_each_task_has_an_end_and_the_tries_of_the_settings(name: str) -> None:
    function, task = next(each for each in FUNCTIONS if each.name == name), STATES[name]
    assert task["TimeoutSeconds"] == function.seconds + GRACE
    assert function.seconds <= LONGEST_LAMBDA
    assert 128 <= function.memory <= LARGEST_LAMBDA
    assert 0 < function.reserve <= min(RESERVE, function.seconds / 2)
    [retry] = task["Retry"]
    assert (retry["ErrorEquals"], retry["MaxAttempts"]) == (ALL, WORK.tries - 1)
    assert (retry["IntervalSeconds"], retry["MaxDelaySeconds"]) == (WORK.retry_wait, MAX_WAIT)
    assert retry["BackoffRate"] > 1


def test_an_execution_ends_before_what_waits_has_filled_its_history() -> None:
    assert MACHINE["TimeoutSeconds"] == LONGEST
    waited = 0

    def invoke(name: str, _event: Data) -> Data:
        nonlocal waited
        waited += LONGEST_WAIT
        whole = name != "TransferFTP" or waited >= LONGEST
        return answer(reached(name), whole=whole, wait=0 if whole else LONGEST_WAIT)

    done = Execution(MACHINE, "patient", invoke)
    done.run({})
    assert sum(done.waits) > LONGEST * 0.99
    assert done.events < LONGEST_HISTORY


def test_one_try_is_no_retry() -> None:
    once = definition(TransferSettings(tries=1), lambda function: function.name)
    assert all(not once["States"][name]["Retry"] for name in NAMES)


def test_whatever_happens_outbound_the_way_home_follows() -> None:
    home = [function.name for function in HOMEWARD]
    for function in OUTBOUND:
        [catch] = STATES[function.name]["Catch"]
        assert (catch["ErrorEquals"], catch["ResultPath"], catch["Next"]) == (
            ALL,
            "$.cause",
            home[0],
        )
    for name, following in zip(home, [*home[1:], "Unfinished"], strict=True):
        [catch] = STATES[name]["Catch"]
        assert (catch["ErrorEquals"], catch["Next"]) == (ALL, following)
        assert catch["ResultPath"] not in ("$.cause", "$.last", "$")


def test_the_first_cause_is_kept_through_all_that_follows() -> None:
    def invoke(name: str, _event: Data) -> Data:
        if name in ("AuthSSO", "UpdateServiceNow", "NotifyUser"):
            raise ValueError(name)
        return answer(reached(name))

    done = Execution(MACHINE, "unlucky", invoke)
    data = done.run({})
    assert json.loads(data["cause"]["Cause"])["errorMessage"] == "AuthSSO"
    assert [name for name in done.states if name in NAMES][-3:] == NAMES[-3:]
    assert done.status == "SUCCEEDED"
    assert data["looseUpdateServiceNow"]["Error"] == "ValueError"


def test_every_state_is_reached_and_ends() -> None:
    seen, front = set(), {MACHINE["StartAt"]}
    while front:
        seen |= front
        front = {way for name in front for way in ways(STATES[name])} - seen
    assert seen == set(STATES)
    assert {name for name in STATES if not ways(STATES[name])} == {
        "Closed",
        "Refused",
        "Unfinished",
    }


@pytest.mark.parametrize(
    ("size", "rate", "most"), [(150 * 1024, 1, 2_500), (150 * 1024, 10, 400), (2_048, 10, 100)]
)
def test_the_longest_transfer_stays_far_below_the_longest_history(
    size: int, rate: int, most: int
) -> None:
    """MiB, and MB a second; a function carries until a minute is left."""
    left = [size * MIB]
    each = rate * 1_000_000 * (LONGEST_LAMBDA - RESERVE)

    def invoke(name: str, _event: Data) -> Data:
        if name == "ChunkedTransfer":
            left[0] -= each
        whole = name != "ChunkedTransfer" or left[0] <= 0
        return answer(reached(name) if whole else Stage.PINNED, whole=whole, small=False)

    done = Execution(MACHINE, "long", invoke)
    done.run({})
    assert done.events < most < LONGEST_HISTORY / 9
    assert done.status == "SUCCEEDED"
    assert left[0] <= 0


def test_cloudformation_takes_it(tmp_path: Path) -> None:
    """As far as cfn-lint knows the language; where the states lead is asked above."""
    arn = "arn:aws:lambda:eu-central-1:123456789012:function:"
    machine = definition(WORK, lambda function: arn + function.full_name)
    for written, verdict in ((machine, 0), ({**machine, "States": {"X": {"Type": "Tsk"}}}, 2)):
        properties = {"RoleArn": "arn:aws:iam::123456789012:role/states", "Definition": written}
        resource = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
        template = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Machine": resource}}
        (tmp_path / "template.json").write_text(json.dumps(template))
        program = str(Path(sys.executable).with_name("cfn-lint"))
        command = [program, "-t", str(tmp_path / "template.json")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == verdict, done.stdout


def test_the_text_is_readable_and_small() -> None:
    assert json.loads(as_text(MACHINE)) == MACHINE
    assert len(as_text(MACHINE)) < 32 * 1024
