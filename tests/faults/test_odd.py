"""The whole engine on servers with habits that no server shows which the tests can run."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from paramiko import SFTPAttributes, SFTPHandle
from paramiko.sftp import SFTP_FAILURE, SFTP_OP_UNSUPPORTED, SFTP_PERMISSION_DENIED

from sandbox.remotes import SftpServer, SftpSession
from sandbox.sftp_files import NEW, Files
from tests.faults.sightings import Sightings
from tests.faults.voyage import Ended, Voyage
from tests.noise import noise
from tests.servers.odd_ftp import OddFtp, Session
from tests.servers.proxy import Kind, Proxy
from transfer.destination import Conflict, HostKey, Mode
from transfer.model import CHUNK
from transfer.tools import Tools
from transfer.width import Width

SOURCE = "s3://exports/data.bin"
SMALL = b"name;pay\n" * 100
LARGE = noise(2 * CHUNK + 12_345)
ONE = Width(wide=1 << 40, far=60.0)
LATE = 2
"""Looks after a close that do not show the file as it is."""


@dataclass
class Odd(Voyage):
    width: Width = ONE

    def _credential(self) -> dict[str, Any]:
        pin = HostKey(fingerprint=self.server.host_key)  # type: ignore[union-attr]
        return {"protocol": "sftp", "password": "password", "host_keys": (pin,), "root": "/"}

    def local(self, path: str) -> Path:
        return Path(self.server.root, path.lstrip("/"))

    def tools(self) -> Tools:
        return replace(super().tools(), width=self.width)


@contextmanager
def odd(
    files: type[Files],
    data: bytes,
    root: Path,
    session: type[SftpSession] = SftpSession,
    **settings: Any,
) -> Iterator[Odd]:
    class Server(SftpServer):
        pass

    Server.files, Server.session = files, session
    with Server(root=root) as server, Sightings(root) as seen:
        proxied = settings.pop("port", 0)
        patient = {"timeout": 60.0, "connect_timeout": 60.0}
        made: Any = server
        yield Odd(made, seen, {SOURCE: data}, port=proxied, settings=patient | settings)


class Late(Files):
    """What was closed just now has no bytes, or is not there, for the first looks at it."""

    absent: ClassVar[bool]
    looks: ClassVar[dict[str, int]]

    def stat(self, path: str) -> SFTPAttributes | int:
        found = super().stat(path)
        left = self.looks.setdefault(path, LATE)
        if not isinstance(found, SFTPAttributes) or not found.st_size or not left:
            return found
        self.looks[path] = left - 1
        if self.absent:
            return super().stat(f"{path}.nobody")
        found.st_size = 0
        return found


@pytest.mark.parametrize("absent", [False, True], ids=["empty", "absent"])
def test_a_size_that_comes_late_is_waited_for(absent: bool, tmp_path: Path) -> None:
    class Tardy(Late):
        looks: ClassVar[dict[str, int]] = {}

    Tardy.absent = absent
    with odd(Tardy, SMALL, tmp_path) as voyage:
        assert voyage.sail().judged().delivered
        [temp] = [path for path in Tardy.looks if ".ff-" in path]
        assert voyage.sightings.of(temp.lstrip("/")) == 1


class Held(Files):
    """Files that a scanner looks into may not be renamed: `left` so many times more."""

    left: ClassVar[int]
    status: ClassVar[int]

    def _held(self) -> bool:
        type(self).left -= 1
        return self.left >= 0

    def rename(self, oldpath: str, newpath: str) -> int:
        return self.status if self._held() else int(super().rename(oldpath, newpath))

    def posix_rename(self, oldpath: str, newpath: str) -> int:
        return self.status if self._held() else int(super().posix_rename(oldpath, newpath))


@pytest.mark.parametrize("conflict", [Conflict.FAIL, Conflict.REPLACE])
@pytest.mark.parametrize("status", [SFTP_FAILURE, SFTP_PERMISSION_DENIED])
def test_a_rename_that_is_refused_for_a_moment_costs_no_upload(
    status: int, conflict: Conflict, tmp_path: Path
) -> None:
    class Scanned(Held):
        pass

    Scanned.left, Scanned.status = 2, status
    with odd(Scanned, SMALL, tmp_path, on_conflict=conflict) as voyage:
        ended = voyage.sail().judged()
        assert ended.delivered
        assert Scanned.left < 0
        temp = f".ff-{ended.transfer.request.token}-1-e1.part"
        assert voyage.sightings.of(temp) == 1


TAKEN = {Conflict.FAIL: "remote.exists", Conflict.REPLACE: "remote.no_replace"}


class Half(Files):
    """Offers posix-rename and does not know it, nor LSTAT."""

    def posix_rename(self, oldpath: str, newpath: str) -> int:
        del oldpath, newpath
        return int(SFTP_OP_UNSUPPORTED)

    def lstat(self, path: str) -> int:
        del path
        return int(SFTP_OP_UNSUPPORTED)


@pytest.mark.parametrize("files", [1, 4])
@pytest.mark.parametrize("conflict", Conflict)
def test_what_a_server_does_not_know_is_done_otherwise(
    conflict: Conflict, files: int, tmp_path: Path
) -> None:
    with odd(Half, SMALL, tmp_path, on_conflict=conflict) as voyage:
        voyage.contents = {f"s3://exports/{number}.bin": SMALL for number in range(files)}
        voyage.__post_init__()
        assert voyage.sail().judged().delivered


@pytest.mark.parametrize("conflict", TAKEN)
def test_nor_is_anything_replaced_for_that(conflict: Conflict, tmp_path: Path) -> None:
    with odd(Half, SMALL, tmp_path, on_conflict=conflict) as voyage:
        (tmp_path / voyage.name).write_bytes(b"old")
        ended = voyage.sail()
        assert (ended.code, ended.temps()) == (TAKEN[conflict], [])
        assert (tmp_path / voyage.name).read_bytes() == b"old"


class Emptying(Files):
    """Whatever is opened to be written is emptied, be it new or not."""

    opened: ClassVar[list[str]]

    def open(self, path: str, flags: int, attr: SFTPAttributes) -> SFTPHandle | int:
        if flags & (os.O_WRONLY | os.O_RDWR):
            self.opened.append(path)
            flags |= 0 if flags & NEW == NEW else os.O_TRUNC
        return super().open(path, flags, attr)


def test_a_server_that_empties_what_it_opens_gets_the_file_anew_after_a_cut(
    tmp_path: Path,
) -> None:
    class Clean(Emptying):
        opened: ClassVar[list[str]] = []

    with odd(Clean, LARGE, tmp_path) as voyage, Proxy("127.0.0.1", voyage.server.port) as proxy:
        voyage.port = proxy.port
        left = [Kind.RESET]

        def cut() -> None:
            if left and voyage.watcher.moves[-1][1] >= CHUNK:
                proxy.strike(left.pop())

        voyage.watcher.then = cut
        assert voyage.sail().judged().delivered
        assert left == []
        # Made, opened to be continued, and made anew.
        assert len(Clean.opened) == 3


class Caseless(Files):
    """Does not tell A from a: what stands there is found under any letters."""

    def local(self, path: str, *, follow: bool = False) -> Path:
        asked = super().local(path, follow=follow)
        if not asked.parent.is_dir():
            return asked
        like = [one for one in asked.parent.iterdir() if one.name.lower() == asked.name.lower()]
        return like[0] if like else asked


@pytest.mark.parametrize("mode", [Mode.AUTO, Mode.SWAP, Mode.DIRECT])
@pytest.mark.parametrize("conflict", Conflict)
def test_a_file_under_other_letters_is_never_replaced(
    conflict: Conflict, mode: Mode, tmp_path: Path
) -> None:
    with odd(Caseless, SMALL, tmp_path, on_conflict=conflict, mode=mode) as voyage:
        twin = tmp_path / voyage.name.upper()
        twin.write_bytes(b"another file")
        ended = voyage.sail()
        if conflict is Conflict.VERSION:
            assert ended.delivered
            assert (tmp_path / voyage.name.replace(".bin", ".2.bin")).read_bytes() == SMALL
        else:
            assert ended.code == "remote.exists"
        assert twin.read_bytes() == b"another file"
        assert (ended.temps(), ended.transfer.loose_ends) == ([], ())


class Whole(Session):
    """Renames as well. `held`: so many renames are refused; `late`: so many looks show nothing."""

    held = late = 0
    source = ""

    def do_rnfr(self, path: str) -> None:
        self.source = path
        self.reply("350 go on" if path in self.server.files else "550 none")

    def do_rnto(self, path: str) -> None:
        if self.held:
            type(self).held -= 1
            self.reply("550 The process cannot access the file: it is being used by another one.")
        else:
            self.server.files[path] = self.server.files.pop(self.source)
            self.reply("250 renamed")

    def do_size(self, path: str) -> None:
        if self.late and path in self.server.files:
            type(self).late -= 1
            self.reply("550 No such file")
        else:
            super().do_size(path)


class Busy(Whole):
    held = 2


class Tardy(Whole):
    late = LATE


class Modern(Whole):
    """EPSV (RFC 2428) and MLST (RFC 3659), and of SIZE and PASV a name only."""

    features: Sequence[str] = ("UTF8", "MLST size*;type*;", "REST STREAM")

    def do_pasv(self, _nothing: str) -> None:
        self.reply("502 PASV not implemented")

    def do_epsv(self, _nothing: str) -> None:
        self.listener.close()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.reply(f"229 Entering (|||{self.listener.getsockname()[1]}|)")

    def do_size(self, _path: str) -> None:
        self.reply("213 plenty")

    def do_mlst(self, path: str) -> None:
        found = self.server.files.get(path)
        line = f" size={len(found or b'')};type=file; {path}"
        self.reply("550 none" if found is None else f"250-start\r\n{line}\r\n250 end")


class Full(Whole):
    """As a gateway does whose store has no room: the code is right, the words are of its store."""

    def keep(self, path: str, data: bytes, rest: int) -> None:
        """Nothing."""

    def reply(self, text: str) -> None:
        stored = text.startswith("226 stored")
        super().reply("452 data.bin: No such file or directory" if stored else text)


def carried(session: type[Session], root: Path) -> tuple[Ended, dict[str, bytes]]:
    """A fresh class of it: what it counts is of one server."""
    with OddFtp(type(session.__name__, (session,), {})) as server, Sightings(root) as seen:
        made: Any = server
        settings = {"root": "/", "timeout": 60.0, "connect_timeout": 60.0}
        voyage = Voyage(made, seen, {SOURCE: SMALL}, settings=settings)
        ended = voyage.sail()
        # Each upload is one STOR, whatever was looked at or tried again.
        assert sum(line.startswith("STOR ") for line in server.heard) == 1
        return ended, {path.lstrip("/"): data for path, data in server.files.items()}


@pytest.mark.parametrize("session", [Whole, Busy, Tardy, Modern])
def test_habits_of_ftp_cost_no_second_upload(session: type[Session], tmp_path: Path) -> None:
    ended, files = carried(session, tmp_path)
    assert ended.delivered
    assert files == {ended.voyage.name: SMALL}


def test_a_full_disk_that_says_that_there_is_no_file(tmp_path: Path) -> None:
    ended, files = carried(Full, tmp_path)
    assert ended.code == "remote.full"
    assert files == {}
    assert ended.transfer.loose_ends == ()


class Plain(Files):
    """Refuses to make sure that a file is new."""

    status: ClassVar[int]

    def open(self, path: str, flags: int, attr: SFTPAttributes) -> SFTPHandle | int:
        return self.status if flags & os.O_EXCL else super().open(path, flags, attr)


@pytest.mark.parametrize("status", [SFTP_FAILURE, SFTP_OP_UNSUPPORTED])
def test_a_server_without_exclusive_creation_gets_temps_and_nothing_in_place(
    status: int, tmp_path: Path
) -> None:
    class Refusing(Plain):
        pass

    Refusing.status = status
    with odd(Refusing, SMALL, tmp_path / "temps") as voyage:
        assert voyage.sail().judged().delivered
    with odd(Refusing, SMALL, tmp_path / "direct", mode=Mode.DIRECT, collected=True) as voyage:
        failure = voyage.sail().judged().transfer.failure
    assert failure
    assert failure.code == "remote.failed"
    assert ("another mode of the destination" in failure.action) == (status != SFTP_FAILURE)
