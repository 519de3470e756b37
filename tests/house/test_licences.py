"""Every package that runs on a bastion has a row with its licence, which somebody has judged."""

from __future__ import annotations

import re
from importlib.metadata import version

from tests.house.licences import JUDGED, PAGE, licence, locked, page, parts
from tests.house.test_locks import versions

ROW = re.compile(r"(?m)^\| ([a-z0-9-]+) \| (\d[^ |]*) \| ([^|]+) \|$")


def test_the_page_is_what_lock_and_metadata_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: make licences"


def test_each_package_of_the_run_lock_has_a_row() -> None:
    rows = {name: number for name, number, _ in ROW.findall(PAGE.read_text(encoding="utf-8"))}
    windows = {"colorama", "tzdata"}
    assert rows == {name: number for name, number in versions("run").items() if name not in windows}


def test_what_is_installed_is_what_the_lock_names() -> None:
    assert {name: version(name) for name, _ in locked()} == dict(locked())


def test_each_licence_was_judged() -> None:
    for name, _ in locked():
        assert set(parts(licence(name))) <= JUDGED.keys(), name
