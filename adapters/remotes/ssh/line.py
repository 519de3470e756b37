"""An SSH connection to a partner: connected within its time, its host key proven, logged in.

Nothing secret is sent before the host key has been found among the destination's pins.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from time import monotonic

import paramiko
from cryptography.exceptions import InvalidSignature, InvalidTag
from paramiko.packet import Packetizer
from paramiko.ssh_exception import IncompatiblePeer

from adapters.log import Log
from adapters.remotes.dial import (
    SHORTEST,
    UNTIL_LATER,
    address_of,
    dial,
    name_of,
    plain,
    too_slow,
)
from adapters.remotes.ssh import algorithms
from adapters.remotes.ssh import pins as ssh_pins
from adapters.remotes.ssh.algorithms import HOST_KEYS
from adapters.remotes.ssh.bulk import BulkPacketizer
from adapters.remotes.ssh.transport import Transport, transport_over
from adapters.remotes.tcp import Received, Sent, round_trip
from adapters.remotes.watchdog import Gauge, Watchdog
from adapters.remotes.words import is_crowded, is_judged
from transfer.destination import Destination
from transfer.errors import Code, FerryError, Permanent, Transient


class GarbledError(Exception):
    """What came back is not an answer to what was asked."""


LINE_ERRORS = (
    *(OSError, EOFError, paramiko.SSHException, GarbledError),
    # What paramiko lets through when a bit flips during key exchange or login.
    *(InvalidTag, InvalidSignature, ValueError),
)
"""What a broken line makes the libraries raise; OSError includes every time-out."""

ROOM = frozenset({7, 12})
"""Reasons of a disconnect (RFC 4253, section 11.1): no service now, too many connections."""
log = Log()
# What matters is raised as a FerryError; paramiko's log would print tracebacks beside it.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)


def software(line: Line) -> str:
    """What the server says that it is, e.g. `OpenSSH_9.2p1`; not to be relied on for safety."""
    return line.transport.remote_version.removeprefix("SSH-2.0-")


class Line:
    """The connection as one thread uses it: socket, transport and a watchdog over both.

    `session` is the channel that it speaks over, once there is one. `beside`: it is a further one.
    """

    def __init__(
        self,
        destination: Destination,
        sock: socket.socket,
        transport: Transport,
        *,
        beside: bool = False,
    ) -> None:
        self.destination = destination
        self.transport = transport
        self.session: paramiko.Channel | None = None
        self.watchdog = Watchdog(self._bite)
        self._beside = beside
        self._parting = False
        self._socket = sock
        self._sent, self._received = Sent(lambda: sock), Received(lambda: sock)
        self.inside = False
        """Whether we are logged in, and SFTP is open."""
        self._left = False
        self._identity: tuple[paramiko.PKey | None, str] = (None, "")
        self._born = monotonic()

    def pace(self) -> float:
        """Bytes a second of the connection so far: at least so much it carries."""
        moved = self._sent.moved() + self._received.moved()
        return moved / max(monotonic() - self._born, SHORTEST)

    @property
    def crowded(self) -> bool:
        """Whether the server has parted for want of room, or will be back later."""
        transport, user = self.transport, self.destination.username
        coded = transport.reason in ROOM and not is_judged(transport.parting, user)
        return not self.inside and (coded or is_crowded(transport.parting, user))

    def sibling(self) -> Line:
        """The same connection for another thread; what breaks the connection breaks it for all."""
        other = Line(self.destination, self._socket, self.transport, beside=True)
        other.inside = self.inside
        return other

    @property
    def identity(self) -> str:
        key, (known, shown) = self.transport.host_key, self._identity
        if key is not known:
            # Each file's receipt has it, and a new key exchange may bring another one.
            shown = f"{key.get_name()} {key.fingerprint}" if key else ""
            self._identity = key, shown
        return shown

    def reached(self) -> tuple[str, float]:
        """The address that answered, and TCP's round trip in seconds. Raises OSError."""
        return address_of(self._socket), round_trip(self._socket)

    def speaking(
        self, path: str | None = None, patience: float | None = None
    ) -> AbstractContextManager[None]:
        """Watch over library calls and translate what a broken line makes them raise.

        Without progress for `patience` seconds (default: the destination's) the line is cut. What
        our side has still to send counts, since it may stand before the request. After any error
        of the line it is given up: nobody knows what the server has done.
        """
        return self._watched(path, patience or self.destination.timeout, self._sent)

    def connecting(self, patience: float) -> AbstractContextManager[None]:
        """As `speaking`, with so many seconds in all: nobody is known there yet."""
        return self._watched(None, patience, None, in_all=True)

    @contextmanager
    def parting(self, path: str, patience: float) -> Iterator[None]:
        """As `speaking`, with so many seconds in all, whatever moves: nobody needs the answer. A
        further session is given up alone for that.
        """
        self._parting = True
        try:
            with self._watched(path, patience, None, in_all=True):
                yield
        finally:
            self._parting = False

    def carrying(self, path: str | None = None) -> AbstractContextManager[None]:
        """As `speaking`, while much goes out: below the least rate the line is cut as well."""
        least = self.destination.min_rate
        return self._watched(path, self.destination.timeout, self._sent, least)

    def fetching(self, path: str | None = None) -> AbstractContextManager[None]:
        """As `carrying`, while much comes in."""
        least = self.destination.min_rate
        return self._watched(path, self.destination.timeout, self._received, least)

    @contextmanager
    def _watched(
        self,
        path: str | None,
        seconds: float,
        gauge: Gauge | None,
        least: float = 0,
        *,
        in_all: bool = False,
    ) -> Iterator[None]:
        if self._left:
            raise self.lost(EOFError("it was closed on this side"), path, seconds)
        try:
            with self.watchdog.watch(seconds, gauge, least, in_all=in_all):
                yield
        except IncompatiblePeer:
            raise
        except LINE_ERRORS as error:
            if self._ended_alone():
                self.leave()
            else:
                self.hang_up()
            raise self.lost(error, path, seconds) from error

    def lost(self, error: Exception, path: str | None, seconds: float) -> Transient:
        where, at = name_of(self.destination), f" at {path}" if path else ""
        if self.watchdog.slow:
            return too_slow(self.destination, path)
        if self.watchdog.bitten or isinstance(error, TimeoutError):
            message = f"The server of {where} made no progress for {seconds:g} seconds{at}."
            return Transient(Code.REMOTE_TIMEOUT, message, file=path)
        reason = (self.transport.parting or plain(str(error))).rstrip(".") or "no reason given"
        if self.crowded:
            message = f"The server of {where} lets nobody in now: {reason}."
            return Transient(Code.REMOTE_UNREACHABLE, message, file=path, retry_after=UNTIL_LATER)
        message = f"The line to {where} broke{at}: {reason}."
        return Transient(Code.REMOTE_DROPPED, message, file=path)

    def hang_up(self) -> None:
        """Close everything, whatever state it is in; twice is fine."""
        self.watchdog.stop()
        self._cut()

    def leave(self) -> None:
        """Use it no more; the others go on."""
        self._left = True
        self.watchdog.stop()

    def _ended_alone(self) -> bool:
        """Whether it is a further session that is over, and the connection is not."""
        session = self.session
        if not (self._beside and session and self.transport.is_active()):
            return False
        return bool(session.closed or session.eof_received)

    def _bite(self) -> None:
        if self._beside and self._parting and self.session and not self.session.closed:
            # Whoever waits for an answer over it is woken by that. Who waits for the server to read
            # is not, nor is its farewell sent: the next bite cuts.
            self.session.close()
        else:
            self._cut()

    def _cut(self) -> None:
        # paramiko's handshake timer is a thread that would hold up the end of the program.
        self.transport.packetizer.complete_handshake()
        # Shutting down first wakes a thread that waits in the socket; closing alone does not.
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self.transport.close()
        self._socket.close()


