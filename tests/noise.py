"""Bytes of which no two parts are alike, for files that are to be told from each other's pieces."""

from __future__ import annotations

from functools import cache

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR


@cache
def noise(size: int) -> bytes:
    """The same for the same size, and made and held once: every worker of a run imports each module
    that wants some, whether it runs its tests or not.
    """
    return Cipher(AES(bytes(16)), CTR(bytes(16))).encryptor().update(bytes(size))
