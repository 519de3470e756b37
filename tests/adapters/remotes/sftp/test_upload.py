"""Uploads to servers that rekey, refuse in the middle, answer out of order or offer little."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from paramiko.sftp import SFTP_FAILURE, SFTP_OP_UNSUPPORTED

from tests.ports.partners import ServerPartner, openssh, refused, send
from tests.servers.odd_sftp import (
    NO_SPACE,
    QUOTA,
    Crowded,
    Odd,
    OddServer,
    ShuffledServer,
    Sluggish,
    SluggishServer,
    SpareServer,
    UnclosableServer,
    WithholdingServer,
    even,
)
from tests.servers.openssh import OpenSSH
from transfer.errors import Code, Permanent, Transient
from transfer.model import CHUNK, MIB

NOISE = random.Random(1).randbytes(CHUNK)  # noqa: S311  bytes to send


@pytest.fixture(autouse=True)
def _even() -> Iterator[None]:
    with even():
        yield


@pytest.fixture
def partner(tmp_path: Path) -> Iterator[ServerPartner]:
    with OddServer(root=tmp_path) as server:
        yield ServerPartner(server, "", tmp_path)


@pytest.fixture
def spare(tmp_path: Path) -> Iterator[ServerPartner]:
    with SpareServer(root=tmp_path) as server:
        yield ServerPartner(server, "", tmp_path)


def test_rekeying_every_megabyte_leaves_the_bytes_alone() -> None:
    with openssh(options=["RekeyLimit 1M", "LogLevel DEBUG1"]) as partner:
        assert isinstance(partner.server, OpenSSH)
        remote = partner.connect()
        upload = remote.create(f"{partner.root}/rekeyed")
        for number in range(6):
            upload.write(NOISE, number * CHUNK)
        upload.finish()
        assert remote.size(f"{partner.root}/rekeyed") == 6 * CHUNK
        assert partner.read(f"{partner.root}/rekeyed") == NOISE * 6
        assert partner.server.log.count("NEWKEYS received") > 30
        remote.close()


@pytest.mark.parametrize("at", [0, 5 * MIB, CHUNK - 1])
@pytest.mark.parametrize(
    ("status", "code"),
    [(SFTP_FAILURE, Code.REMOTE_FAILED), (QUOTA, Code.REMOTE_FULL), (NO_SPACE, Code.REMOTE_FULL)],
)
def test_one_refused_request_is_enough(
    partner: ServerPartner, at: int, status: int, code: Code
) -> None:
    Odd.write_status, Odd.write_fails_at = status, at
    remote = partner.connect()
    upload = remote.create("/file")

    def whole() -> None:
        upload.write(NOISE, 0)
        upload.finish()

    error = refused(whole)
    assert (error.code, type(error), error.file) == (code, Permanent, "/file")
    assert refused(upload.write, b"more", CHUNK).code == code
    assert refused(upload.finish).code == code
    upload.abandon()
    remote.remove("/file")
    assert remote.size("/file") is None
    remote.close()


def test_what_was_acknowledged_ends_at_the_first_missing_answer(tmp_path: Path) -> None:
    """However much behind it has been: a heir would go on behind a hole."""
    with WithholdingServer(root=tmp_path) as server:
        remote = ServerPartner(server, "", tmp_path).connect()
        upload = remote.create("/file")
        upload.write(NOISE, 0)
        assert upload.acknowledged == 0
        upload.finish()
        assert upload.acknowledged == len(NOISE)
        remote.close()


def test_a_file_is_given_up_while_another_thread_writes_it(tmp_path: Path) -> None:
    """The write ends with its next request, the handle is closed, and the line goes on."""
    with (
        SluggishServer(root=tmp_path) as server,
        ThreadPoolExecutor(1) as lane,
        ExitStack() as after,
    ):
        after.callback(setattr, Sluggish, "rate", Sluggish.rate)
        Sluggish.over, Sluggish.rate = threading.Event(), 4 * MIB
        remote = ServerPartner(server, "", tmp_path).connect()
        upload = remote.create("/file")
        write = lane.submit(upload.write, bytes(8 * CHUNK), 0)
        while not (tmp_path / "file").stat().st_size:
            assert not write.done()
        upload.abandon()
        error = write.exception(20)
        assert isinstance(error, Transient)
        Sluggish.over.set()
        remote.remove("/file")
        assert remote.size("/file") is None
        remote.close()


def test_an_error_soon_stops_the_sending(partner: ServerPartner) -> None:
    Odd.write_status, Odd.write_fails_at = SFTP_FAILURE, 0
    remote = partner.connect()
    upload = remote.create("/file")
    error = refused(upload.write, bytes(8 * CHUNK), 0)
    assert error.code == Code.REMOTE_FAILED
    upload.abandon()
    assert (remote.size("/file") or 0) < CHUNK
    remote.close()


def test_a_refused_close_is_an_error(tmp_path: Path) -> None:
    with UnclosableServer(root=tmp_path) as server:
        remote = ServerPartner(server, "", tmp_path).connect()
        upload = remote.create("/file")
        upload.write(b"data", 0)
        error = refused(upload.finish)
        assert (error.code, type(error), error.file) == (Code.REMOTE_FULL, Permanent, "/file")
        upload.abandon()
        remote.remove("/file")
        remote.close()


@pytest.mark.parametrize(
    ("status", "code"), [(SFTP_FAILURE, Code.REMOTE_FAILED), (QUOTA, Code.REMOTE_FULL)]
)
def test_a_refused_sync_is_an_error(partner: ServerPartner, status: int, code: Code) -> None:
    Odd.fsync_status = status
    remote = partner.connect()
    upload = remote.create("/file")
    upload.write(b"data", 0)
    error = refused(upload.finish)
    assert (error.code, type(error)) == (code, Permanent)
    remote.close()


def test_files_are_synced_unless_the_file_system_cannot(partner: ServerPartner) -> None:
    Odd.fsync_status = SFTP_OP_UNSUPPORTED
    remote = partner.connect()
    send(remote, "/file", b"data")
    assert Odd.synced == 1
    remote.close()


def test_large_requests_where_the_server_says_so(partner: ServerPartner) -> None:
    remote = partner.connect()
    send(remote, "/file", NOISE)
    assert partner.read("/file") == NOISE
    assert Odd.longest_write == 255 * 1024
    remote.close()


def test_small_requests_where_it_does_not(spare: ServerPartner) -> None:
    remote = spare.connect()
    send(remote, "/file", NOISE)
    assert spare.read("/file") == NOISE
    assert Odd.longest_write == 32 * 1024
    assert Odd.synced == 0
    remote.close()


def test_a_server_that_cannot_replace(spare: ServerPartner) -> None:
    remote = spare.connect()
    send(remote, "/temp", b"new")
    send(remote, "/final", b"old")
    error = refused(remote.rename, "/temp", "/final", replace=True)
    assert (error.code, type(error)) == (Code.REMOTE_NO_REPLACE, Permanent)
    assert refused(remote.rename, "/temp", "/final", replace=False).code == Code.REMOTE_EXISTS
    assert spare.read("/final") == b"old"
    assert remote.rename("/temp", "/other", replace=True) is True
    assert remote.rename("/temp", "/final", replace=True) is False
    remote.close()


def test_answers_may_come_in_any_order(tmp_path: Path) -> None:
    with ShuffledServer(root=tmp_path) as server:
        partner = ServerPartner(server, "", tmp_path)
        remote = partner.connect()
        pieces = [NOISE[: 700 * 1024]] * 9
        upload = remote.create("/file")
        for number, piece in enumerate(pieces):
            upload.write(piece, number * len(piece))
        upload.finish()
        assert partner.read("/file") == b"".join(pieces)
        remote.close()


@pytest.mark.parametrize(
    ("free", "names", "code"),
    [(0, 5, Code.REMOTE_FULL), (10**9, 0, Code.REMOTE_FULL), (10**9, 5, Code.REMOTE_FAILED)],
)
def test_a_bare_failure_means_full_only_when_the_disk_is(
    tmp_path: Path, free: int, names: int, code: Code
) -> None:
    class Session(Crowded):
        pass

    class Server(OddServer):
        session = Session

    Session.free, Session.names = free, names
    Odd.write_status = SFTP_FAILURE
    with Server(root=tmp_path) as server:
        partner = ServerPartner(server, "", tmp_path)
        remote = partner.connect()
        upload = remote.create("/file")

        def whole() -> None:
            upload.write(b"data", 0)
            upload.finish()

        assert refused(whole).code == code
        remote.close()
