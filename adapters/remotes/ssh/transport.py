"""paramiko's transport with what it lacks: newer names, and an ear for what the server says."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from math import inf
from typing import TYPE_CHECKING, Any

import paramiko
from paramiko.common import MSG_USERAUTH_BANNER, MSG_USERAUTH_INFO_REQUEST
from paramiko.packet import Packetizer

from adapters.remotes.dial import plain
from adapters.remotes.ssh.algorithms import AEAD, MACS, SAME
from transfer.destination import Destination

BACKSTOP = 5
"""Seconds by which paramiko's own time-outs come after the watchdog."""
EARLY = "Banner: "
"""With which paramiko's log begins a line that the server sent before its greeting."""
LONGEST = 4096
"""Letters that are kept of what a server says; they are not yet fit for a log line."""
KNOWN: dict[str, Any] = paramiko.Transport._kex_info  # type: ignore[attr-defined]  # noqa: SLF001


class ExpiredError(paramiko.SSHException):
    """The server wants a new password (RFC 4252, section 8)."""


class Transport(paramiko.Transport):
    """`parting` are the server's words at its disconnect, or instead of its greeting, `reason` the
    number of the disconnect, `banner` what it says before the login, and `offered` its lists of
    algorithms; paramiko keeps none of them where they are needed.
    """

    parting = ""
    reason = 0
    banner = ""
    offered: Mapping[str, Sequence[str]] = {}

    if TYPE_CHECKING:  # types-paramiko leaves them out
        _kex_info: dict[str, Any]
        _handler_table: dict[int, Any]
        _expect_packet: Any
        saved_exception: Exception | None

    _kex_info = KNOWN | {name: KNOWN[older] for name, older in SAME.items() if older in KNOWN}
    _preferred_kex = tuple(_kex_info)

    def __init__(self, sock: socket.socket, packetizer: type[Packetizer]) -> None:
        super().__init__(sock, packetizer_class=packetizer)
        self._handler_table[MSG_USERAUTH_BANNER] = self._hear_banner
        self._handler_table[MSG_USERAUTH_INFO_REQUEST] = self._hear_question

    @property
    def agreed(self) -> str:
        """Key exchange, cipher and, where the cipher needs one, MAC."""
        theirs = self.offered.get("kex_algo_list", ())
        kex = next((name for name in self.get_security_options().kex if name in theirs), "")
        mac = "" if self.local_cipher in AEAD else self.local_mac
        return ", ".join(filter(None, (kex, self.local_cipher, mac)))

    def shows(self, types: Sequence[str]) -> bool:
        """Whether the server has a host key of one of these algorithms."""
        return any(name in self.offered.get("server_key_algo_list", ()) for name in types)

    def _parse_disconnect(self, message: paramiko.Message) -> None:
        self.reason = message.get_int()
        self.parting = plain(message.get_string().decode(errors="replace"))

    def _log(self, level: int, message: Any, *more: Any) -> None:
        """What comes before the greeting is told to the log alone; often nothing follows it."""
        if isinstance(message, str) and message.startswith(EARLY):
            self.parting = plain(message.removeprefix(EARLY))
        base: Any = super()
        base._log(level, message, *more)  # noqa: SLF001

    def _check_banner(self) -> None:
        base: Any = super()
        base._check_banner()  # noqa: SLF001
        self.parting = ""

    def _hear_banner(self, message: paramiko.Message) -> None:
        self.banner = message.get_string().decode(errors="replace")[:LONGEST]

    def _hear_question(self, message: paramiko.Message) -> None:
        """Message 60 means what the method makes of it: after a password, that it has expired."""
        handler: Any = self.auth_handler
        if handler is None or handler.auth_method != "password":
            if handler is not None:
                handler._parse_userauth_info_request(message)  # noqa: SLF001
            return
        words = message.get_string().decode(errors="replace")[:LONGEST]
        self.saved_exception = ExpiredError(words)
        handler.auth_event.set()

    def _really_parse_kex_init(
        self, message: paramiko.Message, ignore_first_byte: bool = False
    ) -> dict[str, Any]:
        base: Any = super()
        parsed: dict[str, Any] = base._really_parse_kex_init(message, ignore_first_byte)  # noqa: SLF001
        if ignore_first_byte:  # our own
            return parsed
        self.offered = {key: tuple(value) for key, value in parsed.items() if _is_list(value)}
        for side in ("client", "server"):
            theirs = parsed[f"{side}_encrypt_algo_list"]
            agreed = next((name for name in self.preferred_ciphers if name in theirs), "")
            if agreed in AEAD:
                # paramiko demands a MAC in common, though these ciphers use none (RFC 5647, 5.1).
                parsed[f"{side}_mac_algo_list"] += MACS
        return parsed


def _is_list(value: object) -> bool:
    return isinstance(value, list)


def transport_over(
    sock: socket.socket, destination: Destination, packetizer: type[Packetizer]
) -> Transport:
    transport = Transport(sock, packetizer)
    # Behind the watchdog: without these, paramiko's own shorter ones would come first.
    late = destination.connect_timeout + BACKSTOP
    transport.banner_timeout = transport.handshake_timeout = late
    transport.auth_timeout = transport.channel_timeout = late
    # A change of keys waits behind everything that is still to be sent, for hours on a slow line.
    transport.clear_to_send_timeout = inf
    return transport
