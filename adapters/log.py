"""The log of whatever an operator's one-off goes through, opened by its first line.

structlog brings rich and asyncio, 80 ms and 15 MB, which a one-off that has nothing to say need
not pay.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

NAME = "fileferry"
"""The logger of the standard library behind which structlog writes our lines."""


class Log:
    """As structlog's logger."""

    def debug(self, event: str, **values: Any) -> None:
        _write(logging.DEBUG, event, values)

    def info(self, event: str, **values: Any) -> None:
        _write(logging.INFO, event, values)

    def warning(self, event: str, **values: Any) -> None:
        _write(logging.WARNING, event, values)

    def exception(self, event: str, **values: Any) -> None:
        """With the error that is being handled."""
        _write(logging.ERROR, event, {"exc_info": True} | values)


def _write(level: int, event: str, values: dict[str, Any]) -> None:
    # Whoever set structlog up has loaded it, and it judges levels by itself.
    if "structlog" not in sys.modules and not logging.getLogger(NAME).isEnabledFor(level):
        return
    import structlog  # noqa: PLC0415

    structlog.get_logger().log(level, event, **values)
