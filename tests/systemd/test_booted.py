"""The release, installed and run under a real systemd: one boot, and one story in this order."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox.demo.visitor import Placed
from tests.house import TOP
from tests.systemd.box import Box
from tests.systemd.conftest import RATE, SITE, Grounds
from transfer.model import CHUNK, MIB, Outcome

PYTHON = "/usr/bin/python3.11"
STATUS = ("systemctl", "status", "--no-pager", "--full", "fileferry")
STEP = re.compile(r"(?m)^ +(?:(\d)\.)? +(\S.*)$")


@pytest.fixture(scope="session")
def steps(box: Box, release: str) -> list[str]:
    """What the installation leaves to a person."""
    said = box.must(PYTHON, release, "install")
    assert f"{box.inside('/etc/systemd/system/fileferry.service').name} is in order." in said
    lines = said.partition("To a running service:\n")[2].splitlines()
    found = [STEP.fullmatch(line) for line in lines]
    assert all(found)
    assert [each[1] for each in found if each and each[1]] == ["1", "2", "3", "4", "5"]
    return [each[2] for each in found if each]


@pytest.fixture(scope="session")
def service(box: Box, grounds: Grounds, steps: list[str]) -> Box:
    """The steps, followed to the letter, but for the editor and the example's other secret."""
    box.drop_in("site", SITE)
    edit, hand_over, *secrets, check, start = steps
    assert edit.endswith("/etc/fileferry/fileferry.yaml")
    assert len(secrets) == 2
    grounds.configure()
    said = box.must(*hand_over.split())
    for name, secret in grounds.secrets.items():
        [command] = re.findall(rf"Not there yet: (.*/{name})\n", said)
        box.must(*command.split(), typed=secret)
    assert "is in order" in box.must(*check.split())
    box.must(*start.split())
    return box


def pid(box: Box) -> int:
    box.until(lambda: box.shown("MainPID") != ["0"])
    return int(box.shown("MainPID")[0])


def program(box: Box) -> str:
    return box.must("cat", f"/proc/{pid(box)}/cmdline")


def delivered(grounds: Grounds, placed: Placed, name: str, data: bytes) -> None:
    assert grounds.ended(placed).transfer.outcome is Outcome.DELIVERED
    assert (Path(grounds.partner.root) / name).read_bytes() == data


@contextmanager
def kept(file: Path) -> Iterator[None]:
    """The file as it was, whatever is done to it."""
    data = file.read_bytes()
    try:
        yield
    finally:
        file.touch(0o600)
        file.write_bytes(data)


@contextmanager
def under_way(grounds: Grounds, name: str, *, taken_up: bool = True) -> Iterator[Placed]:
    """A transfer that is met in the middle; the line is quick again afterwards."""
    data = os.urandom(MIB) * 32
    grounds.put(name, data)
    assert grounds.line
    grounds.line.slacken(RATE)
    placed = grounds.order(name)

    def moving() -> bool:
        record = grounds.record(placed)
        return bool(record and record.deliveries and record.deliveries[0].moved >= CHUNK)

    grounds.until(moving)
    yield placed
    grounds.line.hasten()
    grounds.host.until(lambda: grounds.host.shown("ActiveState") == ["active"])
    delivered(grounds, placed, name, data)
    record = grounds.record(placed)
    assert record
    assert (record.transfer.epoch > 1) is taken_up


def test_the_printed_steps_lead_to_a_service_that_delivers(service: Box, grounds: Grounds) -> None:
    assert service.shown("ActiveState", "SubState", "NRestarts") == ["active", "running", "0"]
    [status] = service.shown("StatusText")
    assert status
    grounds.put("first", b"first")
    delivered(grounds, grounds.order("first"), "first", b"first")
    refused = service.run("fileferry", "install", "--uninstall")
    assert (refused.returncode, "The service runs." in refused.stdout) == (1, True)


def test_secrets_are_seen_inside_only(service: Box, grounds: Grounds) -> None:
    handed = "/run/credentials/fileferry.service"
    assert service.must("ls", handed).split() == sorted(grounds.secrets)
    for file in (handed, "/etc/fileferry/credentials"):
        done = service.run("setpriv", "--reuid=1000", "--clear-groups", "cat", f"{file}/servicenow")
        assert (done.returncode, "Permission denied" in done.stdout) == (1, True)
    environment = service.must("cat", f"/proc/{pid(service)}/environ")
    assert "CREDENTIALS_DIRECTORY" in environment
    for secret in grounds.secrets.values():
        assert secret not in environment
        assert secret not in service.journal()


