"""Makes the file of a release: `python -m daemon.installing.packing SITE DIST`.

SITE is what `pip install --target` made of the run lock and of our wheel. The file is a zip that
Python runs; the same SITE gives the same bytes, whenever and wherever it is packed.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import platform
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from adapters.terminal import Terminal

MANIFEST = "release.json"
DAWN = (1980, 1, 1, 0, 0, 0)
"""The first moment that a zip can name."""
MAIN = b"""\
import sys
if sys.version_info[:2] != (%d, %d):
    sys.exit("fileferry: this release needs Python %d.%d and was started by another: "
             "run it by python%d.%d")
from daemon.installing.starting import main
sys.exit(main())
"""
_LEFT_OUT = ("INSTALLER", "REQUESTED", "direct_url.json")
"""What pip writes about its own run, in each `.dist-info`."""


def pack(site: Path, folder: Path, compression: int = zipfile.ZIP_DEFLATED) -> Path:
    """The release of the FileFerry that lies in `site`, in `folder`, with its digest beside it."""
    version = _version(site)
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    machine = platform.machine()
    target = folder / f"fileferry-{version}-py{python}-{machine}.pyz"
    folder.mkdir(parents=True, exist_ok=True)
    manifest = {"version": version, "python": python, "machine": machine}
    with target.open("wb") as file:
        file.write(b"#!/usr/bin/env python3\n")
        with zipfile.ZipFile(file, "w") as archive:
            for name, data in _members(site, manifest):
                member = zipfile.ZipInfo(name, DAWN)
                member.external_attr = 0o100644 << 16
                archive.writestr(member, data, compression)
    target.chmod(0o755)
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    target.with_name(f"{target.name}.sha256").write_text(f"{digest}  {target.name}\n")
    return target


def _members(site: Path, manifest: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    yield MANIFEST, json.dumps(manifest).encode()
    yield "__main__.py", MAIN % (sys.version_info[:2] * 3)
    for file in sorted(site.rglob("*")):
        inside = file.relative_to(site)
        if file.is_file() and _belongs(inside):
            data = file.read_bytes()
            yield str(inside), _recorded(data) if inside.name == "RECORD" else data


def _belongs(inside: Path) -> bool:
    """Not what pip's run has left, nor programs whose first line names the Python of this run."""
    left = inside.name in _LEFT_OUT and inside.parent.suffix == ".dist-info"
    return not left and inside.parts[0] != "bin" and inside.suffix != ".pyc"


def _recorded(data: bytes) -> bytes:
    """The lines of a RECORD that are about what the release holds."""
    kept = io.StringIO()
    writer = csv.writer(kept, lineterminator="\n")
    for row in csv.reader(io.StringIO(data.decode())):
        if row and ".." not in Path(row[0]).parts and _belongs(Path(row[0])):
            writer.writerow(row)
    return kept.getvalue().encode()


def _version(site: Path) -> str:
    [information] = site.glob("fileferry-*.dist-info")
    return information.name.removeprefix("fileferry-").removesuffix(".dist-info")


if __name__ == "__main__":
    Terminal().say(str(pack(Path(sys.argv[1]), Path(sys.argv[2]))))
