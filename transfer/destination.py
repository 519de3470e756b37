"""A partner endpoint as the configuration describes it: where, who, how safe, how proven."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

WEAK_ALGORITHMS = (
    "3des-cbc",
    "aes128-cbc",
    "aes192-cbc",
    "aes256-cbc",
    "hmac-sha1",
    "hmac-sha1-96",
    "hmac-md5",
    "hmac-md5-96",
)
"""SSH algorithms that are used only where a destination allows them by name.

All that can be asked for: paramiko 5 knows neither SHA-1 signatures nor SHA-1 key exchange.
"""


class Mode(StrEnum):
    """How a verified temp gets its final name."""

    AUTO = "auto"
    """The best that the server offers: POSIX_RENAME, else RENAME, else SWAP."""
    POSIX_RENAME = "posix-rename"
    """One step that replaces an existing file."""
    RENAME = "rename"
    """One step that the server refuses when the name is taken."""
    SWAP = "swap"
    """The old file is renamed away, the new one takes its name, the old one is removed."""
    DIRECT = "direct"
    """No rename right: written in place. At-least-once, and the ticket says so."""


class Tier(StrEnum):
    """How a delivery was verified; a later member is stronger."""

    SIZE = "T0"
    """The size on the server after close."""
    SERVER_HASH = "T1"
    """The server's own hash of the file."""
    READ_BACK = "T2"
    """The file read back and hashed here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostKey:
    """A pinned SSH host key: an OpenSSH fingerprint (`SHA256:` and 43 characters of base64).

    Valid from `not_before` to `not_after`, both included, in UTC; None is without end.
    """

    fingerprint: str
    not_before: date | None = None
    not_after: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """FTPS: `ca_file` is the path of a private CA (PEM), None is the system's CAs.

    `certificate` is the name of a secret: our client certificate and its key, in one PEM text.
    """

    ca_file: str | None = None
    certificate: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A named partner endpoint of the configuration. A request names it, never a host.

    `root` is an absolute directory; everything is delivered below it. `password`, `private_key`,
    `passphrase` (of an encrypted private key) and `certificate` (an OpenSSH user certificate) are
    *names* of secrets, never secrets. `algorithms` are the weak SSH algorithms that are allowed
    here, by name. `clear_text` is the written exception without which plain FTP is refused.
    `tier` is the least that a delivery must reach, None what is usual for the protocol.
    `digests` are computed while streaming; an empty tuple saves their CPU. `connections` is the
    most at once. Times are in seconds; `timeout` without progress closes the connection.
    """

    name: str
    protocol: str
    host: str
    port: int
    username: str
    root: str
    password: str | None = None
    private_key: str | None = None
    passphrase: str | None = None
    certificate: str | None = None
    host_keys: tuple[HostKey, ...] = ()
    algorithms: frozenset[str] = frozenset()
    tls: Tls = field(default_factory=Tls)
    clear_text: str = ""
    replace: bool = False
    mode: Mode = Mode.AUTO
    tier: Tier | None = None
    digests: tuple[str, ...] = ("md5", "sha256")
    connections: int = 4
    connect_timeout: float = 15.0
    timeout: float = 30.0
