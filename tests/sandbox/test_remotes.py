"""The SFTP server against paramiko's client: what OpenSSH does, it does."""

from __future__ import annotations

import io
import os
import socket
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paramiko
import pytest
from paramiko.sftp import CMD_EXTENDED, CMD_EXTENDED_REPLY, SFTP_FAILURE

from sandbox.remotes import LONGEST_DATA, SftpServer, make_host_key
from sandbox.sftp_files import File, Files


@contextmanager
def client(server: SftpServer, **login: Any) -> Iterator[paramiko.SFTPClient]:
    login = login or {"username": server.username, "password": server.password}
    with paramiko.Transport((server.host, server.port)) as transport:
        transport.connect(**login)
        assert transport.get_remote_server_key().fingerprint == server.host_key
        sftp = paramiko.SFTPClient.from_transport(transport)
        assert sftp is not None
        with sftp:
            yield sftp


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SftpServer]:
    with SftpServer(root=tmp_path / "partner") as running:
        yield running


@pytest.fixture
def sftp(server: SftpServer) -> Iterator[paramiko.SFTPClient]:
    with client(server) as connected:
        yield connected


def put(sftp: paramiko.SFTPClient, path: str, data: bytes) -> None:
    with sftp.open(path, "wb") as file:
        file.write(data)


def test_bytes_go_there_and_back(server: SftpServer, sftp: paramiko.SFTPClient) -> None:
    data = os.urandom(3 * LONGEST_DATA + 17)
    with sftp.open("/Übersicht März.bin", "wb") as file:
        file.set_pipelined(pipelined=True)
        file.MAX_REQUEST_SIZE = LONGEST_DATA
        file.write(data)
    assert (server.root / "Übersicht März.bin").read_bytes() == data
    assert sftp.stat("/Übersicht März.bin").st_size == len(data)
    with sftp.open("/Übersicht März.bin", "rb") as file:
        assert file.read() == data


def test_rename_refuses_an_existing_target(sftp: paramiko.SFTPClient) -> None:
    put(sftp, "/new", b"new")
    put(sftp, "/old", b"old")
    with pytest.raises(OSError, match="Failure"):
        sftp.rename("/new", "/old")
    assert sorted(sftp.listdir("/")) == ["new", "old"]
    sftp.rename("/new", "/free")
    assert sorted(sftp.listdir("/")) == ["free", "old"]


def test_posix_rename_replaces(server: SftpServer, sftp: paramiko.SFTPClient) -> None:
    put(sftp, "/new", b"new")
    put(sftp, "/old", b"old")
    sftp.posix_rename("/new", "/old")
    assert sftp.listdir("/") == ["old"]
    assert (server.root / "old").read_bytes() == b"new"
    with pytest.raises(FileNotFoundError):
        sftp.posix_rename("/new", "/old")


def test_exclusive_create(sftp: paramiko.SFTPClient) -> None:
    sftp.open("/once", "wx").close()
    with pytest.raises(OSError, match="Failure"):
        sftp.open("/once", "wx")


def test_directories(sftp: paramiko.SFTPClient) -> None:
    sftp.mkdir("/in")
    put(sftp, "/in/a", b"")
    assert [entry.filename for entry in sftp.listdir_attr("/in")] == ["a"]
    with pytest.raises(OSError, match="Failure"):
        sftp.rmdir("/in")
    with pytest.raises(FileNotFoundError):
        put(sftp, "/absent/a", b"")
    sftp.remove("/in/a")
    sftp.rmdir("/in")
    with pytest.raises(FileNotFoundError):
        sftp.remove("/in/a")


def test_attributes(server: SftpServer, sftp: paramiko.SFTPClient) -> None:
    put(sftp, "/a", b"0123456789")
    sftp.chmod("/a", 0o600)
    sftp.utime("/a", (1_000_000, 2_000_000))
    sftp.truncate("/a", 4)
    status = (server.root / "a").stat()
    assert (status.st_mode & 0o777, status.st_size) == (0o600, 4)
    assert (server.root / "a").read_bytes() == b"0123"


@pytest.mark.parametrize("path", ["/../secret", "../secret", "/in/../../secret", "//secret"])
def test_dots_stay_inside(server: SftpServer, sftp: paramiko.SFTPClient, path: str) -> None:
    (server.root.parent / "secret").write_text("theirs")
    put(sftp, path, b"ours")
    assert (server.root.parent / "secret").read_text() == "theirs"
    assert (server.root / "secret").read_text() == "ours"


