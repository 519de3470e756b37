"""Signs links by an Ed25519 key, and checks signatures by public keys alone."""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from transfer.audit.chain import Link, Signature
from transfer.audit.proof import Check
from transfer.errors import Code, Permanent

ED25519, ECDSA = "Ed25519", "ECDSA_SHA_256"
"""Names of algorithms on receipts; the second is KMS's own."""
PublicKey = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey
MAX_PEM = 64 * 1024
"""Bytes of a file with public keys."""


class KeySigner:
    """The Signer port by a private key; `read` gives its PEM text, at each signature anew."""

    def __init__(self, read: Callable[[], str]) -> None:
        self._read = read

    def sign(self, link: Link) -> Signature:
        key = self._key()
        return Signature(
            algorithm=ED25519,
            key=digest_of(key.public_key()),
            value=b64encode(key.sign(link.text)).decode(),
        )

    def public(self) -> str:
        return pem_of(self._key().public_key())

    def _key(self) -> ed25519.Ed25519PrivateKey:
        text = self._read()
        try:
            key = load_pem_private_key(text.encode(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            # Raised out here, because an error of parsing may carry the text.
            key = None
        if not isinstance(key, ed25519.Ed25519PrivateKey):
            raise Permanent(
                Code.AUDIT_UNSIGNED,
                "The secret that audit.key names is no Ed25519 key in PEM form without a "
                "passphrase.",
                action="Make one by `openssl genpkey -algorithm ed25519`.",
            )
        return key


def digest_of(key: PublicKey) -> str:
    """The name of a public key."""
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(spki).hexdigest()


def pem_of(key: PublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def checking(paths: Sequence[Path]) -> Check:
    """A check by the public keys in these files. Raises Permanent `config.invalid`."""
    keys = {digest_of(key): key for key in map(_public_key, paths)}
    return lambda link: _why_not(link, keys)


def _public_key(path: Path) -> PublicKey:
    try:
        with path.open("rb") as file:
            key = load_pem_public_key(file.read(MAX_PEM))
    except OSError as error:
        raise _unusable(path, f"cannot be read: {error.strerror}") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _unusable(path, "holds no public key in PEM form") from error
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    raise _unusable(path, "holds another kind of key than Ed25519 and ECC_NIST_P256")


def _unusable(path: Path, why: str) -> Permanent:
    return Permanent(
        Code.CONFIG_INVALID,
        f"The file {path} {why}.",
        action="Give --key the file that `fileferry audit key` has printed.",
    )


def _why_not(link: Link, keys: Mapping[str, PublicKey]) -> str:
    signature = link.signature
    if signature is None:
        return "is not there"
    key = keys.get(signature.key)
    if key is None:
        return f"is of another key ({signature.key[:16]}…)"
    try:
        value = b64decode(signature.value, validate=True)
        if isinstance(key, ed25519.Ed25519PublicKey) and signature.algorithm == ED25519:
            key.verify(value, link.text)
        elif isinstance(key, ec.EllipticCurvePublicKey) and signature.algorithm == ECDSA:
            key.verify(value, link.text, ec.ECDSA(hashes.SHA256()))
        else:
            return "is of another algorithm than its key"
    except (InvalidSignature, ValueError):
        return "does not fit the key"
    return ""
