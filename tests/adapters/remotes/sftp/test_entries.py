"""Of which kind an entry is, and under which name it stands, where servers show it oddly."""

from __future__ import annotations

from pathlib import Path

import pytest
from paramiko import SFTPAttributes, SFTPHandle
from paramiko.sftp import SFTP_PERMISSION_DENIED

from adapters.remotes import Register
from sandbox.remotes import SftpServer
from sandbox.sftp_files import Files
from tests.ports.partners import ServerPartner, send
from tests.servers.odd_ftp import FEATURES, OddFtp, Session
from transfer.destination import Destination
from transfer.ports import Remote


class Untyped(Files):
    """Shows the rights of an entry, and not what it is."""

    def lstat(self, path: str) -> SFTPAttributes | int:
        found = super().lstat(path)
        if isinstance(found, SFTPAttributes):
            found.st_mode = (found.st_mode or 0) & 0o777
        return found


class Unshown(Files):
    """Shows neither."""

    def lstat(self, path: str) -> SFTPAttributes | int:
        found = super().lstat(path)
        if isinstance(found, SFTPAttributes):
            found.st_mode = None
        return found


class Blind(Unshown):
    """Nobody may read there: what an entry is cannot be told."""

    def open(self, path: str, flags: int, attr: SFTPAttributes) -> SFTPHandle | int:
        return super().open(path, flags, attr) if flags else SFTP_PERMISSION_DENIED

    def list_folder(self, path: str) -> list[SFTPAttributes] | int:
        del path
        return SFTP_PERMISSION_DENIED


class Windows(Files):
    """Finds a name in any case, and keeps the first."""

    def local(self, path: str, *, follow: bool = False) -> Path:
        real = super().local(path, follow=follow)
        for there in real.parent.iterdir() if real.parent.is_dir() else ():
            if there.name.lower() == real.name.lower():
                return there
        return real


def connected(root: Path, kind: type[Files]) -> tuple[SftpServer, Remote]:
    class Server(SftpServer):
        files = kind

    server = Server(root=root)
    server.__enter__()
    return server, ServerPartner(server, "", root).connect()


def shown(root: Path, kind: type[Files]) -> list[bool]:
    """A file, a directory, a link to a file, nothing."""
    (root / "file").write_bytes(b"a file")
    (root / "folder").mkdir()
    (root / "link").symlink_to(root / "file")
    server, remote = connected(root, kind)
    try:
        kinds = [remote.proof.regular(f"/{name}") for name in ("file", "folder", "link", "none")]
        assert remote.size("/file") == 6
    finally:
        remote.close()
        server.__exit__(None, None, None)
    return kinds


@pytest.mark.parametrize("kind", [Untyped, Unshown])
def test_who_shows_no_type_is_asked_to_open_it(tmp_path: Path, kind: type[Files]) -> None:
    assert shown(tmp_path, kind) in ([True, False, True, False], [True, False, False, False])


def test_a_link_is_no_regular_file(tmp_path: Path) -> None:
    assert shown(tmp_path, Files) == [True, False, False, False]


def test_what_cannot_be_told_is_no_regular_file(tmp_path: Path) -> None:
    assert shown(tmp_path, Blind) == [False, False, False, False]


def test_the_name_that_stands_is_read_from_the_directory(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    server, remote = connected(tmp_path, Windows)
    send(remote, "/in/Report.csv", b"first")
    for number in range(300):
        send(remote, f"/in/{number}", b"")
    assert remote.size("/in/report.csv") == 5
    assert remote.proof.standing("/in/report.csv") == "/in/Report.csv"
    assert remote.proof.standing("/in/Report.csv") == "/in/Report.csv"
    assert remote.proof.standing("/in/other.csv") is None
    remote.close()
    server.__exit__(None, None, None)


class Listing(Session):
    """Directories end with a slash among `files`."""

    def do_size(self, path: str) -> None:
        found = next((n for n in self.server.files if n.casefold() == path.casefold()), None)
        self.reply("550 No" if found is None else f"213 {len(self.server.files[found])}")

    def do_cwd(self, path: str) -> None:
        self.reply("250 there" if f"{path}/" in self.server.files else "550 No such directory")

    def do_nlst(self, path: str) -> None:
        names = [name for name in self.server.files if name.startswith(f"{path}/")]
        self.send("".join(f"{name}\r\n" for name in names).encode())


class Facts(Listing):
    features = (*FEATURES, "MLST type*;size*;")

    def do_mlst(self, path: str) -> None:
        for name in (path, f"{path}/"):
            if name in self.server.files:
                kind = "dir" if name.endswith("/") else "file"
                kind = "OS.unix=slink" if name.endswith("link") else kind
                self.reply(f"250-Listing\r\n type={kind};size=1; {path}\r\n250 End")
                return
        self.reply("550 No such file")


def ftp(server: OddFtp) -> Remote:
    destination = Destination(
        name="partner", protocol="ftp", host=server.host, port=server.port,
        username=server.username, root="/in", password="word", clear_text="loopback only",
    )  # fmt: skip
    return Register(lambda _: server.password).connect(destination)


@pytest.mark.parametrize(("kind", "link"), [(Listing, True), (Facts, False)])
def test_ftp_shows_what_an_entry_is(kind: type[Session], *, link: bool) -> None:
    with OddFtp(kind) as server:
        server.files.update({"/in/file": b"x", "/in/folder/": b"", "/in/folder": b"x"})
        server.files["/in/link"] = b"x"
        if kind is Facts:
            del server.files["/in/folder"]
        remote = ftp(server)
        assert remote.proof.regular("/in/file")
        assert not remote.proof.regular("/in/folder")
        assert not remote.proof.regular("/in/none")
        assert remote.proof.regular("/in/link") is link
        remote.close()


def test_ftp_reads_the_name_that_stands_from_the_directory() -> None:
    with OddFtp(Listing) as server:
        server.files.update({"/in/Report.csv": b"x", "/in/other": b"y"})
        remote = ftp(server)
        assert remote.size("/in/report.csv") == 1
        assert remote.proof.standing("/in/report.csv") == "/in/Report.csv"
        assert remote.proof.standing("/in/other") == "/in/other"
        assert remote.proof.standing("/in/none") is None
        remote.close()


def test_ftp_without_a_list_does_not_tell() -> None:
    with OddFtp(Session) as server:
        server.files["/in/Report.csv"] = b"x"
        remote = ftp(server)
        assert remote.proof.standing("/in/Report.csv") is None
        assert remote.size("/in/Report.csv") == 1
        remote.close()
