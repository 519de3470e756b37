"""How the command line shows itself: the first screen, and what every help has in common."""

from __future__ import annotations

from collections import UserDict
from collections.abc import Callable, Iterable, Mapping
from itertools import zip_longest
from typing import Any, ClassVar

from typer._click import Command
from typer._click.shell_completion import CompletionItem
from typer.core import TyperGroup

from adapters.terminal import Terminal
from daemon.commands.exits import explained, typed_wrong

SCREEN = {
    "Look": {
        "status": "The service, and transfers",
        "show": "One transfer, whole",
        "doctor": "Try out partner or house",
        "report": "A page of charts",
        "audit": "Prove the receipts",
        "logs": "What was logged about one",
    },
    "Act": {
        "retry": "Send what is missing",
        "cancel": "Stop one that runs",
        "sweep": "Temps that nobody needs",
        "pause": "Let nothing move there",
        "resume": "End a pause or a drain",
        "drain": "Finish, take nothing new",
        "reload": "Read the settings anew",
        "quarantine": "What the service died over",
    },
    "Carry": {
        "run": "The service itself",
        "send": "Objects now, by yourself",
        "submit": "Hint at an order",
        "demo": "Seven orders, embedded",
    },
    "Set up": {
        "install": "The service on this host",
        "config": "Check the configuration",
        "ledger": "Make, check, migrate it",
        "servicenow": "Check the instance",
        "notices": "Try mail and chat",
        "completion": "For bash, zsh and fish",
        "deploy": "The second door, to AWS",
        "sandbox": "Stand-ins of all systems",
    },
}
"""Every command, below what one wants, in at most 26 characters: two stand in a row."""
VARIABLE = "_FILEFERRY_COMPLETE"
"""By it a shell asks us what could stand next."""
NAMES = {"help_option_names": ["-h", "--help"]}
"""For `context_settings` of the root: what is below takes it from there."""


def shown_as_flags(command: Any, ctx: Any) -> Any:
    """The command, of which no help says `<bool>` behind an option that takes no value."""
    if command is None:
        return None
    for option in (*command.params, command.get_help_option(ctx)):
        if getattr(option, "is_flag", False) and option.metavar is None:
            option.metavar = ""
    for below in getattr(command, "commands", {}).values():
        shown_as_flags(below, ctx)
    return command


class Late(UserDict[str, Any]):
    """Commands by their names; one of `names` is `made` when it is asked for, then kept."""

    def __init__(self, made: Callable[[str], Any], names: Iterable[str]) -> None:
        super().__init__(dict.fromkeys(names))
        self._made = made

    def __getitem__(self, name: str) -> Any:
        if self.data[name] is None:
            self.data[name] = self._made(name)
        return self.data[name]


class FirstScreen(TyperGroup):
    """All commands on a screen of 24 lines and 80 columns.

    Those of `names` are `made` when they are asked for; others come as they are, and end with their
    sentence and their exit code as ours do.
    """

    names: ClassVar[Iterable[str]] = ()

    def __init__(self, commands: Mapping[str, Any], **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = Late(self.made, self.names)
        self.commands.update(commands)

    def made(self, name: str) -> Any:
        """The command or the group of that name."""
        raise KeyError(name)

    def list_commands(self, ctx: Any) -> list[str]:
        del ctx
        return [*self.commands]

    def shell_complete(self, ctx: Any, incomplete: str) -> list[CompletionItem]:
        """By the words of the screen, for which no command is made."""
        words = {name: said for part in SCREEN.values() for name, said in part.items()}
        return [
            CompletionItem(name, help=words.get(name))
            for name in self.commands
            if name.startswith(incomplete)
        ] + Command.shell_complete(self, ctx, incomplete)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        with typed_wrong():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        with typed_wrong(), explained():
            return super().invoke(ctx)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return shown_as_flags(super().get_command(ctx, cmd_name), ctx)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        del formatter
        Terminal().say(
            f"{self.get_usage(ctx)} (-h explains one)",
            str(self.help),
            "",
            *(line for part, words in SCREEN.items() for line in self._part(part, words)),
            "",
            *str(self.epilog).split("\n"),
        )

    def _part(self, part: str, words: dict[str, str]) -> list[str]:
        there = [f"{name:11}{said}" for name, said in words.items() if name in self.commands]
        pairs = zip_longest(there[::2], there[1::2], fillvalue="")
        rows = [f"  {left:39}{right}".rstrip() for left, right in pairs]
        return [part, *rows] if rows else []
