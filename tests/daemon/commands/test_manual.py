"""The manual page and the completion say what `--help` says, for they come from the same place."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer

from daemon.cli import app
from daemon.commands.manual import VARIABLE, Shell, manual, script
from daemon.installing.sharing import BASH, FISH, MANUAL, ZSH, share
from sandbox.children import clean_environment, program

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


def test_a_release_brings_all_of_it(tmp_path: Path) -> None:
    share(tmp_path)
    for place in (MANUAL, BASH, ZSH, FISH):
        assert "fileferry" in (tmp_path / place).read_text(encoding="utf-8")
    assert (tmp_path / ZSH).read_text().startswith("#compdef fileferry\n")
