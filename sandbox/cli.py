"""The commands that the sandbox hangs on the command line: `sandbox` and `demo`.

What they do is imported when they are called: the other commands need not wait for it.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

LIBRARIES = ("flask", "flask_cors", "moto")
"""The `sandbox` extra; where it is not installed there are no such commands."""


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    if all(find_spec(name) for name in LIBRARIES):
        app.add_typer(_sandbox(), name="sandbox")
        app.command(epilog="Example: fileferry demo --keep")(demo)


class _Begun(TyperGroup):
    """`fileferry sandbox aws` is `fileferry sandbox start aws`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        named = args[:1] and args[0] in {*self.commands, *ctx.help_option_names}
        if not named and not ctx.resilient_parsing:
            args = ["start", *args]
        return super().parse_args(ctx, args)


def _sandbox() -> typer.Typer:
    group = typer.Typer(
        cls=_Begun,
        help="Stand-ins for ServiceNow, AWS and a partner.\n\n"
        "Without one of the commands it is `start`, with all that may follow that.",
        epilog="Example: fileferry sandbox --write-config try",
    )
    group.command(epilog="Example: fileferry sandbox start aws --aws-port 5000")(start)
    group.command(epilog="Example: fileferry sandbox order report.csv --path in/")(order)
    return group


def _port(help_text: str) -> Any:
    return typer.Option(metavar="PORT", min=0, max=65535, show_default=False, help=help_text)


def start(  # noqa: PLR0913, PLR0917  typer makes an option of each
    parts: Annotated[
        list[str] | None, typer.Argument(metavar="PART", help="servicenow, aws, remotes.")
    ] = None,
    servicenow_port: Annotated[int, _port("Port of ServiceNow.")] = 0,
    aws_port: Annotated[int, _port("Port of S3, SQS and STS.")] = 0,
    sftp_port: Annotated[int, _port("Port of the SFTP server.")] = 0,
    tls: Annotated[bool, typer.Option("--tls", help="ServiceNow over TLS.")] = False,
    directory: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep its files there.")
    ] = None,
    seed: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Records, JSON or YAML.")
    ] = None,
    package: Annotated[
        Path | None,
        typer.Option(metavar="DIR|ZIP", help="ServiceNow with that in it."),
    ] = None,
    write_config: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write a configuration there.")
    ] = None,
) -> None:
    """Start the stand-ins, until Ctrl-C.

    Prints addresses and credentials as JSON. Exit code 2: it cannot start.
    """
    from sandbox.plan import Part  # noqa: PLC0415
    from sandbox.stand import Wishes, stand  # noqa: PLC0415  moto and flask take half a second

    ports = {Part.SERVICENOW: servicenow_port, Part.AWS: aws_port, Part.REMOTES: sftp_port}
    wishes = Wishes(
        parts=parts or (),
        ports=ports,
        tls=tls,
        directory=directory,
        seed=seed,
        package=package,
        write_config=write_config,
    )
    raise typer.Exit(stand(wishes))


def order(  # noqa: PLR0913, PLR0917  as above
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file on this machine.")],
    to: Annotated[str, typer.Option(metavar="NAME", help="Destination.")] = "partner",
    path: Annotated[str, typer.Option(metavar="PATH", help="A folder/ there, or a name.")] = "",
    requester: Annotated[
        str, typer.Option("--as", metavar="USER", help="Who orders it.")
    ] = "anna.berg",
    no_approve: Annotated[
        bool, typer.Option("--no-approve", help="Leave that to you, on the page.")
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", envvar="FILEFERRY_CONFIG", readable=False, help="The sandbox's own."
        ),
    ] = None,
) -> None:
    """Upload a file, order its transfer, and approve it.

    The sandbox was started with --write-config DIR, or is that of `demo --keep`.
    Exit code 1: it does not answer, or refuses.
    """
    from sandbox.ordering import ordered  # noqa: PLC0415  boto3

    raise typer.Exit(
        ordered(file, to=to, path=path, requester=requester, approve=not no_approve, config=config)
    )


def demo(
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave everything up until Ctrl-C, and logs.")
    ] = False,
    size: Annotated[
        int, typer.Option(metavar="MIB", min=1, max=1024, help="Size of the large file.")
    ] = 64,
    timeout: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", min=1, help="Give up after that long; else by the size."),
    ] = None,
    cloud: Annotated[
        bool, typer.Option("--cloud", help="Through Step Functions, on an embedded AWS.")
    ] = False,
) -> None:
    """Order seven transfers on embedded parts, check each.

    Exit code 0: all ended as they should; 1: something did not, and is named.
    """
    from sandbox.demo.command import present  # noqa: PLC0415

    raise typer.Exit(present(keep=keep, size=size, timeout=timeout, cloud=cloud))
