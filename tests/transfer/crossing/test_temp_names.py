"""What a file is called under way: by the destination's pattern, found again under an older one."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.transfer.bench import FINAL, Crash, Fuse
from tests.transfer.partner import DATA, SIDE, bench, carried
from transfer.destination import Conflict, Mode, Sidecar, TempNames
from transfer.model import Outcome

PATTERNS = {
    "usual": TempNames(),
    "no dot": TempNames(prefix="ff-", suffix=".tmp"),
    "suffix": TempNames(prefix="", suffix=".filepart"),
    "folder": TempNames(folder="tmp"),
}
NAMES = {
    "usual": r"/inbox/pay/\.ff-[0-9a-f]{12}-1-e1\.(part|side|old)",
    "no dot": r"/inbox/pay/ff-[0-9a-f]{12}-1-(e1|e1\.side|e1\.old)\.tmp",
    "suffix": r"/inbox/pay/[0-9a-f]{12}-1-(e1|e1\.side|e1\.old)\.filepart",
    "folder": r"/inbox/tmp/\.ff-[0-9a-f]{12}-1-e1\.(part|side|old)",
}
OLD = b"of yesterday"
SUM = Sidecar(name="{name}.sha256")
REPLACED: dict[str, Any] = {"on_conflict": Conflict.REPLACE, "sidecar": SUM}


@pytest.mark.parametrize("name", PATTERNS)
def test_every_file_of_ours_has_the_pattern(name: str) -> None:
    world = bench()
    world.remotes.files[FINAL] = bytearray(OLD)
    seen: set[str] = set()
    world.remotes.hooks.append(lambda *_: seen.update(world.remotes.files))
    done = carried(world, temp=PATTERNS[name], mode=Mode.SWAP, **REPLACED)
    assert done.outcome is Outcome.DELIVERED
    ours = {path: re.fullmatch(NAMES[name], path) for path in seen - {FINAL, SIDE}}
    assert len(ours) == len(("temp", "old", "side"))
    assert all(ours.values()), ours
    assert set(world.remotes.files) == {FINAL, SIDE}


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("mode", [Mode.AUTO, Mode.SWAP])
@pytest.mark.parametrize("pattern", ["no dot", "folder"])
def test_a_pattern_that_is_changed_under_way_loses_nothing(
    pattern: str, mode: Mode, after: bool
) -> None:
    """Whatever call the owner died at: the next one, with another pattern, leaves nothing over."""
    quiet = Fuse()
    carried(bench(), quiet, mode=mode, **REPLACED)
    for at in range(1, quiet.calls + 1):
        world = bench()
        world.remotes.files[FINAL] = bytearray(OLD)
        with pytest.raises(Crash):
            carried(world, Fuse(at, after=after), mode=mode, **REPLACED)
        if not world.store.rows or not world.record().transfer.outcome:
            carried(world, mode=mode, temp=PATTERNS[pattern], **REPLACED)
        assert world.record().transfer.outcome is Outcome.DELIVERED, at
        assert bytes(world.remotes.files[FINAL]) == DATA, at
        assert set(world.remotes.files) == {FINAL, SIDE}, at
