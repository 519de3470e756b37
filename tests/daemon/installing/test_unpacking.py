"""A version gets a folder of its own; two links say which one is used, and which was before."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.installing.layout import Layout, done, plainly
from daemon.installing.unpacking import alone, interpreter, read, rolled_back, unpacked
from tests.daemon.installing.releases import install, put_in, released
from transfer.errors import Code, Permanent


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "root")


def says(program: Path) -> str:
    return subprocess.run([program, "x"], check=True, capture_output=True, text=True).stdout


def test_a_release_leaves_the_rest_to_the_version_that_it_made(
    tmp_path: Path, layout: Layout, capfd: pytest.CaptureFixture[str]
) -> None:
    assert install(released(tmp_path, "1.0"), layout, print_only=False) == 0
    assert f"1.0 was asked to install --root {layout.root}" in capfd.readouterr().out
    assert says(layout.versions / "1.0-1" / "bin" / "fileferry") == "1.0 was asked to x\n"


def test_no_tool_lands_on_the_host_and_all_may_run_it(tmp_path: Path, layout: Layout) -> None:
    before = os.umask(0o077)
    try:
        with plainly():
            version = put_in(released(tmp_path, "1.0"), layout)
    finally:
        os.umask(before)
    assert not [*version.rglob("pip*"), *version.rglob("setuptools*")]
    for each in (version, *version.rglob("*")):
        mode = each.lstat().st_mode
        if not stat.S_ISLNK(mode):
            assert mode & 0o005 == (0o005 if stat.S_ISDIR(mode) else mode & 0o001 | 0o004), each
    assert (version / "bin" / "fileferry").stat().st_mode & 0o777 == 0o755


def test_a_second_time_nothing_is_made(tmp_path: Path, layout: Layout) -> None:
    archive = released(tmp_path, "1.0")
    version = put_in(archive, layout)
    again, acts = unpacked(read(archive), layout)
    assert (again, [act.verb for act in acts]) == (version, ["keep"])


def test_what_a_kill_has_left_is_made_anew(tmp_path: Path, layout: Layout) -> None:
    half = layout.versions / "1.0-1"
    half.mkdir(parents=True)
    (half / "half").touch()
    assert put_in(released(tmp_path, "1.0"), layout) == half
    assert not (half / "half").exists()


def test_an_upgrade_and_a_roll_back_switch_two_links(tmp_path: Path, layout: Layout) -> None:
    put_in(released(tmp_path, "1.0"), layout)
    put_in(released(tmp_path, "1.1"), layout)
    assert says(layout.current / "bin" / "fileferry") == "1.1 was asked to x\n"
    version, acts = rolled_back(layout)
    done(acts)
    assert version.name == "1.0-1"
    assert says(layout.current / "bin" / "fileferry") == "1.0 was asked to x\n"
    assert str(layout.previous.readlink()) == "1.1-1"


def test_another_build_of_a_version_gets_another_folder(tmp_path: Path, layout: Layout) -> None:
    put_in(released(tmp_path / "a", "1.0"), layout)
    assert put_in(released(tmp_path / "b", "1.0", unit="[Unit]\n"), layout).name == "1.0-2"


def test_nothing_before_is_nothing_to_go_back_to(tmp_path: Path, layout: Layout) -> None:
    put_in(released(tmp_path, "1.0"), layout)
    with pytest.raises(Permanent, match="no version before") as caught:
        rolled_back(layout)
    assert caught.value.code == Code.INSTALL_FAILED


def test_two_do_not_install_at_once(layout: Layout) -> None:
    with alone(layout), pytest.raises(Permanent, match="Another"), alone(layout):
        pytest.fail("both were let in")


def test_a_python_that_the_service_cannot_reach_is_not_taken(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    own = closed / "python3.11"
    own.symlink_to(sys.executable)
    barred = str(own.parent.resolve() / "real")
    Path(barred).write_text("")
    Path(barred).chmod(0o755)
    with pytest.raises(Permanent, match="closed to other users"):
        interpreter(Layout(), barred, ())
    assert interpreter(Layout(), barred, ("/usr/bin/env",)) == "/usr/bin/env"
    assert interpreter(Layout(tmp_path), barred, ()) == barred


def test_another_machine_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = released(tmp_path, "1.0")
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(Permanent, match="this is riscv64"):
        read(archive)


def test_printing_changes_nothing(
    tmp_path: Path, layout: Layout, capsys: pytest.CaptureFixture[str]
) -> None:
    assert install(released(tmp_path, "1.0"), layout, print_only=True) == 0
    said = capsys.readouterr().out
    assert "current -> 1.0-1" in said
    assert "fileferry.service" in said
    assert f"write   {layout.handed}\n" in said
    assert not layout.root.exists()


def test_what_the_system_refuses_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "root").write_text("a file")
    with pytest.raises(Permanent, match="Not a directory") as caught, plainly():
        put_in(released(tmp_path, "1.0"), Layout(tmp_path / "root"))
    assert caught.value.code == Code.INSTALL_FAILED
