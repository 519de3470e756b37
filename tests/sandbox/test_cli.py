"""`fileferry sandbox` as a process: one JSON object, a clean end, clear words when it cannot."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
import typer
from typer.testing import CliRunner

from config.loading import load
from sandbox.children import Child, clean_environment
from sandbox.cli import register
from tests.servers.ports import free_port

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
    said = refused("servicenow", "--seed", str(seed))
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
    assert refused("azure") == "There is no part azure; there are servicenow, aws, remotes."


def test_the_written_configuration_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ.keys() - clean_environment().keys():
        monkeypatch.delenv(name)
    written = tmp_path / "written"
    with sandbox(tmp_path, "--tls", "--write-config", str(written)) as (addresses, child):
        settings = load(written / "fileferry.yaml")
        assert settings.servicenow.url == addresses["servicenow"]["url"]
        pins = settings.destinations["partner"].host_keys
        assert [pin.key for pin in pins] == [addresses["sftp"]["host_key"]]
        assert [grant.destinations for grant in settings.grants] == [["partner"], ["vault"]]
        for name, value in (
            ("servicenow", addresses["servicenow"]["client_secret"]),
            ("partner", addresses["sftp"]["password"]),
        ):
            secret = written / "credentials" / name
            assert (secret.read_text(), secret.stat().st_mode & 0o777) == (value, 0o600)
        assert f"fileferry run --config {written}/fileferry.yaml" in child.log.read_text()


def test_a_configuration_needs_every_part(tmp_path: Path) -> None:
    said = refused("aws", "--write-config", str(tmp_path))
    assert said == "A configuration needs all three parts."


@pytest.mark.parametrize("command", ["sandbox", "demo"])
def test_help_fits_a_screen_and_shows_an_example(command: str) -> None:
    app = typer.Typer()
    register(app)
    shown = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "80", "LINES": "24"})
    lines = shown.output.rstrip("\n").splitlines()
    assert shown.exit_code == 0
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert "Example: fileferry" in shown.output
