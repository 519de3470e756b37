"""What a client of the bench is told to do; written to a file, because it bears credentials."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

ACCESS_KEY, SECRET_KEY, REGION = "ADMIN", "admin-secret", "eu-central-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """Carry `keys` of `bucket` to `root`, each under its last name.

    `md5s` are what AWS would attest of them, `attest` the digests that are taken from there;
    `connections` are what the partner allows, for one file too.
    """

    endpoint: str
    bucket: str
    keys: tuple[str, ...]
    protocol: str
    host: str
    port: int
    username: str
    password: str
    root: str
    key_file: str = ""
    host_key: str = ""
    ca_file: str = ""
    s3_ca_file: str = ""
    folder: str = ""
    """Where the objects lie as files, for clients that read no S3."""
    connections: int = 4
    digests: tuple[str, ...] = ("md5", "sha256")
    attest: tuple[str, ...] = ()
    md5s: Mapping[str, str] = field(default_factory=dict)

    def write(self, path: Path) -> Path:
        path.write_text(json.dumps(asdict(self)))
        return path


def read(path: str) -> Errand:
    fields = json.loads(Path(path).read_text())
    return Errand(**fields | {name: tuple(fields[name]) for name in ("keys", "digests", "attest")})
