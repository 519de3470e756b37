"""The options that many commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[
    Path | None,
    typer.Option(
        help="The configuration file.",
        envvar="FILEFERRY_CONFIG",
        metavar="FILE",
        # One that may not be read is a fault of the configuration, and said as all of those.
        readable=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="RITM, SCTASK, REQ or ticket; or the id.")]
