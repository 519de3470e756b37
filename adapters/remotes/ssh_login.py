"""Logging in over a proven line, once, with the destination's own credential and no other.

No agent and no key file of the operator is ever looked at.
"""

from __future__ import annotations

import io
import struct
from binascii import Error as Base64Error
from collections.abc import Callable
from dataclasses import dataclass

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from paramiko.ssh_exception import (
    AuthenticationException,
    BadAuthenticationType,
    PasswordRequiredException,
)

from adapters.remotes.ssh import Line, name_of
from transfer.errors import Code, Permanent
from transfer.model import Destination

SHORTEST_RSA = 2048
KEY_TYPES = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)
UNREADABLE = (
    paramiko.SSHException,
    UnsupportedAlgorithm,
    ValueError,
    TypeError,
    IndexError,
    struct.error,
    Base64Error,
)
"""What paramiko's key classes let out for a text that is not their kind of key."""


@dataclass(frozen=True, slots=True, repr=False)
class Credential:
    """At least one of both is there. It has no repr, so that no log can show it."""

    key: paramiko.PKey | None
    password: str | None


def credential(destination: Destination, secret: Callable[[str], str]) -> Credential:
    """Read the secrets that the destination names, before anything is connected.

    Raises Permanent `destination.misconfigured`, and what `secret` raises.
    """
    if destination.private_key is None and destination.password is None:
        raise _misconfigured(destination, "has neither a password nor a private key")
    key = None
    if destination.private_key is not None:
        key = _parse(destination, secret(destination.private_key))
    password = secret(destination.password) if destination.password is not None else None
    return Credential(key, password)


def _parse(destination: Destination, pem: str) -> paramiko.PKey:
    # `from None` throughout: the text of a key must not travel in a traceback.
    lines = "\n".join(line.strip() for line in pem.strip().splitlines()) + "\n"
    for kind in KEY_TYPES:
        try:
            key = kind.from_private_key(io.StringIO(lines))
        except PasswordRequiredException:
            why = "has a private key that a passphrase protects"
            raise _misconfigured(destination, why) from None
        except UNREADABLE:
            continue
        if isinstance(key, paramiko.RSAKey) and key.get_bits() < SHORTEST_RSA:
            raise _misconfigured(destination, f"has an RSA key of {key.get_bits()} bits only")
        return key
    why = "has a private key that is not an Ed25519, ECDSA or RSA key in OpenSSH or PEM form"
    raise _misconfigured(destination, why)


def _misconfigured(destination: Destination, why: str) -> Permanent:
    message = f"Destination {destination.name} {why}."
    return Permanent(Code.DESTINATION_MISCONFIGURED, message)


def log_in(line: Line, credential: Credential) -> None:
    """The key first; the password when the server asks for it as well, or takes no keys at all.

    A credential that was refused is never followed by another: that could lock the account.
    Raises Permanent `auth.refused`; Transient.
    """
    for method in _methods(line, credential):
        try:
            method()
        except BadAuthenticationType:
            # The server has not looked at the credential, so the next one is no second try.
            continue
        except AuthenticationException as error:
            if _was_refused(line):
                raise _refused(line) from error
            raise
        if line.transport.is_authenticated():
            return
    raise _refused(line)


def _methods(line: Line, credential: Credential) -> list[Callable[[], object]]:
    transport, user = line.transport, line.destination.username
    key, password = credential.key, credential.password
    methods: list[Callable[[], object]] = []
    if key is not None:
        methods.append(lambda: transport.auth_publickey(user, key))
    if password is not None:
        methods.append(lambda: transport.auth_password(user, password))
    return methods


def _was_refused(line: Line) -> bool:
    """Whether the server said no, rather than that the line broke or time ran out.

    Many servers hang up right after the no; paramiko reports both alike, but it forgets the user
    name only when a refusal has come.
    """
    transport, handler = line.transport, line.transport.auth_handler
    if line.watchdog.bitten:
        return False
    said_no = handler is not None and handler.get_username() is None
    return said_no or bool(transport.parting) or transport.is_active()


def _refused(line: Line) -> Permanent:
    parting = line.transport.parting
    said = f": {parting}" if parting else ""
    user = line.destination.username
    message = f"The server of {name_of(line.destination)} refused the login of {user}{said}."
    return Permanent(Code.AUTH_REFUSED, message)
