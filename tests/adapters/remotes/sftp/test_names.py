"""Whether a name is taken, at programs that remember, that replace, or that only say FAILURE."""

from __future__ import annotations

from pathlib import Path
from stat import S_ISDIR
from typing import Any

import paramiko
import pytest
from paramiko import SFTPAttributes
from paramiko.sftp import (
    CMD_EXTENDED,
    CMD_RENAME,
    SFTP_BAD_MESSAGE,
    SFTP_FAILURE,
    SFTP_NO_SUCH_FILE,
    SFTP_PERMISSION_DENIED,
)

from adapters.remotes.sftp.remote import SftpRemote
from sandbox.remotes import SftpServer, SftpSession
from sandbox.sftp_files import Files
from tests.ports.partners import ServerPartner, openssh, refused, send
from tests.servers.odd_sftp import OddFiles
from transfer.errors import Code, FerryError

HARDLINK = ("hardlink@openssh.com", "1")


class Remembering(OddFiles):
    """What was not there when the session first looked is not there; a rename replaces."""

    def __init__(self, server: paramiko.ServerInterface, root: Path) -> None:
        super().__init__(server, root)
        self.seen: set[str] = set()
        self.looked = False

    def lstat(self, path: str) -> SFTPAttributes | int:
        if not self.looked:
            self.looked = True
            self.seen.update(f"/{entry.name}" for entry in self.root.iterdir())
        found = super().lstat(path)
        ours = path.startswith("/.ff-")
        return found if path in self.seen or ours else SFTP_NO_SUCH_FILE

    stat = lstat


class Unlinking(SftpSession):
    """Offers links, and supports none, as rclone does."""

    extensions = (*SftpSession.extensions, HARDLINK)  # type: ignore[assignment]


class RememberingServer(SftpServer):
    session, files = Unlinking, Remembering


def code(found: bool | FerryError) -> object:
    return found.code if isinstance(found, FerryError) else found


def test_a_file_that_came_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    """Neither alone nor in a batch, whatever the session remembers."""
    with RememberingServer(root=tmp_path) as server:
        remote = ServerPartner(server, "", tmp_path).connect()
        assert isinstance(remote, SftpRemote)
        for name in ("/.ff-1", "/.ff-2", "/.ff-3"):
            send(remote, name, b"ours")
        assert remote.size("/pay.csv") is None
        (tmp_path / "pay.csv").write_bytes(b"theirs")
        error = refused(remote.rename, "/.ff-1", "/pay.csv", replace=False)
        assert error.code == Code.REMOTE_EXISTS
        pairs = [("/.ff-1", "/pay.csv"), ("/.ff-2", "/2.csv"), ("/.ff-3", "/3.csv")]
        found = [code(one) for one in remote.rename_all(pairs, replace=False)]
        assert found == [Code.REMOTE_EXISTS, True, True]
        assert (tmp_path / "pay.csv").read_bytes() == b"theirs"
        assert (tmp_path / ".ff-1").read_bytes() == b"ours"
        remote.close()


def test_a_program_on_a_file_system_is_asked_over_the_session_that_is_open() -> None:
    with openssh(options=["MaxSessions 1"]) as partner:
        remote = partner.connect()
        for name in ("a", "b"):
            send(remote, f"{partner.root}/{name}", name.encode())
        error = refused(remote.rename, f"{partner.root}/a", f"{partner.root}/b", replace=False)
        assert error.code == Code.REMOTE_EXISTS
        assert remote.rename(f"{partner.root}/a", f"{partner.root}/c", replace=False)
        remote.close()


class Looking(SftpSession):
    """Counts what is asked right before each plain rename."""

    asked: list[int] = []  # noqa: RUF012  shared by all sessions on purpose

    def _process(self, kind: int, number: int, message: paramiko.Message) -> None:
        self.asked.append(kind)
        super()._process(kind, number, message)


class LookingServer(SftpServer):
    session = Looking


def test_the_look_comes_right_before_the_rename(tmp_path: Path) -> None:
    with LookingServer(root=tmp_path) as server:
        remote = ServerPartner(server, "", tmp_path).connect()
        send(remote, "/a", b"a")
        remote.rename("/a", "/b", replace=False)
        place = Looking.asked.index(CMD_RENAME)
        assert Looking.asked[place - 1] == paramiko.sftp.CMD_LSTAT
        assert CMD_EXTENDED not in Looking.asked[place:]
        remote.close()


