"""Which SSH algorithms are offered: good ones, and weak ones where a destination names them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import paramiko

from adapters.remotes.dial import name_of
from transfer.destination import WEAK_ALGORITHMS, Destination
from transfer.errors import Code, Permanent

# AES-GCM costs half the CPU of counter mode with a MAC. No CBC, no SHA-1, no MD5.
CIPHERS = (
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "aes256-ctr",
    "aes192-ctr",
    "aes128-ctr",
)
AEAD = CIPHERS[:2]
"""Ciphers that need no MAC."""
ETM = ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com")
MACS = ("hmac-sha2-256", "hmac-sha2-512", *ETM)
SAME = {"curve25519-sha256": "curve25519-sha256@libssh.org"}
"""Key exchanges that paramiko 5.1 knows by their older name only (RFC 8731, section 3)."""
KEX = (
    "mlkem768x25519-sha256",
    "curve25519-sha256",
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
WEAK = re.compile(r"cbc|arcfour|md5|ripemd|sha1|^ssh-rsa|^ssh-dss|^none$")
"""What nobody should trust any more, whether or not FileFerry could do it."""
MARKS = re.compile(r"(ext-info|kex-strict)-")
"""What stands among the names of key exchanges and is none (RFC 8308, CVE-2023-48795)."""
# Backwards, so that AES comes before triple DES.
WEAK_CIPHERS = tuple(name for name in sorted(WEAK_ALGORITHMS, reverse=True) if "cbc" in name)
WEAK_MACS = tuple(name for name in WEAK_ALGORITHMS if "hmac" in name)


def check(destination: Destination) -> None:
    """Raises Permanent `destination.misconfigured` when it asks for what nobody can do."""
    unknown = sorted(destination.algorithms.difference(WEAK_ALGORITHMS))
    if unknown:
        names = ", ".join(unknown)
        message = f"Destination {destination.name} allows the SSH algorithm {names}, which "
        message += f"FileFerry cannot use; it can use {', '.join(sorted(WEAK_ALGORITHMS))}."
        raise Permanent(Code.DESTINATION_MISCONFIGURED, message)


def offer(transport: paramiko.Transport, destination: Destination, key_types: list[str]) -> None:
    """Set what may be agreed on: the good ones first, in our order, then the weak ones allowed."""
    options, allowed = transport.get_security_options(), destination.algorithms
    options.ciphers = (*CIPHERS, *(name for name in WEAK_CIPHERS if name in allowed))
    options.digests = (*MACS, *(name for name in WEAK_MACS if name in allowed))
    options.kex = _known(KEX, options.kex)
    options.key_types = key_types


def _known(wanted: tuple[str, ...], available: Sequence[str]) -> tuple[str, ...]:
    """Without those that this machine's cryptography cannot do."""
    return tuple(name for name in wanted if name in available)


def demand_strict(transport: paramiko.Transport, destination: Destination) -> None:
    """An -etm MAC is open to CVE-2023-48795 unless strict kex was agreed. Raises Permanent."""
    gcm = "gcm" in transport.local_cipher
    strict = getattr(transport, "agreed_on_strict_kex", False)
    if transport.local_mac in ETM and not gcm and not strict:
        raise too_weak(destination, "it offers -etm MACs without strict key exchange")


def too_weak(destination: Destination, reason: str) -> Permanent:
    return Permanent(
        Code.REMOTE_INSECURE,
        f"The server of {name_of(destination)} offers no encryption that is safe enough: {reason}.",
        action="Ask the partner to allow AES-GCM or AES-CTR with SHA-2, then order again.",
    )
