"""A small world: the simulator over TLS, SeaweedFS, OpenSSH, and the daemon as a process."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.ledger.sqlite.archive import SqliteArchive
from sandbox.children import Child, clean_environment
from sandbox.configuration import plain_yaml
from sandbox.demo.orders import Order
from sandbox.demo.visitor import Placed, Visitor
from sandbox.servicenow import ServiceNow
from sandbox.servicenow.seed import SEEDED
from tests.servers.openssh import OpenSSH
from tests.servers.seaweedfs import SeaweedFS
from tests.servers.warm import WarmChild
from transfer.books import Record

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

BUCKET = "exports"
DEADLINE = 120.0
"""Seconds after which something that should have happened is said not to."""


@dataclass
class World:
    """Everything around one daemon; `config` is written anew at each start of it."""

    directory: Path
    servicenow: ServiceNow
    ca_file: Path
    seaweedfs: SeaweedFS
    partner: OpenSSH
    bucket: str
    config: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.s3: S3Client = self.seaweedfs.client()
        self.visitor = Visitor(self._addresses())
        self.secrets = {
            "servicenow": SEEDED.client_secret,
            "partner-key": self.partner.private_key,
        }
        self.config = self._settings()

    def put(self, key: str, data: bytes) -> str:
        """Write the object; returns its SHA-256."""
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=data)
        return hashlib.sha256(data).hexdigest()

    def order(self, *keys: str, approve: bool = True, **more: Any) -> Placed:
        placed = self.visitor.order(Order(label="", keys=keys, **more))
        if approve:
            self.visitor.approve(placed)
        return placed

    @contextmanager
    def daemon(self, name: str = "daemon") -> Iterator[Child]:
        """`fileferry run` as a process, ended at the end of the block."""
        command = ["run", "--config", str(self.write_config())]
        environment = clean_environment() | {
            "CREDENTIALS_DIRECTORY": str(self.directory / "credentials"),
            "AWS_ACCESS_KEY_ID": "ADMIN",
            "AWS_SECRET_ACCESS_KEY": "admin-secret",
            **self.environment,
        }
        self._connections = self.partner.log.count("Connection from")
        with WarmChild(name, command, self.directory, environment) as child:
            self.until(lambda: self._ready(name, child))
            yield child

    def write_config(self) -> Path:
        folder = self.directory / "credentials"
        folder.mkdir(mode=0o700, exist_ok=True)
        for name, value in self.secrets.items():
            (folder / name).touch(0o600)
            (folder / name).write_text(value)
        path = self.directory / "fileferry.yaml"
        path.write_text(plain_yaml(self.config))
        return path

    def until(self, happened: Callable[[], object], seconds: float = DEADLINE) -> None:
        deadline = time.monotonic() + seconds
        while not happened():
            if time.monotonic() > deadline:
                raise AssertionError(f"It did not happen in {seconds} s.\n{self.logs()}")
            time.sleep(0.05)

    def ended(self, placed: Placed) -> Record:
        """The record of the order, once it is closed and every ticket is written."""
        self.until(lambda: (found := self.record(placed)) and _settled(found))
        record = self.record(placed)
        assert record
        return record

    def record(self, placed: Placed) -> Record | None:
        found = SqliteArchive.at(self.directory / "ledger.db").search(placed.number)
        return found[0] if found else None

    def item(self, placed: Placed) -> dict[str, str]:
        return self.servicenow.instance.get("sc_req_item", placed.item_id)

    def task(self, placed: Placed) -> dict[str, str]:
        [task] = self.servicenow.instance.query("sc_task", f"request_item={placed.item_id}")
        return task

    def request(self, placed: Placed) -> dict[str, str]:
        return self.servicenow.instance.get("sc_request", placed.request_id)

    def files(self) -> dict[str, bytes]:
        """Everything on the partner's disk, temps too."""
        root = Path(self.partner.root)
        found = (path for path in root.rglob("*") if path.is_file())
        return {str(path.relative_to(root)): path.read_bytes() for path in found}

    def connections(self) -> int:
        """To the partner, since the daemon was started."""
        return self.partner.log.count("Connection from") - self._connections

    def log_lines(self, name: str = "daemon") -> list[dict[str, Any]]:
        text = (self.directory / f"{name}.log").read_text()
        return [json.loads(line) for line in text.splitlines()]

    def events(self, name: str = "daemon") -> list[str]:
        # The last line may be half written.
        lines = (self.directory / f"{name}.log").read_text().split("\n")[:-1]
        return [json.loads(line)["event"] for line in lines]

    def _ready(self, name: str, child: Child) -> bool:
        child.check()
        return "ready" in self.events(name)

    def logs(self) -> str:
        return "\n".join(path.read_text()[-4000:] for path in self.directory.glob("*.log"))

    def _addresses(self) -> dict[str, Any]:
        people = {
            name: {"sys_id": person.sys_id, "password": person.password}
            for name, person in SEEDED.users.items()
        }
        instance = {
            "url": self.servicenow.url,
            "ca_file": str(self.ca_file),
            "catalog_item": self.servicenow.instance.setup.catalog_item,
            "standing": self.servicenow.instance.setup.standing,
            "users": people,
        }
        return {"servicenow": instance, "aws": {"bucket": self.bucket}}

    def _settings(self) -> dict[str, Any]:
        partner = {
            "host": self.partner.host,
            "port": self.partner.port,
            "username": self.partner.username,
            "private_key": "partner-key",
            "host_keys": [self.partner.host_key],
            "root": str(self.partner.root),
            "timeout": 30.0,
        }
        return {
            "servicenow": {
                "url": self.servicenow.url,
                "user": SEEDED.client_id,
                "ca_file": str(self.ca_file),
                "group": self.servicenow.instance.setup.group,
                "approver_group": self.servicenow.instance.setup.approver_group,
                "catalog_items": [self.servicenow.instance.setup.catalog_item],
                "timeout": 30.0,
            },
            "poll": {"every": 0.2, "max_backoff": 1.0},
            "aws": {"endpoint_url": self.seaweedfs.endpoint_url, "check_identity": False},
            "ledger": {"path": str(self.directory / "ledger.db")},
            "transfers": {"retry_wait": 0.05, "drain": 5.0},
            "destinations": {"partner": partner, "vault": {**partner}},
            "grants": [
                {
                    "requesters": ["anna.berg"],
                    "sources": [f"s3://{self.bucket}/"],
                    "destinations": ["partner"],
                }
            ],
        }


def _settled(record: Record) -> bool:
    return record.transfer.finished and record.unsent == 0
