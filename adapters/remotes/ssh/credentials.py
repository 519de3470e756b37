"""The credential of a destination, read and checked before anything is connected."""

from __future__ import annotations

import io
import re
import struct
from binascii import Error as Base64Error
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    SSHCertificate,
    SSHCertificateType,
    load_pem_private_key,
    load_ssh_private_key,
    load_ssh_public_identity,
)

from transfer.destination import KEY_CIPHERS, Destination, unfolded
from transfer.errors import Code, Permanent

SHORTEST_RSA = 2048
SSHPrivateKeyTypes = Ed25519PrivateKey | EllipticCurvePrivateKey | RSAPrivateKey
KEY_TYPES: dict[type, type[paramiko.PKey]] = {
    Ed25519PrivateKey: paramiko.Ed25519Key,
    EllipticCurvePrivateKey: paramiko.ECDSAKey,
    RSAPrivateKey: paramiko.RSAKey,
}
PRIVATE = re.compile(r"-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----\n.*?\n-----END \1-----", re.DOTALL)
PUTTY = "PuTTY-User-Key-File-"
IN_PUTTYS_FORM = (
    "in PuTTY's form (.ppk); export it in OpenSSH's: puttygen key.ppk -O private-openssh -o key"
)
IN_ANOTHER_CIPHER = (
    f"has a private key that is encrypted with another cipher than {', '.join(KEY_CIPHERS)}; "
    "encrypt it anew: ssh-keygen -p -Z aes256-ctr -f key"
)
UNREADABLE = (
    paramiko.SSHException,
    UnsupportedAlgorithm,
    ValueError,
    TypeError,
    IndexError,
    struct.error,
    Base64Error,
)
"""What the libraries let out for a text that is not a key, or of another kind."""

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


def _parse(destination: Destination, text: str, passphrase: str | None) -> paramiko.PKey:
    # `from None` throughout: the text of a key must not travel in a traceback.
    if text.lstrip("\ufeff \r\n").startswith(PUTTY):
        raise _misconfigured(destination, f"has a private key {IN_PUTTYS_FORM}") from None
    phrase = None if passphrase is None else passphrase.encode()
    try:
        label, pem = _block(text)
        try:
            opened = _load(label, pem, None)
        except TypeError:  # what cryptography raises for want of a passphrase
            if phrase is None:
                why = "has a private key that a passphrase protects, and names no passphrase"
                raise _misconfigured(destination, why) from None
            opened = _opened(destination, label, pem, phrase)
        except UnsupportedAlgorithm:
            if not label.startswith("OPENSSH"):
                raise
            raise _misconfigured(destination, IN_ANOTHER_CIPHER) from None
        return _for_paramiko(opened)
    except UNREADABLE:
        why = "has a private key that is not an Ed25519, ECDSA or RSA key in OpenSSH or PEM form"
        raise _misconfigured(destination, why) from None


def _block(text: str) -> tuple[str, bytes]:
    """The private key among what stands around it: parameters, attributes, a certificate."""
    found = PRIVATE.search(unfolded(text))
    if found is None:
        raise ValueError
    return found[1], found[0].encode() + b"\n"


def _load(label: str, pem: bytes, phrase: bytes | None) -> object:
    if label.startswith("OPENSSH"):
        return load_ssh_private_key(pem, phrase)
    return load_pem_private_key(pem, phrase)


def _opened(destination: Destination, label: str, pem: bytes, phrase: bytes) -> object:
    try:
        return _load(label, pem, phrase)
    except ValueError:
        why = "has a passphrase that does not open its private key"
        raise _misconfigured(destination, why) from None


def _for_paramiko(key: object) -> paramiko.PKey:
    """Paramiko reads no PKCS#8, so it gets every key in OpenSSH's form. Raises as UNREADABLE."""
    kind = next((mine for theirs, mine in KEY_TYPES.items() if isinstance(key, theirs)), None)
    if kind is None or not isinstance(key, SSHPrivateKeyTypes):
        raise ValueError
    text = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    return kind.from_private_key(io.StringIO(text))


def _certify(destination: Destination, key: paramiko.PKey, text: str) -> None:
    """Put the OpenSSH user certificate beside its key, so that it is shown instead."""
    line = text.strip("\ufeff \t\r\n")
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
