"""What a session sees of names, and what it asks of its server for that."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any, cast

from paramiko import Message
from paramiko.sftp import CMD_STATUS, SFTP_NO_SUCH_FILE

from adapters.remotes.sftp.sight import HARDLINK, Sight


class Program:
    """A Line and its Wire in one: a file system without the file. `before` it answers, somebody
    acts.
    """

    extensions: dict[str, str] = {HARDLINK: "1"}  # noqa: RUF012

    def __init__(self, before: Callable[[], object] = lambda: None) -> None:
        self.before = before

    def speaking(self) -> nullcontext[None]:
        return nullcontext()

    def post(self, *_: object, answered: Callable[[int, Message], object]) -> None:
        self.answered = answered

    def listen(self) -> None:
        self.before()
        status = Message()
        status.add_int(SFTP_NO_SUCH_FILE)
        status.add_string("No such file")
        status.add_string("")
        self.answered(CMD_STATUS, Message(status.asbytes()))


def sight(program: Program) -> Sight:
    line, never = cast("Any", program), cast("Any", None)
    return Sight(line, line, never, never)


def test_a_server_that_takes_its_time_holds_up_no_other() -> None:
    other = sight(Program())
    with ThreadPoolExecutor(1) as pool:
        slow = sight(Program(lambda: pool.submit(lambda: other.live).result(60)))
        assert slow.live
    assert other.live
