"""FTP servers with habits of their own: data connections, sizes, names, and reasons."""

from __future__ import annotations

import socket
from collections.abc import Sequence

import pytest

from adapters.remotes.ftp.control import RefusedError
from adapters.remotes.ftp.errors import code_of, failure
from tests.ports.ftp_partners import FtpPartner
from tests.ports.partners import refused, send
from tests.servers.odd_ftp import FEATURES, OddFtp, Session
from tests.servers.proftpd import Proftpd
from tests.servers.pureftpd import PureFtpd
from transfer.destination import Destination, TempNames
from transfer.errors import Code, Permanent, Transient

DESTINATION = Destination(
    name="partner", protocol="ftp", host="none", port=21, username="ferry", root="/"
)
DATA = b"name;pay\n" * 10


class Extended(Session):
    """EPSV (RFC 2428) instead of PASV."""

    pasv = "502 PASV not implemented"

    def do_pasv(self, _nothing: str) -> None:
        self.reply(self.pasv)

    def do_epsv(self, _nothing: str) -> None:
        self.listener.close()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.reply(f"229 Entering (|||{self.listener.getsockname()[1]}|)")


class Nameless(Extended):
    pasv = "227 Entering Passive Mode"


class NeverPassive(Session):
    def do_pasv(self, _nothing: str) -> None:
        self.reply("502 PASV not implemented")


@pytest.mark.parametrize("session", [Extended, Nameless])
def test_epsv_where_pasv_is_refused(session: type[Session]) -> None:
    with OddFtp(session) as server:
        remote = FtpPartner(server, "ftp").connect()
        for name in ("/one", "/two"):
            send(remote, name, DATA)
        assert server.files == {"/one": DATA, "/two": DATA}
        # What was refused once is not asked for again.
        assert server.heard.count("PASV") == 1
        remote.close()


def test_the_refusal_of_pasv_is_the_reason_where_neither_works() -> None:
    with OddFtp(NeverPassive) as server:
        remote = FtpPartner(server, "ftp").connect()
        error = refused(remote.create, "/one")
        assert "PASV not implemented" in error.message
        assert remote.size("/one") is None
        remote.close()


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


class Forewarning(Session):
    """Says that it goes on before it says how it went (RFC 959, section 4.2)."""

    greeting = "120 Service ready in 1 minute\r\n220 ready"

    def reply(self, text: str) -> None:
        super().reply(f"125 wait for it\r\n{text}" if text.startswith("226") else text)


@pytest.mark.parametrize("session", [Talkative, Featureless, Directories, Unasked, Forewarning])
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


class Western(Session):
    """Every byte of a name is a letter of a code page."""

    codepage = "cp1252"
    features: Sequence[str] = ("SIZE", "REST STREAM")

    def handle(self) -> None:
        self.reply(self.greeting)
        while command := self.rfile.readline():
            self.obey(command.decode(self.codepage).rstrip("\r\n"))

    def reply(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode(self.codepage))
        self.wfile.flush()


class Both(Western):
    features = FEATURES


NAME = "/\u00dcbersicht \u20ac.csv"


def test_a_name_beyond_ascii_is_refused_where_nobody_knows_its_encoding() -> None:
    with OddFtp(Western) as server:
        remote = FtpPartner(server, "ftp").connect()
        error = refused(remote.size, NAME)
        assert (error.code, type(error)) == (Code.NAME_REFUSED, Permanent)
        assert NAME in error.message
        assert "names" in error.action
        assert refused(remote.create, NAME).code == Code.NAME_REFUSED
        send(remote, "/plain", DATA)
        assert server.files == {"/plain": DATA}
        remote.close()


@pytest.mark.parametrize("session", [Western, Both])
def test_names_in_the_encoding_of_the_destination(session: type[Session]) -> None:
    with OddFtp(session) as server:
        remote = FtpPartner(server, "ftp").connect(names="cp1252")
        send(remote, NAME, DATA)
        assert remote.size(NAME) == len(DATA)
        assert server.files == {NAME: DATA}
        error = refused(remote.create, "/\u4e2d.csv")
        assert (error.code, type(error)) == (Code.NAME_REFUSED, Permanent)
        assert "cp1252" in error.message
        assert "OPTS UTF8 ON" not in server.heard
        remote.close()


def test_utf_8_may_be_stated_where_the_server_does_not_say_so() -> None:
    class Unicode(Western):
        codepage = "utf-8"

    with OddFtp(Unicode) as server:
        remote = FtpPartner(server, "ftp").connect(names="utf-8")
        send(remote, NAME, DATA)
        assert server.files == {NAME: DATA}
        remote.close()


def test_a_password_that_the_encoding_lacks_is_no_part_of_the_error() -> None:
    with OddFtp() as server:
        server.password = "\u4e2d\u6587 word"
        error = refused(FtpPartner(server, "ftp").connect, names="latin-1")
        assert error.code == Code.DESTINATION_MISCONFIGURED
        assert "word." not in error.message
        assert server.password not in str(error)
        assert server.heard == []


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