def test_links_do_not_lead_out(server: SftpServer, sftp: paramiko.SFTPClient) -> None:
    outside = server.root.parent / "outside"
    outside.mkdir()
    (outside / "secret").write_text("theirs")
    (server.root / "link").symlink_to(outside)
    (server.root / "file").symlink_to(outside / "secret")
    (server.root / "dangling").symlink_to(outside / "fresh")
    for attempt in (
        lambda: sftp.open("/link/secret", "rb"),
        lambda: sftp.open("/file", "wb"),
        lambda: sftp.open("/dangling", "wb"),
        lambda: sftp.listdir("/link"),
        lambda: sftp.remove("/link/secret"),
        lambda: sftp.posix_rename("/file", "/link/moved"),
    ):
        with pytest.raises(PermissionError):
            attempt()
    assert [entry.name for entry in outside.iterdir()] == ["secret"]
    assert (outside / "secret").read_text() == "theirs"


def test_login(server: SftpServer, tmp_path: Path) -> None:
    for wrong in (
        {"username": "ferry", "password": "wrong"},
        {"username": "somebody", "password": server.password},
        {"username": "ferry", "pkey": make_host_key()},
    ):
        with pytest.raises(paramiko.AuthenticationException), client(server, **wrong):
            pass
    key = make_host_key()
    line = f"{key.get_name()} {key.get_base64()} ferry@bastion"
    with (
        SftpServer(root=tmp_path / "keyed", authorized_keys=[line]) as keyed,
        client(keyed, username="ferry", pkey=key) as sftp,
    ):
        assert sftp.listdir("/") == []


def test_many_at_once(server: SftpServer) -> None:
    def upload(number: int) -> None:
        with client(server) as sftp:
            sftp.putfo(io.BytesIO(bytes([number]) * 200_000), f"/{number}")

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(upload, range(12)))
    for number in range(12):
        assert (server.root / str(number)).read_bytes() == bytes([number]) * 200_000


def test_extensions_of_openssh(sftp: paramiko.SFTPClient) -> None:
    ask: Any = sftp._request  # type: ignore[attr-defined]
    kind, limits = ask(CMD_EXTENDED, b"limits@openssh.com")
    assert kind == CMD_EXTENDED_REPLY
    assert struct.unpack(">QQQQ", limits.get_remainder())[1:3] == (LONGEST_DATA, LONGEST_DATA)
    with sftp.open("/a", "wb") as file:
        file.write(b"x")
        ask(CMD_EXTENDED, b"fsync@openssh.com", file.handle)
    with pytest.raises(OSError, match="unsupported"):
        ask(CMD_EXTENDED, b"statvfs@openssh.com", b"/")


def test_a_packet_that_openssh_would_not_take_ends_the_session(sftp: paramiko.SFTPClient) -> None:
    def send() -> None:
        with sftp.open("/a", "wb") as file:
            file.MAX_REQUEST_SIZE = 300_000
            file.write(bytes(300_000))

    # paramiko notices it while it writes or when it closes, and names it in either way.
    with pytest.raises((paramiko.SSHException, OSError)):
        send()
    with pytest.raises((paramiko.SSHException, OSError)):
        sftp.stat("/")


def test_one_fault_is_one_subclass(tmp_path: Path) -> None:
    class Full(File):
        def write(self, offset: int, data: object) -> int:  # noqa: ARG002
            return SFTP_FAILURE

    class FullFiles(Files):
        file = Full

    class FullServer(SftpServer):
        files = FullFiles

    with FullServer(root=tmp_path / "full") as server, client(server) as sftp:
        with pytest.raises(OSError, match="Failure"):
            put(sftp, "/a", b"x")
        assert sftp.stat("/a").st_size == 0


def test_stop_hangs_up_and_a_taken_port_is_an_error(tmp_path: Path) -> None:
    with SftpServer(root=tmp_path) as server, client(server) as sftp:
        with pytest.raises(OSError, match="in use"):
            SftpServer(root=tmp_path, port=server.port).start()
        server.stop()
        server.stop()
        with pytest.raises(paramiko.SSHException, match="dropped"):
            sftp.listdir("/")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((server.host, server.port))
