"""Lanes and the pieces that they hold: the next one must always have a place to be read to."""

from __future__ import annotations

from typing import ClassVar

import pytest

from tests.transfer.crossing.test_lanes import Sink
from transfer.crossing.lanes import HELD, LEAST, Lanes
from transfer.crossing.reading import ROOM
from transfer.crossing.upload import NEAR
from transfer.errors import Code, Stopping, Transient


class Straggler(Sink):
    """One of several of which each comes to a halt with another piece: with its last part."""

    stuck: ClassVar[list[Straggler]]
    trouble: ClassVar[Exception | None]

    def write(self, data: bytes | memoryview, offset: int) -> None:
        if (offset // LEAST) % 4 == 3:
            self.gate.clear()
            self.stuck.append(self)
            if self.trouble and len(self.stuck) > HELD:
                for each in self.stuck:
                    each.failure = self.trouble
                    each.gate.set()
        super().write(data, offset)


@pytest.mark.parametrize("trouble", [None, Transient(Code.REMOTE_DROPPED, "The line broke.")])
def test_lanes_never_hold_all_pieces_that_there_are_when_a_write_returns(
    trouble: Exception | None,
) -> None:
    """The next one could not be read, and whoever waits for it hears of nothing."""
    content = bytearray((HELD + 1) * 4 * LEAST)
    Straggler.stuck, Straggler.trouble = [], trouble

    def halt() -> None:
        if not trouble and len(Straggler.stuck) > HELD:
            raise Stopping

    def cross() -> None:
        with Lanes([Straggler(content) for _ in range(HELD + 1)], 0, halt) as lanes:
            for offset in range(0, len(content), 4 * LEAST):
                lanes.write(bytes(4 * LEAST), offset)
            raise KeyError

    with pytest.raises(type(trouble) if trouble else Stopping):
        cross()


def test_a_reader_has_room_for_the_piece_after_those_that_lanes_hold() -> None:
    assert ROOM + 1 > HELD
    assert ROOM > NEAR
