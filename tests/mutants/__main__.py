"""Applies each mutant to a copy of the tree and runs the test that must catch it: `make mutants`.

Fails when a mutant survives, when its text is not found exactly once, and when a killer does not
pass on the code as it is. `python -m tests.mutants WORD` runs those whose name holds the word.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tests.mutants.catalogue import MUTANTS
from tests.mutants.digests import DIGESTS
from tests.mutants.mutant import Mutant
from tests.mutants.publishing import PUBLISHING
from tests.mutants.upload import UPLOAD

TREE = Path(__file__).parents[2]
PARTS = ("adapters", "cloud", "config", "daemon", "sandbox", "tests", "transfer", "pyproject.toml")
PATIENCE = 600
FAILED = 1
"""pytest's exit code when tests ran and some of them failed; others mean that none ran."""


def main(word: str = "") -> int:
    every = (*MUTANTS, *UPLOAD, *PUBLISHING, *DIGESTS)
    chosen = [mutant for mutant in every if word in mutant.name]
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = Path(folder)
        _copy_to(copy)
        troubles = [*_not_green(copy, chosen), *filter(None, (_try(copy, one) for one in chosen))]
    for trouble in troubles:
        _say(trouble)
    _say(f"{len(chosen)} mutants, {len(chosen) - len(troubles)} killed by the test that is named")
    return 1 if troubles else 0


def _copy_to(copy: Path) -> None:
    leave = shutil.ignore_patterns("__pycache__", ".*")
    for part in PARTS:
        if (TREE / part).is_dir():
            shutil.copytree(TREE / part, copy / part, ignore=leave)
        else:
            shutil.copy(TREE / part, copy / part)


def _not_green(copy: Path, chosen: Iterable[Mutant]) -> list[str]:
    """A killer that fails anyway kills nobody."""
    killers = sorted({test for mutant in chosen for test in mutant.killer.split()})
    code, told = _pytest(copy, killers)
    return [] if code == 0 else [f"the killers fail on the code as it is:\n{told}"]


def _try(copy: Path, mutant: Mutant) -> str | None:
    """What is wrong with that mutant; None when it was killed."""
    file = copy / mutant.file
    text = file.read_text(encoding="utf-8")
    found = text.count(mutant.old)
    if found != 1:
        return f"{mutant.name}: its text stands {found} times in {mutant.file}"
    file.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
    try:
        code, told = _pytest(copy, mutant.killer.split())
    except subprocess.TimeoutExpired:
        code, told = FAILED, ""
    finally:
        file.write_text(text, encoding="utf-8")
    _say(f"{'killed' if code == FAILED else 'ALIVE '}  {mutant.name}")
    return None if code == FAILED else f"{mutant.name}: exit code {code}\n{told[-2000:]}"


def _pytest(copy: Path, tests: list[str]) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    environment = os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run(
        command,
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return ended.returncode, ended.stdout


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
