"""Named points around every durable write and every call to the outside, found by passing them.

A point's name is `port.verb#n:before` or `:after`, where n counts the calls of that verb in this
process. What runs by the clock alone has none: heartbeats, polls, and looks into an empty outbox.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from adapters.wiring import House

UNWATCHED = frozenset(
    {"ledger.deliveries", "objects.read", "objects.read_into", "remote.close", "upload.abandon"}
)
"""What changes nothing anywhere, or hangs up."""
OPENING = {"connect": "remote", "create": "upload"}
"""Verbs whose result is a port too."""
WORKERS = ("carrier", "boat", "pin")
ONLY_WORKERS = frozenset({"ledger.renew"})
"""What the heartbeat calls as well."""
ONLY_FIRST = frozenset({"ledger.admit"})
"""What every poll repeats."""
SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


@dataclass
class Gate:
    """Counts what passes. At the point named `at` it sends itself the signal that `does` says.

    `passed` is the file that the names of the points are written to, `reached` the one that says
    that the signal was sent.
    """

    at: str
    does: str
    passed: Path
    reached: Path
    counts: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def around(self, name: str, call: Callable[[], Any], times: int = 1) -> Any:
        numbered = [self._numbered(name) for _ in range(times)]
        for each in numbered:
            self._pass(f"{each}:before")
        result = call()
        for each in numbered:
            self._pass(f"{each}:after")
        return result

    def _numbered(self, name: str) -> str:
        with self.lock:
            self.counts[name] += 1
            name = f"{name}#{self.counts[name]}"
            with self.passed.open("a") as names:
                names.write(f"{name}\n")
            return name

    def after(self, name: str, call: Callable[[], Any]) -> Any:
        """A point only where there was something to hand out."""
        result = call()
        return self.around(name, lambda: result) if result else result

    def _pass(self, point: str) -> None:
        if point != self.at:
            return
        self.reached.write_text(point)
        os.kill(os.getpid(), SIGNALS[self.does])
        if self.does == "kill":
            time.sleep(60)


class Watched:
    """A port whose every call goes through the gate."""

    def __init__(self, port: Any, name: str, gate: Gate) -> None:
        self._port = port
        self._name = name
        self._gate = gate

    def __getattr__(self, verb: str) -> Any:
        value = getattr(self._port, verb)
        if not callable(value) or f"{self._name}.{verb}" in UNWATCHED:
            return value

        def call(*args: Any, **kwargs: Any) -> Any:
            plain = {key: _plain(value) for key, value in kwargs.items()}
            # How many posts are settled at once is a matter of time; how many there are is none.
            times = len(args) if verb == "settle" else 1
            result = self._through(verb, lambda: value(*map(_plain, args), **plain), times)
            opened = OPENING.get(verb)
            return Watched(result, opened, self._gate) if opened else result

        return call

    def _through(self, verb: str, call: Callable[[], Any], times: int) -> Any:
        name = f"{self._name}.{verb}"
        worker = threading.current_thread().name.startswith(WORKERS)
        if name in ONLY_WORKERS and not worker:
            return call()
        if name in ONLY_FIRST and self._gate.counts[name]:
            return call()
        if verb == "due":
            return self._gate.after(name, call)
        return self._gate.around(name, call, times)


def _plain(value: Any) -> Any:
    return value._port if isinstance(value, Watched) else value


def watched(house: House, gate: Gate) -> House:
    """The house with every port behind the gate, each as often as it stands there."""

    def behind(port: Any, name: str) -> Any:
        return Watched(port, name, gate)

    books, tools = house.books, house.tools
    ledger, locks = behind(books.ledger, "ledger"), behind(books.locks, "locks")
    return replace(
        house,
        books=replace(books, ledger=ledger, locks=locks, outbox=behind(books.outbox, "outbox")),
        tools=replace(
            tools,
            ledger=ledger,
            locks=locks,
            objects=behind(tools.objects, "objects"),
            remotes=behind(tools.remotes, "remotes"),
            sessions=behind(tools.sessions, "sessions"),
            authority=behind(tools.authority, "authority"),
            notifier=behind(tools.notifier, "notifier"),
        ),
        desk=behind(house.desk, "desk"),
    )
