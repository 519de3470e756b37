"""What a session sees of names, and what it asks of its server for that."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from time import monotonic
from types import SimpleNamespace
from typing import Any, cast

import pytest
from paramiko import Message
from paramiko.sftp import CMD_STATUS, SFTP_NO_SUCH_FILE

from adapters.remotes.sftp.sight import AGAIN, HARDLINK, TRIES, Sight, _broken
from transfer.errors import Code, Transient


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


class Cache(Program):
    """It remembers its directories. Its second sessions break the line, `meanwhile`."""

    extensions: dict[str, str] = {}  # noqa: RUF012

    def __init__(self, host: str, meanwhile: Callable[[], object] = lambda: None) -> None:
        super().__init__()
        self.destination = SimpleNamespace(host=host, port=22)
        self.meanwhile = meanwhile
        self.asked = 0

    def another(self) -> Any:
        self.asked += 1
        self.meanwhile()
        raise Transient(Code.REMOTE_DROPPED, "The line broke.")

    def look(self) -> None:
        line, never = cast("Any", self), cast("Any", None)
        Sight(line, line, never, self.another).afresh(["/file"])


def test_lines_that_break_together_say_nothing_of_second_sessions() -> None:
    caches = [Cache("together.example") for _ in range(TRIES + 1)]

    def look(number: int) -> None:
        if number < len(caches):
            # Each of the others begins, and breaks, while this one is under way.
            caches[number].meanwhile = lambda: look(number + 1)
            with pytest.raises(Transient):
                caches[number].look()

    look(0)
    after = Cache("together.example")
    with pytest.raises(Transient):
        after.look()
    assert after.asked == 1


def test_a_server_that_broke_twice_is_asked_once_more_after_a_while() -> None:
    cache = Cache("again.example")
    for _ in range(TRIES):
        with pytest.raises(Transient):
            cache.look()
    cache.look()
    assert cache.asked == TRIES
    _broken["again.example", 22] = TRIES, monotonic() - AGAIN
    with pytest.raises(Transient):
        cache.look()
    cache.look()
    assert cache.asked == TRIES + 1
