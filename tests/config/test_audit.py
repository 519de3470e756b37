"""Who signs the receipts: at most one, and a key that can."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from config.loading import load
from config.secrets import Secrets, check
from tests.config.conftest import GOOD, Faults, Write

ARN = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def pem(key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey, form: PrivateFormat) -> str:
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


ED25519, CURVE = ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1())


def test_nobody_need_sign(write: Write) -> None:
    part = load(write(GOOD)).audit
    assert (part.key, part.kms_key) == (None, None)
    assert load(write(f"{GOOD}audit:\n  kms_key: {ARN}\n")).audit.kms_key == ARN


@pytest.mark.parametrize(
    ("part", "fault"),
    [
        (f"{{key: audit, kms_key: '{ARN}'}}", "audit.kms_key: must not be set beside key"),
        ("{kms_key: alias/audit}", "audit.kms_key: must look like arn:aws:kms"),
        ("{key: A B}", "audit.key: must be the name of a secret"),
    ],
)
def test_what_cannot_be_is_named(faults: Faults, part: str, fault: str) -> None:
    [found] = faults(text=f"{GOOD}audit: {part}\n")
    assert fault in found


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        (pem(ED25519, PrivateFormat.PKCS8), ""),
        (pem(CURVE, PrivateFormat.PKCS8), "is a private key of another kind than Ed25519"),
        (pem(CURVE, PrivateFormat.TraditionalOpenSSL), "of another kind than Ed25519"),
        (pem(ED25519, PrivateFormat.OpenSSH), "is a private key in OpenSSH form; PEM is needed"),
        ("hunter2", "is not a private key in OpenSSH or PEM form"),
    ],
)
def test_the_key_is_looked_at_before_it_is_needed(write: Write, text: str, trouble: str) -> None:
    configured = load(write(f"{GOOD}audit: {{key: audit}}\n"))
    found = [
        each
        for each in check(configured, Secrets({}, vault=lambda _: text))
        if "audit" in str(each)
    ]
    assert len(found) == bool(trouble)
    assert all(trouble in str(each) for each in found)
