"""A release whose FileFerry says what it was asked, so that an installation takes no seconds."""

from __future__ import annotations

import zipfile
from pathlib import Path

from daemon.installing.layout import Layout, done
from daemon.installing.packing import pack
from daemon.installing.starting import install
from daemon.installing.unpacking import read, switched, unpacked
from tests.house import TOP

UNIT = "[Service]\nExecStart=/opt/fileferry/current/bin/fileferry run\n"
SPEAKS = "import sys\ndef main():\n    print('{version} was asked to', *sys.argv[1:])\n"


def site(folder: Path, version: str, unit: str = UNIT) -> Path:
    """What pip would make of our wheel, in little, with what pip leaves beside it."""
    own = folder / "share" / "fileferry"
    information = folder / f"fileferry-{version}.dist-info"
    for each in (own, folder / "bin", folder / "daemon" / "__pycache__", information):
        each.mkdir(parents=True)
    (own / "fileferry.service").write_text(unit)
    example = TOP / "config" / "fileferry.example.yaml"
    (own / "fileferry.example.yaml").write_bytes(example.read_bytes())
    (folder / "share" / "man1").mkdir()
    (folder / "share" / "man1" / "fileferry.1").write_text("manual")
    (folder / "daemon" / "cli.py").write_text(SPEAKS.format(version=version))
    (folder / "daemon" / "__init__.py").write_text("")
    (folder / "daemon" / "__pycache__" / "cli.cpython-311.pyc").write_bytes(b"of this run")
    (folder / "bin" / "fileferry").write_text("#!/of/this/run\n")
    (information / "INSTALLER").write_text("pip\n")
    (information / "RECORD").write_text(
        "../../bin/fileferry,sha256=x,1\ndaemon/cli.py,sha256=y,2\n"
        "daemon/__pycache__/cli.cpython-311.pyc,,\n"
        f"{information.name}/INSTALLER,sha256=z,4\n"
    )
    return folder


def released(folder: Path, version: str, unit: str = UNIT) -> Path:
    return pack(site(folder / f"site-{version}", version, unit), folder, zipfile.ZIP_STORED)


def put_in(archive: Path, layout: Layout) -> Path:
    """The version's folder, with the links switched to it, and nothing around it."""
    version, acts = unpacked(read(archive), layout)
    done(acts)
    done(switched(layout, version))
    return version


__all__ = ["install", "put_in", "released", "site"]
