"""The partner's server of the faults, one a run, and what appears on it."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog

from tests.faults.sightings import Sightings
from tests.servers.openssh import OpenSSH


@pytest.fixture(scope="session")
def partner() -> Iterator[OpenSSH]:
    with OpenSSH() as server:
        yield server


@pytest.fixture(scope="session")
def sightings(partner: OpenSSH) -> Iterator[Sightings]:
    with Sightings(partner.root) as seen:
        yield seen


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Every fault would be told on standard output."""
    usual = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.configure(**usual)
