"""T1 is about the stored file, and the question for it harms nobody."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import paramiko
import pytest
from paramiko.sftp import CMD_EXTENDED, SFTP_OP_UNSUPPORTED

from adapters.remotes.sftp.proof import ALGORITHMS
from sandbox.remotes import SftpServer, SftpSession
from tests.ports.ftp_partners import FtpPartner
from tests.ports.partners import ServerPartner, send
from tests.servers.odd_ftp import OddFtp, Session
from tests.servers.proftpd import Proftpd

DATA = b"stored" * 1000


@pytest.mark.parametrize(
    ("offered", "digests", "logins"),
    [
        ("", ("md5", "sha256"), 1),
        ("", ("md5",), 1),
        ("sha256 md5", ("md5", "sha256"), 1),
        ("sha256 md5", ("md5",), 1),
        # No other one can be chosen meanwhile: each time a session that has seen no bytes.
        ("sha256", ("sha256",), 4),
        ("md5", ("md5",), 4),
    ],
)
def test_a_byte_that_changes_on_the_disk_changes_the_hash(
    offered: str, digests: tuple[str, ...], logins: int
) -> None:
    """ProFTPD answers from what it hashed on the way, once a session has chosen the algorithm."""
    options = [f"DigestAlgorithms {offered}"] if offered else []
    with Proftpd(options=options) as server:
        remote = FtpPartner(server, "ftp").connect(digests=digests)
        algorithm = digests[-1]
        assert algorithm in remote.powers.digests
        for number in range(3):
            path = server.root / str(number)
            send(remote, str(path), DATA)
            ours = hashlib.new(algorithm, DATA).hexdigest()
            if number == 1:
                kept = path.stat()
                path.write_bytes(b"X" + DATA[1:])
                os.utime(path, ns=(kept.st_atime_ns, kept.st_mtime_ns))
                assert remote.proof.digest(str(path), algorithm) not in (None, ours)
            else:
                assert remote.proof.digest(str(path), algorithm) == ours
        remote.close()
        log = (server.home / "commands.log").read_text()
        assert sum(line.startswith("PASS") for line in log.splitlines()) == logins


class Choosing(Session):
    """Keeps what was chosen when a store began."""

    features = ("SIZE", "HASH SHA-1;SHA-256*;MD5")
    chosen = "SHA-256"
    stores: list[str] = []  # noqa: RUF012  shared by all sessions on purpose

    def do_opts(self, words: str) -> None:
        self.chosen = words.rsplit(maxsplit=1)[-1]
        self.reply("200 OK")

    def do_stor(self, path: str) -> None:
        self.stores.append(self.chosen)
        super().do_stor(path)


def test_what_is_chosen_by_itself_is_changed_before_the_first_store() -> None:
    with OddFtp(Choosing) as server:
        remote = FtpPartner(server, "ftp").connect()
        send(remote, "/file", DATA)
        remote.close()
    assert Choosing.stores == ["SHA-1"]


class Touchy(SftpSession):
    """Offers hashes, and ends the session when it is asked about anything but a file."""

    extensions = (*SftpSession.extensions, ("check-file", "1"))  # type: ignore[assignment]

    def _process(self, kind: int, number: int, message: paramiko.Message) -> None:
        if kind == CMD_EXTENDED and b"check-file-name" in message.asbytes():
            if b"/file" not in message.asbytes():
                raise EOFError
            self._send_status(number, SFTP_OP_UNSUPPORTED)
        else:
            super()._process(kind, number, message)


class TouchyServer(SftpServer):
    session = Touchy


def test_the_offer_is_believed_until_our_own_file_shows_otherwise(tmp_path: Path) -> None:
    with TouchyServer(root=tmp_path) as server:
        remote = ServerPartner(server, "", tmp_path).connect()
        assert remote.powers.digests == ALGORITHMS
        send(remote, "/file", DATA)
        assert remote.proof.digest("/file", "sha256") is None
        assert remote.powers.digests == frozenset()
        assert remote.size("/file") == len(DATA)
        remote.close()
