"""Servers that are slow, lie, sweep or never end their greeting: a named error, never a success."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest

from sandbox.remotes import SftpServer
from tests.noise import noise
from tests.ports.partners import OTHER_KEY, ServerPartner, refused, send
from tests.servers.odd_sftp import (
    CorruptingServer,
    HousekeepingServer,
    ShuffledReadsServer,
    Sluggish,
    SluggishServer,
    UnmovableServer,
    VagueServer,
)
from transfer.destination import Destination, HostKey
from transfer.errors import Code, Permanent, Transient
from transfer.model import CHUNK, MIB

NOISE = noise(CHUNK)


@contextmanager
def partner_of(kind: type[SftpServer], directory: Path) -> Iterator[ServerPartner]:
    with kind(root=directory) as server:
        yield ServerPartner(server, "", directory)


@pytest.fixture
def over() -> Iterator[threading.Event]:
    with Sluggish.at(1024) as over:
        yield over


def test_a_server_of_1_kb_a_second_is_given_up(tmp_path: Path, over: threading.Event) -> None:
    with partner_of(SluggishServer, tmp_path) as partner:
        remote = partner.remotes.connect(replace(partner.destination, timeout=2.0))
        upload = remote.create("/file")
        upload.write(NOISE[:MIB], 0)
        begin = monotonic()
        error = refused(upload.finish)
        assert (error.code, type(error), error.file) == (Code.REMOTE_TIMEOUT, Transient, "/file")
        assert monotonic() - begin < 60
        assert upload.acknowledged == 0
        over.set()


def test_a_slow_server_that_makes_progress_is_waited_for(
    tmp_path: Path, over: threading.Event
) -> None:
    Sluggish.rate = 1_000_000
    with partner_of(SluggishServer, tmp_path) as partner:
        # Each request takes 0.26 s, all of them together longer than the time without progress.
        remote = partner.remotes.connect(replace(partner.destination, timeout=2.0))
        upload = remote.create("/file")
        begin = monotonic()
        upload.write(NOISE[: 3 * MIB], 0)
        upload.finish()
        assert monotonic() - begin > 2
        assert partner.read("/file") == NOISE[: 3 * MIB]
        remote.close()


def test_a_temp_that_vanishes_is_noticed(tmp_path: Path) -> None:
    with partner_of(HousekeepingServer, tmp_path) as partner:
        remote = partner.connect()
        send(remote, "/file", NOISE)
        assert remote.size("/file") is None
        assert remote.rename("/file", "/final", replace=True) is False
        assert remote.rename("/file", "/final", replace=False) is False
        error = refused(remote.create, "/file", at=5)
        assert (error.code, type(error)) == (Code.REMOTE_FAILED, Permanent)
        remote.close()


def test_a_server_that_stores_other_bytes_is_found_by_reading_back(tmp_path: Path) -> None:
    with partner_of(CorruptingServer, tmp_path) as partner:
        remote = partner.connect()
        send(remote, "/file", NOISE)
        assert remote.size("/file") == len(NOISE)
        stored = b"".join(remote.proof.read("/file", 0, len(NOISE)))
        assert stored == partner.read("/file") != NOISE
        remote.close()


@pytest.mark.parametrize("replacing", [True, False])
@pytest.mark.parametrize(
    ("kind", "code"), [(UnmovableServer, Code.REMOTE_DENIED), (VagueServer, Code.REMOTE_FAILED)]
)
def test_a_refused_rename_leaves_both_names_alone(
    tmp_path: Path, kind: type[SftpServer], code: Code, *, replacing: bool
) -> None:
    with partner_of(kind, tmp_path) as partner:
        remote = partner.connect()
        send(remote, "/temp", b"new")
        error = refused(remote.rename, "/temp", "/final", replace=replacing)
        assert (error.code, type(error), error.file) == (code, Permanent, "/final")
        assert remote.size("/temp") == 3
        assert remote.size("/final") is None
        remote.close()


@pytest.mark.parametrize("size", [MIB, len(NOISE)])
def test_answers_to_reads_may_come_in_any_order(tmp_path: Path, size: int) -> None:
    with partner_of(ShuffledReadsServer, tmp_path) as partner:
        (tmp_path / "file").write_bytes(NOISE[:size])
        remote = partner.connect()
        assert b"".join(remote.proof.read("/file", 0, 2 * size)) == NOISE[:size]
        remote.close()


def forever(line: bytes) -> Callable[[socket.socket], None]:
    def flood(client: socket.socket) -> None:
        try:
            while True:
                client.sendall(line)
        except OSError:
            client.close()

    return flood


@contextmanager
def flooding(flood: Callable[[socket.socket], None]) -> Iterator[Destination]:
    """Somebody who greets with `flood`."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        flooder = threading.Thread(target=lambda: flood(listener.accept()[0]), daemon=True)
        flooder.start()
        yield Destination(
            name="partner", protocol="sftp", host="127.0.0.1", port=listener.getsockname()[1],
            username="ferry", root="/", password="password", connect_timeout=2.0,
            host_keys=(HostKey(fingerprint=OTHER_KEY),),
        )  # fmt: skip
        flooder.join(60)


@pytest.mark.parametrize("line", [b"x" * 4096, b"welcome, dear guest\r\n"])
def test_a_greeting_without_end(tmp_path: Path, line: bytes) -> None:
    with partner_of(SftpServer, tmp_path) as partner, flooding(forever(line)) as destination:
        begin = monotonic()
        error = refused(partner.remotes.connect, destination)
        assert monotonic() - begin < 60
        assert error.code in (Code.REMOTE_TIMEOUT, Code.REMOTE_DROPPED)
        assert type(error) is Transient


def test_the_first_version_of_ssh_is_refused(tmp_path: Path) -> None:
    greeting = forever(b"SSH-1.5-old\r\n")
    with partner_of(SftpServer, tmp_path) as partner, flooding(greeting) as destination:
        error = refused(partner.remotes.connect, destination)
        assert (error.code, type(error)) == (Code.REMOTE_INSECURE, Permanent)
