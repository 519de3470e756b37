"""SeaweedFS, a real S3 server: it checks signatures, conditions, versions and who may read what."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from tests.servers import need
from tests.servers.ports import free_ports
from tests.servers.s3_clients import s3_client

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

PARTS = ("master", "volume", "filer", "s3")
ALLOWED = {
    "admin": ["Admin", "Read", "Write", "List", "Tagging"],
    "reader": ["Read", "List"],
    "outsider": ["Read:elsewhere", "List:elsewhere"],
}


class SeaweedFS:
    """One server on eight free ports, with the identities of ALLOWED.

    The key id of an identity is its name in capitals, its secret `NAME-secret`.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        names = [*PARTS, *(f"{part}.grpc" for part in PARTS)]
        self._ports = dict(zip(names, free_ports(len(names)), strict=True))
        self._process: subprocess.Popen[bytes] | None = None
        self.endpoint_url = f"http://127.0.0.1:{self._ports['s3']}"

    def start(self) -> None:
        """Start and wait until S3 answers; 3 s, most of it the election of a master."""
        (self._home / "identities.json").write_text(json.dumps({"identities": _identities()}))
        with (self._home / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [need("weed"), "server", *self._flags()],
                stdout=log,
                stderr=log,
                # One volume a bucket instead of seven, or a few buckets use up -volume.max.
                env=os.environ
                | {"TMPDIR": str(self._home), "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"},
            )
        self._wait_until_ready()

    def stop(self) -> None:
        """SIGKILL: after a SIGTERM it takes 25 s. It leaves its sockets in /tmp, so they go too."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        for part in PARTS:
            stale = f"/tmp/seaweedfs-{part}-grpc-{self._ports[f'{part}.grpc']}.sock"  # noqa: S108
            Path(stale).unlink(missing_ok=True)

    def client(self, identity: str = "admin", *, secret: str | None = None) -> S3Client:
        return s3_client(self.endpoint_url, identity.upper(), secret or f"{identity}-secret")

    def _flags(self) -> list[str]:
        ports = [
            f"-{part}.port{kind}={self._ports[part + kind]}"
            for part in PARTS
            for kind in ("", ".grpc")
        ]
        # Its statistics would leave the host, and two side services have fixed ports.
        quiet = ["-master.telemetry=false", "-s3.port.iceberg=0", "-s3.port.lance=0"]
        return [
            *(f"-dir={self._home}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3"),
            *(f"-{part}.localSocket={self._home}/{part}.sock" for part in ("filer", "s3")),
            f"-s3.config={self._home}/identities.json",
            *("-master.volumeSizeLimitMB=256", "-volume.max=1000"),
            *ports,
            *quiet,
        ]

    def _wait_until_ready(self, seconds: float = 60.0) -> None:
        deadline = time.monotonic() + seconds
        client = self.client()
        while True:
            try:
                client.create_bucket(Bucket="ready")
            except (BotoCoreError, ClientError):
                gone = self._process is None or self._process.poll() is not None
                if gone or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return


def _identities() -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "credentials": [{"accessKey": name.upper(), "secretKey": f"{name}-secret"}],
            "actions": actions,
        }
        for name, actions in ALLOWED.items()
    ]
