"""The text file is what node_exporter takes, and begins with every series at nought."""

from __future__ import annotations

import math
import os
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from adapters.running.retries import retrying
from adapters.running.trouble import Board
from adapters.telemetry.figures import Meters
from adapters.telemetry.textfile import TextFile
from daemon.telemetry import Unwritten
from tests.servers import need
from tests.servers.ports import free_port
from tests.transfer.bench import Bench, Fuse
from tests.transfer.test_advance import SCENES, Scene, delivered
from transfer.errors import Code, Transient
from transfer.journey import travel
from transfer.model import Outcome, Route
from transfer.ports import Standing

OWN = ("partner", "in_process")
FULL = Standing(unfinished=7, oldest=90.5, calls_left=3, ledger_bytes=4096, held=2)


def _label(name: str, value: str) -> str:
    return str(float(value)) if name == "le" else value


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "fileferry.prom"


def series(text: str) -> dict[tuple[str, ...], float]:
    """By name and the values of the labels, in the order of the labels' names. The bound of a
    bucket is a number, which may be written in more than one way.
    """
    return {
        (sample.name, *(_label(name, sample.labels[name]) for name in sorted(sample.labels))): (
            sample.value
        )
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_all_that_can_be_counted_stands_there_with_nought(file: Path) -> None:
    TextFile(file, {"partner", "bank"}, "1.2")
    found = series(file.read_text())
    for destination in ("partner", "bank", "other"):
        for door in Route:
            assert found["fileferry_retries_total", destination, door] == 0
            for outcome in Outcome:
                assert found["fileferry_transfers_total", destination, door, outcome] == 0
    assert found["fileferry_info", "1.2"] == 1
    assert math.isnan(found["fileferry_servicenow_calls_left",])
    assert math.isnan(found["fileferry_ledger_bytes",])


def test_a_destination_that_a_reload_brings_stands_there_too(file: Path) -> None:
    destinations = {"bank"}
    meter = TextFile(file, destinations, "1")
    destinations.add("partner")
    meter.again(Bench().received())
    meter.standing(FULL)
    found = series(file.read_text())
    assert found["fileferry_destinations_held",] == 2
    assert found["fileferry_retries_total", *OWN] == 1
    assert found["fileferry_transfers_total", *OWN, "failed"] == 0


@pytest.mark.parametrize("scene", SCENES)
def test_each_end_is_counted_with_its_outcome(scene: Scene, file: Path) -> None:
    bench = Bench()
    meter = TextFile(file, {"partner"}, "1")
    tools = replace(bench.tools(), meter=meter)
    done = travel(bench.received(**scene(bench)), tools, retrying(1, 0.01))
    where = ("partner" if done.request.destination == "partner" else "other", "in_process")
    found = series(file.read_text())
    assert found["fileferry_transfers_total", *where, str(done.outcome)] == 1
    assert sum(value for name, value in found.items() if "transfers_total" in name[0]) == 1
    arrived = sum(len(data) for data in bench.remotes.files.values())
    assert found["fileferry_delivered_bytes_total", *where] == arrived
    assert found["fileferry_transfer_duration_seconds_count", *where] == 1


def test_what_is_tried_again_is_counted(file: Path) -> None:
    bench = Bench()
    asked = delivered(bench)
    tools = replace(
        bench.tools(Fuse(3, error=Transient(Code.LEDGER_BUSY, "Busy."))),
        meter=Meters(TextFile(file, {"partner"}, "1")),
    )
    travel(bench.received(**asked), tools, retrying(3, 0.001, lambda _: None))
    assert series(file.read_text())["fileferry_retries_total", *OWN] == 1


def test_what_is_set_aside_is_counted_at_once(file: Path) -> None:
    meter = Meters(TextFile(file, {"partner"}, "1"))
    assert series(file.read_text())["fileferry_quarantines_total", *OWN] == 0
    meter.quarantined(Bench().received())
    assert series(file.read_text())["fileferry_quarantines_total", *OWN] == 1


def test_another_user_may_read_it_whatever_the_umask(file: Path) -> None:
    before = os.umask(0o077)
    try:
        Meters(TextFile(file, frozenset(), "1")).standing(FULL)
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert [each.name for each in file.parent.iterdir()] == [file.name]


def test_a_directory_that_takes_nothing_breaks_no_work_and_is_told_of_once(tmp_path: Path) -> None:
    absent = tmp_path / "absent"
    with capture_logs() as said:
        meter = TextFile(absent / "fileferry.prom", (), "1")
        meter.standing(FULL)
        absent.mkdir()
        meter.standing(FULL)
    assert [each["event"] for each in said] == ["metrics not told", "metrics told again"]
    assert said[0]["reason"] == "No such file or directory"


def test_that_it_cannot_be_written_stands_on_the_board_until_it_is(tmp_path: Path) -> None:
    board, absent = Board(), tmp_path / "absent"
    meter = TextFile(absent / "fileferry.prom", (), "1", Unwritten(board.trouble("metrics")))
    [seen] = board.seen()
    assert (seen.what, seen.code) == ("metrics", Code.METRICS_UNWRITTEN)
    assert f"{absent}/fileferry.prom cannot be written: No such file" in seen.message
    absent.mkdir()
    meter.standing(FULL)
    assert board.seen() == []


def test_nothing_that_lies_in_its_way_is_written_through(file: Path) -> None:
    """Who may write to the directory must not have us write elsewhere."""
    elsewhere = file.with_name("elsewhere")
    elsewhere.write_text("untouched")
    file.with_name(f".{file.name}.{os.getpid()}").symlink_to(elsewhere)
    file.symlink_to(elsewhere)
    with capture_logs():
        meter = TextFile(file, frozenset(), "1")
    meter.standing(FULL)
    assert elsewhere.read_text() == "untouched"
    assert series(file.read_text())["fileferry_unfinished_transfers",] == 7


def test_node_exporter_takes_it_as_it_is_also_by_a_link(file: Path) -> None:
    meter = TextFile(file, {"bank"}, "1")
    meter.standing(FULL)
    (collected := file.parent / "collected").mkdir()
    (link := collected / file.name).symlink_to(file)
    with node_exporter(collected) as url:
        found = series(requests.get(url, timeout=60).text)
    assert found["node_textfile_scrape_error",] == 0
    assert found["node_textfile_mtime_seconds", str(link)] > 0
    ours = series(file.read_text())
    assert len(ours) > 50
    assert {name: found[name] for name in ours} == ours


@contextmanager
def node_exporter(directory: Path) -> Iterator[str]:
    """With the textfile collector alone; yields the address of its metrics."""
    port = free_port()
    words = (
        need("prometheus-node-exporter"),
        "--collector.disable-defaults",
        "--collector.textfile",
        f"--collector.textfile.directory={directory}",
        f"--web.listen-address=127.0.0.1:{port}",
    )
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as running:
        url = f"http://127.0.0.1:{port}/metrics"
        try:
            until = time.monotonic() + 60
            while not _answers(url):
                assert running.poll() is None
                assert time.monotonic() < until
                time.sleep(0.05)
            yield url
        finally:
            running.kill()


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=60).ok
    except requests.ConnectionError:
        return False
