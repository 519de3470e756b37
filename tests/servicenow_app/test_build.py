"""What is committed is what the sources build to, and what is released is what is committed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from sandbox.servicenow.package.making import pack, sources, steady
from sandbox.servicenow.package.reading import BUILT, files, read
from tests.house import TOP
from tests.servers import need

PROJECT = TOP / "servicenow"
CACHE = TOP / ".cache" / "servicenow"


def test_what_is_committed_was_built_of_these_sources() -> None:
    """Seen without Node. After a change of a source: make servicenow."""
    told = (PROJECT / "built.sha256").read_text(encoding="utf-8").split()[0]
    assert told == sources(PROJECT)


def test_the_sources_build_to_what_is_committed() -> None:
    need("node")
    need("npm")
    built = subprocess.run([PROJECT / "build", CACHE], capture_output=True, text=True, check=False)
    if "npm could not fetch" in built.stderr:
        pytest.skip("The SDK could not be fetched; built.sha256 is the proof that is left.")
    assert built.returncode == 0, built.stdout + built.stderr
    fresh = steady(files(CACHE / "dist" / "app"))
    committed = files(BUILT)
    assert sorted(fresh) == sorted(committed)
    assert {name for name in fresh if fresh[name] != committed[name]} == set()


def test_the_release_is_a_project_that_is_built(tmp_path: Path) -> None:
    package = pack(PROJECT, tmp_path / "a")
    again = pack(PROJECT, tmp_path / "b")
    assert package.read_bytes() == again.read_bytes()
    told = package.with_suffix(".zip.sha256").read_text(encoding="utf-8")
    assert told.split()[1] == package.name
    assert read(package) == read()
    with zipfile.ZipFile(package) as opened:
        names = {name.partition("/")[2] for name in opened.namelist()}
    # By these the SDK knows which flows it has to publish.
    assert "src/fluent/generated/keys.ts" in names
    assert {"package.json", "package-lock.json", "now.config.json"} <= names


def test_the_lock_names_no_host_and_hashes_everything() -> None:
    lock = json.loads((PROJECT / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: each for name, each in lock["packages"].items() if name}
    assert [name for name, each in packages.items() if "resolved" in each] == []
    assert [name for name, each in packages.items() if not each.get("integrity")] == []
    assert lock["packages"]["node_modules/@servicenow/sdk"]["version"] == "4.9.0"


@pytest.mark.parametrize(
    ("version", "says"),
    [("", "node is missing"), ("v18.20.0", "this is Node v18.20.0"), ("v24.1.0", "this is Node")],
    ids=["none", "too old", "too new"],
)
def test_another_node_is_refused_and_nothing_is_begun(
    version: str, says: str, tmp_path: Path
) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("bash", "env", "dirname", "realpath"):
        (tools / tool).symlink_to(shutil.which(tool) or tool)
    if version:
        _stand_in(tools / "node", version)
        _stand_in(tools / "npm", "")
    ended = subprocess.run(
        [PROJECT / "build", tmp_path / "into"],
        env={**os.environ, "PATH": str(tools)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert says in ended.stderr
    assert not (tmp_path / "into").exists()


def _stand_in(program: Path, version: str) -> None:
    """Tells its version, and is wrong for every question that the build asks of it."""
    program.write_text(f'#!/bin/bash\n[ "$1" = --version ] && echo {version}\nexit 1\n')
    program.chmod(0o755)


def test_the_group_sys_ids_in_the_sources_are_those_of_the_keys() -> None:
    """Written out where the SDK understands no record: each is one of ours, or ServiceNow's."""
    keys = (PROJECT / "src/fluent/generated/keys.ts").read_text(encoding="utf-8")
    known = set(re.findall(r"id: '([0-9a-f]{32})'", keys)) | WELL_KNOWN
    for file in sorted((PROJECT / "src/fluent").glob("*.now.ts")):
        used = set(re.findall(r"[0-9a-f]{32}", file.read_text(encoding="utf-8")))
        assert used <= known, file.name


WELL_KNOWN = {
    "90d1921e5f510100a9ad2572f2b477fe",  # the dynamic filter “Me”
    "e0d08b13c3330100c8b837659bba8fb4",  # the service catalog of every instance
}
