"""Sizes and hashes of servers that know few commands, or answer them wrongly."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest

from tests.ports.ftp_partners import FtpPartner
from tests.ports.partners import refused, send
from tests.servers.odd_ftp import OddFtp, Session
from transfer.errors import Code, Permanent, Transient

DATA = b"proof"
SHA_256 = hashlib.sha256(DATA).hexdigest()
EMPTY = hashlib.sha256(b"").hexdigest()


class Sizeless(Session):
    def do_size(self, _path: str) -> None:
        self.reply("500 Unknown command")


class Machine(Sizeless):
    features = ("MLST type*;size*;",)

    def do_mlst(self, path: str) -> None:
        found = self.server.files.get(path)
        if found is None:
            self.reply("550 No such file")
        else:
            self.reply(f"250-Begin\r\n type=file;size={len(found)}; {path}\r\n250 End")


class Listing(Sizeless):
    def do_list(self, path: str) -> None:
        found = self.server.files.get(path)
        line = f"-rw-r--r--   1 ferry    ferry  {len(found or b'')} Nov 23 09:00 {path}\r\n"
        self.send(line.encode() if found is not None else b"")


class Strict(Listing):
    def do_list(self, path: str) -> None:
        if path in self.server.files:
            super().do_list(path)
        else:
            self.reply("450 no such file")


@pytest.mark.parametrize("session", [Machine, Listing, Strict])
def test_where_there_is_no_size_command_absent_and_empty_differ(session: type[Session]) -> None:
    with OddFtp(session) as server:
        remote = FtpPartner(server, "ftp").connect()
        assert remote.size("/file") is None
        server.files["/file"] = b""
        assert remote.size("/file") == 0
        server.files["/file"] = DATA
        assert remote.size("/file") == len(DATA)
        error = refused(remote.create, "/file")
        assert error.code == Code.REMOTE_EXISTS
        send(remote, "/other", DATA)
        assert remote.size("/other") == len(DATA)
        remote.close()


class Blind(Sizeless):
    def do_list(self, _path: str) -> None:
        self.send(b"what do you want?\r\n")


def test_a_size_that_nobody_tells_is_an_error() -> None:
    with OddFtp(Blind) as server:
        remote = FtpPartner(server, "ftp").connect()
        error = refused(remote.size, "/file")
        assert (error.code, type(error)) == (Code.REMOTE_FAILED, Permanent)
        remote.close()


class Denying(Session):
    def do_size(self, _path: str) -> None:
        self.reply("550 Permission denied")


def test_a_size_that_is_denied_is_not_absence() -> None:
    with OddFtp(Denying) as server:
        remote = FtpPartner(server, "ftp").connect()
        assert refused(remote.size, "/file").code == Code.REMOTE_DENIED
        remote.close()


class Globbing(Machine):
    def do_size(self, path: str) -> None:
        found = self.server.files.get(path)
        odd = set("[]*?") & set(path)
        self.reply("550 No such file" if found is None else f"213 {0 if odd else len(found)}")


def test_a_name_like_a_pattern_has_its_true_size() -> None:
    with OddFtp(Globbing) as server:
        remote = FtpPartner(server, "ftp").connect()
        server.files["/plain"] = server.files["/a[1]*.csv"] = DATA
        assert remote.size("/a[1]*.csv") == remote.size("/plain") == len(DATA)
        assert remote.size("/b[1]") is None
        remote.close()


class Hashing(Session):
    """`said` is what it answers to HASH and XSHA256."""

    features = ("SIZE", "HASH SHA-256*;CRC32", "XSHA256", "XCRC", "MD5")
    said = f"213 SHA-256 0-5 {SHA_256} /file"

    def do_hash(self, _path: str) -> None:
        self.reply(self.said)


class Upper(Hashing):
    said = f"213 SHA-256 0-5 {SHA_256.upper()} /file"


class Hollow(Hashing):
    said = f"213 SHA-256 0-5 {EMPTY} /file"


class Doubtful(Hashing):
    said = f"213 SHA-256 {EMPTY} {SHA_256}"


class Unwilling(Hashing):
    said = "550 no"


@pytest.mark.parametrize(
    ("session", "found"),
    [(Hashing, SHA_256), (Upper, SHA_256), (Hollow, None), (Doubtful, None), (Unwilling, None)],
)
def test_hashes_are_believed_only_when_they_can_be(
    session: type[Session], found: str | None
) -> None:
    with OddFtp(session) as server:
        server.files["/file"] = DATA
        remote = FtpPartner(server, "ftp").connect()
        assert remote.powers.digests == {"sha256", "md5"}
        assert remote.proof.digest("/file", "sha256") == found
        assert remote.proof.digest("/absent", "sha256") is None
        # MD5 stands in FEAT, but the server does not know it.
        assert remote.proof.digest("/file", "md5") is None
        remote.close()


class Older(Session):
    features = ("SIZE", "XSHA256", "MD5")

    def do_xsha256(self, path: str) -> None:
        self.reply(f"250 {hashlib.sha256(self.server.files[path]).hexdigest()}")

    def do_md5(self, path: str) -> None:
        self.reply(f'251 "{path}" {hashlib.md5(self.server.files[path]).hexdigest()}')  # noqa: S324  FTP's command


def test_hashes_by_the_older_commands() -> None:
    path = f"/{'a' * 32}"  # a name that looks like an MD5
    with OddFtp(Older) as server:
        server.files[path] = DATA
        remote = FtpPartner(server, "ftp").connect()
        assert remote.proof.digest(path, "sha256") == SHA_256
        assert remote.proof.digest(path, "md5") == hashlib.md5(DATA).hexdigest()  # noqa: S324
        server.files[path] = b""
        assert remote.proof.digest(path, "sha256") == EMPTY
        remote.close()


class Cutting(Session):
    def send(self, data: bytes) -> None:
        with self.accept() as sock:
            sock.sendall(data[:2])
        self.reply("426 cut")


def test_reading_that_is_cut_is_told_by_its_length() -> None:
    with OddFtp(Cutting) as server:
        server.files["/file"] = DATA
        remote = FtpPartner(server, "ftp").connect()
        assert b"".join(remote.proof.read("/file", 0, 5)) == DATA[:2]
        assert remote.size("/file") == len(DATA)
        remote.close()


class Undated(Session):
    """Says that it sets dates, and does not."""


def test_a_date_that_cannot_be_set_is_no_error() -> None:

    with OddFtp(Undated) as server:
        remote = FtpPartner(server, "ftp").connect()
        for name in ("/one", "/two"):
            upload = remote.create(name)
            upload.write(DATA, 0)
            upload.finish(datetime(2021, 2, 3, tzinfo=UTC))
            assert server.files[name] == DATA
        # Asked once, and not for every file.
        assert sum("MFMT" in command for command in server.heard) == 1
        remote.close()


CODES = [
    ("425 no", Code.REMOTE_DROPPED, Transient),
    ("426 aborted", Code.REMOTE_DROPPED, Transient),
    ("450 busy", Code.REMOTE_FAILED, Transient),
    ("451 local error", Code.REMOTE_FAILED, Transient),
    ("452 full", Code.REMOTE_FULL, Permanent),
    ("500 what?", Code.REMOTE_FAILED, Permanent),
    ("532 need account", Code.REMOTE_DENIED, Permanent),
    ("550 no", Code.REMOTE_NO_DIRECTORY, Permanent),
    ("550 No such file or directory", Code.REMOTE_NO_DIRECTORY, Permanent),
    ("550 Access is denied.", Code.REMOTE_DENIED, Permanent),
    ("550 Disk quota exceeded", Code.REMOTE_FULL, Permanent),
    ("552 exceeded", Code.REMOTE_FULL, Permanent),
    ("553 File name too long", Code.REMOTE_FAILED, Permanent),
]


@pytest.mark.parametrize(("reply", "code", "kind"), CODES)
def test_what_a_refusal_means(reply: str, code: Code, kind: type[Exception]) -> None:
    class Refusing(Session):
        def do_stor(self, _path: str) -> None:
            self.reply(reply)

    with OddFtp(Refusing) as server:
        remote = FtpPartner(server, "ftp").connect()
        error = refused(remote.create, "/file")
        assert (error.code, type(error), error.file) == (code, kind, "/file")
        assert reply[4:] in error.message
        remote.close()
