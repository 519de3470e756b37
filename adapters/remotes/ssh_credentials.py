"""The credential of a destination, read and checked before anything is connected."""

from __future__ import annotations

import io
import struct
from binascii import Error as Base64Error
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    SSHCertificate,
    SSHCertificateType,
    load_ssh_public_identity,
)
from paramiko.ssh_exception import PasswordRequiredException

from transfer.destination import Destination
from transfer.errors import Code, Permanent

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

SecretReader = Callable[[str], str]


@dataclass(frozen=True, slots=True, repr=False)
class Credential:
    """At least one of both is there. It has no repr, so that no log can show it."""

    key: paramiko.PKey | None
    password: str | None


def credential(destination: Destination, secret: SecretReader) -> Credential:
    """Read the secrets that the destination names.

    Raises Permanent `destination.misconfigured`, and what `secret` raises.
    """
    if destination.private_key is None and destination.password is None:
        raise _misconfigured(destination, "has neither a password nor a private key")
    key = _key(destination, secret) if destination.private_key is not None else None
    password = secret(destination.password) if destination.password is not None else None
    return Credential(key, password)


def _key(destination: Destination, secret: SecretReader) -> paramiko.PKey:
    phrase = secret(destination.passphrase) if destination.passphrase is not None else None
    key = _parse(destination, secret(destination.private_key or ""), phrase)
    if isinstance(key, paramiko.RSAKey) and key.get_bits() < SHORTEST_RSA:
        raise _misconfigured(destination, f"has an RSA key of {key.get_bits()} bits only")
    if destination.certificate is not None:
        _certify(destination, key, secret(destination.certificate))
    return key


def _parse(destination: Destination, pem: str, passphrase: str | None) -> paramiko.PKey:
    # `from None` throughout: the text of a key must not travel in a traceback.
    lines = "\n".join(line.strip() for line in pem.strip().splitlines()) + "\n"
    why = "has a private key that is not an Ed25519, ECDSA or RSA key in OpenSSH or PEM form"
    for kind in KEY_TYPES:
        try:
            return kind.from_private_key(io.StringIO(lines))
        except PasswordRequiredException:
            if passphrase is None:
                why = "has a private key that a passphrase protects, and names no passphrase"
                break
            why = "has a passphrase that does not open its private key"
        except UNREADABLE:
            continue
        try:
            return kind.from_private_key(io.StringIO(lines), passphrase)
        except UNREADABLE:
            continue
    raise _misconfigured(destination, why) from None


def _certify(destination: Destination, key: paramiko.PKey, text: str) -> None:
    """Put the OpenSSH user certificate beside its key, so that it is shown instead."""
    line = text.strip()
    try:
        certificate = load_ssh_public_identity(line.encode())
        if not isinstance(certificate, SSHCertificate):
            raise _misconfigured(destination, "has a public key where a certificate should be")
        _judge(destination, key, certificate)
        key.load_certificate(line)
    except UNREADABLE:
        why = "has a certificate that is not an OpenSSH certificate of one line"
        raise _misconfigured(destination, why) from None


def _judge(destination: Destination, key: paramiko.PKey, certificate: SSHCertificate) -> None:
    if certificate.type is not SSHCertificateType.USER:
        raise _misconfigured(destination, "has the certificate of a host, not of a user")
    own = certificate.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    if own.split()[1].decode() != key.get_base64():
        raise _misconfigured(destination, "has a certificate for another private key")
    now = datetime.now(UTC).timestamp()
    if not certificate.valid_after <= now < certificate.valid_before:
        begin, end = (_day(at) for at in (certificate.valid_after, certificate.valid_before))
        why = f"has a certificate that is valid from {begin} until {end}, which is not now"
        raise _misconfigured(destination, why)


def _day(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).date().isoformat()
    except (ValueError, OverflowError):  # OpenSSH's "forever" is 2**64 - 1
        return "ever"


def _misconfigured(destination: Destination, why: str) -> Permanent:
    message = f"Destination {destination.name} {why}."
    return Permanent(Code.DESTINATION_MISCONFIGURED, message)
