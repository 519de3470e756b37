"""A fresh instance for each test, over plain HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.servicenow import SEEDED, ServiceNow
from tests.sandbox.servicenow.clients import Api


@pytest.fixture
def servicenow() -> Iterator[ServiceNow]:
    with ServiceNow() as server:
        yield server


@pytest.fixture
def ferry(servicenow: ServiceNow) -> Iterator[Api]:
    """The integration user."""
    with Api(servicenow, SEEDED.user) as api:
        yield api


@pytest.fixture
def admin(servicenow: ServiceNow) -> Iterator[Api]:
    with Api(servicenow, SEEDED.admin_user) as api:
        yield api
