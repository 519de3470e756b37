"""`fileferry sandbox`: starts the parts, says where they are, and stays until it is told to end."""

from __future__ import annotations

import shlex
import signal
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from adapters.terminal import Terminal
from sandbox.configuration import environment, write_configuration
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
            if wishes.write_config:
                _configure(wishes.write_config, addresses)
            Terminal().document(addresses)
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


def _configure(directory: Path, addresses: Addresses) -> None:
    try:
        file = write_configuration(directory, addresses)
    except OSError as error:
        raise Unusable(f"{directory} cannot be written: {error.strerror}.") from error
    variables = [f"{name}={value}" for name, value in environment(directory, addresses).items()]
    command = shlex.join(["env", *variables, "fileferry", "run", "--config", str(file)])
    Terminal(stderr=True).say("Start FileFerry on it with:", f"  {command}")
