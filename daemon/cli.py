"""`fileferry …`: the doors of the house. Commands decide nothing about transfers."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from adapters.terminal import Terminal, own_up, steady

if TYPE_CHECKING:
    from collections.abc import Sequence

    import typer

WRONG = 2
"""Exit code of a wrong command line, as typer has it."""


def main() -> None:
    """The `fileferry` command."""
    steady()
    # pydantic would look through all that is installed, each time.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        if odd := unreadable(sys.argv[1:]):
            Terminal(stderr=True).say(f"fileferry: {odd}")
            raise SystemExit(WRONG)
        if sys.argv[1:] == ["--version"]:
            Terminal().say(f"fileferry {version()}")
        else:
            _chosen()
    finally:
        own_up()


def unreadable(arguments: Sequence[str]) -> str:
    """A sentence about the first that is no text: its bytes are of another encoding. A file may
    have such a name.
    """
    for word in arguments:
        odd = any("\ud800" <= letter <= "\udfff" for letter in word)
        if odd and not os.path.lexists(word):
            return (
                f"{word} is no text in {sys.getfilesystemencoding()}. Set LC_ALL to the encoding "
                "that it was written in, such as C.UTF-8."
            )
    return ""


def version() -> str:
    """Of what is installed."""
    # Here, for no other command needs it, and it takes as long as Python itself.
    from importlib import metadata  # noqa: PLC0415

    return metadata.version("fileferry")


def _chosen() -> None:
    # Here, for --version needs none of it.
    from daemon.commands.root import COMMANDS, app  # noqa: PLC0415
    from daemon.commands.screen import VARIABLE  # noqa: PLC0415

    if VARIABLE in os.environ:
        from typer._completion_classes import completion_init  # noqa: PLC0415

        completion_init()
    # What others hang on the command line need not be found for one of ours.
    if not {*sys.argv[1:2]} & {*COMMANDS}:
        plug_in(app)
    app()


def plug_in(app: typer.Typer) -> None:
    """Add the commands that other installed parts hang on ours."""
    from importlib.metadata import entry_points  # noqa: PLC0415

    for plugin in entry_points(group="fileferry.commands"):
        try:
            plugin.load()(app)
        except ModuleNotFoundError as error:
            # A bastion has no sandbox: its libraries are the `sandbox` extra.
            if (error.name or "").partition(".")[0] in ("daemon", "adapters", "cloud", "sandbox"):
                raise


if __name__ == "__main__":
    main()