def test_forbidden_acts_are_denied(service: Box) -> None:
    unit = service.inside("/etc/systemd/system/fileferry.service").read_text()
    probed = re.sub(r"(?m)^ExecStart=.*$", f"ExecStart={PYTHON} /opt/probe.py", unit)
    probed = probed.replace("Type=notify", "Type=oneshot").replace("Restart=on-failure", "")
    probed = re.sub(r"(?m)^StateDirectory=.*$", "StateDirectory=probe", probed)
    probed = probed.replace("/var/lib/fileferry", "/var/lib/probe")
    service.inside("/opt/probe.py").write_bytes((TOP / "tests/systemd/probe.py").read_bytes())
    service.inside("/etc/systemd/system/probe.service").write_text(probed)
    service.must("systemctl", "daemon-reload")
    service.must("systemctl", "start", "probe")
    answers = json.loads(
        next(line for line in service.journal("probe").splitlines() if line.startswith("{"))
    )
    allowed = {act for act, answer in answers.items() if not answer}
    if "-BPF_FRAMEWORK" in service.must("systemctl", "--version"):
        # Debian builds its systemd without what SocketBindDeny= needs, and says nothing.
        allowed -= {"take a port"}
    assert len(answers) >= 15
    assert not allowed


def test_a_stranger_gets_a_sentence_from_every_command(service: Box) -> None:
    service.inside("/opt/stranger.py").write_bytes((TOP / "tests/systemd/stranger.py").read_bytes())
    python = "/opt/fileferry/current/bin/python"
    as_nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", python, "-I")
    for command, code, said in json.loads(service.must(*as_nobody, "/opt/stranger.py")):
        assert code in {1, 3, 4}, (command, said)
        assert "Traceback" not in said, (command, said)
        assert re.search(r"(?m)^(fileferry: \[[a-z_.]+\] [A-Z/]|[a-z_.]+: The secret )", said), said


def test_what_is_wrong_stands_in_the_status_of_the_unit(service: Box, grounds: Grounds) -> None:
    grounds.servicenow.modes.set("unavailable")
    service.until(lambda: "servicenow.unreachable" in service.shown("StatusText")[0])
    assert re.search(r'Status: ".*servicenow\.unreachable', service.must(*STATUS))
    grounds.servicenow.modes.clear()
    service.until(lambda: "servicenow." not in service.shown("StatusText")[0])


def test_a_reload_takes_what_is_new_and_touches_nothing_that_runs(
    service: Box, grounds: Grounds
) -> None:
    main = pid(service)
    with under_way(grounds, "reloaded", taken_up=False):
        grounds.config["destinations"]["second"] = {**grounds.config["destinations"]["partner"]}
        grounds.config["grants"][0]["destinations"].append("second")
        grounds.configure()
        service.must("systemctl", "reload", "fileferry")
        assert '"changed": ["destinations.second", "grants"]' in service.journal()
    grounds.put("more", b"more")
    delivered(grounds, grounds.order("more", destination="second"), "more", b"more")
    assert pid(service) == main


def test_a_faulty_file_is_refused_by_a_reload_and_changes_nothing(
    service: Box, grounds: Grounds
) -> None:
    main, file = pid(service), service.inside("/etc/fileferry/fileferry.yaml")
    with kept(file):
        file.write_text(f"{file.read_text()}\nevry: 5\n")
        assert service.run("systemctl", "reload", "fileferry").returncode == 1
        said = service.must(*STATUS)
        assert re.search(r"fileferry\[\d+\]: evry: ", said), said.splitlines()[-8:]
        # And by the signal that older tools send.
        service.must("kill", "-HUP", str(main))
        service.until(lambda: '"event": "reload refused"' in service.journal())
    assert service.shown("ActiveState", "SubState") == ["active", "running"]
    grounds.put("after", b"after")
    delivered(grounds, grounds.order("after"), "after", b"after")
    assert pid(service) == main


def test_a_stop_drains_and_the_next_start_goes_on(service: Box, grounds: Grounds) -> None:
    with under_way(grounds, "drained"):
        service.must("systemctl", "stop", "fileferry")
        assert service.shown("Result", "ExecMainStatus") == ["success", "0"]
        assert "transfer left for the next start" in service.journal()
        service.must("systemctl", "start", "fileferry")


