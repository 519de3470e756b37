"""What every connection to a partner begins with: its name in messages, and a tuned TCP socket."""

from __future__ import annotations

import re
import socket
from posixpath import basename
from time import monotonic

from adapters.names import addresses
from transfer.destination import Destination
from transfer.errors import Code, Transient

KEEPALIVE = 15
"""Seconds of silence after which TCP sends a sign of life."""
SHORTEST = 0.1
"""Seconds that a step of connecting gets, however late it is."""
LONGEST_WORD = 200
UNTIL_LATER = 60.0
"""Seconds to wait for a server that has too many users."""
TEMP = re.compile(r"[0-9a-f]{12}-\d+-(e\d+|old)")
"""What the names of temps have in common, whatever a destination's pattern is."""
OTHER_TEMP = (
    "Ask the partner whether names such as {} are prohibited. If so, set temp.prefix, temp.suffix"
    " or temp.folder of the destination, or mode: direct, then order again."
)

NO_RENAME = (
    "Ask the partner whether files may be renamed there. If not, set mode: direct of the"
    " destination, then order again."
)


def plain(words: str) -> str:
    """The server's own words, made fit for a log line and a ticket."""
    clean = "".join(letter if letter.isprintable() else " " for letter in words)
    return " ".join(clean.split())[:LONGEST_WORD]


def without(secret: str | None, words: str) -> str:
    """A server's words, some of which repeat what they refuse, without our secret.

    Not where it stands within a longer word: `pass***` would tell it.
    """
    if not secret:
        return words
    return re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", "***", words)


def name_of(destination: Destination) -> str:
    return f"destination {destination.name} ({destination.host}:{destination.port})"


def address_of(sock: socket.socket) -> str:
    """The address on the other side, with its port. Raises OSError."""
    host, port, *_ = sock.getpeername()
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def way_out(doing: str, path: str, code: Code) -> str | None:
    """The action where something else than the place may be prohibited: the name of a temp that
    may not be created, and renaming.
    """
    unexplained = code in (Code.REMOTE_DENIED, Code.REMOTE_FAILED)
    if doing == "create" and unexplained and TEMP.search(basename(path)):
        return OTHER_TEMP.format(basename(path))
    if doing.startswith("rename") and unexplained:
        return NO_RENAME
    return None


def too_slow(destination: Destination, path: str | None) -> Transient:
    """The line was cut for its rate; what has arrived is continued by the next try."""
    rate, seconds = f"{destination.min_rate} bytes a second", f"{destination.timeout:g} seconds"
    at = f" at {path}" if path else ""
    message = f"The line to {name_of(destination)} moved fewer than {rate} for {seconds}{at}."
    return Transient(Code.REMOTE_SLOW, message, file=path)


def dial(destination: Destination, deadline: float) -> socket.socket:
    """A TCP connection to the first address that answers, IPv6 and IPv4 alike.

    The look-up of its name has that time too; what is left of it is shared among the addresses
    that are left. Raises Transient
    `remote.unreachable`, `remote.timeout`.
    """
    error: OSError | None = None
    try:
        found = addresses(destination.host, destination.port, max(deadline - monotonic(), SHORTEST))
    except OSError as unknown:
        found, error = [], unknown
    for left, (family, kind, number, _, address) in zip(
        range(len(found), 0, -1), found, strict=True
    ):
        sock = socket.socket(family, kind, number)
        sock.settimeout(max(deadline - monotonic(), SHORTEST) / left)
        try:
            sock.connect(address)
        except OSError as failed:
            sock.close()
            error = failed
        else:
            return _tuned(sock)
    timed_out = isinstance(error, TimeoutError)
    code = Code.REMOTE_TIMEOUT if timed_out else Code.REMOTE_UNREACHABLE
    reason = "it does not answer" if timed_out else plain((error and error.strerror) or str(error))
    raise Transient(code, f"The server of {name_of(destination)} cannot be reached: {reason}.")


def _tuned(sock: socket.socket) -> socket.socket:
    # Without NODELAY small requests wait for the acknowledgement of the one before.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option in ("TCP_KEEPIDLE", "TCP_KEEPINTVL"):  # absent on some systems
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), KEEPALIVE)
    return sock
