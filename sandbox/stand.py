"""`fileferry sandbox`: starts the parts, says where they are, and stays until it is told to end."""

from __future__ import annotations

import shlex
import signal
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from adapters.terminal import Terminal
from sandbox.configuration import ENVIRONMENT, write_configuration
from sandbox.embedded import running
from sandbox.plan import Addresses, Part, Plan, Unusable
from sandbox.seedfile import read_seed

USAGE = 2
"""Exit code of a sandbox that cannot be started as it was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """The words of the command line, still unchecked; no parts are all of them."""

    parts: Sequence[str] = ()
    ports: Mapping[Part, int] = field(default_factory=dict)
    tls: bool = False
    directory: Path | None = None
    seed: Path | None = None
    package: Path | None = None
    write_config: Path | None = None


def stand(wishes: Wishes) -> int:
    """Print the addresses as one JSON object and stay until SIGINT or SIGTERM.

    Returns the exit code; what is wrong with the wishes goes to standard error.
    """
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        with running(_plan(wishes)) as addresses:
            hints = _configured(wishes.write_config, addresses) if wishes.write_config else []
            Terminal().document(addresses)
            Terminal(stderr=True).say(*hints)
            stopped.wait()
    except Unusable as error:
        Terminal(stderr=True).say(f"{error}")
        return USAGE
    return 0


def _plan(wishes: Wishes) -> Plan:
    parts = frozenset(_part(name) for name in wishes.parts or Part)
    if wishes.write_config and parts != frozenset(Part):
        raise Unusable("A configuration needs all three parts.")
    return Plan(
        parts=parts,
        ports=wishes.ports,
        tls=wishes.tls,
        directory=wishes.directory.resolve() if wishes.directory else None,
        seed=read_seed(wishes.seed) if wishes.seed else {},
        package=wishes.package,
    )


def _part(name: str) -> Part:
    try:
        return Part(name)
    except ValueError as error:
        raise Unusable(f"There is no part {name}; there are {', '.join(Part)}.") from error


def _configured(directory: Path, addresses: Addresses) -> list[str]:
    """What to do with it, which is said last."""
    try:
        file = write_configuration(directory, addresses)
    except OSError as error:
        raise Unusable(f"{directory} cannot be written: {error.strerror}.") from error
    begin = f". {shlex.quote(str(file.with_name(ENVIRONMENT)))}"
    return [
        "",
        "In a second terminal start FileFerry on it:",
        f"  {begin}",
        "  fileferry run",
        "In a third order a transfer of any file:",
        f"  {begin}",
        "  fileferry sandbox order FILE",
        f"Tickets: {addresses['servicenow']['page']}. Ctrl-C ends the sandbox.",
    ]
