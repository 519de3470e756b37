"""Sees in ServiceNow that a transfer under way is no longer wanted, and has it stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import structlog

from transfer.errors import Permanent, Transient
from transfer.model import Transfer
from transfer.ports import Authority, Inbox

log = structlog.get_logger()


class Watch:
    """Asks for all of them at once, and reads the whole approval of those alone that have ended.

    Only what `watched` gives is asked for: transfers on their way out. The task of one that has
    turned home was perhaps closed by FileFerry itself.
    """

    def __init__(
        self,
        inbox: Inbox,
        authority: Authority,
        watched: Callable[[], Sequence[Transfer]],
    ) -> None:
        self._inbox = inbox
        self._authority = authority
        self._watched = watched
        self._verdicts: Mapping[tuple[str, int], Permanent] = {}

    def round(self) -> None:
        """Raises FerryError when ServiceNow cannot be asked: what was seen before still holds."""
        asked = {each.request.task_id: each for each in self._watched() if each.request.task_id}
        ended = self._inbox.ended(sorted(asked)) if asked else ()
        judged = [(asked[task_id], self._judged(asked[task_id])) for task_id in ended]
        self._verdicts = {
            (transfer.id, transfer.generation): verdict for transfer, verdict in judged if verdict
        }

    def verdict(self, transfer: Transfer) -> Permanent | None:
        """Why it must not go on; None when nothing speaks against it."""
        return self._verdicts.get((transfer.id, transfer.generation))

    def _judged(self, transfer: Transfer) -> Permanent | None:
        key = (transfer.id, transfer.generation)
        try:
            self._authority.confirm(transfer.request)
        except Permanent as error:
            if key not in self._verdicts:
                log.warning(
                    "transfer is no longer wanted",
                    **transfer.log_context(),
                    code=error.code,
                    reason=error.message,
                )
            return error
        except Transient:
            return self._verdicts.get(key)
        return None
