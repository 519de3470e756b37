"""Partners that run somebody else's server: one suite, one register, one line for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import pytest

from adapters.remotes import Register
from tests.ports.foreign_habits import Habit
from tests.servers import foreign
from tests.servers.foreign_system import Bare, BareSftp, Dropbear, Inetutils, Whole
from tests.servers.ports import free_port
from transfer.destination import Destination, HostKey
from transfer.errors import Code, Permanent
from transfer.ports import Remote, Remotes


class Kind:
    """`settings` are what its destination must say."""

    def __init__(
        self, server: type[foreign.Foreign | Whole], *habits: Habit, **settings: object
    ) -> None:
        self.server, self.habits, self.settings = server, frozenset(habits), settings


LATE = (Habit.DENIES_LATE, Habit.REFUSES_NAMES_LATE, Habit.MISSES_DIRECTORIES_LATE)
SFTP: Mapping[str, Kind] = {
    "asyncssh": Kind(foreign.AsyncSsh),
    "twisted-sftp": Kind(foreign.TwistedSftp, Habit.KEEPS_THE_OLD, Habit.KNOWS_ASCII),
    "rclone-sftp": Kind(
        foreign.Rclone,
        Habit.CONTINUES_NOTHING,
        Habit.TAKES_NO_LANES,
        Habit.DENIES_LATE,
        Habit.REFUSES_NAMES_LATE,
    ),
    "rclone-sftp-cached": Kind(foreign.RcloneCached, Habit.DENIES_LATE),
    "copyparty-sftp": Kind(
        foreign.Copyparty,
        Habit.KEEPS_THE_OLD,
        Habit.CONTINUES_NOTHING,
        Habit.TAKES_NO_LANES,
        Habit.MAKES_DIRECTORIES,
        Habit.OFFERS_HASHES_IN_VAIN,
    ),
    "erlang": Kind(foreign.Erlang, Habit.KEEPS_THE_OLD),
    "dropbear": Kind(Dropbear),
    "proftpd-sftp-bare": Kind(BareSftp, Habit.CONTINUES_NOTHING, Habit.TAKES_NO_LANES),
}
FTP: Mapping[str, Kind] = {
    "twisted-ftp": Kind(foreign.TwistedFtp, Habit.KNOWS_LATIN_1, names="latin-1"),
    "pyftpdlib": Kind(foreign.Pyftpdlib),
    "aioftp": Kind(
        foreign.Aioftp,
        Habit.KEEPS_THE_OLD,
        Habit.KEEPS_THE_OLD_UNASKED,
        Habit.LISTS_NO_NAMES,
        Habit.GIVES_NO_REASON,
        names="utf-8",
    ),
    "rclone-ftp": Kind(foreign.RcloneFtp, *LATE),
    "rclone-ftp-cached": Kind(foreign.RcloneFtpCached, *LATE),
    "copyparty-ftp": Kind(
        foreign.CopypartyFtp,
        Habit.KEEPS_THE_OLD,
        Habit.KEEPS_THE_OLD_UNASKED,
        Habit.CONTINUES_NOTHING,
        Habit.MAKES_DIRECTORIES,
    ),
    "inetutils": Kind(Inetutils, names="utf-8"),
    "proftpd-bare": Kind(
        Bare, Habit.KEEPS_THE_OLD, Habit.KEEPS_THE_OLD_UNASKED, Habit.CONTINUES_NOTHING
    ),
}
KINDS = {**SFTP, **FTP}


def of_habit(habit: Habit) -> list[str]:
    """The kinds that have it."""
    return [name for name, kind in KINDS.items() if habit in kind.habits]


class ForeignPartner:
    """A server on loopback, and the destination that a configuration would hold for it."""

    def __init__(self, server: foreign.Foreign | Whole, name: str) -> None:
        self.server, self.name = server, name
        kind = KINDS[name]
        self.habits = kind.habits
        self.root = server.seen
        self.locked = f"{self.root}/locked"
        self.secrets = {"password": server.password, "mistyped": "wrong"}
        self.remotes: Remotes = Register(self._secret)
        pins = (HostKey(fingerprint=server.host_key),) if server.host_key else ()
        self.destination = Destination(
            name="partner", protocol=server.protocol, host=server.host, port=server.port,
            username=server.username, root=self.root or "/", password="password", host_keys=pins,
            clear_text="" if pins else "loopback only", **kind.settings,  # type: ignore[arg-type]
        )  # fmt: skip

    def connect(self, **changes: object) -> Remote:
        """`changes` are of the destination."""
        return self.remotes.connect(replace(self.destination, **changes))  # type: ignore[arg-type]

    def _secret(self, name: str) -> str:
        try:
            return self.secrets[name]
        except KeyError:
            raise Permanent(Code.SECRET_MISSING, f"There is no secret {name}.") from None

    def read(self, path: str) -> bytes:
        self.server.settle()
        return (self.server.root / path.removeprefix(self.root).lstrip("/")).read_bytes()

    def mistyped(self) -> Destination:
        return replace(self.destination, password="mistyped")

    def silent(self) -> Destination:
        return replace(self.destination, port=free_port())


@contextmanager
def foreign_partner(kind: str) -> Iterator[ForeignPartner]:
    """`kind` is one of KINDS."""
    with KINDS[kind].server() as server:
        (server.root / "locked").mkdir(mode=0o555)
        yield ForeignPartner(server, kind)


@pytest.fixture(autouse=True)
def habits(request: pytest.FixtureRequest, partner: ForeignPartner) -> None:
    """For the modules that import it: a test that a habit excuses must fail."""
    for habit in partner.habits:
        if habit.excuses(request):
            reason = f"{habit.name}: {habit.value.reason}"
            request.applymarker(pytest.mark.xfail(strict=True, reason=reason))
