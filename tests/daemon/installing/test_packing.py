"""A release is one file: the same from the same, and of nothing but what runs."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

from daemon.installing.packing import pack
from tests.daemon.installing.releases import site


def test_the_same_site_makes_the_same_bytes(tmp_path: Path) -> None:
    first = pack(site(tmp_path / "one" / "site", "1.0"), tmp_path / "one")
    other = site(tmp_path / "two" / "site", "1.0")
    for file in other.rglob("*"):
        os.utime(file, (1, 1))
        file.chmod(0o700)
    second = pack(other, tmp_path / "two")
    assert first.name == second.name
    assert first.read_bytes() == second.read_bytes()


def test_its_digest_lies_beside_it(tmp_path: Path) -> None:
    archive = pack(site(tmp_path / "site", "1.0"), tmp_path)
    told = archive.with_name(f"{archive.name}.sha256").read_text()
    assert told == f"{hashlib.sha256(archive.read_bytes()).hexdigest()}  {archive.name}\n"


def test_what_pip_says_of_its_own_run_stays_behind(tmp_path: Path) -> None:
    with zipfile.ZipFile(pack(site(tmp_path / "site", "1.0"), tmp_path)) as archive:
        names = archive.namelist()
        record = archive.read("fileferry-1.0.dist-info/RECORD").decode()
    assert "daemon/cli.py" in names
    assert not [each for each in names if each.startswith("bin/") or each.endswith(".pyc")]
    assert "fileferry-1.0.dist-info/INSTALLER" not in names
    assert record == "daemon/cli.py,sha256=y,2\n"


def test_another_python_is_told_which_one_it_takes(tmp_path: Path) -> None:
    archive = pack(site(tmp_path / "site", "1.0"), tmp_path)
    with zipfile.ZipFile(archive) as opened:
        main = opened.read("__main__.py").decode()
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.version_info = (3, 9, 1)\n{main}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "run it by python3.11" in done.stderr
