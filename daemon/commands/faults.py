"""A start that a person has to mend the configuration for names all that is wrong, at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.terminal import Terminal
from config import doubts
from config.faults import ConfigError
from config.secrets import Secrets, check
from config.settings import Settings
from daemon.commands.exits import MISCONFIGURED, exit_code
from transfer.errors import Permanent


def refuse_doubtful(path: Path, settings: Settings) -> None:
    """Raises ConfigError for what can be loaded and cannot be meant."""
    if found := [*doubts.faults(settings)]:
        raise ConfigError(f"The configuration {path} is not finished", found)


@contextmanager
def all_named(settings: Settings, secrets: Secrets) -> Iterator[None]:
    """One secret that cannot be used ends the start; the others that cannot are named with it."""
    try:
        yield
    except Permanent as error:
        if exit_code(error.code) == MISCONFIGURED:
            Terminal(stderr=True).say(*map(str, check(settings, secrets)))
        raise
