"""`fileferry install` of a version that is there: back to the one before, secrets, and away."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from daemon.commands.install import install
from daemon.installing.furnishing import furnished
from daemon.installing.layout import Layout, done
from tests.daemon.installing.releases import UNIT, put_in, released


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """Upgraded from 1.0 to 1.1, whose unit is another one."""
    layout = Layout(tmp_path / "root")
    for version, unit in (("1.0", UNIT), ("1.1", f"{UNIT}Nice=1\n")):
        made = put_in(released(tmp_path, version, unit), layout)
        done(furnished(layout, made / "share"))
    return layout


def test_a_roll_back_brings_the_unit_of_the_version_before(
    layout: Layout, capfd: pytest.CaptureFixture[str]
) -> None:
    install(root=layout.root, rollback=True)
    said = capfd.readouterr().out
    assert str(layout.current.readlink()) == "1.0-1"
    assert layout.unit.read_text() == UNIT
    assert "1.0 was asked to config check" in said
    assert "1. ${EDITOR:-vi} /etc/fileferry/fileferry.yaml" in said
    install(root=layout.root, rollback=True)
    assert str(layout.current.readlink()) == "1.1-1"


def test_the_secrets_are_handed_over_anew_after_an_edit(
    layout: Layout, capfd: pytest.CaptureFixture[str]
) -> None:
    text = layout.configuration.read_text()
    layout.configuration.write_text(text.replace("bank-key", "other-key"))
    install(root=layout.root, credentials=True)
    handed = "LoadCredential=other-key:/etc/fileferry/credentials/other-key\n"
    assert handed in layout.handed.read_text()
    assert (
        "install -m 600 /dev/stdin /etc/fileferry/credentials/other-key" in capfd.readouterr().err
    )


def test_a_faulty_configuration_keeps_the_secrets_as_they_were(layout: Layout) -> None:
    install(root=layout.root, credentials=True)
    before = layout.handed.read_text()
    layout.configuration.write_text("servicenow: {}\n")
    with pytest.raises(typer.Exit) as ended:
        install(root=layout.root, credentials=True)
    assert ended.value.exit_code == 3
    assert layout.handed.read_text() == before


def test_printing_takes_nothing_away(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    install(root=layout.root, uninstall=True, print_only=True)
    assert f"remove  {layout.versions}" in capsys.readouterr().out
    assert layout.command.is_file()
    for verb in ("write", "keep "):
        install(root=layout.root, rollback=True, print_only=True)
        assert f"{verb}   {layout.handed}\n" in capsys.readouterr().out
        install(root=layout.root, credentials=True)
        capsys.readouterr()


def test_a_version_that_is_not_installed_says_how(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit):
        install(root=tmp_path)
    assert "python3 fileferry-VERSION.pyz install" in capsys.readouterr().err
    assert not [*tmp_path.iterdir()]
