"""Sees in ServiceNow that a transfer under way is no longer wanted, and has it stopped."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence

import structlog

from transfer.errors import Permanent, Transient
from transfer.model import Transfer
from transfer.ports import Authority, Inbox

WAITING = 500
"""Of those that wait so many are asked for in a round, in turn. Before one goes on its approval is
read anyway; asking for all 10,000 at each round would use up the instance's calls.
"""

log = structlog.get_logger()


class Watch:
    """Asks for many of them at once, and reads the whole approval of those alone that have ended.

    Only what `moving` and `waiting` give is asked for: transfers on their way out. The task of one
    that has turned home was perhaps closed by FileFerry itself.
    """

    def __init__(
        self,
        inbox: Inbox,
        authority: Authority,
        moving: Callable[[], Sequence[Transfer]],
        waiting: Callable[[], Sequence[Transfer]] = tuple,
    ) -> None:
        self._inbox = inbox
        self._authority = authority
        self._moving = moving
        self._waiting = waiting
        self._after = ""
        self._verdicts: Mapping[tuple[str, int], Permanent] = {}

    def round(self) -> None:
        """Raises FerryError when ServiceNow cannot be asked: what was seen before still holds."""
        waiting = _by_task(self._waiting())
        due = self._in_turn(waiting)
        asked = {**{task_id: waiting[task_id] for task_id in due}, **_by_task(self._moving())}
        ended = self._inbox.ended(sorted(asked)) if asked else ()
        self._after = due[-1] if due else ""
        judged = [(asked[task_id], self._judged(asked[task_id])) for task_id in ended]
        others = [(each, self.verdict(each)) for key, each in waiting.items() if key not in asked]
        self._verdicts = {_name(each): verdict for each, verdict in (*judged, *others) if verdict}

    def verdict(self, transfer: Transfer) -> Permanent | None:
        """Why it must not go on; None when nothing speaks against it."""
        return self._verdicts.get(_name(transfer))

    def _in_turn(self, waiting: Mapping[str, Transfer]) -> list[str]:
        """The next ones behind those of the round before, and on from the first."""
        tasks = sorted(waiting)
        start = bisect_right(tasks, self._after)
        return [*tasks[start:], *tasks[:start]][:WAITING]

    def _judged(self, transfer: Transfer) -> Permanent | None:
        key = _name(transfer)
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


def _name(transfer: Transfer) -> tuple[str, int]:
    return transfer.id, transfer.generation


def _by_task(transfers: Iterable[Transfer]) -> dict[str, Transfer]:
    """Those that a task stands for."""
    return {each.request.task_id: each for each in transfers if each.request.task_id}
