"""What keys and certificates look like: enough to refuse a wrong one before anything is sent.

Nothing here proves a key; that takes the libraries, which `config` does not load.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from hashlib import sha256

from transfer.destination import KEY_CIPHERS, Fingerprint, unfolded

HOST_KEYS = {
    "ssh-ed25519": 2,
    "ecdsa-sha2-nistp256": 3,
    "ecdsa-sha2-nistp384": 3,
    "ecdsa-sha2-nistp521": 3,
    "ssh-rsa": 3,
}
"""The types of host key, each with the number of its fields (RFC 4253, 5656 and 8709)."""
ALLOWED = (
    "a fingerprint (SHA256: and 43 characters), a line of `ssh-keygen -lf` "
    "(256 SHA256:… sftp.bank.example (ED25519)), or a line of known_hosts "
    "(sftp.bank.example ssh-ed25519 AAAA…)"
)
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
_PRINTED = re.compile(
    rf"(?:\d+\s+)?({_FINGERPRINT.pattern})(?:\s.*)?\s\((ED25519|ECDSA|RSA)\)", re.ASCII
)
_PRINTED_KINDS = {"ED25519": "ssh-ed25519", "ECDSA": "ecdsa", "RSA": "ssh-rsa"}
"""As `ssh-keygen -lf` says it; of ECDSA it does not tell which curve."""
_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----\s*\n(.*?)-----END \1-----", re.DOTALL)
_OPENSSH = b"openssh-key-v1\0"
_NAMES = {
    "OPENSSH PRIVATE KEY": (b"ssh-ed25519", b"ecdsa-sha2-nistp", b"ssh-rsa"),
    # Object identifiers: id-Ed25519, rsaEncryption, and the three curves of id-ecPublicKey.
    "PRIVATE KEY": tuple(
        bytes.fromhex(one)
        for one in ("2b6570", "2a864886f70d010101", "2a8648ce3d030107", "2b81040022", "2b81040023")
    ),
    "RSA PRIVATE KEY": (b"",),
    "EC PRIVATE KEY": (b"",),
}
"""What an open private key says of its kind, by the label of its block."""
_CERTIFIED = "-cert-v01@openssh.com"


def fingerprint(text: str) -> Fingerprint:
    """The fingerprint of a pinned host key; raises ValueError that says what is allowed.

    A line of known_hosts may lack the host. Its fingerprint is the SHA-256 of the decoded key in
    base64 without padding, as OpenSSH prints it. Such a line tells the key's type as well, and so
    does one of `ssh-keygen -lf`.
    """
    if _FINGERPRINT.fullmatch(text):
        return Fingerprint(text)
    if printed := _PRINTED.fullmatch(text.strip()):
        return Fingerprint(printed[1], _PRINTED_KINDS[printed[2]])
    words = text.split()
    if words and words[0].startswith("@"):
        raise ValueError(f"must not be marked as an authority or as revoked; allowed is {ALLOWED}")
    at = next((at for at, word in enumerate(words[:2]) if word in HOST_KEYS), None)
    if at is None or len(words) < at + 2:
        raise ValueError(f"must be {ALLOWED}; the types are {', '.join(HOST_KEYS)}")
    blob, fields = _fields(words[at + 1])
    if fields and fields[0] != words[at].encode():
        raise ValueError(f"holds a key of another type than it says; allowed is {ALLOWED}")
    if len(fields) != HOST_KEYS[words[at]]:
        raise ValueError(f"holds a key that is cut off or misspelt; allowed is {ALLOWED}")
    return Fingerprint("SHA256:" + b64encode(sha256(blob).digest()).decode().rstrip("="), words[at])


def _fields(encoded: str) -> tuple[bytes, list[bytes]]:
    """A key in base64, decoded, and its fields; no fields when they do not fill it exactly."""
    try:
        blob = rest = b64decode(encoded, validate=True)
    except ValueError:
        return b"", []
    fields = []
    while rest:
        end = 4 + int.from_bytes(rest[:4], "big")
        if len(rest) < end:
            return blob, []
        fields.append(rest[4:end])
        rest = rest[end:]
    return blob, fields


def trouble_of_key(text: str, *, passphrase: bool) -> str | None:
    """Why the text is no private key for SSH, as the end of a sentence about it."""
    return _trouble(unfolded(text), passphrase=passphrase)


def _trouble(text: str, *, passphrase: bool) -> str | None:
    text = text.lstrip("\ufeff \t\r\n")
    if text.startswith("PuTTY-User-Key-File-"):
        return "is in PuTTY's form; export it: puttygen key.ppk -O private-openssh -o key"
    # openssl and Windows write parameters and attributes in front of it.
    found = next((one for one in _PEM.finditer(text) if one[1].endswith("PRIVATE KEY")), None)
    if not found:
        return "is not a private key in OpenSSH or PEM form"
    encrypted = _encrypted(found[1], found[2])
    if encrypted is None:
        return "is a private key that is cut off or misspelt"
    if encrypted:
        return _trouble_of_lock(found[1], found[2], passphrase=passphrase)
    if not _is_known_kind(found[1], found[2]):
        return "is a private key of another kind than Ed25519, ECDSA and RSA"
    return None


def _trouble_of_lock(label: str, body: str, *, passphrase: bool) -> str | None:
    if not passphrase:
        return "is an encrypted private key, and no passphrase is named"
    if label.startswith("OPENSSH ") and (cipher := _cipher(b64decode(body))) not in KEY_CIPHERS:
        return f"is encrypted with {cipher}; encrypt it anew: ssh-keygen -p -Z aes256-ctr -f key"
    return None


def _is_known_kind(label: str, body: str) -> bool:
    """Whether an open key names a kind that can be used."""
    if label not in _NAMES:
        return False
    data = b64decode(body)
    named = any(name in data for name in _NAMES[label])
    return named and b"sk-" not in data[:200]


def trouble_of_pem_key(text: str) -> str | None:
    """Why the text is no private key in PEM form without a passphrase."""
    found = _PEM.match(text.lstrip())
    if found and found[1].startswith("OPENSSH "):
        return "is a private key in OpenSSH form; PEM is needed (ssh-keygen -p -m PEM)"
    return _trouble(text, passphrase=False)


def trouble_of_signing_key(text: str) -> str | None:
    """Why the text is no Ed25519 key in PEM form without a passphrase."""
    found = _PEM.match(text.lstrip())
    if trouble := trouble_of_pem_key(text):
        return trouble
    ed25519 = (
        found and found[1] == "PRIVATE KEY" and _NAMES["PRIVATE KEY"][0] in b64decode(found[2])
    )
    return None if ed25519 else "is a private key of another kind than Ed25519"


def _encrypted(label: str, body: str) -> bool | None:
    """None when the body is not what the label says."""
    lines = [line.strip() for line in body.splitlines()]
    try:
        data = b64decode("".join(line for line in lines if ":" not in line), validate=True)
    except ValueError:
        return None
    if label.startswith("OPENSSH "):
        cipher = data.removeprefix(_OPENSSH)[4:]
        return not cipher.startswith(b"none") if data.startswith(_OPENSSH) and cipher else None
    if any("ENCRYPTED" in line for line in (label, *lines)):
        return True
    # Each unencrypted form is an ASN.1 sequence.
    return False if data.startswith(b"\x30") else None


def _cipher(data: bytes) -> str:
    """Of a key in OpenSSH's form: the first string behind its mark."""
    at = len(_OPENSSH) + 4
    return data[at : at + int.from_bytes(data[at - 4 : at])].decode(errors="replace")


def trouble_of_ssh_certificate(text: str) -> str | None:
    """Why the text is no OpenSSH user certificate, as the end of a sentence about it."""
    kind, _, rest = text.strip("\ufeff \t\r\n").partition(" ")
    blob, _ = _fields((rest.split() or [""])[0])
    if kind.endswith(_CERTIFIED) and blob[4:].startswith(kind.encode()):
        return None
    return f"is not an OpenSSH certificate (ssh-ed25519{_CERTIFIED} AAAA…)"


def trouble_of_client_certificate(text: str) -> str | None:
    """Why the text is no certificate with its key, as the end of a sentence about it."""
    blocks = {found[1]: found[2] for found in _PEM.finditer(text)}
    key = next((label for label in blocks if label.endswith("PRIVATE KEY")), None)
    if key is None or "CERTIFICATE" not in blocks:
        return "is not a certificate and its private key, both in PEM form"
    if _encrypted(key, blocks[key]):
        # The TLS library would ask a terminal for the passphrase, and wait.
        return "has an encrypted private key, which cannot be used here"
    return None
