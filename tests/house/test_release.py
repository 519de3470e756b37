"""What is released holds what it should, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.house import PACKAGES, TOP, name, tracked

UNIT = "systemd/fileferry.service"
LOCKS = {"requirements/aws.lock", "requirements/cloud.lock"}
PUT_IN = {"cloud/requirements.lock", "sandbox/ministack/requirements.lock"}
APPLICATION = "servicenow/built"
SOURCES = (*PACKAGES, "systemd", "docs", "tests")


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(directory)]
    subprocess.run(command, cwd=TOP, check=True, capture_output=True)
    return directory


def below(*folders: str) -> set[str]:
    return {name(file) for folder in folders for file in tracked(f"{folder}/*")}


def built() -> set[str]:
    """The files of ServiceNow's side, as they are named in it."""
    return {each.removeprefix(f"{APPLICATION}/") for each in below(APPLICATION)}


def test_the_wheel_holds_the_packages_and_the_unit(release: Path) -> None:
    [wheel] = release.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    info = {each for each in held if ".dist-info/" in each}
    assert {Path(each).name for each in info} == {
        *("METADATA", "RECORD", "WHEEL", "entry_points.txt", "LICENSE")
    }
    shared = {each for each in held - info if "/share/fileferry/" in each}
    assert {Path(each).name for each in shared} == {"fileferry.service", "fileferry.example.yaml"}
    brought = {f"sandbox/servicenow/package/built/{each}" for each in built()}
    assert held - info - shared == below(*PACKAGES) | PUT_IN | brought


def test_the_source_archive_builds_and_documents_itself(release: Path) -> None:
    [archive] = release.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        held = {each.partition("/")[2] for each in opened.getnames()}
    asked = {".gitignore", "LICENSE", "PKG-INFO", "README.md", "pyproject.toml"}
    assert held == below(*SOURCES, APPLICATION) | asked | LOCKS
    assert UNIT in held
