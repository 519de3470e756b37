"""What gets installed is pinned, hashed, and says nothing of where it comes from."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.house import TOP

LOCKS = ("aws", "build", "cloud", "run", "sandbox", "dev")
REQUIREMENT = re.compile(
    r"^(?P<name>[a-z0-9-]+)==(?P<version>[A-Za-z0-9.+!]+)(?P<marker> ; [^\\]+?)?"
    r"(?P<hashes>(?: \\\n    --hash=sha256:[0-9a-f]{64})+)\n",
    re.MULTILINE,
)


def text(lock: str) -> str:
    return (TOP / "requirements" / f"{lock}.lock").read_text(encoding="utf-8")


def versions(lock: str) -> dict[str, str]:
    return {match["name"]: match["version"] for match in REQUIREMENT.finditer(text(lock))}


def canonical(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0]).lower()


@pytest.mark.parametrize("lock", LOCKS)
def test_each_requirement_is_pinned_and_hashed(lock: str) -> None:
    assert versions(lock)
    assert REQUIREMENT.sub("", text(lock)).strip() == ""


@pytest.mark.parametrize("file", sorted((TOP / "requirements").iterdir()), ids=lambda f: f.name)
def test_no_lock_names_a_host(file: Path) -> None:
    assert "//" not in file.read_text(encoding="utf-8")
    assert "index" not in file.read_text(encoding="utf-8").replace("importlib", "")


@pytest.mark.parametrize(
    ("smaller", "larger"),
    [("cloud", "run"), ("run", "sandbox"), ("sandbox", "dev"), ("build", "dev")],
)
def test_the_larger_lock_agrees_with_the_smaller(smaller: str, larger: str) -> None:
    assert versions(smaller).items() <= versions(larger).items()


@pytest.mark.parametrize("lock", LOCKS)
def test_what_the_project_asks_for_is_locked(lock: str) -> None:
    with (TOP / "pyproject.toml").open("rb") as file:
        asked = tomllib.load(file)
    project, groups = asked["project"], asked["dependency-groups"]
    run, sandbox = project["dependencies"], project["optional-dependencies"]["sandbox"]
    wanted = {
        "aws": groups["aws"],
        "build": groups["build"],
        "cloud": groups["cloud"],
        "run": run,
        "sandbox": [*run, *sandbox],
        "dev": [*run, *sandbox, *groups["dev"], *groups["build"]],
    }[lock]
    assert {canonical(requirement) for requirement in wanted} <= versions(lock).keys()


@pytest.mark.parametrize("lock", ["run", "sandbox"])
def test_what_builds_is_no_part_of_what_runs(lock: str) -> None:
    assert {"hatchling", "editables"} <= versions("build").keys()
    assert not versions("build").keys() & versions(lock).keys()


def test_a_function_brings_what_the_project_asks_for_but_the_bastions_part() -> None:
    with (TOP / "pyproject.toml").open("rb") as file:
        asked = tomllib.load(file)
    names = {canonical(each) for each in asked["project"]["dependencies"]}
    brought = {canonical(each) for each in asked["dependency-groups"]["cloud"]}
    assert names - brought == {"apscheduler", "prometheus-client", "rich", "typer"}
    assert brought <= names


@pytest.mark.parametrize(
    "line",
    ["fileferry-nothing==1.0 --hash=sha256:" + "0" * 64, "fileferry-nothing==1.0"],
    ids=["wrong hash", "no hash"],
)
def test_pip_refuses_what_is_not_hashed_right(line: str, tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    (wheels / "fileferry_nothing-1.0-py3-none-any.whl").write_bytes(b"not what was hashed")
    wanted = tmp_path / "wanted.lock"
    wanted.write_text(line + "\n")
    command = [sys.executable, "-m", "pip", "install", "--no-index", "--find-links", str(wheels)]
    command += ["--require-hashes", "--only-binary", ":all:", "--no-deps", "--dry-run"]
    command += ["--isolated", "--disable-pip-version-check", "-r", str(wanted)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "hash" in done.stderr.lower()
