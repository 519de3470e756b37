"""What two doors must have in common, and what not."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import door
from config.loading import load
from tests.config.conftest import GOOD, Faults, Write

MACHINE = "arn:aws:states:eu-central-1:123456789012:stateMachine:FileFerry-Transfers"


def digest(write: Write, text: str) -> str:
    return door.digest(load(write(text)))


@pytest.mark.parametrize(
    "more",
    [
        "log: {level: debug}\n",
        "poll: {every: 7}\n",
        "aws: {profile: mine}\n",
        "cloud: {keep_secrets: 9}\n",
        "queue: {wait: 3}\n",
    ],
)
def test_what_has_no_say_in_the_carrying_may_differ(write: Write, more: str) -> None:
    assert digest(write, GOOD + more) == digest(write, GOOD)


def test_a_destination_is_given_to_a_door_that_stands_without_another_deploy(
    write: Write,
) -> None:
    """`route` needs the machine, which is there only once it is deployed."""
    text = f"{GOOD}ledger: {{kind: dynamodb}}\ncloud: {{state_machine: '{MACHINE}'}}\n"
    routed = text.replace("username: fileferry", "username: fileferry\n    route: auto", 1)
    assert digest(write, routed) == digest(write, text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("sftp.bank.example", "sftp.bonk.example"),
        ("s3://exports/payroll/", "s3://exports/"),
        ("grants:", "transfers: {tries: 4}\ngrants:"),
        ("grants:", "aws: {region: eu-west-1}\ngrants:"),
    ],
)
def test_everything_else_must_not(write: Write, old: str, new: str) -> None:
    assert digest(write, GOOD.replace(old, new, 1)) != digest(write, GOOD)


def test_an_authority_is_what_is_in_its_file(write: Write, tmp_path: Path) -> None:
    def trusting(name: str, text: str) -> str:
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o644)
        return digest(
            write, GOOD.replace("servicenow:", f"servicenow:\n  ca_file: {tmp_path / name}")
        )

    assert trusting("a.pem", "one") == trusting("b.pem", "one") != trusting("a.pem", "two")


def test_the_code_is_part_of_it() -> None:
    names = [name for name, _ in door.sources()]
    assert names == sorted(names)
    assert {"cloud/handlers.py", "transfer/steps.py", "config/door.py"} <= set(names)
    assert not [name for name in names if name.startswith(("daemon/", "sandbox/", "tests/"))]


def test_the_second_door_needs_the_ledger_that_both_can_reach(faults: Faults) -> None:
    [fault] = faults(text=f"{GOOD}cloud: {{state_machine: '{MACHINE}'}}\n")
    assert "cloud.state_machine" in fault
    assert "needs ledger.kind: dynamodb" in fault
    [other] = faults(text=f"{GOOD}ledger: {{kind: dynamodb}}\ncloud: {{state_machine: x}}\n")
    assert "must look like arn:aws:states" in other
