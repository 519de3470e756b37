"""The machine in a second interpreter, moto's: time-outs, tries, causes, history and payloads.

Our own small interpreter (machine.py) and ministack run it too: three readers of a language that is
only described err less easily alike than one.
"""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cloud.functions import HOMEWARD
from cloud.state_machine import definition
from config.settings import TransferSettings
from tests.cloud.machine import Execution
from tests.cloud.test_state_machine import NAMES, answer, reached
from transfer.model import Stage

PROGRAM = Path(__file__).parents[1] / "servers" / "programs" / "second_engine.py"
ARN = "arn:aws:lambda:eu-central-1:123456789012:function:"
TWICE = definition(
    TransferSettings(tries=2, retry_wait=1), lambda function: ARN + function.full_name
)
ONCE = definition(TransferSettings(tries=1), lambda function: ARN + function.full_name)
SLOW = ("AuthSSO", "ChunkedTransfer", "NotifyUser")
"""Those whose time-out is waited for: a second each."""
LONG = 192
"""Calls of ChunkedTransfer for 150 GiB at 1 MB/s."""
LARGEST = 32 * 1024
HOME = [each.name for each in HOMEWARD]
Script = Mapping[str, list[dict[str, Any]]]
Run = dict[str, Any]


def timed(machine: dict[str, Any], *where: str) -> dict[str, Any]:
    """With a second for that state, or for all of it."""
    changed: dict[str, Any] = copy.deepcopy(machine)
    place = changed
    for name in where:
        place = place[name]
    place["TimeoutSeconds"] = 1
    return changed


def said(stage: Stage, **more: Any) -> dict[str, Any]:
    return {"answer": answer(stage, **more)}


LATER = said(Stage.PINNED, whole=False, wait=9)
NOT_OURS = said(Stage.RECEIVED, refused=True, why="[execution.foreign] no")
HANGS = [{"hang": True}]
BROKEN = [{"error": "Runtime.ExitError"}]
CASES: dict[str, tuple[dict[str, Any], Script]] = {
    "quiet": (TWICE, {}),
    "long": (
        TWICE,
        {
            "DownloadS3": [said(Stage.PINNED, small=False)],
            "ChunkedTransfer": [said(Stage.PINNED, whole=False)] * (LONG - 1)
            + [said(Stage.DELIVERED)],
        },
    ),
    "tried again": (TWICE, {"AuthSSO": [*BROKEN, said(Stage.AUTHORISED)]}),
    "waits": (TWICE, {"TransferFTP": [*[LATER] * 2, said(Stage.DELIVERED)]}),
    "failed": (TWICE, {"DownloadS3": [said(Stage.AUTHORISED, failed=True)]}),
    "refused": (TWICE, {"ValidateInput": [NOT_OURS]}),
    "all broken at home": (ONCE, {"AuthSSO": BROKEN, **dict.fromkeys(HOME, BROKEN)}),
    "the first cause": (ONCE, {"AuthSSO": BROKEN, "UpdateServiceNow": [{"error": "Later"}]}),
    "the machine's time": (timed(ONCE), {"DownloadS3": HANGS}),
    **{f"hangs: {name}": (timed(ONCE, "States", name), {name: HANGS}) for name in SLOW},
    **{f"breaks: {name}": (ONCE, {name: BROKEN}) for name in NAMES},
}  # fmt: skip


