"""The release of this checkout, out of what the tests run by: nothing is fetched."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from daemon.installing.packing import pack
from daemon.installing.sharing import share
from tests.house import TOP

LOCKED = re.compile(r"(?m)^([a-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)([^\n]*)")


def build(folder: Path) -> Path:
    """As `make release` makes it, not compressed."""
    site = folder / "site"
    for distribution in _locked():
        for file in distribution.files or ():
            if ".." not in file.parts and file.suffix != ".pyc":
                target = site / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(str(file.locate()), target)
    _unpack_wheel(folder, site)
    share(site / "share")
    archive = pack(site, folder, zipfile.ZIP_STORED)
    shutil.rmtree(site)
    return archive


def _locked() -> Iterator[importlib.metadata.Distribution]:
    lock = (TOP / "requirements" / "run.lock").read_text(encoding="utf-8")
    for name, version, marker in LOCKED.findall(lock):
        if "win32" not in marker:
            found = importlib.metadata.distribution(name)
            assert found.version == version, name
            yield found


def _unpack_wheel(folder: Path, site: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=TOP, check=True, capture_output=True)
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    [data] = site.glob("fileferry-*.data")
    shutil.copytree(data / "data", site, dirs_exist_ok=True)
    shutil.rmtree(data)
