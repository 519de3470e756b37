"""`mode: direct`: no rename. The file shows from its first byte, and its close is the publish.

    approval → bytes → approval → INTENT → close → look → VERIFIED → PUBLISHED

INTENT is durable before the close is asked for. From then on an absent name says that the partner
has taken the file away, and never that it has to be sent once more.
"""

from __future__ import annotations

from collections.abc import Callable

from transfer.crossing import late
from transfer.crossing.crossing import Crossing
from transfer.crossing.publish import intend, published, unknown
from transfer.crossing.verify import same_as_source, verify
from transfer.destination import Tier
from transfer.errors import ClaimLost, Code, Corrupted, FerryError, Permanent, Transient, Unanswered
from transfer.model import Delivery, DeliveryState


def close(delivery: Delivery, crossing: Crossing, finish: Callable[[], None]) -> Delivery:
    """`finish` it, at INTENT. Raises Unanswered when nobody knows whether it was done."""
    same_as_source(delivery)
    [intended] = intend([delivery], crossing)
    crossing.tools.fence()
    try:
        finish()
    except ClaimLost:
        raise
    except Permanent as error:
        if _may_be_taken(error, intended, crossing):
            raise unknown(intended, crossing, error.message) from error
        unfinished(intended, crossing)
        raise
    except Transient as error:
        raise Unanswered(
            error.code, error.message, file=error.file, retry_after=error.retry_after
        ) from error
    return intended


def _may_be_taken(error: Permanent, delivery: Delivery, crossing: Crossing) -> bool:
    """The close was refused, and nothing stands there: software that takes files away at their
    close may have failed after that. A disk that is full says why there is nothing.
    """
    if not crossing.destination.collected or error.code is Code.REMOTE_FULL:
        return False
    try:
        return crossing.remote.size(delivery.final) is None
    except FerryError:
        # The next try, which knows of no refusal, would take it for what was closed and taken.
        return True


def checked(delivery: Delivery, crossing: Crossing) -> Delivery:
    """VERIFIED, or PUBLISHED and collected when the partner was faster than our look."""
    try:
        return verify(delivery, crossing)
    except ClaimLost:
        raise
    except FerryError as error:
        if isinstance(error, Transient) and not isinstance(error, Corrupted):
            raise
        if _is_gone(delivery, crossing):
            return taken(delivery, crossing)
        if isinstance(error, Corrupted):
            unfinished(delivery, crossing)
            crossing.drop(delivery.final)
        raise


def _is_gone(delivery: Delivery, crossing: Crossing) -> bool:
    """A server that remembers its directories (rclone) tells the size of what somebody has taken;
    it has nothing of it to show.
    """
    remote, final = crossing.remote, delivery.final
    if remote.size(final) is None:
        return True
    try:
        return bool(delivery.size) and not b"".join(remote.proof.read(final, 0, 1))
    except Permanent:
        # Who may not read can tell nothing of it.
        return False


def resumed(delivery: Delivery, crossing: Crossing) -> Delivery:
    """A file whose close was asked for, by whomever: VERIFIED, PUBLISHED, or UPLOADING once more
    where a part of it stands. Raises Permanent `publish.unknown`.
    """
    stored = late.standing(crossing.remote, delivery.final, delivery.size, crossing.tools.pause)
    if stored is None:
        return taken(delivery, crossing)
    if stored == delivery.size:
        return checked(delivery, crossing)
    return unfinished(delivery, crossing)


def taken(delivery: Delivery, crossing: Crossing) -> Delivery:
    """Nothing stands under the name although it was closed: what `collected` announces.

    Without that, and where a proof by content was asked for, only a person can tell.
    """
    proof = crossing.destination.tier not in (None, Tier.SIZE, Tier.ACKNOWLEDGED)
    if proof or not crossing.destination.collected:
        raise unknown(delivery, crossing)
    return crossing.save(published(delivery, crossing, collected=True))


def unfinished(delivery: Delivery, crossing: Crossing) -> Delivery:
    """It has to be sent anew, or to be removed: what stands there is not whole."""
    return crossing.save(delivery, state=DeliveryState.UPLOADING, moved=0)
