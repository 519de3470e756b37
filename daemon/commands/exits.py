"""Exit codes, and errors as sentences: what a shell and a person get when a command ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from typer.exceptions import TyperException

from adapters.terminal import Terminal
from config.faults import ConfigError
from transfer.errors import FerryError

FAILED = 1
MISCONFIGURED = 3
LEDGER = 4

_BY_FAMILY = {"config": MISCONFIGURED, "secret": MISCONFIGURED, "ledger": LEDGER}


def exit_code(code: str) -> int:
    """The exit code of an error code: by its family, FAILED for most."""
    return _BY_FAMILY.get(code.partition(".")[0], FAILED)


@contextmanager
def typed_wrong() -> Iterator[None]:
    """What makes no sense of a command line is one sentence, whether a person reads it or a log."""
    try:
        yield
    except TyperException as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            raise
        told = " ".join(error.format_message().split()).rstrip(".")
        place = getattr(error, "ctx", None)
        where = f" See `{place.command_path} -h`." if place else ""
        Terminal(stderr=True).say(f"fileferry: {told}.{where}")
        raise typer.Exit(error.exit_code) from error


@contextmanager
def explained() -> Iterator[None]:
    """A FerryError ends the command with its sentence on standard error and its exit code.

    Each fault of a configuration has a line of its own.
    """
    try:
        yield
    except FerryError as error:
        first, *faults = error.lines if isinstance(error, ConfigError) else (str(error),)
        Terminal(stderr=True).say(f"fileferry: {first}", *faults)
        raise typer.Exit(exit_code(error.code)) from error
    except PermissionError as error:
        # An adapter names what it may not read; this is for what none of them has thought of.
        words = f"fileferry: {error.filename} is not open to you. Run the command as root."
        Terminal(stderr=True).say(words)
        raise typer.Exit(FAILED) from error
