"""`fileferry notices test`: whether the configured notices arrive."""

from __future__ import annotations

from typing import Annotated

import typer

from adapters.terminal import Terminal
from config.loading import load, locate
from config.secrets import operators
from daemon.commands.exits import FAILED, explained
from daemon.commands.options import Config
from transfer.errors import ACTIONS, Code, Permanent

notices_app = typer.Typer(
    help="Look at the notices beside the tickets.",
    epilog="Example: fileferry notices test",
    no_args_is_help=True,
)


@notices_app.callback()
def root() -> None:
    """Look at the notices beside the tickets."""


@notices_app.command("test", epilog="Example: fileferry notices test operators")
def try_out(
    name: Annotated[str, typer.Argument(metavar="NAME", help="One of them; else all.")] = "",
    config: Config = None,
) -> None:
    """Send a test by each configured notice, and say what came of it.

    Ends with 0 when all were sent, with 1 when not.
    """
    # Here, for its modules are slow to load, and every command loads this one.
    from adapters.notices.notices import send  # noqa: PLC0415
    from adapters.wiring import ways  # noqa: PLC0415
    from config.logging import configure  # noqa: PLC0415
    from transfer.telling.notices import sample  # noqa: PLC0415

    with explained():
        path = locate(config)
        settings = load(path)
        configure(settings.log.model_copy(update={"level": "error"}))
        chosen = [each for each in ways(settings, operators(path)) if name in ("", each.name)]
        if not chosen:
            names = ", ".join(settings.notices) or "none"
            raise Permanent(
                Code.CONFIG_INVALID,
                f"There is no such notice; configured: {names}.",
                action="Name a configured one, or add it under notices.",
            )
        out, failures = Terminal(), 0
        for each in chosen:
            why = send(sample(each.name), [each]).get(each.name)
            out.say(f"{each.name}: {f'failed. {why}' if why else 'sent.'}")
            failures += bool(why)
        if failures:
            out.say(ACTIONS[Code.NOTICE_FAILED])
            raise typer.Exit(FAILED)
