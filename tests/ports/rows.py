"""Rows of a ledger. Nothing else is imported here: programs that tests start by the hundred write
them too.
"""

from __future__ import annotations

from tests.transfer.made import NOON, request
from transfer.model import Delivery, Source, Transfer
from transfer.tickets import Post, PostAction, Ticket, TicketRole

TICKET = Ticket(
    role=TicketRole.USER, sys_id="5" * 32, number="INC0010001", url="https://x", state="2"
)


def received(number: int = 1) -> Transfer:
    asked = request(
        id=f"i:sc_task:{number:032}", number=f"RITM{number:07}", item_id=f"{number:032x}"
    )
    return Transfer(request=asked, received_at=NOON)


def id_of(found: Transfer | None) -> str | None:
    return found.id if found else None


def delivery(**changes: object) -> Delivery:
    base = Delivery(number=1, source=Source(bucket="exports", key="März 1.csv"), final="/inbox/a")
    return base.evolve(**changes)


def post(
    transfer: Transfer, key: str = "k", ticket: TicketRole = TicketRole.USER, text: str = "Grüße\n"
) -> Post:
    return Post(
        key=key,
        transfer_id=transfer.id,
        generation=1,
        ticket=ticket,
        action=PostAction.NOTE,
        text=text,
    )
