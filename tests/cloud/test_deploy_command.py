"""`fileferry deploy` as a person calls it, but for the zip, which takes half a minute to make."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

import cloud.cli
from cloud.package import Package
from config.settings import Settings
from daemon.commands.screen import FirstScreen
from sandbox.configuration import plain_yaml
from tests.cloud.site import Site, package

app = typer.Typer(cls=FirstScreen, callback=lambda: None)
cloud.cli.register(app)


@pytest.fixture
def config(site: Site, tmp_path: Path) -> Path:
    path = tmp_path / "fileferry.yaml"
    path.write_text(plain_yaml(site.settings.model_dump(mode="json", exclude_unset=True)))
    path.chmod(0o600)
    return path


def called(config: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["deploy", "--config", str(config), *words], obj=quick)


def quick(_settings: Settings, path: Path) -> Package:
    return package(path.parent)


def test_plan_deploy_and_destroy(config: Path, site: Site) -> None:
    def said(*words: str, code: int = 0) -> str:
        got = called(config, *words)
        assert got.exit_code == code, got.output
        return got.output

    assert "Nothing was changed." in said("--plan")
    assert site.stack is None
    made = said()
    assert "function CleanupFunction made" in made
    assert "cloud.state_machine: arn:aws:states:" in made
    assert "--yes agrees to this" in said("--destroy", code=1)
    assert "The ledger's table stays" in said("--destroy", "--yes")
    assert site.stack is None


def test_export_asks_nobody(config: Path, site: Site) -> None:
    site.faults.begin()
    exported = json.loads(called(config, "--export", "cloudformation").stdout)
    assert exported["Resources"]["Transfers"]
    wrapped = json.loads(called(config, "--export", "terraform").stdout)
    assert wrapped["resource"]["aws_cloudformation_stack"]
    assert site.faults.calls == []


def test_check_and_verify_tell_what_is_not_well(config: Path, site: Site) -> None:
    site.deploy()
    got = called(config, "--check")
    assert "ok   stack: CREATE_COMPLETE" in got.output
    assert "NOT  queue.url: is not set; set it to http" in got.output
    assert got.exit_code == 1
    told = called(config, "--verify").output
    assert "ok   FileFerry-Cleanup: refuses an unknown order" in told


def test_two_errands_at_once_are_refused() -> None:
    got = CliRunner().invoke(app, ["deploy", "--plan", "--destroy"])
    assert got.exit_code == 2


def test_what_is_not_configured_is_named(config: Path) -> None:
    text = config.read_text()
    config.write_text(text.replace("bucket: artefacts", "bucket: null"))
    got = called(config, "--plan")
    assert got.exit_code == 3
    assert "cloud.deploy.bucket" in got.output
