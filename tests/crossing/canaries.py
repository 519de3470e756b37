"""Secrets for every credential that can be configured, and how each is found again.

A secret is found in any form that a program gives it by mistake: as it is, backwards, a piece of
eight characters, Base64 beside whatever it was joined with, hex. Percent signs and backslashes
leave such a piece behind.
"""

from __future__ import annotations

import base64
import secrets
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from sandbox.tls import Certificate

LETTERS = string.ascii_letters + string.digits
PIECE, BASE64_PIECE, HEX_PIECE = 8, 12, 16
"""Characters that are no word by chance. Those of the last two have fewer bits."""


def password() -> str:
    """With all that is quoted somewhere."""
    one, two, three = ("".join(secrets.choice(LETTERS) for _ in range(12)) for _ in "123")
    return f"{one}&+/'{two}\"\\%ä {three}"


@dataclass
class Canaries:
    """`text` is what stands in the secret's file, `pieces` what is looked for."""

    text: dict[str, str] = field(default_factory=dict)
    pieces: dict[int, dict[str, str]] = field(default_factory=dict)

    def password(self, name: str) -> str:
        return self.plain(name, password())

    def plain(self, name: str, text: str) -> str:
        """Any text that is not found elsewhere."""
        self.text[name] = text
        for form in (text, text[::-1]):
            self._add(PIECE, form, name)
        return self._bytes(name, text.encode())

    def key(self, name: str, passphrase: str = "") -> str:
        """An Ed25519 key; what is secret of it are 32 bytes."""
        made = Ed25519PrivateKey.generate()
        self.text[name] = _pem(made, passphrase)
        self._bytes(name, made.private_bytes_raw())
        return self.text[name]

    def certificate(self, name: str, made: Certificate) -> str:
        """A client certificate with its key."""
        key = load_pem_private_key(made.key_file.read_bytes(), None)
        assert isinstance(key, EllipticCurvePrivateKey)
        self.text[name] = made.cert_file.read_text() + made.key_file.read_text()
        self._bytes(name, key.private_numbers().private_value.to_bytes(32, "big"))
        return self.text[name]

    def word(self, name: str, text: str) -> None:
        """One that is no file, and of which a piece may stand anywhere."""
        self._add(len(text), text, name)

    def rsa(self, name: str) -> str:
        made = generate_private_key(65537, 2048)
        self.text[name] = _pem(made)
        self._bytes(name, made.private_numbers().d.to_bytes(256, "big"))
        return self.text[name]

    def shown(self, places: Mapping[str, str]) -> list[str]:
        """`place: secret` for each that is found; nothing of the secret itself."""
        found = set[str]()
        for place, said in places.items():
            for size, known in self.pieces.items():
                text = said.lower() if size == HEX_PIECE else said
                seen = {text[at : at + size] for at in range(len(text) - size + 1)}
                found |= {f"{place}: {known[piece]}" for piece in seen & known.keys()}
        return sorted(found)

    def _bytes(self, name: str, data: bytes) -> str:
        self._add(HEX_PIECE, data.hex(), name)
        for form in _base64(data):
            self._add(BASE64_PIECE, form, name)
        return self.text[name]

    def _add(self, size: int, form: str, name: str) -> None:
        known = self.pieces.setdefault(size, {})
        known |= {form[at : at + size]: name for at in range(len(form) - size + 1)}


def _base64(data: bytes) -> Iterator[str]:
    """Wherever in a joined text it begins, by both alphabets."""
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + data).decode()
        # The first characters are of what was before, the last of what comes behind.
        inner = whole[4 if before else 0 :].rstrip("=")[:-1]
        yield inner
        yield inner.replace("+", "-").replace("/", "_")


def _pem(key: Any, passphrase: str = "") -> str:
    how = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    return str(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how).decode())
