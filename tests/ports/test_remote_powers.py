"""What the Remote port promises by its Powers: continuing, ranges, proof, replacing, guarding."""

from __future__ import annotations

import hashlib
import random
from datetime import UTC, datetime, timedelta
from posixpath import basename, dirname

import pytest

from tests.ports.partners import Partner, exactly, refused, send
from transfer.errors import Code, Permanent
from transfer.model import MIB
from transfer.ports import Remote

pytest_plugins = ["tests.ports.partner_fixtures"]

NOISE = random.Random(7).randbytes(3 * MIB + 11)  # noqa: S311  bytes to send
MODIFIED = datetime(2021, 2, 3, 4, 5, 6, tzinfo=UTC)
RANGES = [(0, len(NOISE)), (0, 1), (1, MIB), (MIB - 1, 300 * 1024), (len(NOISE) - 1, 1), (5, 0)]


@pytest.mark.parametrize("at", [1, 255 * 1024, 2 * MIB + 5])
def test_a_file_is_continued_where_it_ends(
    partner: Partner, remote: Remote, path: str, at: int
) -> None:
    if not remote.powers.resumes:
        pytest.skip("this server cannot continue a file")
    send(remote, path, NOISE[:at])
    upload = remote.create(path, at=at)
    upload.write(NOISE[at : at + MIB], at)
    upload.write(NOISE[at + MIB :], at + MIB)
    upload.finish()
    assert upload.acknowledged == len(NOISE) - at
    assert exactly(partner.read(path), NOISE)


def test_a_file_that_is_gone_cannot_be_continued(remote: Remote, path: str) -> None:
    if not remote.powers.resumes:
        pytest.skip("this server cannot continue a file")

    def go_on() -> None:
        upload = remote.create(path, at=5)
        upload.write(b"late", 5)
        upload.finish()

    error = refused(go_on)
    assert (error.code, type(error)) == (Code.REMOTE_FAILED, Permanent)
    assert remote.size(path) is None


def test_several_connections_write_one_file(partner: Partner, remote: Remote, path: str) -> None:
    if not remote.powers.ranges:
        pytest.skip("this server takes a file from its beginning to its end only")
    half, other = len(NOISE) // 2, partner.remotes.connect(partner.destination)
    first = remote.create(path)
    second = other.create(path, at=half)
    for begin in range(0, half, MIB):
        second.write(NOISE[half + begin : min(half + begin + MIB, len(NOISE))], half + begin)
        first.write(NOISE[begin : min(begin + MIB, half)], begin)
    second.finish()
    first.finish()
    other.close()
    assert second.acknowledged == len(NOISE) - half
    assert exactly(partner.read(path), NOISE)


def test_views_are_written_as_well_as_bytes(partner: Partner, remote: Remote, path: str) -> None:
    upload = remote.create(path)
    view = memoryview(bytearray(NOISE))
    upload.write(view[: 2 * MIB], 0)
    upload.write(view[2 * MIB :], 2 * MIB)
    upload.finish()
    assert exactly(partner.read(path), NOISE)


@pytest.mark.parametrize(("start", "length"), RANGES)
def test_stored_bytes_are_read_back(remote: Remote, path: str, start: int, length: int) -> None:
    send(remote, path, NOISE)
    found = b"".join(remote.proof.read(path, start, length))
    assert exactly(found, NOISE[start : start + length])
    # The connection is as usable as before.
    assert remote.size(path) == len(NOISE)


def test_reading_ends_with_the_file(remote: Remote, path: str) -> None:
    send(remote, path, NOISE)
    assert exactly(b"".join(remote.proof.read(path, MIB, 100 * MIB)), NOISE[MIB:])
    assert b"".join(remote.proof.read(path, len(NOISE), 5)) == b""


def test_reading_may_be_given_up(remote: Remote, path: str) -> None:
    send(remote, path, NOISE)
    pieces = remote.proof.read(path, 0, len(NOISE))
    first = next(iter(pieces))
    del pieces
    assert NOISE.startswith(first)
    assert first
    assert remote.size(path) == len(NOISE)
    remote.remove(path)
    assert remote.size(path) is None


def test_an_absent_file_cannot_be_read(remote: Remote, path: str) -> None:
    error = refused(lambda: list(remote.proof.read(path, 0, 5)))
    assert (error.code, type(error)) == (Code.REMOTE_FAILED, Permanent)
    assert error.file == path


@pytest.mark.parametrize("size", [0, 1, len(NOISE)])
def test_the_servers_own_hash_is_that_of_the_bytes(remote: Remote, path: str, size: int) -> None:
    send(remote, path, NOISE[:size])
    for algorithm in sorted(remote.powers.digests):
        expected = hashlib.new(algorithm, NOISE[:size]).hexdigest()
        shown = remote.proof.digest(path, algorithm)
        # ProFTPD hashes no file that is empty.
        assert shown == expected or (shown is None and not size)


def test_an_absent_file_has_no_hash(remote: Remote, path: str) -> None:
    for algorithm in sorted(remote.powers.digests):
        assert remote.proof.digest(path, algorithm) is None


def test_the_time_of_modification_is_no_condition(
    partner: Partner, remote: Remote, path: str
) -> None:
    upload = remote.create(path)
    upload.write(b"dated", 0)
    upload.finish(modified=MODIFIED)
    assert partner.read(path) == b"dated"


def test_the_power_to_replace_is_true(partner: Partner, remote: Remote, path: str) -> None:
    send(remote, path, b"new")
    send(remote, f"{path}.final", b"old")
    assert refused(remote.rename, path, f"{path}.final", replace=False).code == Code.REMOTE_EXISTS
    if remote.powers.replaces:
        assert remote.rename(path, f"{path}.final", replace=True)
        assert partner.read(f"{path}.final") == b"new"


def test_a_directory_is_no_regular_file_and_an_absent_name_neither(
    partner: Partner, remote: Remote, path: str
) -> None:
    assert not remote.proof.regular(path)
    send(remote, path, b"a file")
    assert remote.proof.regular(path)
    assert not remote.proof.regular(partner.root or "/")
    send(remote, f"{path}.empty", b"")
    assert remote.proof.regular(f"{path}.empty")


def test_a_name_is_read_back_as_it_stands(remote: Remote, path: str) -> None:
    assert remote.proof.standing(path) is None
    send(remote, path, b"a file")
    assert remote.proof.standing(path) == path
    assert basename(path) in remote.proof.names(dirname(path))
    # By the server's clock, which is this machine's; not every server tells it.
    written = remote.proof.modified(path)
    assert written is None or abs(datetime.now(UTC) - written) < timedelta(hours=1)
    assert remote.proof.modified(f"{path}.absent") is None
    # Where A is told from a, the list says which of them it is.
    other = f"{path[:-1]}{path[-1].swapcase()}"
    if remote.size(other) is None:
        assert remote.proof.standing(other) in (None, path)
