"""What is there, at FTP servers that tell it each in a way of their own, or not at all."""

from __future__ import annotations

import pytest

from tests.ports.ftp_partners import FtpPartner
from tests.ports.partners import refused, send
from tests.servers.odd_ftp import OddFtp, Session
from transfer.errors import Code, Permanent, Transient

DATA = b"name;pay\n" * 10


class Talkative(Session):
    """Answers SIZE with words, and lists as Windows does."""

    def do_size(self, _path: str) -> None:
        self.reply("213 unknown")

    def do_list(self, path: str) -> None:
        found = [path] if path in self.server.files else []
        self.send("".join(f"11-23-26  09:00AM  four {one}\r\n" for one in found).encode())


class Featureless(Session):
    """As aioftp: no FEAT, no SIZE, MLST, and an empty list for a file."""

    def do_feat(self, _nothing: str) -> None:
        self.reply("502 not implemented")

    def do_size(self, _path: str) -> None:
        self.reply("502 not implemented")

    def do_mlst(self, path: str) -> None:
        found = self.server.files.get(path)
        size = f"Size={len(found)};Type=file;" if found is not None else ""
        self.reply(f"250-start\r\n {size} {path}\r\n250 end" if size else "550 path is missing")

    def do_list(self, _path: str) -> None:
        self.send(b"")


class Directories(Featureless):
    """Lists directories only, and knows no MLST."""

    def do_mlst(self, _path: str) -> None:
        self.reply("502 not implemented")

    def do_list(self, path: str) -> None:
        lines = [
            f"-rw-r--r--   1 ferry    ferry  {len(data)} Nov 23 09:00 {name.removeprefix('/in/')}"
            for name, data in self.server.files.items()
            if path == "/in"
        ]
        self.send("".join(f"{line}\r\n" for line in lines).encode())


class Unasked(Featureless):
    def do_size(self, _path: str) -> None:
        self.reply("550 SIZE not allowed in ASCII mode")


class Withheld(Directories):
    """As vsftpd with `cmds_denied=SIZE`."""

    def do_size(self, _path: str) -> None:
        self.reply("550 Permission denied.")


class Wary(Directories):
    """Says so of what is not there alone."""

    def do_size(self, path: str) -> None:
        if path in self.server.files:
            Session.do_size(self, path)
        else:
            self.reply("550 Access is denied.")


class Forewarning(Session):
    """Says that it goes on before it says how it went (RFC 959, section 4.2)."""

    greeting = "120 Service ready in 1 minute\r\n220 ready"

    def reply(self, text: str) -> None:
        super().reply(f"125 wait for it\r\n{text}" if text.startswith("226") else text)


@pytest.mark.parametrize(
    "session", [Talkative, Featureless, Directories, Unasked, Withheld, Wary, Forewarning]
)
def test_a_size_is_found_one_way_or_another(session: type[Session]) -> None:
    with OddFtp(session) as server:
        remote = FtpPartner(server, "ftp").connect()
        assert remote.size("/in/file") is None
        server.files["/in/file"] = b""
        assert remote.size("/in/file") == 0
        send(remote, "/in/other file", DATA)
        assert remote.size("/in/other file") == len(DATA)
        assert remote.size("/in/file") == 0
        assert remote.size("/in/none") is None
        remote.close()


class Sealed(Withheld):
    def do_list(self, _path: str) -> None:
        self.reply("500 Unknown command")


def test_where_nothing_may_be_looked_at_the_first_refusal_is_told() -> None:
    with OddFtp(Sealed) as server:
        remote = FtpPartner(server, "ftp").connect()
        error = refused(remote.size, "/in/file")
        assert (error.code, type(error)) == (Code.REMOTE_DENIED, Permanent)
        assert "Permission denied" in error.message
        remote.close()


class Guarded(Session):
    """What its partner's software has open is busy; `says` so in one way or another."""

    says = ""

    def do_size(self, path: str) -> None:
        if path in self.server.files:
            self.reply(self.says)
        else:
            super().do_size(path)

    def do_list(self, path: str) -> None:
        found = self.server.files.get(path, b"")
        self.send(f"-rw-r--r-- 1 ferry ferry {len(found)} Nov 23 09:00 {path}\r\n".encode())


@pytest.mark.parametrize(
    "says",
    [
        "550 The process cannot access the file because it is being used by another process.",
        "550 a.csv: file is locked by another user",
        "450 File busy",
    ],
)
def test_a_file_that_somebody_holds_is_not_absent(says: str) -> None:
    """Otherwise a rename would replace it."""
    with OddFtp(type("Guarded", (Guarded,), {"says": says})) as server:
        server.files["/a.csv"] = DATA
        remote = FtpPartner(server, "ftp").connect()
        error = refused(remote.size, "/a.csv")
        assert (error.code, type(error)) == (Code.REMOTE_FAILED, Transient)
        assert remote.size("/b.csv") is None
        remote.close()


def test_a_listing_tells_what_450_leaves_open() -> None:
    says = {"says": "450 Requested file action not taken."}
    with OddFtp(type("Guarded", (Guarded,), says)) as server:
        server.files["/a.csv"] = DATA
        remote = FtpPartner(server, "ftp").connect()
        assert remote.size("/a.csv") == len(DATA)
        remote.close()


class Broken(Session):
    def do_size(self, _path: str) -> None:
        self.reply("550 Connection timed out")


def test_a_refusal_for_a_broken_line_is_no_absence() -> None:
    with OddFtp(Broken) as server:
        remote = FtpPartner(server, "ftp").connect()
        error = refused(remote.size, "/file")
        assert (error.code, type(error)) == (Code.REMOTE_DROPPED, Transient)
        remote.close()
