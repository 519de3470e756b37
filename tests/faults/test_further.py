"""A further SFTP session of a connection that ends alone, or is busy: the first one goes on."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from paramiko import Message
from paramiko.sftp import CMD_CLOSE, CMD_WRITE, SFTP_FAILURE

from sandbox.remotes import SftpSession
from sandbox.sftp_files import Files
from tests.faults.test_odd import odd
from tests.noise import noise
from transfer.model import MIB
from transfer.width import Width

TWO = Width(wide=MIB, far=60.0, share=MIB)


class Further(SftpSession):
    """A session beside the first one of its connection is another thing."""

    @property
    def further(self) -> bool:
        return self.sock is not None and self.sock.get_id() > 0


class Closing(Further):
    """Ends with the file that was written over it."""

    written = False

    def _process(self, kind: int, number: int, message: Message) -> None:
        super()._process(kind, number, message)
        self.written |= kind == CMD_WRITE
        if kind == CMD_CLOSE and self.sock and self.further and self.written:
            ended.append(number)
            self.sock.close()


class Detained(Further):
    """Refuses to write, and is busy with what it was sent until the test is over."""

    refused = False

    def _process(self, kind: int, number: int, message: Message) -> None:
        if kind != CMD_WRITE or not self.further:
            super()._process(kind, number, message)
        elif self.refused:
            over.wait(600)
        else:
            self.refused = True
            ended.append(number)
            self._send_status(number, SFTP_FAILURE)


ended: list[int] = []
over = threading.Event()


@pytest.mark.parametrize("session", [Closing, Detained])
def test_a_further_session_that_ends_alone_costs_no_try(
    session: type[SftpSession], tmp_path: Path
) -> None:
    ended.clear()
    over.clear()
    with odd(Files, noise(3 * MIB), tmp_path, session) as voyage:
        voyage.width, voyage.tries = TWO, 1
        try:
            assert voyage.sail().judged().delivered
        finally:
            over.set()
    assert len(ended) == 1
