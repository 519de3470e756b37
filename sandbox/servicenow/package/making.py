"""Makes what is released of what the SDK has built: from the same sources the same bytes.

`python -m sandbox.servicenow.package.making keep FOLDER PROJECT`: what is built in the folder into
PROJECT/built, the same each time.
`python -m sandbox.servicenow.package.making zip PROJECT DIST`: what is released, and its checksum.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import sys
import zipfile
from pathlib import Path

from adapters.terminal import Terminal
from sandbox.servicenow.package.reading import files, read

_PROJECT = ("package.json", "package-lock.json", "now.config.json")
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
_BY_NAME = re.compile(r'(<\w+ name="([^"]+)">)([0-9a-f]{32})<')
"""A reference to what another application owns is looked up by its name."""
_SYS_ID = re.compile(r"<sys_id>([0-9a-f]{32})<")
_SERIAL = re.compile(r'"(serialNumber|timestamp)": "[^"]*"')
_SAME = {
    "serialNumber": "urn:uuid:00000000-0000-4000-8000-000000000000",
    "timestamp": "1980-01-01T00:00:00.000Z",
}


def keep(built: Path, project: Path) -> None:
    """Put the files of a build where they are committed, nothing else, and of which sources."""
    told = steady(files(built))
    shutil.rmtree(project / "built", ignore_errors=True)
    for name, text in told.items():
        target = project / "built" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")
    (project / "built.sha256").write_text(f"{sources(project)}  the sources\n", encoding="utf-8")


def steady(told: dict[str, str]) -> dict[str, str]:
    """The files of a build without what is another in each build of the same sources.

    That is the number and the time of its bill of materials, and the sys_ids that the SDK invents
    for what it knows by name only.
    """
    own = {each for text in told.values() for each in _SYS_ID.findall(text)}

    def named(found: re.Match[str]) -> str:
        head, name, sys_id = found.groups()
        return f"{head}{sys_id if sys_id in own else _of_name(name)}<"

    def serial(found: re.Match[str]) -> str:
        return f'"{found[1]}": "{_SAME[found[1]]}"'

    return {
        name: _SERIAL.sub(serial, _BY_NAME.sub(named, text)).rstrip("\n") + "\n"
        for name, text in told.items()
    }


def _of_name(name: str) -> str:
    return hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()


def pack(project: Path, dist: Path) -> Path:
    """Write `fileferry-servicenow-VERSION.zip` and its checksum; gives the zip.

    It is a project of the SDK that is built already: `now-sdk install` in it sends to an instance
    what is committed, and needs the sources' keys to activate the flows.
    """
    version = read(project / "built").one("sys_app")["version"]
    folder = f"fileferry-servicenow-{version}"
    told = {name: (project / name).read_text("utf-8") for name in _PROJECT}
    told |= {f"src/{name}": text for name, text in files(project / "src").items()}
    told |= {f"dist/app/{name}": text for name, text in files(project / "built").items()}
    dist.mkdir(parents=True, exist_ok=True)
    target = dist / f"{folder}.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for name in sorted(told):
            info = zipfile.ZipInfo(f"{folder}/{name}", _LONG_AGO)
            package.writestr(info, told[name], zipfile.ZIP_DEFLATED)
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    target.with_suffix(".zip.sha256").write_text(f"{digest}  {target.name}\n", encoding="utf-8")
    return target


def sources(project: Path) -> str:
    """SHA-256 of all that a build depends on."""
    told = {name: (project / name).read_text("utf-8") for name in _PROJECT}
    told |= files(project / "src")
    return hashlib.sha256(repr(sorted(told.items())).encode()).hexdigest()


def main(words: list[str]) -> None:
    match words:
        case ["keep", built, project]:
            keep(Path(built), Path(project))
        case ["zip", project, dist]:
            Terminal().say(str(pack(Path(project), Path(dist))))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
