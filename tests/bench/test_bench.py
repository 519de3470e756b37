"""The bench runs and says what it should; how fast anything was is not asserted here."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import pytest

from cloud.functions import FUNCTIONS
from tests.bench import cold, report, service
from tests.bench.compiled import compile_all, environment
from tests.bench.meter import Meter
from tests.bench.results import Results, Sample, floor, reached
from tests.bench.workloads import (
    CURL,
    CURL_LOCAL,
    HASHING,
    MD5_ALONE,
    NAIVE,
    OURS,
    PEERS,
    RCLONE,
    READ_ALONE,
    SHA256_ALONE,
    WORKLOADS,
    Figure,
)
from tests.servers import need
from tests.servers.openssh import descendants

TOP = Path(__file__).parents[2]


def test_measures_and_prints_and_writes_a_table(tmp_path: Path) -> None:
    for program in ("nginx", "sshd"):
        need(program)
    begin, end = report.marks_of(report.BENCH)
    page = tmp_path / "page.md"
    page.write_text(f"before\n{begin}\nold\n{end}\nafter\n")
    words = [*("--runs", "1", "--shrink", "512"), *("--only", "sftp-five", "sftp-tls")]
    words += ["--clients", OURS, RCLONE, NAIVE, *PEERS, "--write", str(page)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", *words],
        cwd=TOP, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if "SFTP 5 × 512 KiB" in line]
    assert any(OURS in line and NAIVE in line and ("yes" in line or "no" in line) for line in lines)
    assert "SFTP 1 × 2 MiB, S3 over TLS" in done.stdout
    written = page.read_text()
    assert "old" not in written
    assert f"| SFTP 5 × 512 KiB | {OURS} |" in written
    assert written.startswith("before\n")
    assert written.endswith("after\n")


def test_what_is_measured_is_compiled_whatever_the_caller_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path / "elsewhere"))
    (tmp_path / "room").mkdir()
    (tmp_path / "room" / "part.py").write_text("ONE = 1\n")
    compile_all([tmp_path / "room"])
    assert len(list(tmp_path.glob("room/__pycache__/part.*.pyc"))) == 1
    assert not [name for name in environment() if name.startswith("PYTHON")]


def test_a_client_that_is_not_asked_for_is_left_out() -> None:
    [one, *_] = WORKLOADS
    assert one.by({OURS, RCLONE}).clients == (OURS, RCLONE)


def test_an_older_figure_that_was_stricter_stays_to_be_seen() -> None:
    results = Results()
    results.samples["ftp-one", OURS] = samples(1.7)
    results.samples["ftp-one", RCLONE] = samples(1)
    [row, *_] = reached(results, WORKLOADS)
    assert row[3:7] == ("1.70", "1.70 – 1.70", "≤ 1.75, once ≤ 1.6", "yes, no")


def test_what_a_process_took_is_kept_when_it_has_ended() -> None:
    with subprocess.Popen(["sh", "-c", "trap '' CHLD; sh -c 'while :; do :; done' & wait"]) as root:
        with Meter({"server": root.pid}) as meter:
            assert until(lambda: meter.spent("server") >= 0.1)
            for pid in descendants(root.pid):
                os.kill(pid, signal.SIGKILL)
            assert until(lambda: root.poll() is not None)
        assert meter.spent("server") >= 0.1


def until(happened: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 60
    while not happened() and time.monotonic() < deadline:
        time.sleep(0.01)
    return happened()


def test_the_service_is_measured_whole() -> None:
    for program in ("nginx", "sshd"):
        need(program)
    asked = Namespace(requests=2, files=0, writes=False)
    figures = service.measured(TOP, asked)
    assert figures.rate > 0
    assert figures.cpu > 0
    assert figures.calls >= 4
    assert (figures.writes, figures.files) == (None, None)


def test_a_service_is_judged_by_its_ratio_to_the_other_of_the_same_round() -> None:
    def taken(rate: float, cpu: float, calls: float) -> service.Figures:
        return service.Figures(
            rate=rate, cpu=cpu, instance=50, calls=calls, writes=None, files=None
        )

    rounds = [(taken(30, 20, 9), taken(8, 80, 23)), (taken(20, 40, 9), taken(10, 90, 23))]
    rows = {row[0]: row[4:] for row in service.table(rounds)}
    assert rows["requests a second"] == ("2.88 (2.00 – 3.75)", "≥ 3 ×", "no")
    assert rows["CPU ms of the daemon a request"] == ("0.35 (0.25 – 0.44)", "≤ 0.4 ×", "yes")
    assert rows["calls to ServiceNow a request"][1:] == ("≤ 10", "yes")
    assert rows["CPU ms of the simulated instance a request"][1:] == ("–", "–")
    assert len(rows) == 4


def test_a_figure_that_is_not_reached_has_its_floor_beside_it() -> None:
    results, figure = Results(), Figure("ftp-one", OURS, RCLONE, 1.0)
    for client, cpu in ((OURS, 3.0), (CURL, 1.2), (CURL_LOCAL, 0.4), (READ_ALONE, 0.25)):
        results.samples["ftp-one", client] = [Sample(wall=1.0, cpu=cpu, peak=1)]
    assert floor(figure, results) == ""
    for client, cpu in ((MD5_ALONE, 1.25), (SHA256_ALONE, 0.5)):
        results.samples["ftp-one", client] = [Sample(wall=1.3, cpu=cpu, peak=1)]
    assert floor(figure, results) == (
        "2.40 CPU s: 0.65 curl, from a file and reading + 1.75 digests; between +0.60 CPU s; "
        "one thread for MD5 alone 1.30 s"
    )
    results.samples["ftp-one", RCLONE], results.samples["ftp-one", CURL] = samples(0.8), samples(2)
    assert floor(figure, results).endswith("; curl, from a file took 1.25 of the wall, S3 unread")


def samples(*walls: float) -> list[Sample | None]:
    return [Sample(wall=wall, cpu=1.0, peak=100 * 10**6) if wall else None for wall in walls]


def test_a_ratio_is_taken_within_a_round() -> None:
    results = Results()
    results.samples["sftp-one", OURS] = samples(1, 20, 3)
    results.samples["sftp-one", RCLONE] = samples(2, 10, 4)
    assert results.ratios(Figure("sftp-one", OURS, RCLONE, 1.2)) == [0.5, 2.0, 0.75]


def test_a_round_in_which_one_failed_says_nothing() -> None:
    results = Results()
    results.samples["sftp-one", OURS] = samples(1, 0, 3)
    results.samples["sftp-one", RCLONE] = samples(2, 10, 0)
    assert results.ratios(Figure("sftp-one", OURS, RCLONE, 1.2)) == [0.5]


def test_a_figure_is_reached_by_the_median() -> None:
    results = Results()
    results.samples["sftp-one", OURS] = samples(1, 1, 9)
    results.samples["sftp-one", HASHING] = samples(1.25, 1.25, 1)
    [row] = [row for row in reached(results, WORKLOADS) if row[2] == HASHING]
    assert row[3:7] == ("0.80", "0.80 – 9.00", "≤ 0.65", "no")


def test_the_memory_that_counts_is_the_most() -> None:
    results = Results()
    results.samples["sftp-one", OURS] = [
        Sample(wall=1, cpu=1, peak=peak * 10**6) for peak in (90, 121, 95)
    ]
    [row] = [row for row in reached(results, WORKLOADS) if "memory" in row[2]]
    assert row[3:7] == ("121.0", "90.0 – 121.0", "≤ 80", "no")


def test_a_cold_start_is_measured_in_its_parts() -> None:
    [(function, parts)] = cold.measured(FUNCTIONS[-1:], runs=1)
    assert function.name == "Cleanup"
    assert len(parts) == len(cold.PARTS)
    assert min(parts) >= 0.0


def test_a_page_without_marks_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing to put a table in\n")
    with pytest.raises(ValueError, match="no marks"):
        report.rewrite(page, "table")
