"""The manual page and the completion say what `--help` says, for they come from the same place."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer

from daemon.commands.manual import Shell, manual, script
from daemon.commands.root import app
from daemon.commands.screen import VARIABLE
from daemon.installing.sharing import BASH, FISH, MANUAL, ZSH, share
from sandbox.children import clean_environment, program
from tests.servers import UNPACKED

MACROS = {".TH", ".SH", ".SS", ".PP", ".TP", ".B", ".I"}


@pytest.fixture(scope="module")
def page() -> str:
    return manual(typer.main.get_command(app))


def leaves(group: Any, path: str) -> list[str]:
    below = getattr(group, "commands", None)
    if below is None:
        return [path]
    return [leaf for name, each in below.items() for leaf in leaves(each, f"{path} {name}")]


def test_the_page_names_every_command_with_its_options(page: str) -> None:
    plain = page.replace("\\-", "-")
    for leaf in leaves(typer.main.get_command(app), "fileferry"):
        assert f"\n.SS {leaf} [OPTIONS]" in plain
    assert "\n.B --reason TEXT\n" in plain
    assert "\n.B --dry-run\n" in plain
    assert "<bool>" not in plain


def test_the_page_is_in_the_language_of_man(page: str) -> None:
    for line in page.splitlines():
        assert not line.startswith("'")
        assert not line.startswith(".") or line.split()[0] in MACROS, line
        assert line.isascii(), line
        assert set(re.findall(r"\\(.)", line)) <= set("-e(&f"), line


def test_a_flag_is_shown_as_a_flag() -> None:
    done = subprocess.run(
        [*program(), "ledger", "check", "--help"],
        env=clean_environment() | {"COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.search(r"--json +Print", done.stdout)
    assert re.search(r"--help +-h +Show", done.stdout)


@pytest.mark.parametrize("shell", Shell)
def test_a_script_asks_us_what_could_stand_next(shell: Shell) -> None:
    assert VARIABLE in script(shell)
    assert f"complete_{shell}" in script(shell)


def test_bash_completes_commands_and_options() -> None:
    source = f"""{script(Shell.BASH)}
COMP_WORDS=(fileferry ledger che) COMP_CWORD=2
_fileferry_completion {program()[0]}
echo "${{COMPREPLY[@]}}"
"""
    assert len(program()) == 1
    told = {"PATH": os.environ["PATH"], **clean_environment()}
    done = subprocess.run(
        ["bash", "-c", source], capture_output=True, text=True, check=True, env=told
    )
    assert done.stdout == "check\n"


def shell(name: str, source: str) -> str:
    """What a shell says that runs this, and has our command on its PATH."""
    places = (str(UNPACKED / "usr/bin"), str(UNPACKED / "bin"), os.environ["PATH"])
    found = shutil.which(name, path=os.pathsep.join(places))
    if found is None:
        # .ci/servers fetches zsh and fish where it can; bash is everywhere, and never skipped.
        pytest.skip(f"there is no {name}")
    libraries = UNPACKED / "usr/lib/x86_64-linux-gnu"
    path = f"{Path(program()[0]).parent}:{os.environ['PATH']}"
    told = clean_environment() | {"PATH": path, "LD_LIBRARY_PATH": str(libraries)}
    done = subprocess.run(
        [found, *{"zsh": ["-f"], "fish": ["--no-config"]}[name], "-c", source],
        capture_output=True,
        text=True,
        check=True,
        env=told,
    )
    return done.stdout


def test_fish_completes_commands_and_files(tmp_path: Path) -> None:
    (tmp_path / "report.csv").touch()
    asked = ["ledger che", f"sandbox order {tmp_path}/rep"]
    looks = [f'complete -C "fileferry {words}"' for words in asked]
    said = shell("fish", "\n".join([script(Shell.FISH), *looks])).splitlines()
    assert [line.partition("\t")[0] for line in said] == ["check", f"{tmp_path}/report.csv"]


def test_zsh_completes_commands_and_options() -> None:
    """What it hands to zsh's own completion, which needs a terminal."""
    stubs = ["compdef() { : }", "_arguments() { print -r -- $@ }"]
    look = "words=(fileferry status --fa) CURRENT=3 _fileferry_completion"
    said = shell("zsh", "\n".join([*stubs, script(Shell.ZSH), look]))
    assert re.findall(r'"([a-z-]+)":', said) == ["--failed"]


def test_a_release_brings_all_of_it(tmp_path: Path) -> None:
    share(tmp_path)
    for place in (MANUAL, BASH, ZSH, FISH):
        assert "fileferry" in (tmp_path / place).read_text(encoding="utf-8")
    assert (tmp_path / ZSH).read_text().startswith("#compdef fileferry\n")