def connect(
    destination: Destination, deadline: float, packetizer: type[Packetizer] = BulkPacketizer
) -> Line:
    """A line whose host key is one of the pins; nobody is logged in yet.

    A server with several host keys is asked for the pinned one first, where its type is known, and
    then for one type after the other: a connection each, since OpenSSH exchanges keys only once
    before the login, and locks out whoever connects often without one. paramiko's own `Packetizer`
    switches the bulk writer off. Raises Permanent `hostkey.unknown`, `remote.insecure`,
    `remote.failed`, `destination.misconfigured`; Transient.
    """
    algorithms.check(destination)
    kinds = ssh_pins.in_order(destination)
    seen: list[str] = []
    while kinds:
        sock = dial(destination, deadline)
        line = Line(destination, sock, transport_over(sock, destination, packetizer))
        key = _negotiate(line, [name for kind in kinds for name in HOST_KEYS[kind]], deadline)
        if ssh_pins.is_pinned(destination, key.fingerprint):
            ssh_pins.learn(key)
            if seen:
                name, asked = destination.name, len(seen) + 1
                log.info("remote.host_key_type", destination=name, pin=line.identity, asked=asked)
            return line
        line.hang_up()
        seen.append(line.identity)
        kinds.remove(ssh_pins.kind_of(key.get_name()))
        kinds = [
            kind
            for kind in kinds
            if ssh_pins.may_be(destination, kind) and line.transport.shows(HOST_KEYS[kind])
        ]
    raise ssh_pins.unknown(destination, seen)


