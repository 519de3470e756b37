"""A ledger in which a byte has flipped is refused, or says what it always said."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.ledger.filled import everything, fill
from transfer.errors import Code, FerryError

FLIPS = 400
SEED = 20261123


MEMORY = Path("/dev/shm")  # noqa: S108 a directory of its own is made in it
"""Where hundreds of ledgers are written without waiting for a disk."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    if not MEMORY.is_dir():
        yield tmp_path_factory.mktemp("damage")
        return
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        yield Path(name)


@pytest.fixture(scope="module")
def whole(folder: Path) -> tuple[bytes, list[object]]:
    path = folder / "whole.db"
    fill(path)
    data = path.read_bytes()
    return data, everything(path)


def test_a_flipped_byte_is_refused_or_changes_nothing(
    folder: Path, whole: tuple[bytes, list[object]]
) -> None:
    data, told = whole
    chance, path, refused = random.Random(SEED), folder / "flipped.db", 0  # noqa: S311
    for _ in range(FLIPS):
        refused += judge(path, data, told, chance.randrange(len(data)), chance.randrange(1, 256))
    assert 0 < refused < FLIPS


def judge(path: Path, data: bytes, told: list[object], place: int, mask: int) -> bool:
    """Flip one byte; True when the ledger was refused. Fails when anything reads differently."""
    flipped = bytearray(data)
    flipped[place] ^= mask
    for beside in ("-wal", "-shm"):
        path.with_name(path.name + beside).unlink(missing_ok=True)
    path.write_bytes(flipped)
    found = read(path)
    if isinstance(found, FerryError):
        assert found.code is Code.LEDGER_UNUSABLE, (place, mask, found)
        return True
    assert found == told, f"byte {place} xor {mask} was read silently"
    return False


def read(path: Path) -> list[object] | FerryError:
    try:
        return everything(path)
    except FerryError as error:
        return error
