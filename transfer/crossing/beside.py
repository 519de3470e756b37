"""The small files beside a delivered one, ours and the partner's: their names, and what stands
under such a name from an earlier file.
"""

from __future__ import annotations

from transfer.crossing.crossing import Crossing
from transfer.destination import Conflict
from transfer.errors import Code, Permanent
from transfer.model import Delivery, DeliveryState
from transfer.request.names import path_beside, patterns


def before_upload(delivery: Delivery, crossing: Crossing) -> None:
    """What stands in the way is refused before a byte is sent.

    In place the file begins to show here, so that nothing may say any more that it is whole.
    """
    if crossing.in_place:
        _clear(delivery, crossing)
    else:
        _refuse_taken(delivery, crossing)


def before_intent(delivery: Delivery, crossing: Crossing) -> None:
    """What an earlier file of this name left, which would speak for this one, is taken away.

    Never after an INTENT: the file may be there by then, and the word about it the partner's own.
    """
    if delivery.state is not DeliveryState.INTENT and not crossing.in_place:
        _clear(delivery, crossing)


def _clear(delivery: Delivery, crossing: Crossing) -> None:
    _refuse_taken(delivery, crossing)
    for pattern in patterns(crossing.destination):
        path = path_beside(pattern, delivery.final)
        if crossing.remote.size(path) is not None:
            crossing.tools.fence()
            _remove(path, crossing)


def _refuse_taken(delivery: Delivery, crossing: Crossing) -> None:
    destination = crossing.destination
    if destination.sidecar is None or destination.on_conflict is Conflict.REPLACE:
        return
    path = path_beside(destination.sidecar.name, delivery.final)
    if crossing.remote.size(path) is not None:
        raise Permanent(
            Code.REMOTE_EXISTS,
            f"{path}, which belongs beside {delivery.final}, exists already on "
            f"{destination.name}, which does not allow to replace files.",
            file=path,
        )


def _remove(path: str, crossing: Crossing) -> None:
    try:
        crossing.remote.remove(path)
    except Permanent as error:
        raise Permanent(
            error.code,
            f"{path} stands there from an earlier file, would speak for the new one, and could not "
            f"be removed: {error.message}",
            action="Ask the partner to take it away, then order again.",
            file=path,
        ) from error
