"""What a server says of its limits is believed, each number for itself."""

from __future__ import annotations

import struct
from pathlib import Path

import paramiko
import pytest
from paramiko.sftp import CMD_CLOSE, CMD_EXTENDED_REPLY, CMD_OPEN

from adapters.remotes.sftp.remote import SftpRemote
from adapters.remotes.sftp.wire import LARGEST_REQUEST, OVERHEAD
from sandbox.remotes import SftpServer, SftpSession
from tests.ports.partners import ServerPartner
from tests.servers.odd_sftp import Odd, OddFiles, even
from transfer.crossing.batch import Small
from transfer.model import MIB

KIB = 1024


def limited(*numbers: int) -> type[SftpServer]:
    """Says them: bytes of a packet, a read, a write, and handles at once."""

    class Limited(SftpSession):
        handles = most = 0

        def _limits(self, number: int) -> None:
            reply = paramiko.Message()
            reply.add_int(number)
            reply.add_bytes(struct.pack(f">{len(numbers)}Q", *numbers))
            self._send_packet(CMD_EXTENDED_REPLY, reply)

        def _process(self, kind: int, number: int, message: paramiko.Message) -> None:
            kinds = {CMD_OPEN: 1, CMD_CLOSE: -1}
            Limited.handles += kinds.get(kind, 0)
            Limited.most = max(Limited.most, Limited.handles)
            super()._process(kind, number, message)

    class Server(SftpServer):
        session, files = Limited, OddFiles

    return Server


@pytest.mark.parametrize(
    ("numbers", "read", "write"),
    [
        ((256 * KIB, 255 * KIB, 255 * KIB, 100), 255 * KIB, 255 * KIB),
        ((0, 0, 0, 0), LARGEST_REQUEST, LARGEST_REQUEST),
        ((34_000, 0, 0, 0), 34_000 - OVERHEAD, 34_000 - OVERHEAD),
        ((34_000, 255 * KIB, 8 * KIB, 0), 34_000 - OVERHEAD, 8 * KIB),
        ((0, 16 * KIB, 0, 0), 16 * KIB, LARGEST_REQUEST),
        ((0, 0, 1000, 0), LARGEST_REQUEST, 1000),
        ((10**12, 10**12, 10**12, 10**12), LARGEST_REQUEST, LARGEST_REQUEST),
        ((64 * KIB, 20 * KIB), 20 * KIB, 63 * KIB),
    ],
    ids=str,
)
def test_each_number_counts_for_itself(
    tmp_path: Path, numbers: tuple[int, ...], read: int, write: int
) -> None:
    data = bytes(range(256)) * (MIB // 256)
    with even(), limited(*numbers)(root=tmp_path) as server:
        remote = ServerPartner(server, "", tmp_path).connect()
        assert isinstance(remote, SftpRemote)
        assert (remote._wire.answer, remote._wire.request) == (read, write)
        upload = remote.create("/file")
        upload.write(data, 0)
        upload.finish()
        assert Odd.longest_write <= write
        assert b"".join(remote.proof.read("/file", 0, MIB)) == data
        remote.close()


def test_no_more_files_are_open_at_once_than_the_server_allows(tmp_path: Path) -> None:
    with limited(0, 0, 0, 3)(root=tmp_path) as server:
        remote = ServerPartner(server, "", tmp_path).connect()
        assert isinstance(remote, SftpRemote)
        assert remote.store([Small(path=f"/{n}", data=b"data") for n in range(20)]) == [4] * 20
        assert server.session.most == 3  # type: ignore[attr-defined]
        remote.close()
