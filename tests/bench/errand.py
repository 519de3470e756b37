"""What a client of the bench is told to do; written to a file, because it bears credentials."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

ACCESS_KEY, SECRET_KEY, REGION = "ADMIN", "admin-secret", "eu-central-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """Carry `keys` of `bucket` to `root`, each under its last name."""

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
    digests: tuple[str, ...] = ("md5", "sha256")

    def write(self, path: Path) -> Path:
        path.write_text(json.dumps(asdict(self)))
        return path


def read(path: str) -> Errand:
    fields = json.loads(Path(path).read_text())
    return Errand(**fields | {"keys": tuple(fields["keys"]), "digests": tuple(fields["digests"])})
