"""An AWS on loopback, by ministack: it checks signatures, and the policies of roles and sessions.

Functions run as processes of this machine, and state machines for real. What it does otherwise than
AWS stands in docs/cloud.md.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Self

from sandbox import leash
from sandbox.boto import make_client
from sandbox.children import Unready
from sandbox.ministack.installing import place

PROGRAM = Path(__file__).with_name("program.py")


class EmbeddedAws:
    """A context manager; nothing of it is left behind.

    `access_key` is the root's of `account`. `waits` is the part of a Wait state, and of the wait
    before a Retry, that is really waited. It ends with its starter, even when that is killed.
    """

    access_key, secret_key = "test", "open-sesame-42"
    account, region = "000000000000", "eu-central-1"

    def __init__(self, *, auth: bool = True, waits: float = 1.0) -> None:
        self._auth, self._waits = auth, waits

    def free_port(self) -> int:
        """Of 127.0.0.1, free a moment ago."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            return int(listener.getsockname()[1])

    def __enter__(self) -> Self:
        self.home = Path(tempfile.mkdtemp(prefix="aws-"))
        self.port = self.free_port()
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

    def check(self) -> None:
        """Raises Unready when it has ended."""
        if self._process.poll() is not None:
            raise Unready(f"The embedded AWS has ended. The end of its log:\n{self.log[-2000:]}")

    @property
    def log(self) -> str:
        return (self.home / "log").read_text(errors="replace")

    def client(self, service: str, **keys: str) -> Any:
        """A boto3 client of the root, or of others' `access_key`, `secret_key`."""
        names = ("endpoint_url", "access_key", "secret_key", "region")
        return make_client(service, {name: getattr(self, name) for name in names} | keys)

    def processes(self, function: str) -> list[int]:
        """Those that run the function, or wait for its next call."""
        wanted = f"AWS_LAMBDA_FUNCTION_NAME={function}".encode()
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                ours = os.getpgid(int(process.name)) == self._process.pid
                if ours and wanted in (process / "environ").read_bytes().split(b"\0"):
                    found.append(int(process.name))
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
        }

    def _start(self) -> None:
        server = [str(place() / "bin" / "python"), "-I", str(PROGRAM)]
        with (self.home / "log").open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603  the command is ours
                [sys.executable, "-I", leash.__file__, *server],
                cwd=self.home,
                env=self.environment() | {"SANDBOX_STARTER": str(os.getpid())},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + 60
        while not self._answers():
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise Unready(f"The embedded AWS does not start: {self.log[-2000:]}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        line = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            line.request("GET", "/_ministack/health")
            return line.getresponse().status == HTTPStatus.OK
        except (OSError, HTTPException):
            return False
        finally:
            line.close()
