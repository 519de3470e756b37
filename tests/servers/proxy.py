"""A loopback TCP proxy with a delay, a rate, and faults at chosen bytes of a connection.

One thread carries every connection, so that a reset is a reset: nobody else holds its sockets.
"""

from __future__ import annotations

import selectors
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from math import inf
from queue import SimpleQueue
from time import monotonic
from typing import Any, Self

from tests.servers.proxy_flow import Fault, Flow, Kind, Link, Pace, Way

__all__ = ["Fault", "Kind", "Link", "Proxy", "Way"]

PATIENCE = 60.0
"""Seconds that the proxy's thread has to obey, and the server to take a connection."""


class Proxy:
    """A context manager in front of `host`:`port`; clients connect to `proxy.port`.

    `delay` is one-way, in seconds; `rate` in bytes a second and direction, None for no limit. Each
    of `faults` strikes the first connection that reaches its byte and is spent, unless `lasting`.
    `links` has every connection that was ever made, with the bytes that it carried each way.
    With `ports` it listens on those as well, and passes on to the same port of the server.
    """

    host = "127.0.0.1"

    def __init__(
        self,
        host: str,
        port: int,
        *,
        delay: float = 0.0,
        rate: float | None = None,
        faults: Sequence[Fault] = (),
        ports: Sequence[int] = (),
    ) -> None:
        self._target = (host, port)
        self._ports = ports
        self._pace = Pace(delay, rate)
        self.faults = list(faults)
        self.links: list[Link] = []
        self._orders: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._masks: dict[socket.socket, int] = {}
        self._stopping = False

    def __enter__(self) -> Self:
        own = self._open_door(0)
        self.port = int(own.getsockname()[1])
        self._doors = {own: self._target}
        for port in self._ports:
            self._doors[self._open_door(port)] = (self._target[0], port)
        self._selector = selectors.DefaultSelector()
        self._bell, self._ear = socket.socketpair()
        for sock in (*self._doors, self._ear):
            self._selector.register(sock, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._order(self._stop)
        self._thread.join(PATIENCE)
        for sock in (*self._doors, self._bell, self._ear):
            sock.close()
        self._selector.close()

    def _open_door(self, port: int) -> socket.socket:
        door = socket.create_server((self.host, port), backlog=128)
        self._pace.fit(door)
        door.setblocking(False)
        return door

    def strike(self, kind: Kind, way: Way = "up") -> None:
        """The fault strikes every open connection at this moment; returns when it has."""

        def struck() -> None:
            for link in self._open():
                self._befall(link, Fault(kind, way))
                self._listen(link)

        self._order(struck)

    def hasten(self) -> None:
        """From here on neither delay nor rate: what had to be met in the middle was met."""

        def hastened() -> None:
            self._pace = Pace()
            for link in self._open():
                link.hasten()
                self._serve(link, None, 0)

        self._order(hastened)

    def slacken(self, rate: float) -> None:
        """From here on this rate, for connections that are yet to come."""

        def slackened() -> None:
            self._pace = Pace(rate=rate)

        self._order(slackened)

    def _order(self, order: Callable[[], None]) -> None:
        """Run it in the proxy's own thread and wait until it was run."""
        done = threading.Event()

        def run() -> None:
            order()
            done.set()

        self._orders.put(run)
        self._bell.send(b"!")
        if not done.wait(PATIENCE):
            raise TimeoutError("The proxy's thread does not answer.")

    def _stop(self) -> None:
        self._stopping = True
        for link in self._open():
            link.reset()

    def _run(self) -> None:
        while not self._stopping:
            for key, events in self._selector.select(self._until_due()):
                if key.fileobj in self._doors:
                    self._accept(key.fileobj)
                elif key.fileobj is self._ear:
                    self._ear.recv(1)
                    self._orders.get()()
                else:
                    self._serve(key.data, key.fileobj, events)
            if self._pace.slow:
                for link in self._open():
                    self._serve(link, None, 0)

    def _until_due(self) -> float | None:
        if not self._pace.slow:
            return None
        due = min((flow.due for link in self._open() for flow in link.flows), default=inf)
        return None if due == inf else max(due - monotonic(), 0.0)

    def _open(self) -> list[Link]:
        return [link for link in self.links if link.open]

    def _accept(self, door: Any) -> None:
        client, _ = door.accept()
        try:
            server = socket.create_connection(self._doors[door], timeout=PATIENCE)
        except OSError:
            client.close()
            return
        link = Link(client, server, self._pace)
        self.links.append(link)
        for flow in link.flows:
            self._check_faults(link, flow)
        self._listen(link)

    def _serve(self, link: Link, sock: Any, events: int) -> None:
        try:
            for flow in link.flows:
                # The flow before may have met a fault.
                if not link.open:
                    break
                if flow.source is sock and events & selectors.EVENT_READ:
                    self._pull(link, flow)
                if flow.sink is sock and events & selectors.EVENT_WRITE:
                    flow.blocked = False
                self._forward(link, flow)
        except OSError:
            link.reset()
        self._listen(link)

    def _pull(self, link: Link, flow: Flow) -> None:
        before = flow.taken
        flips = list(self._meant_for(flow, Kind.FLIP))
        if not flow.pull(flips):
            link.reset()
        for fault in flips:
            if before <= fault.at < flow.taken:
                self._spend(fault)

    def _forward(self, link: Link, flow: Flow) -> None:
        while flow in link.flows and not flow.blocked and flow.push(self._next_stop(flow)):
            self._check_faults(link, flow)
        if link.open and link.over:
            link.close()

    def _meant_for(self, flow: Flow, *kinds: Kind) -> Iterator[Fault]:
        return (fault for fault in self.faults if fault.way == flow.way and fault.kind in kinds)

    def _next_stop(self, flow: Flow) -> float:
        """The count of bytes at which the nearest fault strikes."""
        if not self.faults:
            return inf
        faults = self._meant_for(flow, Kind.RESET, Kind.FIN, Kind.HANG, Kind.DEAF)
        return min((fault.at for fault in faults if fault.at > flow.carried), default=inf)

    def _check_faults(self, link: Link, flow: Flow) -> None:
        reached = self._meant_for(flow, Kind.RESET, Kind.FIN, Kind.HANG, Kind.DEAF)
        for fault in [fault for fault in reached if fault.at == flow.carried]:
            if link.open:
                self._spend(fault)
                for struck in self._open() if fault.wide else [link]:
                    self._befall(struck, fault)
                    self._listen(struck)

    def _spend(self, fault: Fault) -> None:
        if not fault.lasting:
            self.faults.remove(fault)

    def _befall(self, link: Link, fault: Fault) -> None:
        if fault.kind is Kind.RESET:
            link.reset()
        elif fault.kind is Kind.HANG:
            link.hung = True
        elif fault.kind is Kind.DEAF:
            link.answer_to(fault.way).deaf = True
        elif fault.kind is Kind.FIN:
            for flow in link.flows:
                flow.drain()

    def _listen(self, link: Link) -> None:
        """Tell the selector only of changes: each one is a system call."""
        wishes = link.wishes() if link.open else ((sock, 0) for sock in link.sockets)
        for sock, mask in wishes:
            before = self._masks.get(sock, 0)
            if mask == before:
                continue
            if before:
                self._unregister(sock)
            if mask:
                self._selector.register(sock, mask, link)
                self._masks[sock] = mask

    def _unregister(self, sock: socket.socket) -> None:
        # A closed socket has left epoll already, but not the selector's own map.
        with suppress(KeyError, ValueError):
            self._selector.unregister(sock)
        del self._masks[sock]
