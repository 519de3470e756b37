"""An SSH connection to a partner: connected within its time, its host key proven, logged in.

Nothing secret is sent before the host key has been found among the destination's pins.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from time import monotonic

import paramiko
from paramiko.ssh_exception import IncompatiblePeer

from adapters.remotes.sftp_errors import plain
from adapters.remotes.sftp_wire import GarbledError
from adapters.remotes.watchdog import Watchdog
from transfer.errors import Code, FerryError, Permanent, Transient
from transfer.model import Destination

# AES-GCM costs half the CPU of counter mode with a MAC. No CBC, no SHA-1, no MD5.
CIPHERS = (
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "aes256-ctr",
    "aes192-ctr",
    "aes128-ctr",
)
ETM = ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com")
MACS = ("hmac-sha2-256", "hmac-sha2-512", *ETM)
KEX = (
    "mlkem768x25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group-exchange-sha256",
)
HOST_KEYS = {
    "ssh-ed25519": ("ssh-ed25519",),
    "ecdsa": ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
    "ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256"),
}
KEEPALIVE = 15
"""Seconds of silence after which both TCP and SSH send a sign of life."""
BACKSTOP = 5
"""Seconds by which paramiko's own time-outs come after the watchdog."""
SHORTEST = 0.1
"""Seconds that a step of connecting gets, however late it is."""
LINE_ERRORS = (OSError, EOFError, paramiko.SSHException, GarbledError)
"""What a broken line makes the libraries raise; OSError includes every time-out."""

# What matters is raised as a FerryError; paramiko's log would print tracebacks beside it.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)


class Transport(paramiko.Transport):
    """Keeps the server's parting words, which paramiko only logs."""

    parting = ""

    def _parse_disconnect(self, message: paramiko.Message) -> None:
        message.get_int()
        self.parting = plain(message.get_string().decode(errors="replace"))


def name_of(destination: Destination) -> str:
    return f"destination {destination.name} ({destination.host}:{destination.port})"


class Line:
    """The connection: socket, transport and the watchdog over both."""

    def __init__(self, destination: Destination, sock: socket.socket) -> None:
        self.destination = destination
        self.transport = Transport(sock)
        # Behind the watchdog: without these, paramiko's own shorter ones would come first.
        late = destination.connect_timeout + BACKSTOP
        self.transport.banner_timeout = self.transport.handshake_timeout = late
        self.transport.auth_timeout = self.transport.channel_timeout = late
        self.transport.clear_to_send_timeout = destination.timeout + BACKSTOP
        self.watchdog = Watchdog(self._cut)
        self._socket = sock

    @property
    def identity(self) -> str:
        key = self.transport.host_key
        return f"{key.get_name()} {key.fingerprint}" if key else ""

    @contextmanager
    def speaking(self, path: str | None = None, patience: float | None = None) -> Iterator[None]:
        """Watch over library calls and translate what a broken line makes them raise.

        Without progress for `patience` seconds (default: the destination's) the line is cut. After
        any error of the line it is given up: nobody knows what the server has done.
        """
        seconds = self.destination.timeout if patience is None else patience
        try:
            with self.watchdog.watch(seconds):
                yield
        except IncompatiblePeer:
            raise
        except LINE_ERRORS as error:
            self.hang_up()
            raise self.lost(error, path, seconds) from error

    def lost(self, error: Exception, path: str | None, seconds: float) -> Transient:
        where, at = name_of(self.destination), f" at {path}" if path else ""
        if self.watchdog.bitten or isinstance(error, TimeoutError):
            message = f"The server of {where} made no progress for {seconds:g} seconds{at}."
            return Transient(Code.REMOTE_TIMEOUT, message, file=path)
        reason = self.transport.parting or plain(str(error)) or "no reason given"
        message = f"The line to {where} broke{at}: {reason}."
        return Transient(Code.REMOTE_DROPPED, message, file=path)

    def hang_up(self) -> None:
        """Close everything, whatever state it is in; twice is fine."""
        self.watchdog.stop()
        self._cut()

    def _cut(self) -> None:
        # paramiko's handshake timer is a thread that would hold up the end of the program.
        self.transport.packetizer.complete_handshake()
        # Shutting down first wakes a thread that waits in the socket; closing alone does not.
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self.transport.close()
        self._socket.close()


def dial(destination: Destination, deadline: float) -> socket.socket:
    """A TCP connection to the first address that answers, IPv6 and IPv4 alike.

    The time that is left is shared among the addresses that are left. Raises Transient
    `remote.unreachable`, `remote.timeout`.
    """
    error: OSError | None = None
    try:
        found = socket.getaddrinfo(destination.host, destination.port, type=socket.SOCK_STREAM)
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


def connect(destination: Destination, deadline: float) -> Line:
    """A line whose host key is one of the pins; nobody is logged in yet.

    A fingerprint does not tell the key's type, so a server with several host keys is asked for one
    type after the other. Raises Permanent `hostkey.unknown`, `remote.failed`; Transient.
    """
    pins = {pin.fingerprint for pin in destination.host_keys}
    types = dict(HOST_KEYS)
    seen: list[str] = []
    while types:
        line = Line(destination, dial(destination, deadline))
        key = _negotiate(line, [name for names in types.values() for name in names], deadline)
        if key is None and seen:
            break
        if key is None:
            raise _weak(destination, "no key exchange, cipher, MAC and host key type in common")
        if key.fingerprint in pins:
            return line
        line.hang_up()
        seen.append(line.identity)
        types.pop(next(kind for kind in types if key.get_name().startswith(kind)))
    raise _unknown(destination, seen)


def _negotiate(line: Line, types: list[str], deadline: float) -> paramiko.PKey | None:
    """The server's host key, None when both sides have no algorithm in common."""
    options = line.transport.get_security_options()
    options.ciphers, options.digests, options.kex = CIPHERS, MACS, _known(KEX, options.kex)
    options.key_types = types
    try:
        with line.speaking(patience=max(deadline - monotonic(), SHORTEST)):
            # Not start_client's own time-out: it returns silently when that is over.
            line.transport.start_client()
            _demand_strict(line)
            return line.transport.get_remote_server_key()
    except IncompatiblePeer:
        line.hang_up()
        return None
    except FerryError:
        line.hang_up()
        raise


def _known(wanted: tuple[str, ...], available: Sequence[str]) -> tuple[str, ...]:
    """Without those that this machine's cryptography cannot do."""
    return tuple(name for name in wanted if name in available)


def _demand_strict(line: Line) -> None:
    """Counter mode with an -etm MAC is open to CVE-2023-48795 unless strict kex was agreed."""
    transport = line.transport
    gcm = "gcm" in transport.local_cipher
    strict = getattr(transport, "agreed_on_strict_kex", False)
    if transport.local_mac in ETM and not gcm and not strict:
        raise _weak(line.destination, "it offers -etm MACs without strict key exchange")


def _weak(destination: Destination, reason: str) -> Permanent:
    return Permanent(
        Code.REMOTE_INSECURE,
        f"The server of {name_of(destination)} offers no encryption that is safe enough: {reason}.",
        action="Ask the partner to allow AES-GCM or AES-CTR with SHA-2, then order again.",
    )


def _unknown(destination: Destination, seen: list[str]) -> Permanent:
    expected = " or ".join(pin.fingerprint for pin in destination.host_keys) or "none at all"
    return Permanent(
        Code.HOSTKEY_UNKNOWN,
        f"The server of {name_of(destination)} shows the host key {' and '.join(seen)}, "
        f"expected is {expected}; nothing was sent to it.",
    )
