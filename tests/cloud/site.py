"""An account to deploy into: the embedded AWS, behind a proxy that breaks calls."""

from __future__ import annotations

import hashlib
import io
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import yaml

from adapters.aws.stacks import Event
from cloud.deploy import Done, Order
from cloud.package import Package
from cloud.parts import Parts, order, parts
from config.notices import NoticeSettings
from config.settings import Settings
from tests.config.conftest import GOOD
from tests.servers.embedded_aws import EmbeddedAws
from tests.servers.http_faults import HttpFaults

BUCKET = "artefacts"
READER = f"arn:aws:iam::{EmbeddedAws.account}:role/reader"
TOPIC = "arn:aws:sns:eu-central-1:000000000000:endings"
NOTICES = {
    "topic": NoticeSettings.model_validate({"kind": "sns", "topic": TOPIC}),
    "chat": NoticeSettings.model_validate({"kind": "slack", "webhook": "hook"}),
    "mail": NoticeSettings.model_validate(
        {"kind": "ses", "sender": "a@b.example", "to": ["c@d.example"]}
    ),
}
ANSWERS = """
def answer(event, context):
    return {{"refused": True, "version": {version}}}
validate_input = auth_sso = download_s3 = transfer_ftp = chunked_transfer = answer
update_servicenow = notify_user = cleanup = answer
"""


def settings(endpoint_url: str = "http://127.0.0.1:1", **deploy: Any) -> Settings:
    """The house's good configuration, for deploying to the embedded AWS."""
    data: dict[str, Any] = yaml.safe_load(GOOD)
    data["aws"] = {"endpoint_url": endpoint_url}
    data["ledger"] = {"kind": "dynamodb", "endpoint_url": endpoint_url}
    needed = {"account": EmbeddedAws.account, "bucket": BUCKET}
    data["cloud"] = {"endpoint_url": endpoint_url, "deploy": needed | deploy}
    return Settings.model_validate(data)


def by_sessions(configured: Settings, kind: str = "scoped", **deploy: Any) -> Settings:
    """The same, read by sessions of a role that is made with the rest."""
    told = configured.model_dump()
    told["aws"] |= {"sessions": kind, "role_arn": READER}
    told["cloud"]["deploy"] |= deploy
    return Settings.model_validate(told)


def package(directory: Path, version: int = 1) -> Package:
    """A zip whose functions refuse whatever they are asked, and say their version."""
    path = directory / f"{version}.zip"
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        entry = zipfile.ZipInfo("cloud/handlers.py", (1980, 1, 1, 0, 0, 0))
        file.writestr(entry, ANSWERS.format(version=version))
    path.write_bytes(data.getvalue())
    return Package(
        path=path,
        sha256=hashlib.sha256(data.getvalue()).hexdigest(),
        door="d" * 64,
        runtime="python3.11",
        architecture="x86_64",
    )


@dataclass
class Told:
    """A Watcher that remembers."""

    stages: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def stage(self, what: str, total: int = 0) -> None:  # noqa: ARG002
        self.stages.append(what)

    def event(self, event: Event) -> None:
        self.events.append(event)


@dataclass
class Site:
    aws: EmbeddedAws
    faults: HttpFaults
    directory: Path
    yes: bool = True
    asked: list[str] = field(default_factory=list)
    told: Told = field(default_factory=Told)
    _parts: Parts | None = None
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self.aws.client(service)
        return self._clients[service]

    def clear(self) -> None:
        """As if nobody had ever been there, but for the bucket."""
        line = HTTPConnection("127.0.0.1", self.aws.port, timeout=60)
        line.request("POST", "/_ministack/reset")
        assert line.getresponse().status == 200
        line.close()
        where = {"LocationConstraint": self.aws.region}
        self.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
        self.yes = True
        for each in (self.asked, self.told.stages, self.told.events):
            each.clear()
        self.faults.begin()

    @property
    def settings(self) -> Settings:
        return settings(self.faults.endpoint_url)

    def parts(self, configured: Settings | None = None) -> Parts:
        """Kept for the usual configuration: to make clients takes longer than to use them."""
        if configured is None and self._parts:
            return self._parts
        made = parts(configured or self.settings, self.told, self._sure, lambda: time.sleep(0.05))
        self._parts = self._parts if configured else made
        return made

    def _sure(self, lost: Sequence[str]) -> bool:
        self.asked += lost
        return self.yes

    def order(self, version: int = 1, configured: Settings | None = None) -> Order:
        return order(configured or self.settings, package(self.directory, version))

    def deploy(self, version: int = 1, configured: Settings | None = None) -> Done:
        return self.parts(configured).deployment.deploy(self.order(version, configured))

    @property
    def stack(self) -> dict[str, Any] | None:
        found = self.client("cloudformation").describe_stacks()["Stacks"]
        return next((dict(each) for each in found if each["StackName"] == "FileFerry"), None)


Errand = Callable[[Site], object]
