"""An AWS on loopback, by ministack: it checks signatures, and the policies of roles and sessions.

Functions run as processes of this machine, and state machines for real. What it does otherwise than
AWS stands in docs/cloud.md.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Self

from sandbox.boto import make_client
from tests.servers import absent
from tests.servers.ports import free_port

INSTALLED = Path(__file__).parents[2] / ".cache" / "aws"
"""The environment that .ci/servers makes from requirements/aws.lock."""
PROGRAM = Path(__file__).parent / "programs" / "ministack_aws.py"


class EmbeddedAws:
    """A context manager; nothing of it is left behind.

    `access_key` is the root's of `account`. `waits` is the part of a Wait state, and of the wait
    before a Retry, that is really waited. `counts`: it writes down what is written to DynamoDB.
    """

    access_key, secret_key = "test", "open-sesame-42"
    account, region = "000000000000", "eu-central-1"

    def __init__(self, *, auth: bool = True, waits: float = 1.0, counts: bool = False) -> None:
        self._auth, self._waits, self._counts = auth, waits, counts

    def __enter__(self) -> Self:
        if not (INSTALLED / "made-from.lock").exists():
            absent("ministack (.ci/servers)")
        self.home = Path(tempfile.mkdtemp(prefix="aws-"))
        self.port = free_port()
        self.endpoint_url = f"http://127.0.0.1:{self.port}"
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        """SIGKILL for the group, which are the functions' processes too."""
        if hasattr(self, "_process"):
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)
        shutil.rmtree(self.home, ignore_errors=True)

    @property
    def log(self) -> str:
        return (self.home / "log").read_text(errors="replace")

    def writes(self) -> dict[str, int]:
        """Items that were written to DynamoDB, by the name of the call."""
        found: Counter[str] = Counter()
        for line in (self.home / "writes").read_text().splitlines():
            action, items = line.split()
            found[action] += int(items)
        return dict(found)

    def client(self, service: str, **keys: str) -> Any:
        """A boto3 client of the root, or of others' `access_key`, `secret_key`."""
        names = ("endpoint_url", "access_key", "secret_key", "region")
        return make_client(service, {name: getattr(self, name) for name in names} | keys)

    def processes(self, function: str) -> list[int]:
        """Those that run the function, or wait for its next call."""
        wanted = f"AWS_LAMBDA_FUNCTION_NAME={function}".encode()
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                ours = os.getpgid(int(place.name)) == self._process.pid
                if ours and wanted in (place / "environ").read_bytes().split(b"\0"):
                    found.append(int(place.name))
        return found

    def environment(self) -> dict[str, str]:
        """All that it is told, and all that a function inherits: nothing of ours."""
        home = str(self.home)
        keys = {"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key}
        place = {"MINISTACK_ACCOUNT_ID": self.account, "AWS_DEFAULT_REGION": self.region}
        places = dict.fromkeys(("HOME", "TMPDIR", "STATE_DIR", "S3_DATA_DIR"), home)
        unwanted = dict.fromkeys(("SFTP_ENABLED", "IOT_MTLS_ENABLED"), "0")
        return {**keys, **place, **places, **unwanted} | {
            "PATH": "/usr/bin:/bin",
            "DOCKER_HOST": f"unix://{home}/there-is-none",
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_REGION": self.region,
            "GATEWAY_PORT": str(self.port),
            "SFN_WAIT_SCALE": str(self._waits),
            "AUTH": str(self._auth).lower(),
            **({"COUNT_WRITES": f"{home}/writes"} if self._counts else {}),
        }

    def _start(self) -> None:
        with (self.home / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [INSTALLED / "bin" / "python", "-I", PROGRAM],
                cwd=self.home,
                env=self.environment(),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + 60
        while not self._answers():
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError(f"ministack does not start: {self.log}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        line = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            line.request("GET", "/_ministack/health")
            return line.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            line.close()
