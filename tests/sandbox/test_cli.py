"""`fileferry sandbox` as a process: one JSON object, a clean end, clear words when it cannot."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
import typer
from typer.testing import CliRunner

from sandbox.children import Child, clean_environment
from sandbox.cli import register
from sandbox.configuration import ADDRESSES
from sandbox.ordering import ordered
from tests.servers.ports import free_port
from tests.servers.warm import WarmChild

COMMAND = [sys.executable, "-m", "sandbox", "sandbox"]


@contextmanager
def sandbox(directory: Path, *arguments: str) -> Iterator[tuple[dict[str, Any], Child]]:
    with Child("sandbox", [*COMMAND, *arguments], directory, clean_environment()) as child:
        yield child.answer(time.monotonic() + 60), child


def refused(*arguments: str) -> str:
    """The words with which the sandbox refuses to start."""
    ended = subprocess.run(
        [*COMMAND, *arguments], check=False, capture_output=True, text=True, timeout=60
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    return ended.stderr.strip()


def judged(*arguments: str) -> str:
    """As `refused`, for what it is told before anything of it is started: in this process."""
    app = typer.Typer()
    register(app)
    numbers = (signal.SIGINT, signal.SIGTERM)
    kept = [signal.getsignal(number) for number in numbers]
    try:
        ended = CliRunner().invoke(app, ["sandbox", *arguments])
    finally:
        for number, handler in zip(numbers, kept, strict=True):
            signal.signal(number, handler)
    assert (ended.exit_code, ended.stdout) == (2, "")
    return ended.stderr.strip()


def test_all_parts_answer_where_they_say(tmp_path: Path) -> None:
    with sandbox(tmp_path, "--tls") as (addresses, _):
        servicenow, aws, sftp = (addresses[part] for part in ("servicenow", "aws", "sftp"))
        assert servicenow["url"].startswith("https://127.0.0.1:")
        user = requests.get(
            f"{servicenow['url']}/api/now/table/sys_user/{servicenow['users']['anna.berg']['sys_id']}",
            auth=(servicenow["user"], servicenow["password"]),
            verify=servicenow["ca_file"],
            timeout=60,
        )
        assert user.json()["result"]["user_name"] == "anna.berg"
        client: Any = boto3.client(
            "s3",
            endpoint_url=aws["endpoint_url"],
            region_name=aws["region"],
            aws_access_key_id=aws["access_key"],
            aws_secret_access_key=aws["secret_key"],
        )
        assert [each["Name"] for each in client.list_buckets()["Buckets"]] == [aws["bucket"]]
        assert Path(sftp["root"]).is_dir()
        with socket.create_connection((sftp["host"], sftp["port"]), timeout=60) as connection:
            assert connection.recv(8).startswith(b"SSH-2.0-")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stays_until_a_signal_and_leaves_nothing(tmp_path: Path, number: int) -> None:
    with sandbox(tmp_path, "remotes") as (addresses, child):
        assert set(addresses) == {"sftp"}
        child.check()
        child.send(number)
        assert child.wait(60) == 0
        assert not Path(addresses["sftp"]["root"]).exists()
        assert json.loads(child.out.read_text()) == addresses
        assert child.log.read_text() == ""


def test_chosen_ports_and_directory(tmp_path: Path) -> None:
    port = free_port()
    files = tmp_path / "files"
    arguments = ("remotes", "--sftp-port", str(port), "--directory", str(files))
    with sandbox(tmp_path, *arguments) as (addresses, child):
        assert addresses["sftp"]["port"] == port
        assert child.stop() == 0
    assert (files / "partner").is_dir()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("seed.json", '{"u_partner": [{"name": "Acme", "active": true, "level": 3}]}'),
        ("seed.yaml", "u_partner:\n- {name: Acme, active: true, level: 3}\n"),
    ],
)
def test_seed(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with sandbox(tmp_path, "servicenow", "--seed", str(tmp_path / name)) as (addresses, _):
        servicenow = addresses["servicenow"]
        admin = ("admin", servicenow["users"]["admin"]["password"])
        url = f"{servicenow['url']}/api/now/table/u_partner"
        [row] = requests.get(url, auth=admin, timeout=60).json()["result"]
        assert (row["name"], row["active"], row["level"]) == ("Acme", "true", "3")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[1, 2]", "must be a mapping of a table's name to its records"),
        ("", "must be a mapping"),
        ("{incident: {number: INC1}}", "incident must be a list of records"),
        ("{incident: [INC1]}", "incident[0] must be a mapping"),
        ("{incident: [{number: [1]}]}", "incident[0].number must be a single value"),
        ("{Not a table: []}", "'Not a table' where a table's name should stand"),
        ("{incident: [", "is neither JSON nor YAML: expected the node content, but found"),
        ("\ud800", "is neither JSON nor YAML: not UTF-8 text"),
    ],
)
def test_a_bad_seed_is_named(tmp_path: Path, text: str, words: str) -> None:
    seed = tmp_path / "seed.yaml"
    seed.write_bytes(text.encode("utf-8", "surrogatepass"))
    said = judged("servicenow", "--seed", str(seed))
    assert words in said
    assert str(seed) in said


def test_an_absent_seed_is_named(tmp_path: Path) -> None:
    absent = tmp_path / "absent.json"
    said = refused("servicenow", "--seed", str(absent))
    assert said == f"The seed file {absent} cannot be read: No such file or directory."


@pytest.mark.parametrize(
    ("part", "option"),
    [("servicenow", "--servicenow-port"), ("aws", "--aws-port"), ("remotes", "--sftp-port")],
)
def test_a_taken_port_is_named(part: str, option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        said = refused(part, option, port)
    assert said == (
        f"The part {part} cannot start on port {port} of 127.0.0.1: Address already in use."
    )


def test_an_unknown_part_is_named() -> None:
    assert judged("azure") == "There is no part azure; there are servicenow, aws, remotes."


def shell(directory: Path) -> dict[str, str]:
    """The variables of a shell that has read what the sandbox tells it to."""
    done = subprocess.run(
        ["sh", "-c", f". {directory}/env; env -0"],
        env={**clean_environment(), "AWS_PROFILE": "absent", "CREDENTIALS_DIRECTORY": "/absent"},
        capture_output=True,
        text=True,
        check=True,
    )
    pairs = (line.partition("=") for line in done.stdout.split("\0"))
    return {name: value for name, _, value in pairs if name}


def assert_secret(file: Path, text: str) -> None:
    assert (file.read_text(), file.stat().st_mode & 0o777) == (text, 0o600)


def test_a_first_run_ends_with_a_delivered_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As README.md has it: sandbox, service, order; without a word about ServiceNow's API."""
    written = tmp_path / "try"
    report = tmp_path / "report.csv"
    report.write_text("a;b\n")
    with sandbox(tmp_path, "--tls", "--write-config", str(written)) as (addresses, child):
        eventually(lambda: "Ctrl-C ends the sandbox." in child.log.read_text())
        hints = child.log.read_text()
        assert f"  . {written}/env\n  fileferry run\n" in hints
        assert "  fileferry sandbox order FILE\n" in hints
        configuration = written / "fileferry.yaml"
        assert_secret(written / "credentials/servicenow", addresses["servicenow"]["client_secret"])
        assert_secret(written / "credentials/partner", addresses["sftp"]["password"])
        assert (written / ADDRESSES).stat().st_mode & 0o777 == 0o600
        # Ordered again before the first is delivered, and it is: the object is the same still.
        for path, approve in (("in/", True), ("", False), ("../x", False)):
            assert asked(report, configuration, path, approve=approve) == 0
        said = " ".join(capsys.readouterr().out.split())
        assert "ordered it to partner:in/: RITM0010001. carla.moss has approved it." in said
        assert "ordered it to partner:report.csv: RITM0010002. carla.moss decides on" in said
        assert "fileferry show RITM0010001 Its" in said
        assert "fileferry show RITM0010002, once it is approved" in said
        assert said.endswith("Where it arrives: nowhere: the path leaves the destination")
        arrives = Path(addresses["sftp"]["root"], "in", "report.csv")
        assert f"Where it arrives: {arrives}" in said
        with WarmChild("run", ["run"], tmp_path, shell(written)) as daemon:
            eventually(arrives.exists, daemon.check)
        assert arrives.read_text() == "a;b\n"


