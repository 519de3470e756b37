"""Whatever a server replies, our side ends with a value or an error of the house, and in time."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ports.ftp_partners import FtpPartner
from tests.servers.odd_ftp import OddFtp, Session
from transfer.errors import FerryError
from transfer.ports import Remote

WORDS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [
            "(127,0,0,1,255,255)",
            "(127,0,0,1,999,999)",
            "(1,2,3)",
            "9" * 5000,
            "-1",
            "size=5;",
            "x" * 9000,
            "\r\n226 too soon",
            "\r\n\r\n",
            "",
        ]
    ),
)
CODES = st.sampled_from(["150", "200", "213", "226", "227", "250", "331", "350", "421", "425"])
MORE = st.sampled_from(["426", "450", "500", "522", "530", "550", "600", "5x0", "999", "", "213-"])
REPLIES = st.lists(st.builds("{} {}".format, st.one_of(CODES, MORE), WORDS), max_size=8)


class Scripted(Session):
    """A sane login, then one reply of the script for each command; then it hangs up."""

    replies: list[str]

    def obey(self, command: str) -> None:
        if command.split(" ", maxsplit=1)[0] in {"USER", "PASS", "FEAT", "OPTS", "TYPE"}:
            super().obey(command)
        elif self.replies:
            self.wfile.write(f"{self.replies.pop(0)}\r\n".encode(errors="replace"))
        else:
            raise OSError("the script is over")


def deliver(remote: Remote) -> None:
    upload = remote.create("/file")
    upload.write(b"data", 0)
    upload.finish()


ACTIONS: list[Callable[[Remote], object]] = [
    lambda remote: remote.size("/file"),
    deliver,
    lambda remote: list(remote.proof.read("/file", 0, 5)),
    lambda remote: remote.proof.digest("/file", "sha256"),
    lambda remote: remote.rename("/file", "/other", replace=True),
    lambda remote: remote.remove("/file"),
]


@given(replies=REPLIES, action=st.sampled_from(ACTIONS))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
def test_nothing_but_our_own_errors(replies: list[str], action: Callable[[Remote], object]) -> None:
    class Script(Scripted):
        pass

    Script.replies = list(replies)
    with OddFtp(Script) as server:
        remote = FtpPartner(server, "ftp").connect(timeout=0.2)
        begun = time.monotonic()
        with suppress(FerryError):
            action(remote)
        remote.close()
        assert time.monotonic() - begun < 60
