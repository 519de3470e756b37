"""An account for the tests that deploy."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.cloud.site import Site
from tests.servers.embedded_aws import EmbeddedAws
from tests.servers.http_faults import HttpFaults


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One AWS for all tests that deploy; credentials are found where a person's are."""
    with EmbeddedAws() as aws, HttpFaults(aws.port) as faults, pytest.MonkeyPatch.context() as own:
        own.setenv("AWS_ACCESS_KEY_ID", aws.access_key)
        own.setenv("AWS_SECRET_ACCESS_KEY", aws.secret_key)
        own.setenv("AWS_CONFIG_FILE", os.devnull)
        own.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        yield Site(aws, faults, tmp_path_factory.mktemp("zips"))


@pytest.fixture
def site(account: Site) -> Site:
    account.clear()
    return account
