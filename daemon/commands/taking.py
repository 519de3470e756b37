"""How an operator lays hands on a transfer that is under way, whoever carries it.

The claim is taken from its owner, who writes nothing more and publishes nothing (Keeper.evict), and
is ours for as long as it takes to write the decision. Then it is free: a running service goes on
with what was decided within seconds, one that is down when it starts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from transfer.books import Books
from transfer.decisions import Change
from transfer.errors import ClaimLost, Code, Permanent
from transfer.model import Delivery, Transfer

ROUNDS = 20
"""Tries to come before a service that takes up at once what was taken from it."""

Decision = Callable[[Transfer, Sequence[Delivery]], tuple[Transfer, list[Change]]]


def decide(books: Books, transfer_id: str, decision: Decision) -> Transfer:
    """Write what was decided of a transfer that is not at rest; returns the head.

    Raises Permanent `decision.refused`, also while others keep taking it up.
    """
    for _ in range(ROUNDS):
        if books.keeper.evict(transfer_id) is None:
            break
        claim = books.ledger.claim(transfer_id)
        if claim is None:
            continue
        with suppress(ClaimLost):
            return _written(books, claim, decision)
    raise Permanent(
        Code.DECISION_REFUSED,
        "The transfer came to rest, or was taken up again, that very moment.",
        action="Look at `fileferry show`, and try again.",
    )


def _written(books: Books, claim: Transfer, decision: Decision) -> Transfer:
    if books.shards is not None and claim.sharing is not None and claim.sharing.open:
        claim = books.shards.close(claim)
    try:
        head, changes = decision(claim, books.ledger.deliveries(claim.id))
        books.ledger.save(head, *changes)
    finally:
        books.ledger.renew(claim, 0)
    return head
