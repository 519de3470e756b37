"""`fileferry logs`: one transfer's lines, of the journal or of a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from adapters.ledger.sqlite.books import sqlite_books
from daemon.commands.logs import logs
from daemon.commands.root import app
from tests.ports.books import received

EXAMPLE = Path(__file__).parents[3] / "config" / "fileferry.example.yaml"
OURS, OTHER = received(1), received(2)


def line(transfer: Any, event: str, **more: Any) -> str:
    named = {"transfer": transfer.id, "request": transfer.request.number}
    when = {"level": "info", "timestamp": "2026-11-29T22:24:51.123Z"}
    return json.dumps({"event": event, **named, **more, **when})


LINES = [
    "Started FileFerry.",
    line(OURS, "transfer taken up", stage="received"),
    line(OTHER, "transfer taken up", note=f"beside {OURS.request.number}"),
    "{ no json",
    line(OURS, "step failed", code="remote.dropped", reason="gone\x1b[2J"),
]


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    books = sqlite_books(tmp_path / "ledger.db", "one", 60.0)
    books.ledger.admit(OURS)
    books.close()
    monkeypatch.setenv("FILEFERRY_LEDGER__PATH", str(tmp_path / "ledger.db"))
    file = tmp_path / "fileferry.log"
    file.write_text("\n".join(LINES) + "\n")
    return file


def test_it_shows_the_lines_of_that_transfer_alone(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in (OURS.id, OURS.id[-12:], OURS.request.number, OURS.request.task_number):
        logs(name, EXAMPLE, log)
        assert capsys.readouterr().out.splitlines() == [
            "2026-11-29 22:24:51 info     transfer taken up stage=received",
            "2026-11-29 22:24:51 info     step failed code=remote.dropped reason=gone\\u001b[2J",
        ]


def test_json_is_what_stands_there(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logs(OURS.id, EXAMPLE, log, json=True)
    assert capsys.readouterr().out.splitlines() == [LINES[1], LINES[4]]


def test_the_journal_is_asked_for_our_unit(
    log: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    program = log.parent / "journalctl"
    wanted = "for each; do [ $each = --unit=$WANTED ] && exec /bin/cat"
    program.write_text(f"#!/bin/sh\n{wanted} {log}\ndone\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(log.parent))
    for unit in ("fileferry", "ferry-2"):
        monkeypatch.setenv("WANTED", unit)
        logs(OURS.request.number, EXAMPLE, unit=unit)
        assert len(capsys.readouterr().out.splitlines()) == 2
    # A variable names it for good, and is no stray setting.
    monkeypatch.setenv("FILEFERRY_UNIT", "ferry-2")
    typed = ["logs", OURS.request.number, "--config", str(EXAMPLE)]
    done = CliRunner().invoke(app, typed)
    assert (done.exit_code, len(done.output.splitlines())) == (0, 2)


def test_where_no_line_names_it_that_is_said(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended:
        logs("RITM0099999", EXAMPLE, log)
    assert ended.value.exit_code == 1
    said = capsys.readouterr()
    assert (said.out, said.err.startswith("No line about RITM0099999")) == ("", True)


def test_without_the_ledger_it_says_that_lines_may_be_missing(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (log.parent / "ledger.db").write_bytes(b"no ledger" * 100)
    logs(OURS.request.number, EXAMPLE, log)
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 2
    assert "itself are shown, for [ledger.unusable]" in said.err


def test_without_journal_or_file_it_is_one_sentence(
    log: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(log.parent))
    for file in (None, log.parent / "absent.log"):
        with pytest.raises(typer.Exit) as ended:
            logs(OURS.id, EXAMPLE, file)
        assert ended.value.exit_code == 1
        [said] = capsys.readouterr().err.splitlines()
        assert "cannot be read: No such file or directory. Is it of another log?" in said
        assert said.endswith("name its file with --file.")
