"""Where the configuration is, and the way to its settings, whose model is loaded when one goes it.

The command line imports this, and half of what it is asked needs no settings.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config.settings import Settings

DEFAULT = Path("/etc/fileferry/fileferry.yaml")


def locate(option: Path | None = None) -> Path:
    """The file to read: `--config`, else $FILEFERRY_CONFIG, else DEFAULT."""
    return option or Path(os.environ.get("FILEFERRY_CONFIG") or DEFAULT)


def load(path: Path) -> Settings:
    """The settings of the file and the environment. Raises ConfigError that lists every fault."""
    from config import reading  # noqa: PLC0415

    return reading.read(path)


def glimpse(path: Path) -> Settings | None:
    """Where ledger and socket are, of a file with faults elsewhere; what is not theirs is lacking.

    None where that cannot be told, or where others may have written it.
    """
    from config import reading  # noqa: PLC0415

    return reading.glimpse(path)
