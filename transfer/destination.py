"""A partner endpoint as the configuration describes it: where, who, how safe, how proven."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Self

from transfer.windows import Bandwidth, Blackout

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


class Conflict(StrEnum):
    """What happens when the final name is taken."""

    FAIL = "fail"
    """The delivery fails; the old file stays."""
    REPLACE = "replace"
    """The old file is replaced, in one step where the server can."""
    VERSION = "version"
    """The new file gets a free name: `pay.csv` becomes `pay.2.csv`."""


class Tier(StrEnum):
    """How a delivery was verified; a later member is stronger."""

    SIZE = "T0"
    """The size on the server after close."""
    SERVER_HASH = "T1"
    """The server's own hash of the file."""
    READ_BACK = "T2"
    """The file read back and hashed here."""
    ACKNOWLEDGED = "T3"
    """The partner's own word, after the publish."""


USUAL_TIERS = {"ftp": Tier.READ_BACK}
"""What plain FTP needs, whose transport has no integrity of its own; SIZE elsewhere."""


class Fingerprint(str):
    """Of a host key whose type is known: `kind`, e.g. `ssh-rsa`; empty where it is not."""

    __slots__ = ("kind",)
    kind: str

    def __new__(cls, text: str, kind: str = "") -> Self:
        made = super().__new__(cls, text)
        made.kind = kind
        return made


@dataclass(frozen=True, slots=True, kw_only=True)
class HostKey:
    """A pinned SSH host key: an OpenSSH fingerprint (`SHA256:` and 43 characters of base64).

    Valid from `not_before` to `not_after`, both included, in UTC; None is without end.
    """

    fingerprint: str
    not_before: date | None = None
    not_after: date | None = None

    @property
    def kind(self) -> str:
        """The key's type, where the pin tells it; a server is asked for that first."""
        return self.fingerprint.kind if isinstance(self.fingerprint, Fingerprint) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """FTPS: `ca_file` is the path of a private CA (PEM), None is the system's CAs.

    `certificate` is the name of a secret: our client certificate and its key, in one PEM text.
    """

    ca_file: str | None = None
    certificate: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidecar:
    """A small file of ours beside each published one.

    `name` is a path from the published file's directory, with `{name}` for its own name. `digest`
    (md5, sha256) is what stands in it; empty for an empty file, which says that the other is whole.
    """

    name: str
    digest: str = "sha256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """A small file that the partner writes within `within` seconds of the publish.

    `name` as in Sidecar. `digest` (md5, sha256) must stand in it and be ours; empty: the file
    alone is the word. `remove`: we take it away afterwards.
    """

    name: str
    within: float = 900.0
    digest: str = ""
    remove: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TempNames:
    """What a file is called while it is under way: by a prefix, a suffix, or both.

    `folder` is a directory below the destination's root, of the same file system, in which all of
    them lie; empty: each lies in the directory of its final name.
    """

    prefix: str = ".ff-"
    suffix: str = ".part"
    folder: str = ""

    def named(self, who: str, kind: str = "") -> str:
        """`kind` tells our other files from the one that is delivered; each suffix hides them."""
        last = self.suffix if not kind or self.suffix != USUAL_SUFFIX else ""
        return f"{self.prefix}{who}{kind}{last}"


USUAL_SUFFIX = TempNames().suffix


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A named partner endpoint of the configuration. A request names it, never a host.

    `root` is an absolute directory; everything is delivered below it. `password`, `private_key`,
    `passphrase` (of an encrypted private key) and `certificate` (an OpenSSH user certificate) are
    *names* of secrets, never secrets. `algorithms` are the weak SSH algorithms that are allowed
    here, by name. `clear_text` is the written exception without which plain FTP is refused.
    `names` is the encoding of names at an FTP server, empty for what the server says of itself.
    `tier` is the least that a delivery must reach, None what is usual for the protocol.
    `digests` are on the receipt; those of them that are in `attest` are not computed where they are
    known (transfer/digests.py). `connections` is the most at once, `connections_per_file` the most
    that write one file together. Times are in seconds; `timeout` without progress closes the
    connection, and so does less than `min_rate` bytes a second for that long (0: never). An idle
    connection is kept for `keep_idle` seconds (0: none). `fast_ssh` is the bulk writer of SFTP.
    After `rest_after` connections in a row that failed it is left alone for `rest`, then for longer
    (0: never); see breaker.py.
    Of all doors together: `bandwidth` is the most that is sent there, of several that hold at one
    moment the least; `files_per_hour` the most that are begun there (0: any number).
    No file is begun in the `blackouts`, which are hours of `time_zone` (a name of the IANA
    database).
    `collected`: the partner takes files away at once, so a final name that is empty after a publish
    without an answer means that the file arrived.
    `route`: by which door, in the words of routing.py.
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
    names: str = ""
    on_conflict: Conflict = Conflict.FAIL
    collected: bool = False
    mode: Mode = Mode.AUTO
    temp: TempNames = field(default_factory=TempNames)
    tier: Tier | None = None
    digests: tuple[str, ...] = ("md5", "sha256")
    attest: tuple[str, ...] = ()
    sidecar: Sidecar | None = None
    acknowledgement: Acknowledgement | None = None
    connections: int = 4
    connections_per_file: int = 4
    keep_idle: float = 30.0
    fast_ssh: bool = True
    blackouts: tuple[Blackout, ...] = ()
    time_zone: str = "UTC"
    connect_timeout: float = 15.0
    timeout: float = 30.0
    min_rate: int = 256
    bandwidth: tuple[Bandwidth, ...] = ()
    files_per_hour: int = 0
    rest_after: int = 3
    rest: float = 60.0
    route: str = "in_process"

    @property
    def replace(self) -> bool:
        """A file that is there already may be replaced."""
        return self.on_conflict is Conflict.REPLACE
