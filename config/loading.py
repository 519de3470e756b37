"""Where the configuration is, and the way to its settings, whose model is loaded when one goes it.

The command line imports this, and half of what it is asked needs no settings.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from config.faults import ConfigError

if TYPE_CHECKING:
    from config.glimpse import Glimpse
    from config.settings import Settings

DEFAULT = Path("/etc/fileferry/fileferry.yaml")


def locate(option: Path | None = None) -> Path:
    """The file to read: `--config`, else $FILEFERRY_CONFIG, else DEFAULT."""
    return option or Path(os.environ.get("FILEFERRY_CONFIG") or DEFAULT)


def load(path: Path) -> Settings:
    """The settings of the file and the environment. Raises ConfigError that lists every fault."""
    from config import reading  # noqa: PLC0415

    return reading.read(path)


def glimpse(path: Path) -> Glimpse | None:
    """Where ledger and socket are, of a file that may have faults elsewhere.

    None where that cannot be told, or where others may have written it.
    """
    from config import glimpse as looking  # noqa: PLC0415

    return looking.glimpse(path)


def of_books(path: Path) -> Settings | Glimpse:
    """For a look at the ledger: a fault elsewhere in the file keeps nobody from it. As `load`."""
    found = glimpse(path)
    if found is None or found.ledger.kind != "sqlite":
        # A table is read with credentials, and their settings are others.
        return load(path)
    if found.told:
        return found
    try:
        return load(path)
    except ConfigError as error:
        # A section whose name is misspelt might have been the ledger's.
        if not error.faults or any(len(fault.place) == 1 for fault in error.faults):
            raise
        return found
