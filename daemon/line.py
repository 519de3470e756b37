"""The transfers that wait for a thread: whose requester has the fewest under way goes first."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator

from transfer.model import Transfer


class Line:
    """`size` threads, of which one requester gets at most `size - spare`, however many it orders.

    So somebody else's transfer begins at once, and the slots then share what moves. For one thread
    at a time.
    """

    def __init__(self, size: int, spare: int) -> None:
        self._size = size
        self._most = max(1, size - spare)
        self._waiting: dict[str, deque[Transfer]] = {}
        self._ids: set[str] = set()
        self._held: Counter[str] = Counter()

    def __contains__(self, transfer_id: str) -> bool:
        return transfer_id in self._ids

    def __iter__(self) -> Iterator[Transfer]:
        for theirs in self._waiting.values():
            yield from theirs

    def add(self, head: Transfer) -> None:
        self._ids.add(head.id)
        self._waiting.setdefault(head.request.requester, deque()).append(head)

    def next(self) -> Transfer | None:
        """The one to begin, whose thread is held until `ended`; None when there is none, or no
        thread for it.
        """
        if self._held.total() >= self._size or not self._waiting:
            return None
        # Of equals it is the one who was served longest ago: each goes to the end when served.
        requester = min(self._waiting, key=lambda name: self._held[name])
        if self._held[requester] >= self._most:
            return None
        theirs = self._waiting.pop(requester)
        head = theirs.popleft()
        if theirs:
            self._waiting[requester] = theirs
        self._ids.discard(head.id)
        self._held[requester] += 1
        return head

    def ended(self, head: Transfer) -> None:
        requester = head.request.requester
        self._held[requester] -= 1
        if not self._held[requester]:
            del self._held[requester]
