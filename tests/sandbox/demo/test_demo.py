"""`fileferry demo` as a process, from the first order to the last checksum, and under signals."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox.demo.command import present

COMMAND = [sys.executable, "-m", "sandbox", "demo", "--size", "3"]
ASTRAY = {
    "AWS_PROFILE": "absent",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "FILEFERRY_POLL__EVERY": "never",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "REQUESTS_CA_BUNDLE": os.devnull,
}
"""Surroundings that must not lead the demo astray."""
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@contextmanager
def demo(directory: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The demo, with its temporary files in `directory`; killed at the end of the block."""
    environment = {**os.environ, **ASTRAY, "TMPDIR": str(directory)}
    with subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(0.02)


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_gone(pid: int) -> bool:
    """Ended; a zombie that a lazy init has not buried counts."""
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_each_request_ends_as_it_should(tmp_path: Path) -> None:
    with demo(tmp_path) as process:
        said, _ = process.communicate(timeout=150)
    assert process.returncode == 0, said
    assert "Each request ended as it should; what arrived hashes to its source." in said
    assert len(re.findall(r"^ RITM\d{7}  delivered ", said, re.MULTILINE)) == 4
    assert len(re.findall(r"INC\d{7}", said)) == 12
    assert re.search(r"^ RITM\d{7}  not taken up +q1/march.csv\s*$", said, re.MULTILINE)
    for words in ("3,145,728", "Übersicht März 2026", "source.missing", "grant.missing"):
        assert words in said
    assert list(tmp_path.iterdir()) == []


@LINUX
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)]
)
def test_a_signal_leaves_no_process_behind(tmp_path: Path, number: int, code: int) -> None:
    with demo(tmp_path) as process:
        eventually(lambda: len(children(process.pid)) == 2)
        started = children(process.pid)
        process.send_signal(number)
        assert process.wait(60) == code
        eventually(lambda: all(is_gone(pid) for pid in started))
        said = process.stdout.read() if process.stdout else ""
    if number != signal.SIGKILL:
        assert "Ending FileFerry and the stand-ins" in said
        assert list(tmp_path.iterdir()) == []


@LINUX
def test_a_daemon_that_dies_is_named_with_its_log(tmp_path: Path) -> None:
    with demo(tmp_path) as process:
        eventually(lambda: len(children(process.pid)) == 2)
        os.kill(children(process.pid)[1], signal.SIGKILL)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "The daemon ended with signal 9. The end of its log:" in said
    assert "Nothing stays of it" in said
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))
    assert present(keep=False, size=1, timeout=60) == 1
    assert f"No such file or directory: '{tmp_path}" in capsys.readouterr().out.replace("\n", "")


def test_the_deadline_ends_it_and_keep_leaves_the_logs(tmp_path: Path) -> None:
    with demo(tmp_path, "--timeout", "1", "--keep") as process:
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 1, said
    [kept] = tmp_path.iterdir()
    assert f"The logs and the ledger stay in {kept}." in said
    assert (kept / "sandbox.log").exists()


@LINUX
def test_keep_leaves_it_up_until_ctrl_c(tmp_path: Path) -> None:
    with demo(tmp_path, "--keep") as process:
        assert process.stdout
        said = ""
        while "Ctrl-C ends it all" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        assert re.search(r"Requests and tickets: https://127\.0\.0\.1:\d+/", said)
        assert len(children(process.pid)) == 2
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
