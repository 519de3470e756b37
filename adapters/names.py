"""The addresses of a host, within a time.

`getaddrinfo` knows no time-out and cannot be stopped: with a name server that is silent it takes
minutes. So it is asked in a thread of its own, which nobody has to wait for.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from typing import Any

Addresses = list[tuple[Any, ...]]
"""As `socket.getaddrinfo` returns them."""
Ask = Callable[..., Addresses]


class _Question:
    def __init__(self) -> None:
        self.over = threading.Event()
        self.found: Addresses = []
        self.error: OSError | None = None


class Names:
    """For all threads. Who asks for a name that is being asked for gets the same answer."""

    def __init__(self, ask: Ask = socket.getaddrinfo) -> None:
        self._ask = ask
        self._open: dict[tuple[int, str, int], _Question] = {}

    def addresses(self, host: str, port: int, patience: float) -> Addresses:
        """For a stream. Raises OSError, after `patience` seconds too."""
        try:
            # Of an address nobody has to be asked.
            return socket.getaddrinfo(
                host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
            )
        except (OSError, UnicodeError):
            pass
        question = self._asked((os.getpid(), host, port))
        if not question.over.wait(patience):
            raise socket.gaierror(socket.EAI_AGAIN, "no name server has answered in time")
        if question.error is not None:
            raise question.error
        return question.found

    def _asked(self, key: tuple[int, str, int]) -> _Question:
        """The process is part of the key: the threads of a parent do not answer in its child."""
        mine = _Question()
        question = self._open.setdefault(key, mine)
        if question is mine:
            thread = threading.Thread(
                target=self._answer, args=(key, mine), name="name-server", daemon=True
            )
            try:
                thread.start()
            except RuntimeError as error:
                self._end(key, mine, OSError(f"no thread can be had: {error}"))
        return question

    def _answer(self, key: tuple[int, str, int], question: _Question) -> None:
        _, host, port = key
        try:
            question.found = self._ask(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            wrong = socket.gaierror(socket.EAI_NONAME, f"{host!r} is no name of a host")
            self._end(key, question, error if isinstance(error, OSError) else wrong)
        else:
            self._end(key, question, None)

    def _end(self, key: tuple[int, str, int], question: _Question, error: OSError | None) -> None:
        question.error = error
        self._open.pop(key, None)
        question.over.set()


addresses = Names().addresses
