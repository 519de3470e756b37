"""What `status` prints: codes whole at any width, one line each in a pipe, and its exit code."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

from adapters.ledger.sqlite.books import sqlite_books
from adapters.ledger.sqlite.hostlock import HostLock
from adapters.terminal import Terminal
from daemon.commands import status
from daemon.commands.root import app
from daemon.commands.status_show import lines
from tests.daemon.ferry import until
from tests.daemon.served import Served
from tests.transfer.telling.hostile import innocent
from transfer.books import Record
from transfer.errors import Code, Permanent, Transient
from transfer.model import Outcome, Stage

LONGEST = max(Code, key=len)
SINCE = "2026-11-29T22:53:36+00:00"


def failed(code: Code = LONGEST) -> Record:
    record = innocent()
    head = record.transfer.failed(Permanent(code, "It went wrong."))
    head = head.evolve(stage=Stage.CLOSED, outcome=Outcome.FAILED)
    return replace(record, transfer=head, unsent=4)


def service(**changes: Any) -> dict[str, Any]:
    head = {"request": "RITM0010004", "destination": "bank", "stage": "pinned"}
    file = {"target": "/in/big.bin", "moved": 42, "size": 100, "bytes_a_second": 10}
    why = {"code": "window.closed", "reason": "The blackout lasts.", "until": SINCE}
    trouble = {"what": "bank", "code": LONGEST, "message": "No.", "action": "Wait.", "failures": 7}
    held = {"destination": "bank", "reason": "It said no.", "since": SINCE, "well": False}
    return {
        "state": "troubled",
        "well": False,
        "since": SINCE,
        "troubles": [{**trouble, "since": SINCE}],
        "running": [{**head, "files": [{**file, "seconds_left": 6}], "waits": None}],
        "running_count": 1,
        "waiting": [{**head, "waits": why}],
        "waiting_count": 31,
        "waiting_unknown": None,
        "destinations": [
            {**held, "held": "resting", "until": SINCE, "code": "remote.timeout", "failures": 5},
            {**held, "held": "bandwidth", "bytes_a_second": 10_000_000, "until": SINCE},
            {**held, "held": "quota", "files": 240, "most": 240, "until": SINCE},
            {**held, "held": "refused", "until": None, "code": "auth.refused", "failures": 0},
        ],
        "paused": [{"destination": "bank", "by": "root@host", "since": SINCE, "reason": "new key"}],
        "drained": {"destination": "", "by": "root@host", "since": SINCE, "reason": ""},
        "servicenow_calls": {"made": 46, "left": 954},
    } | changes


def printed(width: int | None, *records: Record, **changes: Any) -> list[str]:
    return list(lines(service(**changes), None, True, records, width))


@pytest.mark.parametrize("width", [20, 40, 60, 80, 200])
def test_a_code_is_whole_at_any_width(width: int) -> None:
    said = printed(width, failed())
    assert sum(LONGEST in line for line in said) == 2, "in trouble, and of the transfer"
    assert any("window.closed" in line for line in said)
    assert [line for line in said if cell_len(line) > max(width, len(LONGEST) + 6)] == []


def test_in_a_pipe_each_is_one_line_with_all_of_it() -> None:
    said = printed(None, failed())
    [row] = [line for line in said if line.startswith(failed().transfer.request.number)]
    assert f"failed ({LONGEST}, 4 unsent)" in row
    [trouble] = [line for line in said if line.startswith("bank: ")]
    assert trouble.endswith("7 failures. No. Wait.")


def test_it_names_what_runs_what_waits_and_who_paused() -> None:
    said = "\n".join(printed(None, ledger_checked=False))
    assert "being looked over" not in "\n".join(printed(None, ledger_checked=True))
    for words in (
        "The ledger is being looked over",
        "in trouble",
        "46 calls to ServiceNow in the last hour, 954 left",
        "/in/big.bin: 42 % of 100 bytes, 10 bytes/s, 0 min 6 s left",
        "RITM0010004 to bank waits: window.closed, again at ",
        "and 11 more waiting",
        "Destination bank is paused since",
        "Destination bank is held to 10.0 MB/s until ",
        "Destination bank: 240 of 240 files this hour, the next at ",
        "after 5 failed connections (remote.timeout), next try at ",
        "not tried again until its secret changes or `fileferry resume bank`. It said no.",
        "by root@host: new key",
        "Nothing new is begun: drained since",
        "No transfer to show.",
    ):
        assert words in said


@pytest.mark.parametrize(
    ("running", "words"),
    [
        (False, "The service is not running."),
        (True, f"does not answer: [{Code.CONTROL_ABSENT}]"),
        (None, "is not known"),
    ],
)
def test_without_the_service_the_ledger_speaks(running: bool | None, words: str) -> None:
    why = Transient(Code.CONTROL_ABSENT, "No service is running at /x.")
    said = list(lines(None, why, running, [failed()], None))
    assert words in said[0]
    assert any(LONGEST in line for line in said)


@pytest.mark.parametrize(("terminal", "json"), [(True, False), (False, False), (False, True)])
def test_a_watch_draws_again_and_again(*, terminal: bool, json: bool) -> None:
    stream, waits = io.StringIO(), list[float]()
    out = Terminal(file=stream, width=80, height=24, force_terminal=terminal)
    seen = status.Picture(service=service(), why=None, running=True, records=[failed()])
    status.watched(lambda: seen, out, json=json, pause=waits.append, times=iter(range(3)))
    assert stream.getvalue().count(LONGEST) == 6
    assert waits == [2.0 if terminal else 5.0] * 3


def test_the_exit_code_tells_whether_it_runs_and_is_well(served: Served) -> None:
    sqlite_books(served.directory / "ledger.db", "test", 60.0).close()

    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["status", "--config", str(served.config), *words])
        return done.exit_code, done.output

    served.socket.mkdir()
    code, said = run("--json")
    assert (code, json.loads(said)["unanswered"]["code"]) == (1, "control.foreign")
    served.socket.rmdir()
    assert run()[0] == 1
    with served.running():
        until(lambda: served.status()["well"])
        code, said = run("--json")
        assert (code, json.loads(said)["service"]["state"]) == (0, "well")
        served.inbox.failure = Transient(Code.SERVICENOW_UNREACHABLE, "No answer.")
        until(lambda: not served.status()["well"])
        code, said = run("--failed", "--since", "2h")
        assert code == 1
        assert "servicenow.unreachable" in said
    assert [run("--since", text)[0] for text in ("soon", "0h")] == [2, 2]


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(served: Served) -> Run:
    """A command on that configuration: its exit code, and what it says."""

    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, [*words, "--config", str(served.config)])
        return done.exit_code, done.output

    sqlite_books(served.directory / "ledger.db", "test", 60.0).close()
    return run


def test_a_pause_holds_while_the_service_is_down(served: Served, run: Run) -> None:
    down = "The service does not run; it begins with that.\n"
    assert run("pause", "nobody")[0] == 1
    assert run("pause", "--reason", "moving") == (0, f"All work is paused.\n{down}")
    assert run("pause", "partner") == (0, f"Destination partner is paused.\n{down}")
    assert run("resume", "partner") == (
        0,
        "Destination partner is not held by itself any more.\nAll work is still paused.\n" + down,
    )
    assert re.search(r"All work is paused since .* UTC by \S+: moving\n", run("status")[1])
    assert run("drain")[0] == 1
    # A service that has the ledger, and no socket, would not hear of it.
    lock = HostLock(served.directory / "ledger.db")
    before = (served.directory / "ledger.db.paused").read_bytes()
    assert run("resume")[0] == 1
    assert (served.directory / "ledger.db.paused").read_bytes() == before
    lock.release()
    with served.running():
        until(lambda: served.status()["well"])
        assert [each["destination"] for each in served.status()["paused"]] == [""]
        assert run("resume") == (0, "All work goes on.\n")
        # Somebody removes the socket.
        served.socket.unlink()
        until(served.socket.exists)
        assert run("resume") == (0, "All work was not paused.\n")


def test_commands_say_what_the_service_did(served: Served, run: Run) -> None:
    with served.running():
        until(lambda: served.status()["well"])
        assert run("pause", "partner") == (0, "Destination partner is paused.\n")
        assert run("pause", "partner") == (0, "Destination partner is paused already.\n")
        assert run("pause", "")[0] == 2
        assert run("resume", "partner") == (0, "Destination partner goes on.\n")
        assert run("resume") == (0, "All work was not paused.\n")
        code, said = run("drain", "--wait")
        assert (code, said.startswith("Nothing is under way; nothing new is begun")) == (0, True)
        run("pause"), run("pause", "partner")
        code, said = run("resume", "partner")
        assert said.splitlines() == [
            "Destination partner is not held by itself any more.",
            "All work is still paused.",
            "Nothing new is begun still: `fileferry resume` ends the drain.",
        ]
        assert run("resume") == (0, "All work goes on.\n")
        assert run("reload") == (0, "Read anew: nothing has changed.\n")


def test_a_faulty_file_hides_no_service_that_runs(served: Served, run: Run) -> None:
    with served.running():
        until(lambda: served.status()["well"])
        good = served.config.read_text()
        served.config.write_text(good + "pol: [\n")
        # Its state is told all the same, and that the file is another.
        code, said = run("status")
        assert (code, said.startswith("The service is running: well.")) == (3, True)
        assert "the configuration on the disk is faulty" in said
        assert f"The configuration file {served.config} is not in order" in said
        code, said = run("status", "--json")
        assert (code, json.loads(said)["configuration"]["code"]) == (3, "config.invalid")
        # A look at the ledger does not depend on the rest of the file.
        assert run("quarantine", "list") == (0, "Nothing is in quarantine.\n")
        code, said = run("show", "RITM0000000")
        assert (code, said.startswith("The ledger knows no transfer RITM0000000.")) == (1, True)
        code, said = run("reload")
        assert (code, "Nothing was changed" in said) == (3, True)
        served.config.write_text(good)
        served.config.write_text(served.config.read_text() + "pol: 1\n")
        code, said = run("reload")
        assert code == 3
        assert "pol: is not a setting" in said
        assert "pol: is not a setting" in run("status")[1]
        assert said.endswith("`fileferry config check` lists every fault.\n")
    # No service answers: the file is what is wrong.
    assert run("status") == (3, run("resume")[1])
