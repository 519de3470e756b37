"""Many small files at once: each has an outcome of its own, and none is taken for another."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from paramiko.sftp import CMD_STAT, CMD_STATUS, SFTP_FAILURE

from adapters.remotes.sftp import remote as sftp
from adapters.remotes.sftp.batch import AT_ONCE
from adapters.remotes.sftp.remote import SftpRemote
from adapters.remotes.sftp.wire import text
from tests.ports.partners import ROOM, ServerPartner, openssh, proftpd, refused, sandbox
from tests.servers.odd_sftp import Odd, OddServer, ShuffledServer, SpareServer, VagueServer, even
from tests.servers.openssh import is_root
from transfer.crossing.batch import Small
from transfer.errors import Code, FerryError
from transfer.model import MIB

MODIFIED = datetime(2021, 2, 3, 4, 5, 6, tzinfo=UTC)
SOME = 3 * AT_ONCE + 1


def noise(number: int) -> bytes:
    return random.Random(number).randbytes(number * 997)  # noqa: S311  bytes to send


def smalls(root: str, count: int = SOME) -> list[Small]:
    return [Small(path=f"{root}/{n}.part", data=noise(n), modified=MODIFIED) for n in range(count)]


@contextmanager
def server(kind: str, directory: Path) -> Iterator[ServerPartner]:
    start = {"openssh": openssh, "proftpd": proftpd}.get(kind)
    with start() if start else sandbox(directory) as partner:
        yield partner


def connect(partner: ServerPartner) -> SftpRemote:
    return sftp.connect(partner.destination, partner.secrets.__getitem__)


def codes(outcomes: list[object]) -> list[object]:
    return [found.code if isinstance(found, FerryError) else found for found in outcomes]


@pytest.mark.parametrize("kind", ["openssh", "proftpd", "sandbox"])
def test_every_file_arrives_with_its_own_bytes(kind: str, tmp_path: Path) -> None:
    with server(kind, tmp_path) as partner:
        remote, root = connect(partner), partner.root
        files = smalls(root)
        assert remote.store(files) == [len(file.data) for file in files]
        for replacing in (False, True):
            pairs = [(f"{root}/{n}.part", f"{root}/{n}.{replacing}") for n in range(SOME)]
            assert remote.rename_all(pairs, replace=replacing) == [True] * SOME
            assert all(partner.read(new) == noise(n) for n, (_, new) in enumerate(pairs))
            stat = (partner.local / f"1.{replacing}").stat()
            assert stat.st_mtime == MODIFIED.timestamp()
            remote.rename_all([(new, old) for old, new in pairs], replace=False)
        remote.close()


@pytest.mark.parametrize("kind", ["openssh", "proftpd", "sandbox"])
def test_a_refused_file_does_not_spoil_the_others(kind: str, tmp_path: Path) -> None:
    with server(kind, tmp_path) as partner:
        remote, root = connect(partner), partner.root
        names = ["a", "a", "missing/b", "locked/c", "d", "a2", "a3"]
        found = remote.store([Small(path=f"{root}/{name}", data=b"data") for name in names])
        assert codes(list(found)) == [
            4, Code.REMOTE_EXISTS, Code.REMOTE_NO_DIRECTORY, Code.REMOTE_DENIED, 4, 4, 4,
        ]  # fmt: skip
        pairs = [("a", "d"), ("gone", "e"), ("a2", "missing/b"), ("a3", "f")]
        full = [(f"{root}/{old}", f"{root}/{new}") for old, new in pairs]
        renamed = codes(list(remote.rename_all(full, replace=False)))
        assert renamed == [Code.REMOTE_EXISTS, False, Code.REMOTE_NO_DIRECTORY, True]
        assert partner.read(f"{root}/f") == partner.read(f"{root}/d") == b"data"
        remote.close()


@pytest.mark.skipif(not is_root(), reason="only root can mount a small file system")
def test_a_full_disk_is_told_of_each_file() -> None:
    with openssh(capacity=ROOM) as partner:
        remote = connect(partner)
        files = [Small(path=f"{partner.root}/{n}", data=bytes(MIB)) for n in range(6)]
        found = codes(list(remote.store(files)))
        assert found.count(Code.REMOTE_FULL) >= 2
        assert all(size in (MIB, Code.REMOTE_FULL) for size in found)
        remote.close()


def test_answers_may_come_in_any_order(tmp_path: Path) -> None:
    with ShuffledServer(root=tmp_path) as running:
        partner = ServerPartner(running, "", tmp_path)
        remote = connect(partner)
        files = smalls("")
        assert remote.store(files) == [len(file.data) for file in files]
        assert all(partner.read(file.path) == file.data for file in files)
        remote.close()


def test_a_refused_write_is_never_a_success(tmp_path: Path) -> None:
    with even(), OddServer(root=tmp_path) as running:
        # The request that covers the first byte is refused; of the first file nothing is written.
        Odd.write_status = SFTP_FAILURE
        remote = connect(ServerPartner(running, "", tmp_path))
        found = codes(list(remote.store(smalls("", 5))))
        assert found == [0, *[Code.REMOTE_FAILED] * 4]
        remote.close()


def test_servers_without_guard_or_replacement_are_asked_one_by_one(tmp_path: Path) -> None:
    with SpareServer(root=tmp_path) as running:
        partner = ServerPartner(running, "", tmp_path)
        remote = connect(partner)
        remote.store([Small(path="/new", data=b"new"), Small(path="/old", data=b"old")])
        pairs = [("/new", "/old"), ("/gone", "/x")]
        for replacing, code in [(True, Code.REMOTE_NO_REPLACE), (False, Code.REMOTE_EXISTS)]:
            found = codes(list(remote.rename_all(pairs, replace=replacing)))
            assert found == [code, False]
        assert partner.read("/old") == b"old"
        remote.close()


def test_a_refused_rename_and_a_broken_line(tmp_path: Path) -> None:
    with VagueServer(root=tmp_path) as running:
        remote = connect(ServerPartner(running, "", tmp_path))
        remote.store([Small(path="/new", data=b"new")])
        found = codes(list(remote.rename_all([("/new", "/final")], replace=True)))
        assert found == [Code.REMOTE_FAILED]
        remote.close()
        error = refused(remote.store, smalls("", 3))
        assert error.code == Code.REMOTE_DROPPED


def test_requests_that_are_posted_together_go_out_at_the_end(tmp_path: Path) -> None:
    with server("openssh", tmp_path) as partner:
        remote, answers = connect(partner), list[int]()
        wire, line = remote._wire, remote._line
        with line.speaking():
            # What was asked at the connect may not have been answered yet.
            while not wire.idle:
                wire.listen()
        with line.speaking(), wire.together():
            for number in range(SOME):
                path = text(f"{partner.root}/{number}".encode())
                wire.post(CMD_STAT, path, answered=lambda kind, _: answers.append(kind))
            assert not wire.ready
        with line.speaking():
            while not wire.idle:
                wire.listen()
        assert answers == [CMD_STATUS] * SOME


def test_large_blocks_keep_their_place_among_the_requests(tmp_path: Path) -> None:
    with server("openssh", tmp_path) as partner:
        remote, large = connect(partner), random.Random(1).randbytes(MIB)  # noqa: S311
        files = [
            Small(path=f"{partner.root}/{n}", data=large if n % 2 else b"small")
            for n in range(SOME)
        ]
        assert remote.store(files) == [len(file.data) for file in files]
        assert all(partner.read(file.path) == file.data for file in files)