@pytest.mark.parametrize("reply", ["550 Permission denied", "502 Command not implemented"])
def test_a_server_without_renames_names_the_way_out(reply: str) -> None:
    class Fixed(Session):
        def do_rnfr(self, _path: str) -> None:
            self.reply(reply)

    with OddFtp(Fixed) as server:
        server.files["/temp"] = DATA
        remote = FtpPartner(server, "ftp").connect()
        error = refused(remote.rename, "/temp", "/final", replace=False)
        assert "mode: direct" in error.action
        remote.close()


class Accounting(Session):
    def do_pass(self, password: str) -> None:
        self.reply(f"332 {password} opens it, now name the cost centre")


def test_what_a_server_says_of_an_account_stands_in_the_error() -> None:
    with OddFtp(Accounting) as server:
        error = refused(FtpPartner(server, "ftp").connect)
        assert (error.code, type(error)) == (Code.AUTH_REFUSED, Permanent)
        assert "*** opens it, now name the cost centre" in error.message
        assert server.password not in str(error)


@pytest.mark.parametrize(
    ("reply", "code", "kind"),
    [
        ("452 /in/a: No such file or directory", Code.REMOTE_FULL, Permanent),
        ("452 Permission denied", Code.REMOTE_FULL, Permanent),
        ("552 File exists", Code.REMOTE_FULL, Permanent),
        ("532 No such file", Code.REMOTE_DENIED, Permanent),
        ("451 Disk full", Code.REMOTE_FULL, Permanent),
        ("451 The device is full", Code.REMOTE_FULL, Permanent),
        ("550 Not enough space", Code.REMOTE_FULL, Permanent),
        ("551 Exceeded storage allocation", Code.REMOTE_FULL, Permanent),
        ("450 File busy", Code.REMOTE_FAILED, Transient),
        ("450 not now", None, Transient),
        ("550 It is being used by another process.", Code.REMOTE_FAILED, Transient),
        ("550 Connection reset by peer", Code.REMOTE_DROPPED, Transient),
        ("551 Transfer aborted: broken pipe", Code.REMOTE_DROPPED, Transient),
        ("553 The specified network name is no longer available", Code.REMOTE_DROPPED, Transient),
        ("550 The network path was not found.", Code.REMOTE_DROPPED, Transient),
        ("550 No such file or directory", Code.REMOTE_NO_DIRECTORY, Permanent),
        ("550 Could not find a part of the path", Code.REMOTE_NO_DIRECTORY, Permanent),
    ],
)
def test_the_code_of_a_reply_comes_before_its_words(
    reply: str, code: Code | None, kind: type
) -> None:
    answer = RefusedError(reply)
    assert code_of(answer, "/in/a") is code
    error = failure(DESTINATION, code, "store", "/in/a", answer)
    assert type(error) is kind


def test_a_name_in_a_refusal_is_none_of_its_words() -> None:
    with Proftpd() as server:
        partner = FtpPartner(server, "ftp")
        remote = partner.connect()
        for name in ("quota.csv", "Permission denied.csv", "already exists", "access denied/a.csv"):
            assert remote.size(f"{partner.root}/{name}") is None
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


def test_a_prohibited_name_of_a_temp_names_the_way_out() -> None:
    with PureFtpd(options=["-x"]) as server:
        partner = FtpPartner(server, "ftp")
        remote = partner.connect()
        hidden = TempNames().named("0123456789ab-1-e1")
        error = refused(remote.create, f"{partner.root}/{hidden}")
        assert (error.code, type(error)) == (Code.REMOTE_DENIED, Permanent)
        assert "mode: direct" in error.action
        assert "temp.prefix" in error.action
        shown = TempNames(prefix="ff-").named("0123456789ab-1-e1")
        send(remote, f"{partner.root}/{shown}", DATA)
        assert remote.rename(f"{partner.root}/{shown}", f"{partner.root}/a.csv", replace=False)
        assert partner.read(f"{partner.root}/a.csv") == DATA
        remote.close()


class Mumbling(Session):
    """Refuses each file with 451, as aioftp does; `there` are its directories."""

    there: tuple[str, ...] = ("/", "/in")

    def do_stor(self, _path: str) -> None:
        self.reply("451 file system error")

    def do_cwd(self, path: str) -> None:
        self.reply("250 fine" if path in self.there else "550 path does not exists")


class Ailing(Mumbling):
    there = ()


@pytest.mark.parametrize(
    ("session", "path", "code", "kind"),
    [
        (Mumbling, "/in/missing/file", Code.REMOTE_NO_DIRECTORY, Permanent),
        (Mumbling, "/in/missing/deep/file", Code.REMOTE_NO_DIRECTORY, Permanent),
        (Mumbling, "/in/file", Code.REMOTE_FAILED, Transient),
        (Ailing, "/in/missing/file", Code.REMOTE_FAILED, Transient),
    ],
)
def test_a_directory_is_missing_only_where_that_is_shown(
    session: type[Session], path: str, code: Code, kind: type
) -> None:
    """A disk that is away says the same of every directory."""
    with OddFtp(session) as server:
        remote = FtpPartner(server, "ftp").connect()
        error = refused(remote.create, path)
        assert (error.code, type(error)) == (code, kind)
        remote.close()
