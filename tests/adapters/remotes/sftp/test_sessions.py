"""Several SFTP sessions over one connection: windows of their own, one login, one end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from adapters.remotes.sftp import remote as sftp
from adapters.remotes.sftp.remote import SftpRemote
from tests.noise import noise
from tests.ports.partners import ServerPartner, openssh, proftpd, refused, send
from tests.servers.openssh import OpenSSH
from transfer.errors import Code, Permanent, Transient
from transfer.model import CHUNK, MIB

NOISE = noise(4 * CHUNK)


@pytest.fixture(scope="module", params=[openssh, proftpd])
def partner(request: pytest.FixtureRequest) -> Iterator[ServerPartner]:
    with request.param() as partner:
        yield partner


@pytest.fixture
def remote(partner: ServerPartner) -> Iterator[SftpRemote]:
    remote = sftp.connect(partner.destination, partner.secrets.__getitem__)
    yield remote
    remote.close()


def test_they_write_one_file_together(partner: ServerPartner, remote: SftpRemote) -> None:
    path = f"{partner.root}/together"
    remotes = [remote, *(remote.another() for _ in range(3))]
    uploads = [remote.create(path)]
    uploads += [one.create(path, at=n * CHUNK) for n, one in enumerate(remotes) if n]

    def carry(number: int) -> None:
        for begin in range(number * CHUNK, (number + 1) * CHUNK, MIB):
            uploads[number].write(memoryview(NOISE)[begin : begin + MIB], begin)
        uploads[number].finish()

    threads = [threading.Thread(target=carry, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert partner.read(path) == NOISE
    assert [upload.acknowledged for upload in uploads] == [CHUNK] * 4
    assert all(0 < one.round_trip < 5 for one in remotes)
    assert not any(one._sight._linked for one in remotes[1:]), "what the first one knows"
    for one in remotes[1:]:
        one.close()
        one.close()
    assert remote.size(path) == len(NOISE)


def test_one_that_is_closed_leaves_the_others_alone(
    partner: ServerPartner, remote: SftpRemote
) -> None:
    other = remote.another()
    send(other, f"{partner.root}/left", b"data")
    other.close()
    error = refused(other.size, f"{partner.root}/left")
    assert (error.code, type(error)) == (Code.REMOTE_DROPPED, Transient)
    assert remote.size(f"{partner.root}/left") == 4


def test_they_end_with_the_first(partner: ServerPartner) -> None:
    first = sftp.connect(partner.destination, partner.secrets.__getitem__)
    other = first.another()
    first.close()
    assert refused(other.size, partner.root).code == Code.REMOTE_DROPPED
    assert refused(first.another).code == Code.REMOTE_DROPPED
    other.close()


def test_a_server_that_allows_no_more_of_them() -> None:
    with openssh(options=["MaxSessions 1"]) as partner:
        remote = sftp.connect(partner.destination, partner.secrets.__getitem__)
        error = refused(remote.another)
        assert (error.code, type(error)) == (Code.REMOTE_FAILED, Permanent)
        send(remote, f"{partner.root}/fine", b"data")
        assert partner.read(f"{partner.root}/fine") == b"data"
        remote.close()


def test_several_that_are_refused_at_once_leave_the_first_alone() -> None:
    """Of two paramiko tells one only why; the other must not be taken for a broken line."""
    with openssh(options=["MaxSessions 1"]) as partner:
        remote = sftp.connect(partner.destination, partner.secrets.__getitem__)
        for _ in range(5):
            with ThreadPoolExecutor(8) as pool:
                errors = list(pool.map(lambda _: refused(remote.another), range(8)))
            assert {(error.code, type(error)) for error in errors} == {
                (Code.REMOTE_FAILED, Permanent)
            }
        assert remote.size(f"{partner.root}/none") is None
        remote.close()


def test_a_dead_server_ends_them_all() -> None:
    with openssh() as partner:
        remote = sftp.connect(partner.destination, partner.secrets.__getitem__)
        other = remote.another()
        assert isinstance(partner.server, OpenSSH)
        partner.server.drop()
        assert refused(other.size, partner.root).code == Code.REMOTE_DROPPED
        assert refused(remote.size, partner.root).code == Code.REMOTE_DROPPED
