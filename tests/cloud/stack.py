"""The second door for real, on an embedded AWS, as `fileferry deploy` makes it: zip, functions,
roles, machine, ledger, queue.

What the service does beside it, the test does: it polls the simulator, hands a request to an
execution, or carries it itself, over the same configuration and the same table. Or the service
itself does, as a process with the rights of the stack's policy.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from adapters import wiring
from adapters.running.alarm import LedgerAlarm
from adapters.running.sender import Sender
from cloud.functions import RESERVE
from cloud.package import build
from cloud.parts import order, parts
from config import door
from config.loading import load
from config.secrets import Secrets
from daemon.intake import Intake
from sandbox.children import Child, clean_environment
from sandbox.configuration import plain_yaml
from sandbox.demo.orders import Order
from sandbox.demo.visitor import Placed, Visitor
from sandbox.servicenow import SEEDED, ServiceNow
from tests import sweeps
from tests.cloud.site import Told
from tests.servers.embedded_aws import EmbeddedAws
from tests.servers.openssh import OpenSSH
from tests.servers.proxy import Proxy
from tests.servers.warm import WarmChild
from transfer.books import Record
from transfer.model import Delivery, Route, Transfer
from transfer.routing import execution_name
from transfer.tickets import TicketRole

KEPT = Path(__file__).parents[2] / ".cache" / "functions"
"""The libraries of the zip, compiled once for all tests."""
BUCKET, ARTEFACTS, TABLE = "exports", "artefacts", "FileFerry"
TRACE = "Root=1-6563c0de-0123456789abcdef01234567;Parent=53995c3f42cd8ad8;Sampled=1"
DEADLINE = 3600.0 if sweeps.WHOLE else 300.0
"""Seconds: a machine with much to do may be slow, and nothing is judged by it."""
ASKED = 1.0 if sweeps.WHOLE else 0.05
"""Seconds between two looks."""
CUT = RESERVE + 4
"""Seconds of a function that then has four for its work."""
SHARD, SHARDS_AT_ONCE = (500, 4) if sweeps.WHOLE else (20, 2)
"""Files of a shard; and as the destination allows."""
LIMITS = {"ChunkedTransfer": CUT}
"""Where a function's own time is not what a test needs."""
ROOT = f"arn:aws:iam::{EmbeddedAws.account}:root"
HOST = f"arn:aws:iam::{EmbeddedAws.account}:role/host"
READER = f"arn:aws:iam::{EmbeddedAws.account}:role/reader"
OWN = {
    # AWS asks for the right without Batch, which the stack's policy gives.
    "sqs:DeleteMessageBatch": "arn:aws:sqs:*:*:FileFerry-Hints",
    "sqs:ChangeMessageVisibilityBatch": "arn:aws:sqs:*:*:FileFerry-Hints",
    "sts:AssumeRole": READER,
    "sts:SetSourceIdentity": READER,
}
"""What the host of the service may do beside the stack's policy."""


class Silent:
    """An Observer."""

    def moved(self, transfer: Transfer, delivery: Delivery) -> None:
        """Nobody watches."""


