"""What a person has edited stays; what a version brings is put in its place, and taken away."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.loading import load
from config.secrets import names_of_all
from daemon.installing.furnishing import furnished, handed, removed
from daemon.installing.layout import Layout, done
from tests.daemon.installing.releases import UNIT, put_in, released


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """With version 1.0 on it, furnished."""
    layout = Layout(tmp_path / "root")
    version = put_in(released(tmp_path, "1.0"), layout)
    done(furnished(layout, version / "share"))
    return layout


def again(layout: Layout) -> list[str]:
    acts = [*furnished(layout, layout.current / "share")]
    done(acts)
    return [act.verb for act in acts]


def test_everything_has_its_place(layout: Layout) -> None:
    assert layout.unit.read_text() == UNIT
    assert layout.command.resolve() == (layout.current / "bin" / "fileferry").resolve()
    assert layout.credentials.stat().st_mode & 0o777 == 0o700
    assert layout.configuration.stat().st_mode & 0o777 == 0o644
    assert (layout.shared / "man1" / "fileferry.1").read_text() == "manual"
    assert load(layout.configuration).destinations


def test_a_second_time_all_is_kept(layout: Layout) -> None:
    assert set(again(layout)) == {"keep"}


def test_an_edited_configuration_stays(layout: Layout) -> None:
    layout.configuration.write_text("mine: yes\n")
    again(layout)
    assert layout.configuration.read_text() == "mine: yes\n"
    assert load(layout.configuration.with_name("fileferry.example.yaml")).destinations


def test_an_edited_unit_is_kept_beside(layout: Layout) -> None:
    layout.unit.write_text(f"{UNIT}MemoryMax=2G\n")
    again(layout)
    assert layout.unit.read_text() == UNIT
    assert layout.unit.with_name("fileferry.service.edited").read_text().endswith("2G\n")
    for _ in range(2):
        layout.unit.write_text(f"{UNIT}MemoryMax=3G\n")
        again(layout)
    kept = sorted(layout.unit.parent.glob("*.edited*"))
    assert [each.read_text()[-3:] for each in kept] == ["2G\n", "3G\n"]


def test_the_unit_of_the_version_before_is_no_edit(tmp_path: Path, layout: Layout) -> None:
    version = put_in(released(tmp_path, "1.1", unit=f"{UNIT}Nice=1\n"), layout)
    done(furnished(layout, version / "share"))
    assert layout.unit.read_text().endswith("Nice=1\n")
    assert not layout.unit.with_name("fileferry.service.edited").exists()


def test_credentials_that_stand_open_are_closed(layout: Layout) -> None:
    layout.credentials.chmod(0o755)
    assert again(layout).count("make") == 1
    assert layout.credentials.stat().st_mode & 0o777 == 0o700


def test_each_secret_is_handed_over_once(layout: Layout) -> None:
    names = [*names_of_all(load(layout.configuration))]
    done([handed(layout, [*names, *names])])
    lines = layout.handed.read_text().splitlines()
    assert lines[1:] == [
        "[Service]",
        "LoadCredential=bank-key:/etc/fileferry/credentials/bank-key",
        "LoadCredential=servicenow:/etc/fileferry/credentials/servicenow",
    ]


def test_configuration_and_secrets_outlive_it(layout: Layout) -> None:
    (layout.credentials / "servicenow").write_text("canary")
    done([handed(layout, ["servicenow"])])
    done(removed(layout))
    left = [file.relative_to(layout.root) for file in layout.root.rglob("*") if file.is_file()]
    assert sorted(map(str, left)) == [
        "etc/fileferry/credentials/servicenow",
        "etc/fileferry/fileferry.example.yaml",
        "etc/fileferry/fileferry.yaml",
    ]
    assert {act.verb for act in removed(layout)} == {"absent"}
