"""The manual page and the shells' completion, from the same commands as `--help`."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer._completion_shared import get_completion_script

from adapters.terminal import Terminal
from daemon.commands.screen import VARIABLE

FILES = """\
.SH FILES
.TP
.I /etc/fileferry/fileferry.yaml
The configuration; \\fB\\-\\-config\\fR or $FILEFERRY_CONFIG names another one.
.TP
.I /etc/fileferry/credentials/
The secrets, a file of mode 600 each.
.TP
.I /var/lib/fileferry/ledger.db
What was done, and what is under way.
"""


class Shell(StrEnum):
    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(
    shell: Annotated[Shell, typer.Argument(help="Whose.", metavar="bash|zsh|fish")],
) -> None:
    """Print what makes a shell complete our commands.

    `fileferry install` has put it where shells look for it.
    """
    Terminal().say(*script(shell).split("\n"))


def script(shell: Shell) -> str:
    made = get_completion_script(prog_name="fileferry", complete_var=VARIABLE, shell=shell)
    return made.strip() + "\n"


def manual(group: Any) -> str:
    """The page in the language of man(7)."""
    context = group.make_context("fileferry", [], resilient_parsing=True)
    head, _, example = str(group.epilog).partition(" Example: ")
    return "\n".join(
        [
            f'.TH FILEFERRY 1 "" "fileferry {version("fileferry")}"',
            ".SH NAME",
            f"fileferry \\- {_text(group.help)}",
            ".SH SYNOPSIS",
            ".B fileferry",
            "[OPTIONS] COMMAND [ARGS]...",
            ".SH COMMANDS",
            *_commands(group, context),
            ".SH EXIT STATUS",
            _text(head.removeprefix("Exit codes: ").replace("\n", " · ")),
            FILES + ".SH EXAMPLE",
            f".B {_text(example)}",
            "",
        ]
    )


def _commands(group: Any, context: Any) -> Iterator[str]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        below = typer.Context(command, parent=context, info_name=name)
        if hasattr(command, "commands"):
            yield from _commands(command, below)
        else:
            yield from _command(command, below)


def _command(command: Any, context: Any) -> Iterator[str]:
    pieces = [context.command_path, *command.collect_usage_pieces(context)]
    yield f".SS {_text(' '.join(pieces))}"
    for paragraph in str(command.help).split("\n\n"):
        yield from (_text(" ".join(paragraph.split())), ".PP")
    for option in command.get_params(context):
        if record := option.get_help_record(context):
            yield from (".TP", f".B {_text(record[0])}", _text(" ".join(record[1].split())))
    if command.epilog:
        yield from (".PP", _text(command.epilog))


def _text(words: str | None) -> str:
    plain = (words or "").replace("\\", "\\e").replace("-", "\\-").replace("·", "\\(pc")
    return f"\\&{plain}" if plain.startswith((".", "'")) else plain
