"""The cheapest clients there are, and what the parts of the work cost by themselves.

curl reads S3 and sends; OpenSSH's sftp, lftp and another curl send files that lie here. The parts:
S3 read into nothing, and each digest of the same bytes. Passwords stand in files, never in words.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.bench.compiled import environment
from tests.bench.errand import Errand
from tests.bench.programs import find
from tests.bench.workloads import (
    CURL,
    CURL_LOCAL,
    LFTP_LOCAL,
    MD5_ALONE,
    READ_ALONE,
    SFTP_LOCAL,
    SHA256_ALONE,
)
from tests.servers import UNPACKED
from tests.servers.ftp_server import LIBRARIES

PROGRAMS = {
    CURL: "curl",
    CURL_LOCAL: "curl",
    READ_ALONE: "curl",
    SFTP_LOCAL: "sftp",
    LFTP_LOCAL: "lftp",
    MD5_ALONE: "openssl",
    SHA256_ALONE: "openssl",
}
SSH = ("-q", "-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null", "-oBatchMode=yes")
CIPHER = "aes128-gcm@openssh.com"
"""The cheapest, and what the other clients take."""


@dataclass(frozen=True, slots=True)
class Task:
    """`home` takes the files that tell the client what to do."""

    errand: Errand
    home: Path

    @property
    def urls(self) -> list[str]:
        errand = self.errand
        return [f"{errand.endpoint}/{errand.bucket}/{key}" for key in errand.keys]

    @property
    def files(self) -> list[str]:
        return [f"{self.errand.folder}/{key}" for key in self.errand.keys]

    def note(self, name: str, *lines: str) -> str:
        path = self.home / name
        path.touch(0o600)
        path.write_text("\n".join([*lines, ""]))
        return str(path)


def here(client: str) -> bool:
    return find(PROGRAMS[client]) is not None


def words(client: str, errand: Errand, home: Path) -> list[str]:
    return _ASKED[client](Task(errand, home))


def surroundings() -> dict[str, str]:
    """What is unpacked lies beside the libraries that it needs."""
    here = environment()
    places = f"{here.get('PATH', os.defpath)}{os.pathsep}{UNPACKED / 'usr/bin'}"
    return here | {"LD_LIBRARY_PATH": LIBRARIES, "PATH": places}


def _sftp(task: Task) -> list[str]:
    errand = task.errand
    puts = (f"@put {path} {errand.root}/{Path(path).name}" for path in task.files)
    batch = task.note("batch", *puts)
    options = [*SSH, "-c", CIPHER, "-i", errand.key_file, "-P", str(errand.port)]
    return ["sftp", *options, "-b", batch, f"{errand.username}@{errand.host}"]


def _curl(task: Task) -> list[str]:
    [url], [key] = task.urls, task.errand.keys
    read = ["curl", "-sf", *_trusting(task), url]
    send = ["curl", "-sf", "-K", _target(task), "-T", "-", _place(task, key)]
    return ["bash", "-o", "pipefail", "-c", f"{shlex.join(read)} | {shlex.join(send)}"]


def _curl_local(task: Task) -> list[str]:
    return [
        *("curl", "-sf", "-K", _target(task)),
        *("-T", f"{{{','.join(task.files)}}}", _place(task, "")),
    ]


def _read(task: Task) -> list[str]:
    pairs = [line for url in task.urls for line in (f'url = "{url}"', 'output = "/dev/null"')]
    return ["curl", "-sf", *_trusting(task), "-K", task.note("urls", *pairs)]


def _lftp(task: Task) -> list[str]:
    errand = task.errand
    scheme = "sftp" if errand.protocol == "sftp" else "ftp"
    login = f'"{errand.username}","{errand.password or "unused"}"'
    connect = shlex.join(["ssh", "-a", "-x", *SSH, "-c", CIPHER, "-i", errand.key_file])
    tls = "true" if errand.protocol == "ftps" else "false"
    script = (
        "set cmd:fail-exit true",
        f'set sftp:connect-program "{connect}"',
        f"set ftp:ssl-allow {tls}",
        f"set ftp:ssl-force {tls}",
        f"set ftp:ssl-protect-data {tls}",
        *([f"set ssl:ca-file {errand.ca_file}"] if errand.ca_file else []),
        "set net:max-retries 1",
        f"open -u {login} {scheme}://{errand.host}:{errand.port}",
        f"mput -P 4 -O {errand.root} {' '.join(task.files)}",
    )
    return ["lftp", "--norc", "-f", task.note("script", *script)]


def _digest(name: str) -> Callable[[Task], list[str]]:
    return lambda task: ["openssl", "dgst", f"-{name}", "-out", "/dev/null", *task.files]


def _trusting(task: Task) -> list[str]:
    return ["--cacert", task.errand.s3_ca_file] if task.errand.s3_ca_file else []


def _target(task: Task) -> str:
    """A file of curl's options."""
    errand = task.errand
    if errand.protocol == "sftp":
        key, user = f'key = "{errand.key_file}"', f'user = "{errand.username}:"'
        return task.note("target", key, user, "insecure")
    tls = [f'cacert = "{errand.ca_file}"', "ssl-reqd"] if errand.protocol == "ftps" else []
    return task.note("target", f'user = "{errand.username}:{errand.password}"', *tls)


def _place(task: Task, name: str) -> str:
    errand = task.errand
    scheme = "sftp" if errand.protocol == "sftp" else "ftp"
    # Of an FTP URL the path is relative, unless its first slash is written so.
    root = errand.root if scheme == "sftp" else f"/%2F{errand.root.lstrip('/')}"
    return f"{scheme}://{errand.host}:{errand.port}{root}/{name}"


_ASKED: dict[str, Callable[[Task], list[str]]] = {
    CURL: _curl,
    CURL_LOCAL: _curl_local,
    READ_ALONE: _read,
    SFTP_LOCAL: _sftp,
    LFTP_LOCAL: _lftp,
    MD5_ALONE: _digest("md5"),
    SHA256_ALONE: _digest("sha256"),
}
