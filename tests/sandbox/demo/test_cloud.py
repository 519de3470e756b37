"""`fileferry demo --cloud` as a process: deployed, carried by Step Functions, judged."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sandbox.ministack.installing import is_there
from tests.sandbox.demo.test_demo import LINUX, children, demo, eventually, is_gone
from tests.servers import absent


@pytest.fixture(autouse=True)
def _installed() -> None:
    if not is_there():
        absent("ministack (.ci/servers)")


def test_each_request_goes_by_step_functions_and_ends_as_it_should(tmp_path: Path) -> None:
    with demo(tmp_path, "--cloud") as process:
        said, _ = process.communicate(timeout=1200)
    assert process.returncode == 0, said
    assert "Each request ended as it should; what arrived hashes to its source." in said
    way = r"^  (RITM\d{7})  by Step Functions: ff-\1-[0-9a-f]{12}-g1-e\d+$"
    assert len(set(re.findall(way, said, re.MULTILINE))) == 6
    assert re.search(r"^  RITM\d{7}  by none$", said, re.MULTILINE)
    assert len(re.findall(r"^ RITM\d{7}  delivered ", said, re.MULTILINE)) == 4
    assert list(tmp_path.iterdir()) == []


@LINUX
def test_a_sudden_end_leaves_no_process_behind(tmp_path: Path) -> None:
    with demo(tmp_path, "--cloud") as process:
        eventually(lambda: len(children(process.pid)) == 2)
        started = children(process.pid)
        process.kill()
        process.wait(60)
        eventually(lambda: all(is_gone(pid) for pid in started))
