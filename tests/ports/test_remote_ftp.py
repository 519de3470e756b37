"""What the Remote port promises, over FTP, FTPS and implicit FTPS on three servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adapters.remotes import PROTOCOLS
from sandbox.tls import Certificate, make_certificate
from tests.ports.ftp_partners import KINDS, FtpPartner, ftp_partner
from tests.ports.partners import ROOM
from tests.ports.test_remote import *  # noqa: F403  the same promises, kept by other partners
from tests.ports.test_remote_powers import *  # noqa: F403
from tests.ports.test_remote_refusals import *  # noqa: F403
from tests.servers.ftp_server import FtpServer
from tests.servers.openssh import is_root

# FTPS servers are known by their certificates: tests/adapters/remotes/ftp/test_tls.py.
del test_an_unknown_host_key_is_refused_with_both_fingerprints  # noqa: F821
del test_no_pin_lets_no_server_in  # noqa: F821
del test_one_of_several_pins_is_enough  # noqa: F821


def test_every_protocol_is_in_this_suite() -> None:
    assert {kind.partition("-")[2] for kind in KINDS} == set(PROTOCOLS) - {"sftp"}


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session", params=KINDS)
def partner(
    request: pytest.FixtureRequest, authority: Certificate
) -> Iterator[FtpPartner[FtpServer]]:
    with ftp_partner(request.param, authority) as partner:
        yield partner


@pytest.fixture(params=KINDS)
def full_partner(
    request: pytest.FixtureRequest, authority: Certificate
) -> Iterator[FtpPartner[FtpServer]]:
    if not is_root():
        pytest.skip("only root can mount a small file system")
    with ftp_partner(request.param, authority, capacity=ROOM) as partner:
        yield partner
