"""Ports for the servers that must be told theirs, never the same for two workers of a run.

To ask the kernel for a free port and let it go again is a race that workers lose now and then: the
kernel may give it to a neighbour, or to an outgoing connection, before the server is up. So each
process takes a block of ports below those that the kernel gives away.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import cache
from itertools import cycle

BLOCK = 200
FIRST, LAST = 10_000, 32_000
"""Linux gives away 32,768 and above where nobody says otherwise (ip_local_port_range, ip(7))."""


def free_port(*hosts: str) -> int:
    """One that is free on each of the hosts, 127.0.0.1 where none is named."""
    return free_ports(1, *hosts).start


def free_ports(count: int, *hosts: str) -> range:
    """So many in a row, each free on each of the hosts."""
    starts = _block()
    for _ in range(BLOCK):
        ports = range(start := next(starts), start + count)
        if _all_free(ports, hosts or ("127.0.0.1",)):
            for _ in range(count - 1):
                next(starts)
            return ports
    raise OSError(f"no {count} ports in a row are free for this process")


@contextmanager
def nobody() -> Iterator[int]:
    """A port of 127.0.0.1 that refuses every connection: it is taken, and nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield int(taken.getsockname()[1])


def _all_free(ports: range, hosts: tuple[str, ...]) -> bool:
    with ExitStack() as held:
        try:
            for port in ports:
                for host in hosts:
                    family = socket.AF_INET6 if ":" in host else socket.AF_INET
                    held.enter_context(closing(socket.create_server((host, port), family=family)))
        except OSError:
            return False
    return True


@cache
def _block() -> Iterator[int]:
    """The first ports of this process, round and round.

    A name in the abstract namespace says that a block is taken: to bind it is atomic, across
    checkouts too, and it goes with its process.
    """
    for first in range(FIRST, LAST, BLOCK):
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0fileferry-test-ports-{first}")
        except OSError:
            claim.close()
        else:
            claim.detach()  # Open for as long as the process lives.
            return cycle(range(first, first + BLOCK - 10))
    raise OSError("too many test runs at once: no block of ports is left")
