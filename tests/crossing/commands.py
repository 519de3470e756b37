"""The command line as an operator has it: beside a running daemon, or without one."""

from __future__ import annotations

import subprocess

from sandbox.children import clean_environment, program
from tests.crossing.world import World
from tests.servers import warm


def environment(world: World) -> dict[str, str]:
    """The variables of an operator on that host."""
    return clean_environment() | {
        "FILEFERRY_CONFIG": str(world.write_config()),
        "CREDENTIALS_DIRECTORY": str(world.directory / "credentials"),
        "AWS_ACCESS_KEY_ID": "ADMIN",
        "AWS_SECRET_ACCESS_KEY": "admin-secret",
        "COLUMNS": "80",
    }


def fileferry(world: World, *words: str) -> subprocess.CompletedProcess[str]:
    return warm.fileferry(*words, environment=environment(world))


def begun(world: World, *words: str) -> subprocess.Popen[str]:
    """The same, not waited for."""
    return subprocess.Popen(
        [*program(), *words],
        env=environment(world),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
