"""Writes docs/licences.md from the run lock and the installed packages: `make licences`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib.metadata import metadata

from tests.house import TOP

PAGE = TOP / "docs" / "licences.md"
LOCK = TOP / "requirements" / "run.lock"
ELSEWHERE = "sys_platform == 'win32'"
"""The marker of what is never installed where FileFerry runs."""
FREE = "may be used, changed and passed on with its notice"
JUDGED = {
    **dict.fromkeys(("MIT", "MIT-0", "ISC", "BSD-2-Clause", "BSD-3-Clause", "PSF-2.0"), FREE),
    "Apache-2.0": f"{FREE}; grants patents",
    "MPL-2.0": "changes of its own files must be passed on under it",
    "LGPL-2.1": "may be used by any program, as long as its user can replace it: as a package "
    "installed on its own, it is",
}
"""What the house has looked at, by SPDX identifier. Another one is for a person to judge first."""
_SPDX = {
    "MIT License": "MIT",
    "ISC License": "ISC",
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache License 2.0": "Apache-2.0",
    # python-dateutil: BSD for what is older than 2017, both for what is newer.
    "Dual License": "Apache-2.0 AND BSD-3-Clause",
}
HEAD = """\
# Licences

FileFerry itself is under the [Apache License 2.0](../LICENSE). These are the packages that run
beside it on a bastion, as `requirements/run.lock` pins them, with the licence that each one's own
metadata names. `make licences` writes this page; a test compares it with the lock and with what is
installed, so that no package comes in without a row. What the lock has for Windows alone is left
out: FileFerry runs on Linux. Tools for development, the sandbox and the build do not run there.

| package | version | licence |
|---|---|---|
"""


def page() -> str:
    rows = [(name, version, licence(name)) for name, version in locked()]
    used = sorted({part for row in rows for part in parts(row[2])})
    table = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    means = "".join(f"| {each} | {JUDGED[each]} |\n" for each in used)
    return f"{HEAD}{table}\n| licence | in short |\n|---|---|\n{means}"


def locked() -> Iterator[tuple[str, str]]:
    """Name and version of what is installed on a bastion."""
    for found in re.finditer(r"(?m)^([a-z0-9-]+)==(\S+)(.*)", LOCK.read_text(encoding="utf-8")):
        if ELSEWHERE not in found[3]:
            yield found[1], found[2]


def licence(package: str) -> str:
    """The SPDX expression of an installed package, or the words that it has instead."""
    about = metadata(package).json
    named = str(about.get("license_expression") or about.get("license") or "")
    kinds = [kind for kind in about.get("classifier", []) if kind.startswith("License")]
    said = named.partition("\n")[0] or kinds[0].rpartition(" :: ")[2]
    return _SPDX.get(said, said)


def parts(expression: str) -> list[str]:
    return re.split(r" (?:AND|OR) ", expression)


if __name__ == "__main__":
    sys.stdout.write(page())