def asked(file: Path, configuration: Path, path: str, *, approve: bool) -> int:
    requester = "anna.berg" if approve else "tom.reyes"
    return ordered(
        file,
        to="partner",
        path=path,
        requester=requester,
        approve=approve,
        config=configuration,
    )


def eventually(condition: Callable[[], bool], alive: Callable[[], object] = bool) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        alive()
        time.sleep(0.05)


NOT_ORDERED = {
    "absent": ({"file": Path("absent.csv")}, "There is no file absent.csv."),
    "destination": ({"to": "bank"}, "There is no destination bank; there are partner, vault."),
    "requester": ({"requester": "zoe"}, "There is no user zoe; there are anna.berg."),
    "ended": ({}, "does not answer: has it ended?"),
    "no sandbox": ({"config": Path("/absent.yaml")}, "Start one with `fileferry sandbox --write-"),
}


@pytest.mark.parametrize(("change", "said"), NOT_ORDERED.values(), ids=NOT_ORDERED)
def test_what_cannot_be_ordered_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, Any], said: str
) -> None:
    file = tmp_path / "report.csv"
    file.touch()
    nobody = f"http://127.0.0.1:{free_port()}"
    aws = {"bucket": "b", "region": "eu-central-1", "access_key": "a", "secret_key": "s"}
    person = {"sys_id": "1", "password": "p"}
    instance = {"url": nobody, "page": nobody, "ca_file": None, "users": {"anna.berg": person}}
    addresses = {
        "servicenow": instance | {"catalog_item": "1"},
        "aws": aws | {"endpoint_url": nobody},
        "sftp": {"root": str(tmp_path)},
        "destinations": ["partner", "vault"],
    }
    (tmp_path / ADDRESSES).write_text(json.dumps(addresses))
    asked: dict[str, Any] = {
        "file": file,
        "to": "partner",
        "path": "",
        "requester": "anna.berg",
        "approve": True,
        "config": tmp_path / "fileferry.yaml",
    }
    assert ordered(**asked | change) == 1
    assert said in " ".join(capsys.readouterr().err.split())


def test_a_configuration_needs_every_part(tmp_path: Path) -> None:
    said = judged("aws", "--write-config", str(tmp_path))
    assert said == "A configuration needs all three parts."


@pytest.mark.parametrize("command", ["sandbox", "sandbox start", "sandbox order", "demo"])
def test_help_fits_a_screen_and_shows_an_example(command: str) -> None:
    app = typer.Typer()
    register(app)
    shown = CliRunner().invoke(
        app, [*command.split(), "--help"], env={"COLUMNS": "80", "LINES": "24"}
    )
    lines = shown.output.rstrip("\n").splitlines()
    assert shown.exit_code == 0
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert "Example: fileferry" in shown.output
