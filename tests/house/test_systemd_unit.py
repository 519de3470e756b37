"""The unit is right in systemd's own eyes, and hardened as far as a network client can be."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from config.ledger import LedgerSettings
from config.loading import DEFAULT
from config.settings import TransferSettings
from daemon.commands.exits import LEDGER, MISCONFIGURED
from daemon.installing.layout import COMMAND as PROGRAM
from tests.house import TOP
from tests.servers import need

UNIT = TOP / "systemd" / "fileferry.service"


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    command = [need("systemd-analyze"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The unit with a program that exists on this machine."""
    unit = tmp_path / UNIT.name
    assert PROGRAM in UNIT.read_text(encoding="utf-8")
    unit.write_text(UNIT.read_text(encoding="utf-8").replace(PROGRAM, "/bin/true"))
    return unit


def service() -> dict[str, list[str]]:
    """The settings of [Service] in their order; one that stands twice has two values."""
    found: dict[str, list[str]] = {}
    section = UNIT.read_text(encoding="utf-8").partition("[Service]")[2].partition("[Install]")[0]
    for line in section.splitlines():
        if line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def test_verify_has_nothing_to_say(installed: Path) -> None:
    done = analyze("verify", str(installed))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_verify_would_say_something(installed: Path) -> None:
    installed.write_text(installed.read_text().replace("Type=notify", "Tpye=notify"))
    assert "Tpye" in analyze("verify", str(installed)).stderr


def test_the_exposure_is_at_most_one() -> None:
    done = analyze("security", "--offline=true", "--threshold=10", "--no-pager", str(UNIT))
    assert done.returncode == 0, done.stdout


def test_it_speaks_the_notify_protocol_and_stops_in_order() -> None:
    told = {key: values[-1] for key, values in service().items()}
    assert told["Type"] == "notify"
    assert told["NotifyAccess"] == "main"
    assert told["KillMode"] == "mixed"
    assert told["Restart"] == "on-failure"
    assert float(told["WatchdogSec"]) == 30
    assert float(told["TimeoutStopSec"]) > 2 * TransferSettings().drain


def test_it_starts_the_program_with_the_defaults_of_the_settings() -> None:
    told = service()
    assert told["ExecStart"] == [f"{PROGRAM} run --config {DEFAULT}"]
    assert told["ExecReload"] == [f"{PROGRAM} reload --config {DEFAULT}"]
    assert told["StateDirectory"] == [LedgerSettings().path.parent.name]
    assert told["StateDirectoryMode"] == ["0700"]
    assert "LoadCredential" not in told, "the drop-in of `fileferry install` names them"


def test_what_only_a_person_can_mend_is_not_started_again() -> None:
    [told] = service()["RestartPreventExitStatus"]
    assert told.split() == ["2", str(MISCONFIGURED), "CREDENTIALS"]
    assert str(LEDGER) not in told.split(), "a ledger that was lost is opened anew by a restart"


def test_each_group_of_options_has_its_reason() -> None:
    section = UNIT.read_text(encoding="utf-8").partition("[Service]\n")[2]
    for group in section.partition("\n[Install]")[0].split("\n\n"):
        assert group.startswith("# "), group
