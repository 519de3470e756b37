"""The demo through the second door: `fileferry deploy` makes it on an AWS on loopback, and the same
seven requests go by it.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from adapters.ledger.dynamo.books import dynamodb_books
from sandbox.children import Child, Unready, clean_environment, program, surviving
from sandbox.configuration import SECRETS, environment, plain_yaml, write_configuration
from sandbox.demo.orders import DIRECTORIES, orders, put_objects
from sandbox.demo.show import Show, Stage
from sandbox.demo.visitor import Placed
from sandbox.demo.watch import Records
from sandbox.ministack.installing import install, is_there
from sandbox.ministack.server import EmbeddedAws
from sandbox.plan import Addresses
from sandbox.servicenow.package.reading import BUILT
from transfer.errors import FerryError
from transfer.model import Route

BUCKET, ARTEFACTS, TABLE = "fileferry-exports", "fileferry-artefacts", "FileFerry"
OUTPUTS = ("cloud.state_machine", "queue.url")
"""What the last lines of `fileferry deploy` name, which belongs into the configuration."""
AT_ONCE = 3
"""Executions that a destination may have: each one more at once starts eight processes more."""
HERE = "by this host"


class SharedLedger:
    """What daemon and functions have written down so far."""

    def __init__(self, aws: EmbeddedAws) -> None:
        self._books = dynamodb_books(aws.client("dynamodb"), TABLE, "the demo", lease=60.0)

    def records(self) -> Records:
        try:
            found = self._books.archive.search()
        except FerryError:
            return {}
        return {record.transfer.request.item_id: record for record in found}

    def close(self) -> None:
        self._books.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudShow(Show):
    """Raises NotThere as well, where there is no embedded AWS and none can be installed."""

    def _set_up(self, stack: ExitStack) -> Stage:
        if not is_there():
            self._say("The embedded AWS is not there yet: installing it from its hashed lock …")
            install()
        self._say("Starting ServiceNow, a partner's SFTP server and an AWS …")
        aws = stack.enter_context(EmbeddedAws())
        sandbox, addresses = self._surroundings(stack, aws)
        with surviving(sandbox):
            self._stock(aws)
            contents = put_objects(addresses, orders(self.size), self.size)
        file = self._configured(aws, addresses)
        self._keep_secrets(aws)
        variables = clean_environment() | environment(addresses)
        self._say("Deploying functions, state machine, queue and ledger: `fileferry deploy` …")
        self._give_the_door(aws, file, self._deployed(file, variables))
        self._say("Starting FileFerry …")
        command = [*program(), "run", "--config", str(file)]
        daemon = stack.enter_context(Child("daemon", command, self.directory, variables))
        return Stage(
            addresses=addresses,
            parts=(sandbox, daemon, aws),
            contents=contents,
            ledger=SharedLedger(aws),
        )

    def _surroundings(self, stack: ExitStack, aws: EmbeddedAws) -> tuple[Child, Addresses]:
        """All that is outside of AWS, and where AWS is."""
        command = [*program(), "sandbox", "servicenow", "remotes", "--tls"]
        command += ["--directory", str(self.directory), "--package", str(BUILT)]
        sandbox = stack.enter_context(
            Child("sandbox", command, self.directory, clean_environment())
        )
        addresses: Addresses = sandbox.answer(self.deadline)
        names = ("endpoint_url", "access_key", "secret_key", "region")
        place = {name: getattr(aws, name) for name in names}
        return sandbox, addresses | {"aws": {**place, "bucket": BUCKET, "queue_url": None}}

    def _stock(self, aws: EmbeddedAws) -> None:
        """Without versions: this S3 answers a range of a version with all of it."""
        for bucket in (BUCKET, ARTEFACTS):
            aws.client("s3").create_bucket(
                Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": aws.region}
            )

    def _configured(self, aws: EmbeddedAws, addresses: Addresses) -> Path:
        """As the demo's own, but that the second door is to be deployed."""
        file = write_configuration(self.directory, addresses, poll_seconds=1.0)
        for name in DIRECTORIES:
            Path(addresses["sftp"]["root"], name).mkdir()
        here = {"endpoint_url": aws.endpoint_url}
        deploy = {"account": aws.account, "bucket": ARTEFACTS}
        content = yaml.safe_load(file.read_text("utf-8"))
        ends = content["destinations"].items()
        _change(
            file,
            destinations={name: {**each, "connections": AT_ONCE} for name, each in ends},
            ledger={**here, "kind": "dynamodb", "table": TABLE},
            queue={},
            cloud={**here, "deploy": deploy},
        )
        return file

    def _keep_secrets(self, aws: EmbeddedAws) -> None:
        """Where the functions read them."""
        for secret in sorted((self.directory / SECRETS).iterdir()):
            text = secret.read_text("utf-8")
            aws.client("secretsmanager").create_secret(
                Name=f"fileferry/{secret.name}", SecretString=text
            )

    def _deployed(self, file: Path, variables: Mapping[str, str]) -> dict[str, str]:
        """What `fileferry deploy` prints at its end."""
        command = [*program(), "deploy", "--yes", "--config", str(file)]
        with Child("deploy", command, self.directory, variables) as deploy:
            try:
                failed = deploy.wait(max(0.0, self.deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                raise Unready(f"It is not deployed in time. Its log:\n{deploy.tail()}") from None
            if failed:
                deploy.check()
        lines = [line.partition(": ") for line in deploy.out.read_text("utf-8").splitlines()]
        return {name: value for name, _, value in lines if name in OUTPUTS}

    def _give_the_door(self, aws: EmbeddedAws, file: Path, made: Mapping[str, str]) -> None:
        """What a person does after deploying: tell the service, and route the destinations."""
        content = yaml.safe_load(file.read_text("utf-8"))
        routed = {
            name: {**each, "route": Route.STEP_FUNCTIONS.value}
            for name, each in content["destinations"].items()
        }
        _change(
            file,
            queue={"url": made["queue.url"], "endpoint_url": aws.endpoint_url},
            cloud={**content["cloud"], "state_machine": made["cloud.state_machine"]},
            destinations=routed,
        )

    def _misled(self, placed: list[Placed], records: Records) -> list[str]:
        return [
            f"{each.number} ({each.order.label}): It was carried {way}, not by Step Functions."
            for each in placed
            if (way := _way(each, records)) == HERE
        ]

    def _remarks(self, placed: list[Placed], records: Records) -> list[str]:
        ways = [f"  {each.number}  {_way(each, records)}" for each in placed]
        return ["By which door each went:", *ways, ""]


def _change(file: Path, **parts: Any) -> None:
    content = yaml.safe_load(file.read_text("utf-8"))
    file.write_text(plain_yaml(content | parts), "utf-8")


def _way(placed: Placed, records: Records) -> str:
    record = records.get(placed.item_id)
    if record is None:
        return "by none"
    head = record.transfer
    routed = head.route is Route.STEP_FUNCTIONS
    return f"by Step Functions: {head.execution}" if routed else HERE
