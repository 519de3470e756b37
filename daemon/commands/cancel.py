"""`fileferry cancel`: ends a transfer by an operator's word, whether the service runs or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.terminal import Terminal
from config.loading import load, locate
from daemon.commands.exits import explained
from daemon.commands.ledgers import keeping
from daemon.commands.operators import Reason, only, word_of
from daemon.commands.options import Config, Id
from daemon.commands.taking import decide
from transfer import decisions
from transfer.books import Books, Record
from transfer.decisions import Word
from transfer.errors import FerryError
from transfer.model import Transfer

if TYPE_CHECKING:
    from config.settings import Settings

out = Terminal()


def cancel(text: Id, reason: Reason, config: Config = None) -> None:
    """Stop a transfer that is not wanted any more.

    Files that have their final names stay. A running service stops at its next
    chunk, removes the temps and tells the tickets; else the next start does.
    """
    with explained():
        settings = load(locate(config))
        with keeping(settings) as books:
            record, word = only(books.archive, text), word_of(reason)
            decisions.insist_on_work(record.transfer, record.deliveries, "cancel")
            head = _cancelled(books, record, word)
            number = head.request.number
            out.say(f"{number} is cancelled. A running service removes what is left of it")
            out.say("and tells the tickets; `fileferry show` says when that is done.")
            _stop_execution(settings, record.transfer, word)


def _cancelled(books: Books, record: Record, word: Word) -> Transfer:
    if record.transfer.at_rest:
        head, changes = decisions.cancel(record.transfer, record.deliveries, word)
        return books.keeper.amend(head, *changes)
    return decide(
        books, record.transfer.id, lambda head, files: decisions.cancel(head, files, word)
    )


def _stop_execution(settings: Settings, transfer: Transfer, word: Word) -> None:
    """Its functions are fenced by the ledger already; this spares their rest."""
    if transfer.execution is None:
        return
    from adapters.wiring import executions as made  # noqa: PLC0415  it costs what only this case needs

    try:
        executions = made(settings)
        if executions is not None:
            executions.stop(transfer.execution, f"Cancelled {word}")
    except FerryError as error:
        out.say(f"Its execution {transfer.execution} could not be stopped: {error.message}")
        out.say("It ends by itself at its next step, and publishes nothing.")
