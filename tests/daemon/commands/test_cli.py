"""The command line: help that fits a screen, and exit codes that a script can rely on."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
import typer
from typer.testing import CliRunner

from cloud.cli import register as register_cloud
from daemon.cli import unreadable
from daemon.commands.root import app
from daemon.commands.screen import SCREEN
from sandbox.children import clean_environment
from sandbox.cli import register as register_sandbox
from tests.config.conftest import GOOD
from tests.servers import warm

if TYPE_CHECKING:
    from typer.core import TyperGroup

COMMANDS = [
    "",
    "run",
    "send",
    "submit",
    "status",
    "show",
    "doctor",
    "config",
    "config check",
    "install",
    "completion",
    "notices",
    "notices test",
    "ledger",
    "ledger init",
    "ledger check",
    "ledger migrate",
    "audit",
    "audit verify",
    "audit key",
    "report",
    "servicenow",
    "servicenow check",
    "servicenow sync",
    "servicenow install-guide",
    "quarantine",
    "quarantine list",
    "quarantine release",
    "quarantine add",
    "retry",
    "cancel",
    "logs",
    "sweep",
    "pause",
    "resume",
    "drain",
    "reload",
    "sandbox",
    "sandbox start",
    "sandbox order",
    "demo",
]


def fileferry(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    surroundings = clean_environment() | {"COLUMNS": "80", "NO_COLOR": "1"} | environment
    return warm.fileferry(*words, environment=surroundings)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_fits_a_screen_and_shows_an_example(command: str) -> None:
    done = fileferry(*command.split(), "--help")
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert "Example: fileferry" in done.stdout


def test_the_first_screen_names_every_command_in_few_words() -> None:
    named = [name for part in SCREEN.values() for name in part]
    register_cloud(app)
    register_sandbox(app)
    group = cast("TyperGroup", typer.main.get_command(app))
    assert sorted(named) == sorted(group.commands)
    assert all(len(said) <= 26 for part in SCREEN.values() for said in part.values())
    shown = fileferry("-h").stdout
    assert shown == fileferry("--help").stdout
    assert all(f"  {name} " in shown for name in named)


def test_the_exit_codes_are_in_the_help() -> None:
    shown = " ".join(fileferry("--help").stdout.split())
    for words in ("0 done", "1 failed", "2 wrong command line", "3 configuration", "4 ledger"):
        assert words in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("fly", "No such command 'fly'. See `fileferry -h`."),
        ("--fly", "No such option: --fly. See `fileferry -h`."),
        ("send s3://only/one", "Missing argument 'DESTINATION:PATH'. See `fileferry send -h`."),
        ("pause --reason", "Option '--reason' requires an argument."),
    ],
)
def test_a_wrong_command_line_is_2_and_one_sentence(words: str, said: str) -> None:
    done = CliRunner().invoke(app, words.split())
    assert (done.exit_code, done.stdout, done.stderr) == (2, "", f"fileferry: {said}\n")


def test_a_configuration_that_may_not_be_read_is_3(tmp_path: Path) -> None:
    """Also where the superuser runs the tests, who may read all but a directory."""
    done = fileferry("status", "--config", str(tmp_path))
    assert (done.returncode, len(done.stderr.splitlines())) == (3, 1)


@pytest.mark.parametrize("command", ["run", "status", "config check"])
def test_a_configuration_that_is_not_there_is_3(command: str, tmp_path: Path) -> None:
    done = fileferry(*command.split(), "--config", str(tmp_path / "absent.yaml"))
    assert done.returncode == 3
    assert "There is no configuration file" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_fault_of_the_file_is_named_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "fileferry.yaml"
    file.write_text("servicenow:\n  url: http://example.com\npoll:\n  evry: 5\n")
    done = fileferry("config", "check", "--config", str(file))
    assert done.returncode == 3
    for place in ("servicenow.url", "servicenow.user", "poll.evry", "destinations", "grants"):
        assert place in done.stderr


def test_the_doctor_names_what_is_wrong_with_a_partner_and_ends_with_1(tmp_path: Path) -> None:
    file = tmp_path / "fileferry.yaml"
    file.write_text(GOOD)
    done = fileferry("doctor", "bank", "--json", "--config", str(file))
    told = json.loads(done.stdout)
    assert (done.returncode, done.stderr, told["good"]) == (1, "", False)
    assert [(each["name"], each["code"]) for each in told["findings"]] == [
        ("secrets", "secret.missing")
    ]


def test_the_doctor_saves_into_a_new_file_or_tries_nothing(tmp_path: Path) -> None:
    file, there = tmp_path / "fileferry.yaml", tmp_path / "there.yaml"
    file.write_text(GOOD)
    there.touch()
    wrong = [("bank", there, "is there already"), ("bank", tmp_path / "no/new", "can be written")]
    for name, place, said in [*wrong, ("", tmp_path / "new", "needs the name of a destination")]:
        done = fileferry(
            "doctor", *[name][: len(name)], "--save", str(place), "--config", str(file)
        )
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_a_ledger_that_is_not_there_is_4(tmp_path: Path) -> None:
    example = Path(__file__).parents[3] / "config" / "fileferry.example.yaml"
    path = str(tmp_path / "absent" / "ledger.db")
    done = fileferry("status", "--config", str(example), FILEFERRY_LEDGER__PATH=path)
    assert done.returncode == 4
    assert "There is no ledger" in done.stderr


def test_the_version_is_the_installed_one() -> None:
    assert fileferry("--version").stdout.startswith("fileferry 0.")
    assert os.linesep in fileferry("--version").stdout


def test_an_argument_in_another_encoding_is_a_wrong_command_line(tmp_path: Path) -> None:
    odd = "s3://exports/M\udce4rz.csv"
    assert f"{odd} is no text in utf-8" in unreadable(["send", odd, "partner:"])
    assert unreadable(["send", "s3://exports/März–日本.csv", "partner:"]) == ""
    file = tmp_path / "f\udce4rry.yaml"
    file.touch()
    assert unreadable(["status", "--config", str(file)]) == ""
