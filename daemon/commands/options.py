"""The options that many commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[
    Path | None,
    typer.Option(help="The configuration file.", envvar="FILEFERRY_CONFIG", metavar="FILE"),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]
