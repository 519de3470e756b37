"""What operators hold back, and that a pause is on the disk before it is acknowledged."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from adapters.running.gate import ALL, Gate, Pause
from tests.transfer.made import NOON
from transfer.errors import Code, Permanent


def word(destination: str, reason: str = "") -> Pause:
    return Pause(destination=destination, by="root@host", at=NOON, reason=reason)


def test_a_pause_holds_its_destination_and_stands_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db.paused"
    gate = Gate(file)
    assert gate.pause(word("bank", "key\nchange"))
    assert not gate.pause(word("bank", "another"))
    assert (gate.held("bank"), gate.held("vault"), gate.closed()) == (gate.pauses[0], None, None)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert Gate(file).pauses == (word("bank", "key\nchange"),)
    assert gate.resume("bank", "root")
    assert not gate.resume("bank", "root")
    assert Gate(file).pauses == ()
    assert [each.name for each in tmp_path.iterdir()] == [file.name]


def test_all_is_paused_besides_and_a_drain_ends_with_the_process(tmp_path: Path) -> None:
    gate = Gate(tmp_path / "paused")
    gate.pause(word("bank"))
    gate.pause(word(ALL))
    gate.drain(word(ALL, "upgrade"))
    assert gate.held("vault") == gate.closed() == word(ALL)
    heir = Gate(tmp_path / "paused")
    assert (heir.closed(), heir.drained) == (word(ALL), None)
    assert gate.resume(ALL, "root")
    assert (gate.closed(), gate.held("bank")) == (None, word("bank"))


def test_a_drain_holds_nothing_that_moves(tmp_path: Path) -> None:
    gate = Gate(tmp_path / "paused")
    gate.drain(word(ALL))
    assert (gate.held("bank"), gate.closed()) == (None, word(ALL))
    assert gate.resume(ALL, "root")
    assert gate.closed() is None


def test_what_cannot_be_written_is_not_acknowledged(tmp_path: Path) -> None:
    gate = Gate(tmp_path / "absent" / "paused")
    with pytest.raises(Permanent) as caught:
        gate.pause(word("bank"))
    assert caught.value.code is Code.CONTROL_REFUSED
    assert gate.pauses == ()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"paused": [{"destination": "bank"}]}', "\xff"])
def test_a_file_that_nobody_can_read_pauses_all(tmp_path: Path, text: str) -> None:
    """Nobody knows what it held back: a payment too early is worse than one too late."""
    file = tmp_path / "paused"
    file.write_bytes(text.encode("latin-1"))
    gate = Gate(file)
    held = gate.held("bank")
    assert held
    assert "cannot be read" in held.reason
    assert gate.resume(ALL, "root")
    assert Gate(file).pauses == ()
