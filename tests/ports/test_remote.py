"""What the Remote and Upload ports promise about files: OpenSSH, the sandbox's server, memory."""

from __future__ import annotations

import random

import pytest

from tests.ports.partners import Partner, exactly, refused, send
from transfer.errors import Code, Permanent
from transfer.model import CHUNK, MIB
from transfer.ports import Remote

pytest_plugins = ["tests.ports.partner_fixtures"]

KIB = 1024
SIZES = [0, 1]
SIZES += [near + step for near in (32 * KIB, 255 * KIB) for step in (-1, 0, 1)]
SIZES += [CHUNK + 1]
NAMES = [
    "with two  spaces",
    "übergabe é.csv",
    "日本語",
    "-rf",
    "--",
    "a;b|c&d$e`f'g\"h*i?j[k]",
    "ends with dot.",
    "n" * 255,
]


def noise(size: int) -> bytes:
    return random.Random(size).randbytes(size)  # noqa: S311  bytes to send


@pytest.mark.parametrize("size", SIZES)
def test_the_bytes_arrive_exactly(partner: Partner, remote: Remote, path: str, size: int) -> None:
    send(remote, path, noise(size))
    assert exactly(partner.read(path), noise(size))
    assert remote.size(path) == size


def test_an_empty_file_is_not_an_absent_one(partner: Partner, remote: Remote, path: str) -> None:
    assert remote.size(path) is None
    remote.create(path).finish()
    assert remote.size(path) == 0
    assert remote.size(f"{partner.root}/missing/file") is None


def test_many_writes_make_one_file(partner: Partner, remote: Remote, path: str) -> None:
    pieces = [noise(size) for size in (1, 300 * KIB, 0, 7, 3 * MIB, 9 * MIB, 255 * KIB, 1)]
    upload = remote.create(path)
    offset, moved = 0, []
    for piece in pieces:
        upload.write(piece, offset)
        offset += len(piece)
        moved.append(upload.acknowledged)
    upload.finish()
    assert exactly(partner.read(path), b"".join(pieces))
    assert moved == sorted(moved)
    assert moved[-1] <= offset == upload.acknowledged


def test_acknowledged_follows_what_was_sent(remote: Remote, path: str) -> None:
    upload = remote.create(path)
    sent = 0
    for _ in range(4):
        upload.write(bytes(CHUNK), sent)
        sent += CHUNK
        # A window of unacknowledged bytes is allowed, a chunk is not.
        assert sent - CHUNK < upload.acknowledged <= sent
    upload.finish()
    assert upload.acknowledged == sent


def test_create_never_touches_an_existing_file(partner: Partner, remote: Remote, path: str) -> None:
    send(remote, path, b"first")
    error = refused(remote.create, path)
    assert (error.code, type(error)) == (Code.REMOTE_EXISTS, Permanent)
    assert partner.read(path) == b"first"


@pytest.mark.parametrize("name", NAMES)
def test_odd_names(partner: Partner, remote: Remote, name: str) -> None:
    path = f"{partner.root}/{name}"
    temp = f"{partner.root}/.ff-temp-{NAMES.index(name)}"
    send(remote, temp, b"odd")
    assert remote.rename(temp, path, replace=False)
    assert partner.read(path) == b"odd"
    assert remote.size(path) == 3
    remote.remove(path)
    assert remote.size(path) is None
    send(remote, path, b"again")
    assert partner.read(path) == b"again"
    remote.remove(path)


def test_a_name_that_is_too_long_is_refused(partner: Partner, remote: Remote) -> None:
    error = refused(remote.create, f"{partner.root}/{'n' * 256}")
    assert (error.code, type(error)) == (Code.REMOTE_FAILED, Permanent)
    assert remote.size(f"{partner.root}/fine") is None


@pytest.mark.parametrize("replace", [False, True])
def test_rename_consumes_the_old_name(
    partner: Partner, remote: Remote, path: str, *, replace: bool
) -> None:
    send(remote, path, b"moves")
    assert remote.rename(path, f"{path}.final", replace=replace) is True
    assert partner.read(f"{path}.final") == b"moves"
    assert remote.size(path) is None


@pytest.mark.parametrize("replace", [False, True])
def test_rename_of_an_absent_file_is_false(
    partner: Partner, remote: Remote, path: str, *, replace: bool
) -> None:
    assert remote.rename(path, f"{path}.final", replace=replace) is False
    send(remote, f"{path}.final", b"was there")
    assert remote.rename(path, f"{path}.final", replace=replace) is False
    assert partner.read(f"{path}.final") == b"was there"


def test_rename_without_replace_spares_the_existing_file(
    partner: Partner, remote: Remote, path: str
) -> None:
    send(remote, path, b"new")
    send(remote, f"{path}.final", b"old")
    error = refused(remote.rename, path, f"{path}.final", replace=False)
    assert (error.code, type(error)) == (Code.REMOTE_EXISTS, Permanent)
    assert partner.read(f"{path}.final") == b"old"
    assert partner.read(path) == b"new"


def test_rename_with_replace_replaces(partner: Partner, remote: Remote, path: str) -> None:
    send(remote, path, b"new")
    send(remote, f"{path}.final", b"old, and longer")
    assert remote.rename(path, f"{path}.final", replace=True) is True
    assert partner.read(f"{path}.final") == b"new"
    assert remote.size(path) is None


def test_of_two_renames_of_one_file_only_one_wins(
    partner: Partner, remote: Remote, path: str
) -> None:
    other = partner.remotes.connect(partner.destination)
    send(remote, path, b"once")
    won = [who.rename(path, f"{path}.{n}", replace=False) for n, who in enumerate((remote, other))]
    other.close()
    assert won == [True, False]


def test_remove_twice_is_fine(remote: Remote, path: str) -> None:
    send(remote, path, b"gone")
    remote.remove(path)
    assert remote.size(path) is None
    remote.remove(path)


def test_an_abandoned_upload_can_be_removed_and_made_anew(
    partner: Partner, remote: Remote, path: str
) -> None:
    upload = remote.create(path)
    upload.write(bytes(MIB), 0)
    upload.abandon()
    upload.abandon()
    remote.remove(path)
    send(remote, path, b"anew")
    assert partner.read(path) == b"anew"


def test_an_open_file_follows_its_rename(partner: Partner, remote: Remote, path: str) -> None:
    upload = remote.create(path)
    upload.write(b"before", 0)
    other = partner.remotes.connect(partner.destination)
    assert other.rename(path, f"{path}.taken", replace=False)
    other.close()
    upload.write(b" after", 6)
    upload.finish()
    assert partner.read(f"{path}.taken") == b"before after"
    assert remote.size(path) is None
