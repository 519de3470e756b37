"""`python -m sandbox sandbox|demo …`: the commands without the command line of the daemon."""

from __future__ import annotations

import typer

from adapters.terminal import steady
from sandbox.cli import register

app = typer.Typer(no_args_is_help=True, add_completion=False)
register(app)

if __name__ == "__main__":
    steady()
    app(prog_name="fileferry")