def _negotiate(line: Line, types: list[str], deadline: float) -> paramiko.PKey:
    """The server's host key; the line is given up when there is none."""
    transport = line.transport
    algorithms.offer(transport, line.destination, types)
    try:
        with line.connecting(max(deadline - monotonic(), SHORTEST)):
            # Not start_client's own time-out: it returns silently when that is over.
            transport.start_client()
            algorithms.demand_strict(transport, line.destination)
            return transport.get_remote_server_key()
    except IncompatiblePeer:
        line.hang_up()
        raise _nothing_in_common(transport, line.destination) from None
    except FerryError:
        line.hang_up()
        raise


def _nothing_in_common(transport: Transport, destination: Destination) -> Permanent:
    """Who lacks what: a server with nothing but weak ones, or we with none of its good ones."""
    weak: list[tuple[str, str, str]] = []
    lacking: list[tuple[str, str, str]] = []
    for kind, lists, ours in _kinds(transport):
        for theirs in (transport.offered.get(name, ()) for name in lists):
            if not theirs or set(theirs) & set(ours):
                continue
            real = [name for name in theirs if not algorithms.MARKS.match(name)]
            good = [name for name in real if name and not algorithms.WEAK.search(name)]
            names = plain(", ".join(good or real))
            (lacking if good else weak).append((kind, names, ", ".join(ours)))
            break
    if weak or not lacking:
        found = [f"its {kind} is only {names}" for kind, names, _ in weak]
        return algorithms.too_weak(destination, "; ".join(found) or "no algorithm in common")
    words = "; ".join(f"as its {kind} {names}" for kind, names, _ in lacking)
    message = f"The server of {name_of(destination)} offers {words}. Nothing is wrong with that, "
    message += "but FileFerry cannot do it."
    wanted = "; ".join(f"as {kind} one of {ours}" for kind, _, ours in lacking)
    action = f"Ask the partner to allow {wanted}, then order again."
    return Permanent(Code.REMOTE_FAILED, message, action=action)


def _kinds(transport: Transport) -> Iterator[tuple[str, tuple[str, ...], Sequence[str]]]:
    """What must be agreed on: its name, paramiko's names of the server's lists, and ours."""
    options = transport.get_security_options()
    yield "key exchange", ("kex_algo_list",), options.kex
    yield "host key", ("server_key_algo_list",), options.key_types
    yield "cipher", ("client_encrypt_algo_list", "server_encrypt_algo_list"), options.ciphers
    yield "MAC", ("client_mac_algo_list", "server_mac_algo_list"), options.digests
