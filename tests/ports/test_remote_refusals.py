"""What the Remote and Remotes ports promise when the partner says no or is not there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.ports.partners import OTHER_KEY, ROOM, Partner, refused, send
from transfer.destination import HostKey
from transfer.errors import Code, Permanent, Transient
from transfer.model import CHUNK, MIB
from transfer.ports import Remote

pytest_plugins = ["tests.ports.partner_fixtures"]


def test_a_wrong_credential_is_refused(partner: Partner) -> None:
    error = refused(partner.remotes.connect, partner.mistyped())
    assert (error.code, type(error)) == (Code.AUTH_REFUSED, Permanent)
    assert "partner" in error.message
    assert "wrong" not in str(error)


def test_an_unknown_host_key_is_refused_with_both_fingerprints(partner: Partner) -> None:
    stranger = replace(partner.destination, host_keys=(HostKey(fingerprint=OTHER_KEY),))
    error = refused(partner.remotes.connect, stranger)
    assert (error.code, type(error)) == (Code.HOSTKEY_UNKNOWN, Permanent)
    assert OTHER_KEY in error.message
    assert partner.destination.host_keys[0].fingerprint in error.message


def test_one_of_several_pins_is_enough(partner: Partner) -> None:
    pins = (HostKey(fingerprint=OTHER_KEY), *partner.destination.host_keys)
    remote = partner.remotes.connect(replace(partner.destination, host_keys=pins))
    assert remote.identity.endswith(partner.destination.host_keys[0].fingerprint)
    remote.close()


def test_no_pin_lets_no_server_in(partner: Partner) -> None:
    error = refused(partner.remotes.connect, replace(partner.destination, host_keys=()))
    assert error.code == Code.HOSTKEY_UNKNOWN


def test_a_server_that_is_not_there_is_unreachable(partner: Partner) -> None:
    error = refused(partner.remotes.connect, partner.silent())
    assert (error.code, type(error)) == (Code.REMOTE_UNREACHABLE, Transient)
    assert "partner" in error.message


def test_a_missing_directory(partner: Partner, remote: Remote, path: str) -> None:
    error = refused(remote.create, f"{partner.root}/missing/file")
    assert (error.code, type(error)) == (Code.REMOTE_NO_DIRECTORY, Permanent)
    assert error.file == f"{partner.root}/missing/file"
    # It is proven without writing, too, as a dry run needs it.
    assert remote.proof.lacks(f"{partner.root}/missing/file")
    assert not remote.proof.lacks(path)
    assert error.file in error.message
    send(remote, path, b"moves")
    for replacing in (False, True):
        error = refused(remote.rename, path, f"{partner.root}/missing/file", replace=replacing)
        assert error.code == Code.REMOTE_NO_DIRECTORY
    assert remote.size(path) == 5


def test_a_directory_without_the_right_to_write(
    partner: Partner, remote: Remote, path: str
) -> None:
    error = refused(remote.create, f"{partner.locked}/file")
    assert (error.code, type(error)) == (Code.REMOTE_DENIED, Permanent)
    assert error.file == f"{partner.locked}/file"
    send(remote, path, b"moves")
    for replacing in (False, True):
        error = refused(remote.rename, path, f"{partner.locked}/file", replace=replacing)
        assert error.code == Code.REMOTE_DENIED
    assert remote.size(path) == 5


def test_closing_twice_is_fine_and_ends_the_connection(partner: Partner, path: str) -> None:
    remote = partner.remotes.connect(partner.destination)
    upload = remote.create(path)
    remote.close()
    remote.close()
    upload.abandon()
    for action in (lambda: remote.size(path), lambda: upload.write(b"late", 0), upload.finish):
        error = refused(action)
        assert (error.code, type(error)) == (Code.REMOTE_DROPPED, Transient)


@pytest.mark.parametrize("size", [ROOM + 1, ROOM + 255 * 1024, 2 * ROOM, CHUNK, 3 * CHUNK])
def test_a_full_disk_is_noticed_at_the_latest_in_finish(full_partner: Partner, size: int) -> None:
    remote = full_partner.remotes.connect(full_partner.destination)
    path = f"{full_partner.root}/too big"
    upload = remote.create(path)

    def fill() -> None:
        for start in range(0, size, MIB):
            upload.write(bytes(min(size - start, MIB)), start)
        upload.finish()

    error = refused(fill)
    upload.abandon()
    remote.remove(path)
    assert (error.code, type(error)) == (Code.REMOTE_FULL, Permanent)
    assert error.file == path
    send(remote, path, bytes(MIB))
    assert remote.size(path) == MIB
    remote.close()


def test_what_fits_exactly_is_not_refused(full_partner: Partner) -> None:
    remote = full_partner.remotes.connect(full_partner.destination)
    path = f"{full_partner.root}/fits"
    send(remote, path, bytes(ROOM - MIB))
    assert remote.size(path) == ROOM - MIB
    remote.close()
