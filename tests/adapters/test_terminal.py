"""Output that cannot be written, or that would steer the terminal, does no harm."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table
from rich.text import Text

from adapters.terminal import Terminal
from sandbox.children import clean_environment
from tests.transfer.telling.hostile import HARM, NASTY

PROGRAM = """
import sys
from adapters.terminal import Terminal, own_up, steady

steady()
for _ in range(5000):
    Terminal().say("\\u00fcber \\u2192 \\u65e5\\u672c \\ud800")
    Terminal(stderr=True).say("\\u00fcber \\u2192")
Terminal().document({"key": "\\u2192"})
own_up()
open("/dev/null").fileno() < 3 and sys.exit(9)
"""


def run(
    *, before: str = "", encoding: str = "utf-8", streams: dict[str, Any] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """The program in a shell that may close a stream first."""
    command = ["sh", "-c", f'exec "$0" -c "$1" {before}', sys.executable, PROGRAM]
    chosen = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **(streams or {})}
    environment = clean_environment() | {"PYTHONIOENCODING": encoding}
    return subprocess.run(command, env=environment, check=False, timeout=60, **chosen)


def gone() -> int:
    """The writing end of a pipe that nobody reads."""
    reads, writes = os.pipe()
    os.close(reads)
    return writes


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii", "cp1252", "utf-16"])
def test_characters_that_the_stream_does_not_have_are_shown_by_number(encoding: str) -> None:
    done = run(encoding=encoding)
    assert done.returncode == 0
    text = done.stdout.decode(encoding)
    assert "ber" in text
    assert ("→" in text) == (encoding.startswith("utf")), "else as \\u2192"
    assert json.loads(text[text.index("{") :]) == {"key": "→"}


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_is_no_reason_to_fail_and_its_number_is_not_taken(closed: str) -> None:
    assert run(before=closed).returncode == 0


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_reader_that_has_gone_is_no_reason_to_fail(stream: str) -> None:
    writes = gone()
    try:
        done = run(streams={stream: writes})
    finally:
        os.close(writes)
    assert done.returncode == 0
    assert b"Traceback" not in (done.stderr or b"")
    assert b"not whole" not in (done.stderr or b"")


def test_a_full_disk_is_told_on_standard_error() -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123 a device, not a path of ours
        done = run(streams={"stdout": full})
    assert done.returncode == 0
    assert b"fileferry: the output is not whole: No space left on device." in done.stderr


def test_a_pipe_that_does_not_wait_gets_all_of_it() -> None:
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    command = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(
        command, stdout=writes, stderr=subprocess.DEVNULL, env=clean_environment()
    ) as child:
        os.close(writes)
        with closing(os.fdopen(reads, "rb")) as pipe:
            lines = pipe.read().splitlines()
        assert child.wait(60) == 0
    assert len(lines) == 5003


def printed(*things: Any) -> str:
    text = io.StringIO()
    out = Terminal(file=text, width=4000, force_terminal=True, color_system="standard")
    for thing in things:
        out.print(thing)
    return text.getvalue()


def test_a_value_in_any_place_of_a_table_steers_nothing() -> None:
    table = Table("name", "value", title=NASTY)
    table.add_row(NASTY, Text(NASTY, style="red"))
    shown = printed(table, NASTY, Text(NASTY))
    for mark in HARM.replace("\x1b", ""):
        assert mark not in shown
    assert "\x1b[2J" not in shown
    assert "\\u001b[2J" in shown
    assert "[red]" in shown, "no value is markup"
    assert "\x1b[31m" in shown, "our own colours are shown"


@given(st.text(st.sampled_from(HARM + "\n[/]:ab") | st.characters()))
def test_each_text_that_is_said_is_one_line(text: str) -> None:
    stream = io.StringIO()
    Terminal(file=stream).say(text)
    assert stream.getvalue().endswith("\n")
    assert stream.getvalue()[:-1].isprintable()


@given(st.dictionaries(st.text(), st.text()))
def test_a_document_is_the_value_in_ascii(value: dict[str, str]) -> None:
    stream = io.StringIO()
    Terminal(file=stream).document(value)
    assert json.loads(stream.getvalue()) == value
    assert stream.getvalue().replace("\n", "").isascii()
    assert stream.getvalue().replace("\n", "").isprintable()