@dataclass
class Stack:
    """Everything that `fileferry deploy` makes, and a service beside it.

    `objects` is where S3 is reached, if not at the embedded AWS itself.
    """

    aws: EmbeddedAws
    servicenow: ServiceNow
    ca_file: Path
    partner: OpenSSH
    line: Proxy
    directory: Path
    objects: str = ""
    collector: str = ""
    machines: dict[str, str] = field(default_factory=dict)

    def make(self) -> None:
        self.secrets = {
            "servicenow": SEEDED.client_secret,
            "partner-key": self.partner.private_key,
        }
        self.config = self.directory / "fileferry.yaml"
        self._configure()
        self.visitor = Visitor(self._addresses())
        self._make_stores()
        keys = self._make_host()
        made = self._deploy()
        os.environ.update(keys)
        policy = {"PolicyArn": made["ServicePolicy"]}
        self.aws.client("iam").attach_role_policy(RoleName=HOST.rpartition("/")[2], **policy)
        self._configure(machine=made["StateMachine"], queue=made["Queue"])
        self._make_machines(made["StateMachine"])
        self._make_service()

    def close(self) -> None:
        self.visitor.close()
        self.house.close()

    def _configure(self, machine: str = "", queue: str = "") -> None:
        content = self._configuration()
        if machine:
            content["cloud"]["state_machine"] = machine
            content["destinations"]["partner"]["route"] = "step_functions"
            content["queue"] = {"url": queue, "endpoint_url": self.aws.endpoint_url, "wait": 1}
        self.config.write_text(plain_yaml(content))
        self.settings = load(self.config)

    @contextmanager
    def service(self) -> Iterator[Child]:
        """`fileferry run` as a process."""
        command = ["run", "--config", str(self.config)]
        with WarmChild("service", command, self.directory, self.surroundings) as child:
            self.until(lambda: self._ready(child))
            yield child

    def _ready(self, child: Child) -> bool:
        child.check()
        return any('"ready"' in line for line in self.lines())

    def lines(self) -> list[str]:
        """What the service has logged; the last line may be half written."""
        return (self.directory / "service.log").read_text().split("\n")[:-1]

    def put(self, key: str, data: bytes) -> None:
        self.store.put_object(Bucket=BUCKET, Key=key, Body=data)

    def ordered(self, key: str) -> Transfer:
        """Ordered, approved, and taken up by the service's own poll."""
        self.placed = self.visitor.order(Order(label="", keys=(key,)))
        self.visitor.approve(self.placed)
        return cast("Transfer", self.until(self._polled))

    def _polled(self) -> Transfer | None:
        self.intake.round()
        record = self.record(self.placed)
        return record.transfer if record else None

    def claimed(self, head: Transfer) -> Transfer:
        return cast("Transfer", self.until(lambda: self.house.books.ledger.claim(head.id)))

    def route(self, claim: Transfer, machine: str = "Transfers") -> Transfer:
        """Give it to an execution, and start that."""
        head = claim.evolve(
            route=Route.STEP_FUNCTIONS,
            execution=execution_name(claim),
            door=door.digest(self.settings),
            trace=TRACE,
        )
        self.house.books.ledger.save(head)
        self.house.books.ledger.renew(head, 0)
        told = {"transfer": head.id, "generation": head.generation, "door": head.door}
        self.start(head.execution or "", told, machine)
        return head

    def start(self, name: str, told: object, machine: str = "Transfers") -> None:
        self.aws.client("stepfunctions").start_execution(
            stateMachineArn=self.machines[machine], name=name, input=json.dumps(told)
        )

    def ended(self, name: str, machine: str = "Transfers") -> dict[str, Any]:
        """The execution, once it is over."""

        def over() -> dict[str, Any] | None:
            found = self.execution(name, machine)
            return found if found["status"] != "RUNNING" else None

        return cast("dict[str, Any]", self.until(over))

    def execution(self, name: str, machine: str = "Transfers") -> dict[str, Any]:
        arn = self.machines[machine].replace(":stateMachine:", ":execution:") + f":{name}"
        client = self.aws.client("stepfunctions")
        return cast("dict[str, Any]", client.describe_execution(executionArn=arn))

    def history(self, execution: dict[str, Any]) -> list[dict[str, Any]]:
        pages = self.aws.client("stepfunctions").get_paginator("get_execution_history")
        found = pages.paginate(executionArn=execution["executionArn"])
        return [event for page in found for event in page["events"]]

    def shards(self, execution: dict[str, Any]) -> list[list[dict[str, Any]]]:
        """The executions of each Map, in the order of the Maps."""
        client = self.aws.client("stepfunctions")
        runs = client.list_map_runs(executionArn=execution["executionArn"])["mapRuns"]
        names = [each["mapRunArn"] for each in sorted(runs, key=lambda run: run["startDate"])]
        return [client.list_executions(mapRunArn=each)["executions"] for each in names]

    def record(self, placed: Placed) -> Record | None:
        found = self.house.books.archive.search(placed.number)
        return found[0] if found else None

    def ticket(self, role: TicketRole) -> dict[str, str]:
        """Once all is written: what the functions have left the service sends."""

        def written() -> Record | None:
            self.sender.round()
            record = self.record(self.placed)
            return record if record and not record.unsent else None

        record = cast("Record", self.until(written))
        return self.servicenow.instance.get("incident", record.tickets[role].sys_id)

    def logs(self) -> str:
        """What the functions have logged."""
        client = self.aws.client("logs")
        pages = client.get_paginator("filter_log_events")
        groups = [group["logGroupName"] for group in client.describe_log_groups()["logGroups"]]
        found = [page for group in groups for page in pages.paginate(logGroupName=group)]
        return "\n".join(event["message"] for page in found for event in page["events"])

    def until(self, happened: Callable[[], Any]) -> Any:
        """What it returns, once that is something."""
        deadline = time.monotonic() + DEADLINE
        while not (found := happened()):
            if time.monotonic() > deadline:
                raise AssertionError(f"It did not happen.\n{self.logs()[-8000:]}")
            time.sleep(ASKED)
        return found

    def kill(self, function: str) -> int:
        """SIGKILL to what runs of that function; returns how many that were."""
        found = self.aws.processes(f"FileFerry-{function}")
        for pid in found:
            os.kill(pid, signal.SIGKILL)
        return len(found)

    def limit(self, function: str, seconds: int) -> None:
        """Give the function another time; the calls that run are ended."""
        self.aws.client("lambda").update_function_configuration(
            FunctionName=f"FileFerry-{function}", Timeout=seconds
        )

    def carry(self, heads: Sequence[Transfer]) -> None:
        """As a Carrier: what the poll has taken up stays for the test."""

    def _make_stores(self) -> None:
        self.store = self.aws.client("s3")
        where = {"LocationConstraint": self.aws.region}
        for bucket in (BUCKET, ARTEFACTS):
            self.store.create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
        vault = self.aws.client("secretsmanager")
        for name, text in self.secrets.items():
            vault.create_secret(Name=f"fileferry/{name}", SecretString=text)

    def _deploy(self) -> dict[str, str]:
        package = build(self.settings, self.directory / "functions.zip", kept=KEPT)
        made = parts(self.settings, Told(), lambda _: True, lambda: time.sleep(0.05))
        done = made.deployment.deploy(order(self.settings, package))
        for name, seconds in LIMITS.items():
            self.limit(name, seconds)
        return done.outputs or {}

    def _make_machines(self, deployed: str) -> None:
        """What is deployed, and the same that begins at ChunkedTransfer, for a small file."""
        client = self.aws.client("stepfunctions")
        found = client.describe_state_machine(stateMachineArn=deployed)
        machine = json.loads(found["definition"])
        # The embedded one knows no MaxConcurrencyPath.
        machine["States"]["Shards"]["MaxConcurrency"] = SHARDS_AT_ONCE
        if sweeps.WHOLE:
            for state in filter(lambda each: "TimeoutSeconds" in each, machine["States"].values()):
                state["TimeoutSeconds"] = 915
        client.update_state_machine(stateMachineArn=deployed, definition=json.dumps(machine))
        machine["StartAt"] = "ChunkedTransfer"
        chunked = client.create_state_machine(
            name="FileFerry-Chunked", definition=json.dumps(machine), roleArn=found["roleArn"]
        )
        self.machines = {"Transfers": deployed, "Chunked": chunked["stateMachineArn"]}

    def _make_host(self) -> dict[str, str]:
        """Who the service is; returns the credentials, which this process has as well then."""
        iam = self.aws.client("iam")
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ROOT}}
        role = {"RoleName": HOST.rpartition("/")[2]}
        iam.create_role(**role, AssumeRolePolicyDocument=_document(trust))
        own = [
            {"Effect": "Allow", "Action": action, "Resource": where}
            for action, where in OWN.items()
        ]
        iam.put_role_policy(**role, PolicyName="own", PolicyDocument=_document(*own))
        made = self.aws.client("sts").assume_role(RoleArn=HOST, RoleSessionName="service")
        keys = {
            "AWS_ACCESS_KEY_ID": made["Credentials"]["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": made["Credentials"]["SecretAccessKey"],
            "AWS_SESSION_TOKEN": made["Credentials"]["SessionToken"],
        }
        credentials = self.directory / "credentials"
        credentials.mkdir(mode=0o700)
        for name, value in self.secrets.items():
            (credentials / name).touch(0o600)
            (credentials / name).write_text(value)
        place = {"CREDENTIALS_DIRECTORY": str(credentials)}
        self.surroundings = clean_environment() | keys | place
        return keys

    def _make_service(self) -> None:
        secrets = Secrets({}, vault=self.secrets.__getitem__)
        self.house = wiring.build(self.settings, secrets, lambda _: Silent())
        self.sender = Sender(
            outbox=self.house.books.outbox,
            archive=self.house.books.archive,
            desk=self.house.desk,
            stop=threading.Event(),
            alarm=LedgerAlarm(lambda _: None),
            lease=self.settings.ledger.lease,
        )
        self.intake = Intake(
            inbox=self.house.inbox,
            ledger=self.house.books.ledger,
            archive=self.house.books.archive,
            outbox=self.house.books.outbox,
            rules=self.house.tools.rules,
            carrier=self,
            clock=self.house.tools.clock,
        )

    def _addresses(self) -> dict[str, Any]:
        people = {
            name: {"sys_id": person.sys_id, "password": person.password}
            for name, person in SEEDED.users.items()
        }
        instance = {
            "url": self.servicenow.url,
            "ca_file": str(self.ca_file),
            "catalog_item": SEEDED.catalog_item,
            "users": people,
        }
        return {"servicenow": instance, "aws": {"bucket": BUCKET}}

    def _configuration(self) -> dict[str, Any]:
        here = {"endpoint_url": self.aws.endpoint_url}
        return {
            "servicenow": {
                "url": self.servicenow.url,
                "user": SEEDED.client_id,
                "ca_file": str(self.ca_file),
                "group": SEEDED.group,
                "approver_group": SEEDED.approver_group,
                "catalog_items": [SEEDED.catalog_item],
            },
            "aws": {
                "endpoint_url": self.objects or self.aws.endpoint_url,
                "sts_endpoint_url": self.aws.endpoint_url,
                "sessions": "scoped",
                "role_arn": READER,
            },
            "ledger": {**here, "kind": "dynamodb", "table": TABLE},
            "cloud": {
                **here,
                "shard_files": SHARD,
                "deploy": {"account": self.aws.account, "bucket": ARTEFACTS, "hosts": [HOST]},
            },
            # Long enough for a busy machine: what a call has done is told before it answers.
            "traces": {"endpoint": self.collector, "timeout": 60} if self.collector else {},
            "poll": {"every": 0.2, "max_backoff": 1.0},
            "transfers": {"retry_wait": 0.5, "drain": 5.0},
            "destinations": {"partner": self._partner()},
            "grants": [
                {
                    "requesters": ["anna.berg"],
                    "sources": [f"s3://{BUCKET}/"],
                    "destinations": ["partner"],
                }
            ],
        }

    def _partner(self) -> dict[str, Any]:
        return {
            "host": self.partner.host,
            "port": self.line.port,
            "username": self.partner.username,
            "private_key": "partner-key",
            "host_keys": [self.partner.host_key],
            "root": str(self.partner.root),
        }


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
