"""Whatever becomes of its output: what was delivered ends with exit code 0."""

from __future__ import annotations

import subprocess

import pytest

from sandbox.children import program
from tests.crossing.commands import environment
from tests.crossing.world import DEADLINE, World

NAME = "Übersicht 日本.csv"


def sent(world: World, redirected: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """`fileferry send` by a shell that redirects its streams."""
    world.put(NAME, b"a,b\n")
    script = f'"$@" {redirected}'
    words = ("send", f"s3://{world.bucket}/{NAME}", "partner:")
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {script}", "bash", *program(), *words],
        env=environment(world) | variables,
        capture_output=True,
        check=False,
        timeout=DEADLINE,
    )


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_characters_that_cannot_be_shown_fail_no_delivery(world: World, encoding: str) -> None:
    done = sent(world, "", PYTHONIOENCODING=encoding)
    assert (done.returncode, world.files()) == (0, {NAME: b"a,b\n"}), done.stderr
    assert b"\\u65e5" in done.stdout
    assert b"published" in done.stdout


def test_a_name_in_another_encoding_is_refused_in_a_sentence(world: World) -> None:
    script = """"$@" send $'s3://exports/M\\xe4rz.csv' partner:"""
    done = subprocess.run(
        ["bash", "-c", script, "bash", *program()],
        env=environment(world) | {"LC_ALL": "C.UTF-8"},
        capture_output=True,
        check=False,
        timeout=DEADLINE,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(b"fileferry: s3://exports/M\\udce4rz.csv is no text in utf-8.")


@pytest.mark.parametrize(
    "redirected",
    [">&-", "2>&-", ">&- 2>&-", "| true", "2>&1 | true", ">/dev/full", ">/dev/full 2>/dev/full"],
)
def test_output_that_goes_nowhere_fails_no_delivery(world: World, redirected: str) -> None:
    done = sent(world, redirected)
    assert (done.returncode, world.files()) == (0, {NAME: b"a,b\n"}), done.stderr
    assert b"Traceback" not in done.stderr


def test_commands_that_only_look_go_on_without_a_reader(world: World) -> None:
    # The service does not run, which status tells by its exit code.
    looks = {"status": 1, "status --json": 1, "config check": 0, "--help": 0}
    for words, code in looks.items():
        subprocess.run([*program(), "ledger", "init"], env=environment(world), check=True)
        done = subprocess.run(
            ["bash", "-c", 'set -o pipefail; "$@" | true', "bash", *program(), *words.split()],
            env=environment(world) | {"PYTHONIOENCODING": "ascii"},
            capture_output=True,
            check=False,
            timeout=DEADLINE,
        )
        assert (done.returncode, done.stderr) == (code, b"")
