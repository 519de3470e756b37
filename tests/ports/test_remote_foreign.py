"""What the Remote port promises, on SFTP servers that are neither OpenSSH nor ProFTPD."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ports.foreign_partners import SFTP, ForeignPartner, foreign_partner, habits
from tests.ports.test_remote import *  # noqa: F403  the same promises, kept by other partners
from tests.ports.test_remote_powers import *  # noqa: F403
from tests.ports.test_remote_refusals import *  # noqa: F403

__all__ = ["habits"]

# Their disks cannot be made small: tests/ports/test_remote_refusals.py does that on others.
del test_a_full_disk_is_noticed_at_the_latest_in_finish  # noqa: F821
del test_what_fits_exactly_is_not_refused  # noqa: F821


@pytest.fixture(scope="session", params=SFTP)
def partner(request: pytest.FixtureRequest) -> Iterator[ForeignPartner]:
    with foreign_partner(request.param) as partner:
        yield partner