def test_after_a_kill_it_is_started_again_and_goes_on(service: Box, grounds: Grounds) -> None:
    with under_way(grounds, "killed"):
        service.must("kill", "-9", str(pid(service)))
        service.until(lambda: service.shown("NRestarts") == ["1"])


def test_an_upgrade_and_a_roll_back_are_one_command_each(service: Box, grounds: Grounds) -> None:
    old = service.must("readlink", "/opt/fileferry/current").strip()
    # A release that was unpacked leaves the rest to the version that it has made.
    service.must("cp", "-al", f"/opt/fileferry/{old}", "/opt/fileferry/99.0-1")
    assert "is in order" in service.must("/opt/fileferry/99.0-1/bin/fileferry", "install")
    with under_way(grounds, "upgraded"):
        service.must("systemctl", "restart", "fileferry")
        assert program(service).startswith("/opt/fileferry/99.0-1/bin/python")
    assert "is in order" in service.must("fileferry", "install", "--rollback")
    service.must("systemctl", "restart", "fileferry")
    assert program(service).startswith(f"/opt/fileferry/{old}/bin/python")
    assert service.must("readlink", "/opt/fileferry/previous").strip() == "99.0-1"


def test_a_service_that_does_not_move_any_more_is_started_anew(service: Box) -> None:
    service.drop_in("watched", "[Service]\nWatchdogSec=8\nTimeoutAbortSec=1\n")
    service.run("systemctl", "reset-failed", "fileferry")
    service.must("systemctl", "restart", "fileferry")
    service.must("kill", f"-{signal.SIGSTOP.value}", str(pid(service)))
    service.until(lambda: "Watchdog timeout" in service.journal())
    service.until(lambda: service.shown("NRestarts") != ["0"])
    service.until(lambda: service.shown("ActiveState") == ["active"])
    service.drop_in("watched", None)


def test_a_faulty_configuration_is_told_once_line_by_line(service: Box, grounds: Grounds) -> None:
    file = service.inside("/etc/fileferry/fileferry.yaml")
    service.must("systemctl", "stop", "fileferry")
    service.run("systemctl", "reset-failed", "fileferry")
    with kept(file):
        file.write_text("servicenow:\n  url: http://example.com\npoll:\n  evry: 5\n")
        assert service.run("systemctl", "start", "fileferry").returncode == 1
    assert service.shown("ActiveState", "ExecMainStatus", "NRestarts") == ["failed", "3", "0"]
    lines = service.journal().splitlines()
    for place in ("servicenow.url", "poll.evry", "destinations"):
        assert [line for line in lines if line.startswith(f"{place}: ")], lines


def test_a_secret_that_is_not_there_is_told_once(service: Box) -> None:
    secret = service.inside("/etc/fileferry/credentials/partner-key")
    with kept(secret):
        secret.unlink()
        assert service.run("systemctl", "start", "fileferry").returncode == 1
        done = service.run("fileferry", "config", "check")
    assert service.shown("ActiveState", "ExecMainStatus", "NRestarts") == ["failed", "243", "0"]
    assert done.returncode == 3
    assert "/etc/fileferry/credentials/partner-key" in done.stdout


def test_one_that_dies_at_each_start_is_left_alone(service: Box) -> None:
    service.drop_in("dying", "[Service]\nExecStart=\nExecStart=/bin/false\nRestartSec=0\n")
    service.run("systemctl", "reset-failed", "fileferry")
    assert service.run("systemctl", "start", "fileferry").returncode == 1
    service.until(lambda: "Start request repeated too quickly" in service.journal())
    service.until(lambda: service.shown("ActiveState") == ["failed"])
    assert service.shown("NRestarts") == ["10"]
    service.drop_in("dying", None)


def test_nothing_but_what_is_yours_is_left(service: Box) -> None:
    service.must("systemctl", "disable", "--now", "fileferry")
    service.must("fileferry", "install", "--uninstall")
    unit = "/etc/systemd/system/fileferry.service"
    for gone in ("/opt/fileferry", "/usr/local/bin/fileferry", unit):
        assert not service.inside(gone).exists()
    for kept in ("/etc/fileferry/fileferry.yaml", "/etc/fileferry/credentials/servicenow"):
        assert service.inside(kept).is_file()
