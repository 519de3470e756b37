"""A simulated instance, S3 and an SFTP server around one daemon, and orders that it carries."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from sandbox.configuration import plain_yaml
from sandbox.servicenow import SEEDED, ServiceNow
from sandbox.tls import make_certificate
from tests.bench.errand import ACCESS_KEY, REGION, SECRET_KEY
from tests.bench.meter import Meter
from tests.bench.static_s3 import StaticS3
from tests.servers import need
from tests.servers.openssh import OpenSSH, descendants

BUCKET = "exports"
REQUESTER = "anna.berg"
CLOSED = ("6", "7")
"""States of an incident that nobody works on any more."""
PATIENCE = 900.0
"""Seconds for all that was ordered at one time."""
START = "import sys; from daemon.cli import main; sys.argv[0] = 'fileferry'; main()"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """From the poll that finds them to the last closed ticket: seconds, CPU seconds of the daemon
    and of the simulated instance (this process), calls that the instance answered (a batch is one),
    synced writes where they are traced.
    """

    wall: float
    cpu: float
    instance: float
    calls: int
    writes: int


@dataclass(frozen=True, slots=True)
class Ordered:
    item: str
    approvals: tuple[str, ...]


class Town:
    """A context manager. S3 has `files` objects of `size` bytes, and lists of them in manifests."""

    def __init__(self, home: Path, *, files: int, size: int) -> None:
        self._home, self._size = home, size
        self._names = [f"file-{number:05}.bin" for number in range(files)]
        self._stack = ExitStack()
        self._orders = 0

    def __enter__(self) -> Self:
        try:
            self._build()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stack.close()

    def _build(self) -> None:
        self._home.chmod(0o755)  # nginx's worker may be somebody else
        certificate = make_certificate(self._home / "tls")
        self._ca_file = certificate.ca_file
        self._s3 = StaticS3(self._home, certificate)
        folder = self._s3.folder(BUCKET)
        for number, name in enumerate(self._names):
            (folder / name).write_bytes(number.to_bytes(8, "big") * (self._size // 8))
        self._stack.enter_context(self._s3)
        self._partner = self._stack.enter_context(OpenSSH())
        self._servicenow = self._stack.enter_context(ServiceNow(tls=certificate))
        self._servicenow.site.served = deque()  # all of them: otherwise the latest 2,000 are kept
        self.instance = self._servicenow.instance

    @contextmanager
    def daemon(
        self, checkout: Path, environment: Mapping[str, str], *, traced: bool = False
    ) -> Iterator[None]:
        """`fileferry run` of the checkout, until the end of the block."""
        self._trace = self._home / "trace" if traced else None
        strace = ["-f", "-q", "-e", "trace=fsync,fdatasync", "-o", str(self._trace)]
        words = ["setpriv", "--pdeathsig", "KILL", sys.executable, "-c", START]
        words += ["run", "--config", str(self._configured())]
        keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
        own = {"CREDENTIALS_DIRECTORY": str(self._home / "credentials"), **keys}
        with self._log.open("wb") as log:
            self._daemon = subprocess.Popen(
                [need("strace"), *strace, *words] if traced else words,
                cwd=checkout, env={**environment, **own}, stdout=log, stderr=log,
            )  # fmt: skip
        try:
            self._until(lambda: "ready" in self._events())
            yield
        finally:
            # strace lets itself not be ended, and ends with what it traces.
            traces = list(descendants(self._daemon.pid))[:1] if traced else []
            for pid in traces or [self._daemon.pid]:
                os.kill(pid, signal.SIGTERM)
            self._daemon.wait(PATIENCE)

    def carried(self, requests: Sequence[Sequence[int]]) -> Taken:
        """Order each of these files by their numbers, approve all at once, and wait for the end."""
        ordered = [self._order(numbers) for numbers in requests]
        served = self._servicenow.site.served
        served.clear()
        with self.instance.lock:
            for each in ordered:
                for approval in each.approvals:
                    self.instance.approve(approval)
        # The wait for a poll is chance, and nobody's work.
        self._until(lambda: bool(served))
        before, own, begun = self._synced(), time.process_time(), time.monotonic()
        with Meter({"daemon": self._daemon.pid}) as meter:
            self._until(lambda: self._all_closed(ordered))
            wall, instance = time.monotonic() - begun, time.process_time() - own
        calls = sum(not each.part for each in tuple(served))
        writes = self._synced() - before
        wanted = {number for numbers in requests for number in numbers}
        self._refuse_difference(wanted)
        spent = meter.spent("daemon")
        return Taken(wall=wall, cpu=spent, instance=instance, calls=calls, writes=writes)

    def _order(self, numbers: Sequence[int]) -> Ordered:
        self._orders += 1
        item = self.instance.order(
            {"source": self._source(numbers), "destination": "partner"}, REQUESTER
        )
        rows = self.instance.query("sysapproval_approver", f"sysapproval={item['sys_id']}")
        return Ordered(item["sys_id"], tuple(row["sys_id"] for row in rows))

    def _source(self, numbers: Sequence[int]) -> str:
        urls = [f"s3://{BUCKET}/{self._names[number]}" for number in numbers]
        if len(urls) == 1:
            return urls[0]
        name = f"manifest-{self._orders}.csv"
        (self._s3.folder(BUCKET) / name).write_text("\n".join(["source", *urls, ""]))
        return f"@s3://{BUCKET}/{name}"

    def _all_closed(self, ordered: Sequence[Ordered]) -> bool:
        """By the records themselves: any query would take the instance's time from the daemon."""
        if any(self.instance.get("sc_req_item", each.item)["active"] == "true" for each in ordered):
            return False
        incidents = self.instance.query("incident", "sys_created_by!=admin")
        return all(row["state"] in CLOSED for row in incidents)

    def _refuse_difference(self, numbers: set[int]) -> None:
        for number in numbers:
            name = self._names[number]
            delivered = Path(self._partner.root, name).read_bytes()
            if delivered != (self._s3.folder(BUCKET) / name).read_bytes():
                raise AssertionError(f"{name} was not delivered as it is in S3")

    def _synced(self) -> int:
        return self._trace.read_bytes().count(b"sync(") if self._trace else 0

    @property
    def _log(self) -> Path:
        return self._home / "daemon.log"

    def _events(self) -> list[str]:
        lines = self._log.read_text().split("\n")[:-1]
        return [json.loads(line)["event"] for line in lines if line.startswith("{")]

    def _until(self, happened: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not happened():
            if time.monotonic() > deadline or self._daemon.poll() is not None:
                raise AssertionError(f"It did not happen:\n{self._log.read_text()[-4000:]}")
            time.sleep(0.05)

    def _configured(self) -> Path:
        secrets = self._home / "credentials"
        secrets.mkdir(mode=0o700)
        for name, value in (
            ("servicenow", SEEDED.client_secret),
            ("partner-key", self._partner.private_key),
        ):
            (secrets / name).touch(0o600)
            (secrets / name).write_text(value)
        path = self._home / "fileferry.yaml"
        path.write_text(plain_yaml(self._settings()))
        return path

    def _settings(self) -> dict[str, Any]:
        """What every version of the daemon understands."""
        setup = self.instance.setup
        return {
            "servicenow": {
                "url": self._servicenow.url,
                "user": SEEDED.client_id,
                "ca_file": str(self._ca_file),
                "group": setup.group,
                "approver_group": setup.approver_group,
                "catalog_items": [setup.catalog_item],
            },
            "poll": {"every": 5.0},
            "aws": {"region": REGION, "endpoint_url": self._s3.endpoint, "check_identity": False},
            "ledger": {"path": str(self._home / "ledger.db")},
            "destinations": {
                "partner": {
                    "host": self._partner.host,
                    "port": self._partner.port,
                    "username": self._partner.username,
                    "private_key": "partner-key",
                    "host_keys": [self._partner.host_key],
                    "root": str(self._partner.root),
                }
            },
            "grants": [
                {
                    "requesters": [REQUESTER],
                    "sources": [f"s3://{BUCKET}/"],
                    "destinations": ["partner"],
                }
            ],
        }
