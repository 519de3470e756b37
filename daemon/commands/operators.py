"""`fileferry retry`, `fileferry quarantine`: an operator's decisions, safe beside a daemon."""

from __future__ import annotations

import getpass
import os
import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.terminal import Terminal
from config.loading import load, locate, of_books
from config.secrets import Secrets, operators
from daemon.commands import show
from daemon.commands.exits import explained
from daemon.commands.ledgers import keeping, looking
from daemon.commands.options import Config, Id, Json
from daemon.commands.taking import decide
from transfer import decisions
from transfer.approval import items
from transfer.books import Archive, Record
from transfer.decisions import Word
from transfer.errors import Code, Permanent, Transient
from transfer.model import Transfer

if TYPE_CHECKING:
    from config.settings import Settings

Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for the audit ticket.")]

quarantine = typer.Typer(
    help="Transfers over which the service kept dying.",
    epilog="Example: fileferry quarantine list",
    no_args_is_help=True,
)

out = Terminal()


@quarantine.command("list", epilog="Example: fileferry quarantine list")
def list_quarantined(config: Config = None, json: Json = False) -> None:
    """List the transfers in quarantine, oldest first."""
    with explained(), looking(of_books(locate(config))) as books:
        show.quarantined(books.archive.quarantined(), out, json=json)


@quarantine.command(
    "release", epilog='Example: fileferry quarantine release RITM0010028 --reason "mended"'
)
def release(text: Id, reason: Reason, config: Config = None) -> None:
    """Let a transfer in quarantine go on from where it was left.

    Same tickets, same generation. A running service takes it up by itself.
    After five more deaths it is set aside again.
    """
    with explained(), keeping(load(locate(config))) as books:
        head, posts = decisions.release(only(books.archive, text), word_of(reason))
        books.keeper.amend(head, *posts)
        out.say(f"{head.request.number} is released; a running service takes it up by itself.")


@quarantine.command("add", epilog='Example: fileferry quarantine add RITM0010028 --reason "why"')
def add(text: Id, reason: Reason, config: Config = None) -> None:
    """Set a transfer aside by hand: nobody works on it until it is released.

    It stops at its next chunk. What was uploaded stays where it is.
    """
    with explained(), keeping(load(locate(config))) as books:
        record, word = only(books.archive, text), word_of(reason)
        decisions.set_aside(record.transfer, record.deliveries, word)
        head = decide(
            books,
            record.transfer.id,
            lambda claim, files: decisions.set_aside(claim, files, word),
        )
        out.say(f"{head.request.number} is set aside, until `fileferry quarantine release`.")


def retry(  # noqa: PLR0913 each is an option
    text: Id,
    reason: Reason,
    *,
    resend_unknown: Annotated[
        bool,
        typer.Option("--resend-unknown", help="Send what may be there already."),
    ] = False,
    pin_anew: Annotated[
        bool,
        typer.Option("--pin-anew", help="Send what is in S3 now."),
    ] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Do not ask ServiceNow first.")
    ] = False,
    config: Config = None,
) -> None:
    """Send what is missing of a transfer that has failed, with new tickets.

    First mend the cause, and open item and task again in ServiceNow.
    """
    with explained(), keeping(settings := load(path := locate(config))) as books:
        record = only(books.archive, text)
        beside = _beside(books.archive, record.transfer)
        head, changes = decisions.retry(
            record,
            word_of(reason),
            resend_unknown=resend_unknown,
            pin_anew=pin_anew,
            beside=beside,
        )
        if not offline:
            _insist_on_open(settings, operators(path), record.transfer)
        books.keeper.amend(head, *changes)
        out.say(
            f"{head.request.number} is tried again as generation {head.generation}, if "
            "ServiceNow shows it open and approved."
        )
        for other in beside:
            out.say(f"Its task {items.name_of(other)} is {items.how_it_stands(other)}.")


def _insist_on_open(settings: Settings, secrets: Secrets, transfer: Transfer) -> None:
    """What the service would find out only after it was written. Raises Permanent."""
    # Here, for its modules are slow to load, and every command loads this one.
    from adapters.wiring import authority  # noqa: PLC0415
    from config.logging import configure  # noqa: PLC0415

    configure(settings.log.model_copy(update={"level": "error"}))
    number = transfer.request.number
    try:
        authority(settings, secrets).confirm(transfer.request)
    except Transient as error:
        raise Permanent(
            error.code,
            f"ServiceNow cannot be asked about {number}: {error.message} Nothing was written.",
            action="Try again, or add --offline: the service then asks before it sends.",
        ) from error
    except Permanent as error:
        if error.code.startswith(("secret.", "config.")):
            raise
        raise Permanent(
            error.code,
            f"{error.message} Nothing was written.",
            action="Open item and task again in ServiceNow, as they were approved, then retry.",
        ) from error


def only(archive: Archive, text: str) -> Record:
    """The one transfer of that name. Raises Permanent `decision.refused`."""
    found = archive.find(text, limit=2) if text else ()
    if not found:
        raise Permanent(
            Code.DECISION_REFUSED,
            f"The ledger knows no transfer {text}.",
            action="`fileferry status` lists them.",
        )
    if len(found) > 1:
        raise Permanent(
            Code.DECISION_REFUSED,
            f"{text} stands for several transfers.",
            action="Give the number of the task, or the id that `fileferry status --json` prints.",
        )
    return found[0]


def _beside(archive: Archive, transfer: Transfer) -> list[Transfer]:
    """Of other tasks of its item, oldest first."""
    item = items.key_of(transfer.request)
    found = archive.search(transfer.request.number) if item else ()
    heads = [record.transfer for record in found[::-1]]
    return [head for head in heads if items.key_of(head.request) == item and head.id != transfer.id]


def word_of(reason: str) -> Word:
    """Of the user of the operating system, now."""
    return Word(by=f"{_user()}@{socket.gethostname()}", at=datetime.now(UTC), reason=reason)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A user that exists only while its unit runs has no name.
        return f"uid {os.getuid()}"
