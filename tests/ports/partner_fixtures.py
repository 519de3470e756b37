"""Fixtures: `partner` is each kind of server in turn, `remote` a connection to it, `full_partner`
one with room for 4 MiB only.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adapters.remotes.pool import Pool
from tests.ports.partners import (
    ROOM,
    MemoryPartner,
    Partner,
    ServerPartner,
    openssh,
    proftpd,
    sandbox,
)
from tests.servers.openssh import is_root
from transfer.ports import Remote


@pytest.fixture(scope="session")
def openssh_partner() -> Iterator[ServerPartner]:
    with openssh() as partner:
        yield partner


@pytest.fixture(scope="session")
def pooled_partner() -> Iterator[ServerPartner]:
    """OpenSSH again, its connections kept from one test to the next."""
    with openssh() as partner:
        pool = Pool(partner.remotes)
        partner.remotes = pool
        yield partner
        pool.close()


@pytest.fixture(scope="session")
def unprivileged_openssh_partner() -> Iterator[ServerPartner]:
    with openssh(unprivileged=True) as partner:
        yield partner


@pytest.fixture(scope="session")
def proftpd_partner() -> Iterator[ServerPartner]:
    with proftpd() as partner:
        yield partner


@pytest.fixture(scope="session")
def sandbox_partner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerPartner]:
    with sandbox(tmp_path_factory.mktemp("sandbox")) as partner:
        yield partner


@pytest.fixture
def memory_partner() -> MemoryPartner:
    return MemoryPartner()


@pytest.fixture(
    params=["memory", "sandbox", "openssh", "pooled", "unprivileged_openssh", "proftpd"]
)
def partner(request: pytest.FixtureRequest) -> Partner:
    found: Partner = request.getfixturevalue(f"{request.param}_partner")
    return found


@pytest.fixture(params=["memory", "openssh", "proftpd"])
def full_partner(request: pytest.FixtureRequest) -> Iterator[Partner]:
    if request.param == "memory":
        yield MemoryPartner(capacity=ROOM)
    elif not is_root():
        pytest.skip("only root can mount a small file system")
    else:
        start = openssh if request.param == "openssh" else proftpd
        with start(capacity=ROOM) as partner:
            yield partner


@pytest.fixture
def remote(partner: Partner) -> Iterator[Remote]:
    remote = partner.remotes.connect(partner.destination)
    yield remote
    remote.close()


@pytest.fixture
def path(partner: Partner, request: pytest.FixtureRequest) -> str:
    """A name that no other test uses."""
    return f"{partner.root}/{request.node.name.translate({ord(c): '-' for c in '[]/'})}"