class Vague(Files):
    """`status` for a name that nobody has; with `gone`, for every name."""

    gone = False
    status = SFTP_FAILURE

    def stat(self, path: str) -> SFTPAttributes | int:
        return self._vague(super().stat(path))

    def lstat(self, path: str) -> SFTPAttributes | int:
        return self._vague(super().lstat(path))

    def _vague(self, found: SFTPAttributes | int) -> SFTPAttributes | int:
        return self.status if self.gone or found == SFTP_NO_SUCH_FILE else found


class Gone(Vague):
    gone = True


def vague(tmp_path: Path, kind: type[Vague]) -> SftpServer:
    class Server(SftpServer):
        files = kind

    return Server(root=tmp_path)


@pytest.mark.parametrize("status", [SFTP_FAILURE, SFTP_PERMISSION_DENIED, SFTP_BAD_MESSAGE, 20])
def test_what_is_said_of_a_name_that_nobody_has_means_absent(status: int, tmp_path: Path) -> None:
    with vague(tmp_path, type("Vague", (Vague,), {"status": status})) as server:
        remote = ServerPartner(server, "", tmp_path).connect()
        assert remote.size("/new") is None
        send(remote, "/new", b"data")
        assert remote.size("/new") == 4
        assert remote.rename("/new", "/final", replace=False)
        assert remote.rename("/new", "/other", replace=False) is False
        send(remote, "/new", b"more")
        assert refused(remote.rename, "/new", "/final", replace=False).code == Code.REMOTE_EXISTS
        remote.remove("/absent")
        remote.close()


class Unseen(Vague):
    """Nobody may look at anything but the directory."""

    status = SFTP_PERMISSION_DENIED

    def _vague(self, found: SFTPAttributes | int) -> SFTPAttributes | int:
        there = isinstance(found, SFTPAttributes) and S_ISDIR(found.st_mode or 0)
        return found if there else self.status


@pytest.mark.parametrize("readable", [True, False])
def test_who_may_not_look_is_not_told_that_it_is_absent(readable: bool, tmp_path: Path) -> None:
    class Kind(Unseen):
        def list_folder(self, path: str) -> list[SFTPAttributes] | int:
            return super().list_folder(path) if readable else SFTP_PERMISSION_DENIED

    (tmp_path / "there").touch()
    with vague(tmp_path, Kind) as server:
        remote = ServerPartner(server, "", tmp_path).connect()
        assert refused(remote.size, "/there").code == Code.REMOTE_DENIED
        if not readable:
            assert refused(remote.size, "/absent").code == Code.REMOTE_DENIED
        remote.close()


def test_failure_for_every_name_is_no_answer(tmp_path: Path) -> None:
    """A disk that has gone: nothing is taken for absent there."""
    (tmp_path / "there").touch()
    with vague(tmp_path, Gone) as server:
        remote = ServerPartner(server, "", tmp_path).connect()
        assert refused(remote.size, "/there").code == Code.REMOTE_FAILED
        error = refused(remote.rename, "/absent", "/final", replace=False)
        assert error.code == Code.REMOTE_FAILED
        remote.close()


@pytest.mark.parametrize(
    "words", ["No such file", "file not found", "The system cannot find the file specified."]
)
def test_words_that_say_absent_are_believed(tmp_path: Path, words: str) -> None:
    class Wordy(SftpSession):
        def _send_status(self, number: int, code: int, *_words: str) -> None:
            if code == SFTP_NO_SUCH_FILE:
                super()._send_status(number, SFTP_FAILURE, words)  # type: ignore[call-arg]
            else:
                super()._send_status(number, code)

    class Server(SftpServer):
        session = Wordy

    with Server(root=tmp_path) as server:
        remote = ServerPartner(server, "", tmp_path).connect()
        assert remote.size("/new") is None
        remote.close()


class Mumbling(Vague):
    """And for whatever else is refused."""

    def open(self, path: str, flags: int, attr: SFTPAttributes) -> Any:
        found = super().open(path, flags, attr)
        return SFTP_FAILURE if isinstance(found, int) else found


class MumblingAndGone(Mumbling):
    gone = True


@pytest.mark.parametrize(
    ("kind", "code"),
    [(Mumbling, Code.REMOTE_NO_DIRECTORY), (MumblingAndGone, Code.REMOTE_FAILED)],
)
def test_a_directory_that_is_missing_is_named_where_that_is_shown(
    tmp_path: Path, kind: type[Vague], code: Code
) -> None:
    with vague(tmp_path, kind) as server:
        remote = ServerPartner(server, "", tmp_path).connect()
        error = refused(remote.create, "/missing/new")
        assert (error.code, error.permanent) == (code, True)
        remote.close()