@pytest.fixture(scope="module")
def runs() -> dict[str, Run]:
    """All of them in one process."""
    usual = {name: [said(reached(name))] for name in NAMES}
    usual["TransferFTP"] = [said(Stage.PINNED)]
    usual["ChunkedTransfer"] = [said(Stage.DELIVERED)]
    told = [
        {"definition": machine, "script": {**usual, **script}} for machine, script in CASES.values()
    ]
    done = subprocess.run(
        [sys.executable, str(PROGRAM)],
        input=json.dumps(told),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return dict(zip(CASES, json.loads(done.stdout), strict=True))


def called(run: Run) -> list[str]:
    return [name for name, _ in run["events"]]


def test_it_takes_the_functions_in_their_order_and_tells_them_alike(runs: dict[str, Run]) -> None:
    quiet = runs["quiet"]
    assert (quiet["status"], called(quiet)) == ("SUCCEEDED", NAMES)
    for _, event in quiet["events"]:
        assert event["execution"] == "ff-RITM0010001-abcdef-g1-e1"
        assert event["input"]["transfer"] == "i:sc_task:7"


def test_both_interpreters_count_alike(runs: dict[str, Run]) -> None:
    usual = {name: answer(reached(name)) for name in NAMES}
    usual["TransferFTP"] = answer(Stage.PINNED)
    own = Execution(TWICE, "own", lambda name, _: usual[name.rpartition("-")[2]])
    own.run({})
    # Moto writes neither the machine's start nor its end as a state of its own.
    assert abs(own.events - len(runs["quiet"]["history"])) <= len(NAMES)


def test_the_longest_transfer_stays_below_a_tenth_of_the_history(runs: dict[str, Run]) -> None:
    assert called(runs["long"]).count("ChunkedTransfer") == LONG
    assert runs["long"]["status"] == "SUCCEEDED"
    assert len(runs["long"]["history"]) < 2_500


def test_no_payload_is_large(runs: dict[str, Run]) -> None:
    for name, run in runs.items():
        sizes = [len(json.dumps(event)) for _, event in run["events"]]
        sizes += [len(json.dumps(event)) for event in run["history"]]
        assert max(sizes) < LARGEST, name


def test_what_could_not_answer_is_tried_again_and_what_waits_is_asked_later(
    runs: dict[str, Run],
) -> None:
    assert called(runs["tried again"]).count("AuthSSO") == 2
    assert runs["tried again"]["status"] == "SUCCEEDED"
    assert "cause" not in runs["tried again"]["output"]
    assert called(runs["waits"]).count("TransferFTP") == 3
    assert runs["waits"]["waits"] == [9, 9]


def test_a_failure_turns_home_and_an_order_that_is_refused_ends(runs: dict[str, Run]) -> None:
    assert called(runs["failed"]) == ["ValidateInput", "AuthSSO", "DownloadS3", *HOME]
    assert (runs["refused"]["status"], runs["refused"]["error"]) == ("FAILED", "Refused")
    assert runs["refused"]["cause"] == "[execution.foreign] no"
    assert called(runs["refused"]) == ["ValidateInput"]


@pytest.mark.parametrize(
    ("what", "name"),
    [*(("hangs", name) for name in SLOW), *(("breaks", name) for name in NAMES)],
)
def test_the_way_home_follows_whatever_happens_to_a_function(
    what: str, name: str, runs: dict[str, Run]
) -> None:
    run = runs[f"{what}: {name}"]
    error = "States.Timeout" if what == "hangs" else "Runtime.ExitError"
    assert called(run)[-3:] == HOME
    if name not in HOME:
        assert run["status"] == "SUCCEEDED"
        assert run["output"]["cause"]["Error"] == error
        assert all(event["input"]["cause"]["Error"] == error for _, event in run["events"][-3:])
    elif name == HOME[-1]:
        assert (run["status"], run["error"]) == ("FAILED", "Unfinished")
    else:
        assert run["status"] == "SUCCEEDED"
        assert run["output"][f"loose{name}"]["Error"] == error


def test_the_first_cause_is_kept_beside_what_comes_later(runs: dict[str, Run]) -> None:
    run = runs["the first cause"]
    assert run["output"]["cause"]["Error"] == "Runtime.ExitError"
    assert run["output"]["looseUpdateServiceNow"]["Error"] == "Later"


def test_where_nobody_answers_the_machine_says_that_it_is_unfinished(runs: dict[str, Run]) -> None:
    run = runs["all broken at home"]
    assert called(run) == ["ValidateInput", "AuthSSO", *HOME]
    assert (run["status"], run["error"]) == ("FAILED", "Unfinished")


def test_the_machine_has_an_end_of_its_own(runs: dict[str, Run]) -> None:
    assert runs["the machine's time"]["status"] == "TIMED_OUT"
