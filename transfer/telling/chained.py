"""The report of an ending, bound into the chain of the receipts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from transfer.audit.chain import Entry, Link, following, instance_of
from transfer.errors import Code, FerryError, Permanent
from transfer.model import Delivery, Failure, Transfer
from transfer.telling import document, reports
from transfer.tickets import Post
from transfer.tools import Tools


def report(
    transfer: Transfer, files: Sequence[Delivery], tools: Tools, too_late: str = ""
) -> tuple[Transfer, list[Post | Entry]]:
    """What is saved with the transfer: the posts, and the link that they name.

    Nothing where it was saved before: one generation is one link. Who saves it may be told
    ChainMoved, and asks here anew.
    """
    now = tools.clock()
    if tools.chain is None:
        return transfer, [*reports.ending(transfer, files, now, too_late)]
    if tools.chain.find(transfer):
        return transfer, []
    last = tools.chain.last(instance_of(transfer.id))

    def linked(told: Transfer) -> Entry:
        ending = document.ending_of(told, now)
        content = document.content_digest(ending, told, files)
        link = following(
            last,
            instance=instance_of(told.id),
            transfer=told.id,
            generation=told.generation,
            at=document.in_utc(now),
            receipt=content,
        )
        return Entry(link=link, ending=ending)

    entry = linked(transfer)
    try:
        entry = replace(entry, link=_signed(entry.link, tools))
    except FerryError as error:
        # People wait for their tickets, and a later signature vouches for this link too.
        ends = (*transfer.loose_ends, Failure.of(_unsigned(error)))
        transfer = transfer.evolve(loose_ends=ends)
        entry = linked(transfer)
    return transfer, [entry, *reports.ending(transfer, files, now, too_late, entry.link)]


def _unsigned(error: FerryError) -> FerryError:
    """Whatever was in the way, people look for one code."""
    return Permanent(
        Code.AUDIT_UNSIGNED, f"The receipt is not signed: {error.message}", action=error.action
    )


def _signed(link: Link, tools: Tools) -> Link:
    return replace(link, signature=tools.signer.sign(link)) if tools.signer else link
