"""How many bytes one write request carries: many on a fast line, few on one that crawls.

Whatever lies between us and the server may take megabytes at once and pass them on drop by drop;
then only the answers to requests show that it does. A request that takes minutes shows nothing.
"""

from __future__ import annotations

LEAST = 4 * 1024
"""Bytes of the smallest request: an answer to it takes 16 seconds at 256 bytes a second."""
SHARE = 4
"""An answer should come this often in the time without progress after which the line is cut."""
SOON = 60
"""Answers that come this often in that time allow for larger requests."""


class Stride:
    """`size` is between LEAST and `most`, and follows the answers. Times are in seconds.

    `pace` is what the line is known to carry, in bytes a second; `timeout` is the destination's.
    """

    def __init__(self, most: int, pace: float, timeout: float) -> None:
        self.size = min(max(LEAST, int(pace * timeout / SHARE)), most)
        self._most = most
        self._late, self._soon = timeout / SHARE, timeout / SOON
        self._since = 0.0

    def ask(self, now: float) -> None:
        """A request while no other waits for its answer."""
        self._since = now

    def answer(self, now: float) -> None:
        """An answer to a request."""
        waited, self._since = now - self._since, now
        if waited < self._soon:
            self.size = min(2 * self.size, self._most)
        elif waited > self._late:
            self.size = max(self.size // SHARE, min(LEAST, self._most))
