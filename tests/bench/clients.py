"""The clients as commands: each gets the same errand, and its own start-up counts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.bench import peers
from tests.bench.compiled import environment
from tests.bench.errand import ACCESS_KEY, REGION, SECRET_KEY, Errand
from tests.bench.programs import find
from tests.bench.workloads import (
    ATTESTED,
    ATTESTED_ALONE,
    BARE,
    HASHING,
    NAIVE,
    OURS,
    PEERS,
    RCLONE,
    Workload,
)

CHUNK = "255k"
"""The best of rclone's tunings for SFTP; its default is 32k."""
TRANSFERS = 8
"""For many small files; rclone's default is 4."""
_DIGESTS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    OURS: (("md5", "sha256"), ()),
    ATTESTED: (("md5", "sha256"), ("md5",)),
    ATTESTED_ALONE: (("md5",), ("md5",)),
    BARE: ((), ()),
}
"""Of our ways the digests that are told, and those of them that are attested."""


@dataclass(frozen=True, slots=True)
class Command:
    words: list[str]
    environment: Mapping[str, str] = field(default_factory=dict)


def available() -> frozenset[str]:
    """The clients that this machine has."""
    rclone = (RCLONE, HASHING) if find("rclone") else ()
    return frozenset({*_DIGESTS, NAIVE, *rclone, *filter(peers.here, PEERS)})


def command(client: str, workload: Workload, errand: Errand, home: Path) -> Command:
    """`home` takes the files that tell the client what to do."""
    if client in (RCLONE, HASHING):
        return _rclone(workload, errand, home, hashing=client == HASHING)
    if client in PEERS:
        return Command(peers.words(client, errand, home), peers.surroundings())
    if client in _DIGESTS:
        digests, attest = _DIGESTS[client]
        errand = replace(errand, digests=digests, attest=attest)
    program = "naive" if client == NAIVE else "ferry"
    path = errand.write(home / "errand.json")
    words = [sys.executable, "-m", f"tests.bench.{program}", str(path)]
    trusted = {"AWS_CA_BUNDLE": errand.s3_ca_file} if errand.s3_ca_file else {}
    return Command(words, environment() | trusted)


def _rclone(workload: Workload, errand: Errand, home: Path, *, hashing: bool) -> Command:
    listed = home / "files"
    listed.write_text("".join(f"{key}\n" for key in errand.keys))
    source, target = f"from:{errand.bucket}", f"to:{errand.root}"
    several = ["copy", source, target, "--files-from-raw", str(listed), "--no-traverse"]
    [key] = errand.keys if len(errand.keys) == 1 else [""]
    one = ["copyto", f"{source}/{key}", f"{target}/{key}"]
    # An empty name is a configuration in memory; without it rclone would write one at home.
    words = [find("rclone") or "rclone", *(one if key else several), "--config=", "--quiet"]
    if workload.small:
        words += ["--transfers", str(TRANSFERS)]
    if not hashing:
        words += ["--ignore-checksum"]
    if trusted := errand.ca_file or errand.s3_ca_file:
        words += ["--ca-cert", trusted]
    settings = _source(errand) | _target(errand, hashing=hashing)
    return Command(words, environment() | settings)


def _source(errand: Errand) -> dict[str, str]:
    return _remote(
        "from",
        type="s3",
        provider="Other",
        endpoint=errand.endpoint,
        region=REGION,
        access_key_id=ACCESS_KEY,
        secret_access_key=SECRET_KEY,
        force_path_style="true",
    )


def _target(errand: Errand, *, hashing: bool) -> dict[str, str]:
    place = {"host": errand.host, "port": str(errand.port), "user": errand.username}
    if errand.protocol == "sftp":
        # The kind of shell is given, or rclone would ask the server each time.
        checked = {"shell_type": "unix", "md5sum_command": "md5sum", "sha1sum_command": "sha1sum"}
        plain = {"shell_type": "none", "disable_hashcheck": "true"}
        return _remote(
            "to",
            type="sftp",
            key_file=errand.key_file,
            chunk_size=CHUNK,
            **place,
            **(checked if hashing else plain),
        )
    tls = "true" if errand.protocol == "ftps" else "false"
    hidden = _obscured(errand.password)
    return _remote("to", type="ftp", **{"pass": hidden}, explicit_tls=tls, **place)


def _remote(name: str, **options: str) -> dict[str, str]:
    return {
        f"RCLONE_CONFIG_{name.upper()}_{option.upper()}": value for option, value in options.items()
    }


def _obscured(password: str) -> str:
    words = [find("rclone") or "rclone", "obscure", "-"]
    done = subprocess.run(words, input=password, capture_output=True, text=True, check=True)
    return done.stdout.strip()
