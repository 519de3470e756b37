"""Where the socket is, and the file that remembers what is paused: both beside the ledger."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config.glimpse import Glimpse
    from config.settings import Settings


def socket_of(settings: Settings | Glimpse) -> Path:
    return settings.control.socket or Path(f"{settings.ledger.path}.socket")


def pauses_of(settings: Settings | Glimpse) -> Path:
    """Of this host, also where several share a ledger in DynamoDB."""
    return Path(f"{settings.ledger.path}.paused")


def makers_of(settings: Settings | Glimpse) -> set[int]:
    """The users (uid) that may have made the socket: the superuser, ourselves, the ledger's owner.

    A ledger in DynamoDB has none; there it is who owns the directory that a service has for itself.
    """
    theirs = settings.ledger.path
    owned = theirs if settings.ledger.kind == "sqlite" else theirs.parent
    with suppress(OSError):
        return {0, os.geteuid(), owned.stat().st_uid}
    return {0, os.geteuid()}
