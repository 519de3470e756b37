"""Signs links by a key that never leaves KMS (ECC_NIST_P256, for SIGN_VERIFY)."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.serialization import load_der_public_key

from adapters.audit.keys import ECDSA, PublicKey, pem_of
from adapters.aws import client as aws
from transfer.audit.chain import Link, Signature
from transfer.errors import Code, FerryError, Permanent, Transient

LONGEST = 5.0
"""Seconds for one answer: a report waits for it, and goes without a signature after three."""


def make_client(
    region: str, endpoint_url: str | None = None, profile: str | None = None, timeout: float = 30.0
) -> Any:
    """A client; `timeout` in seconds, at most LONGEST. Raises Permanent `config.invalid`."""
    import boto3  # noqa: PLC0415  as in adapters/s3/store.py

    with aws.settings_checked():
        session: Any = boto3.session.Session(profile_name=profile, region_name=region)
        config = aws.client_config(endpoint_url, min(timeout, LONGEST))
        return aws.guarded(session.client("kms", endpoint_url=endpoint_url, config=config))


class KmsSigner:
    """The Signer port by a key of KMS, which is named by its ARN."""

    def __init__(self, client: Any, key: str) -> None:
        self._client = client
        self._key = key
        self._digest = ""

    def sign(self, link: Link) -> Signature:
        with _translated(self._key):
            if not self._digest:
                self._digest = hashlib.sha256(self._spki()).hexdigest()
            answer = self._client.sign(
                KeyId=self._key,
                # Some 500 bytes of 4,096 that KMS takes.
                Message=link.text,
                MessageType="RAW",
                SigningAlgorithm=ECDSA,
            )
        value = b64encode(answer["Signature"]).decode()
        return Signature(algorithm=ECDSA, key=self._digest, value=value)

    def public(self) -> str:
        with _translated(self._key):
            key: Any = load_der_public_key(self._spki())
        found: PublicKey = key
        return pem_of(found)

    def _spki(self) -> bytes:
        spki: bytes = self._client.get_public_key(KeyId=self._key)["PublicKey"]
        return spki


@contextmanager
def _translated(key: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        kind = Transient if aws.is_busy(error) else Permanent
        raise _unsigned(kind, key, aws.code_of(error)) from error
    except (*aws.NO_CREDENTIALS, *aws.NO_WHOLE_ANSWER) as error:
        raise _unsigned(Transient, key, type(error).__name__) from error


def _unsigned(kind: type[FerryError], key: str, why: str) -> FerryError:
    return kind(
        Code.AUDIT_UNSIGNED,
        f"KMS did not sign the receipt by {key} ({why}).",
        action="See that the key is ECC_NIST_P256 for SIGN_VERIFY, and allow kms:Sign and "
        "kms:GetPublicKey on it.",
    )
