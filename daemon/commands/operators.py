"""`fileferry retry` and `fileferry quarantine`: an operator's decisions, safe beside a daemon."""

from __future__ import annotations

import getpass
import os
import socket
from datetime import UTC, datetime
from typing import Annotated

import typer

from adapters.terminal import Terminal
from config.loading import load, locate
from daemon.commands import show
from daemon.commands.exits import explained
from daemon.commands.ledgers import keeping, looking
from daemon.commands.options import Config, Json
from transfer import decisions
from transfer.approval import items
from transfer.books import Archive, Record
from transfer.decisions import Word
from transfer.errors import Code, Permanent
from transfer.model import Transfer

Id = Annotated[str, typer.Argument(metavar="ID", help="Number of item or task, or the id.")]
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
    with explained(), looking(load(locate(config))) as books:
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
        head, posts = decisions.release(_only(books.archive, text), _word(reason))
        books.keeper.amend(head, *posts)
        out.say(f"{head.request.number} is released; a running service takes it up by itself.")


def retry(
    text: Id,
    reason: Reason,
    resend_unknown: Annotated[
        bool,
        typer.Option("--resend-unknown", help="Send what may be there already."),
    ] = False,
    pin_anew: Annotated[
        bool,
        typer.Option("--pin-anew", help="Send what is in S3 now, not what was pinned before."),
    ] = False,
    config: Config = None,
) -> None:
    """Send what is missing of a transfer that has failed.

    Mend the cause, and open item and task again in ServiceNow: a retry is no
    approval, the service asks before it sends. New tickets are opened.
    """
    with explained(), keeping(load(locate(config))) as books:
        record = _only(books.archive, text)
        beside = _beside(books.archive, record.transfer)
        head, changes = decisions.retry(
            record,
            _word(reason),
            resend_unknown=resend_unknown,
            pin_anew=pin_anew,
            beside=beside,
        )
        books.keeper.amend(head, *changes)
        out.say(
            f"{head.request.number} is tried again as generation {head.generation}, if "
            "ServiceNow shows it open and approved."
        )
        for other in beside:
            out.say(f"Its task {items.name_of(other)} is {items.how_it_stands(other)}.")


def _only(archive: Archive, text: str) -> Record:
    found = archive.search(text, limit=2) if text else ()
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


def _word(reason: str) -> Word:
    return Word(by=f"{_user()}@{socket.gethostname()}", at=datetime.now(UTC), reason=reason)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A user that exists only while its unit runs has no name.
        return f"uid {os.getuid()}"
