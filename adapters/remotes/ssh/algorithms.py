"""Which SSH algorithms are offered: good ones, and weak ones where a destination names them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import paramiko

from adapters.remotes.dial import name_of, plain
from transfer.destination import WEAK_ALGORITHMS, Destination
from transfer.errors import Code, Permanent

if TYPE_CHECKING:
    from adapters.remotes.ssh.transport import Transport

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


def nothing_in_common(transport: Transport, destination: Destination) -> Permanent:
    """Who lacks what: a server with nothing but weak ones, or we with none of its good ones."""
    weak: list[tuple[str, str, str]] = []
    lacking: list[tuple[str, str, str]] = []
    for kind, lists, ours in _kinds(transport):
        for theirs in (transport.offered.get(name, ()) for name in lists):
            if not theirs or set(theirs) & set(ours):
                continue
            real = [name for name in theirs if not MARKS.match(name)]
            good = [name for name in real if name and not WEAK.search(name)]
            names = plain(", ".join(good or real))
            (lacking if good else weak).append((kind, names, ", ".join(ours)))
            break
    if weak or not lacking:
        found = [f"its {kind} is only {names}" for kind, names, _ in weak]
        return too_weak(destination, "; ".join(found) or "no algorithm in common")
    words = "; ".join(f"as its {kind} {names}" for kind, names, _ in lacking)
    message = f"The server of {name_of(destination)} offers {words}. Nothing is wrong with that, "
    message += "but FileFerry cannot do it."
    wanted = "; ".join(f"as {kind} one of {ours}" for kind, _, ours in lacking)
    action = f"Ask the partner to allow {wanted}, then order again."
    return Permanent(Code.REMOTE_FAILED, message, action=action)


def _kinds(transport: Transport) -> Iterator[tuple[str, tuple[str, ...], Sequence[str]]]:
    """What must be agreed on: its name, paramiko's names of the server's lists, and ours."""
    options = transport.get_security_options()
    yield "key exchange", ("kex_algo_list",), options.kex
    yield "host key", ("server_key_algo_list",), options.key_types
    yield "cipher", ("client_encrypt_algo_list", "server_encrypt_algo_list"), options.ciphers
    yield "MAC", ("client_mac_algo_list", "server_mac_algo_list"), options.digests
