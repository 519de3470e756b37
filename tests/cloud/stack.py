"""The second door for real, on an embedded AWS: the zip, eight functions, the machine, the ledger.

What the service does beside it, the test does: it polls the simulator, hands a request to an
execution, or carries it itself, over the same configuration and the same table.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from adapters import wiring
from adapters.ledger.dynamo.books import dynamodb_shelf
from adapters.running.alarm import LedgerAlarm
from adapters.running.sender import Sender
from cloud.functions import FUNCTIONS, RESERVE
from cloud.package import build
from cloud.state_machine import as_text, definition
from config import door
from config.loading import load
from config.secrets import Secrets
from daemon.intake import Intake
from sandbox.configuration import plain_yaml
from sandbox.demo.orders import Order
from sandbox.demo.visitor import Placed, Visitor
from sandbox.servicenow import SEEDED, ServiceNow
from tests.servers.embedded_aws import EmbeddedAws
from tests.servers.openssh import OpenSSH
from transfer.books import Record
from transfer.model import Delivery, Route, Transfer
from transfer.routing import execution_name
from transfer.tickets import TicketRole

KEPT = Path(__file__).parents[2] / ".cache" / "functions"
"""The libraries of the zip, compiled once for all tests."""
BUCKET, TABLE = "exports", "FileFerry"
TRACE = "Root=1-6563c0de-0123456789abcdef01234567;Parent=53995c3f42cd8ad8;Sampled=1"
DEADLINE = 300.0
"""Seconds: a machine with much to do may be slow, and nothing is judged by it."""
CUT = RESERVE + 4
"""Seconds of a function that then has four for its work."""
LIMITS = {"ChunkedTransfer": CUT}
"""Where a function's own time is not what a test needs."""
TRUST = {
    "Effect": "Allow",
    "Action": "sts:AssumeRole",
    "Principal": {"Service": ["lambda.amazonaws.com", "states.amazonaws.com"]},
}
RIGHTS = {
    "s3:GetObject": f"arn:aws:s3:::{BUCKET}/*",
    "s3:ListBucket": f"arn:aws:s3:::{BUCKET}",
    "dynamodb:*": f"arn:aws:dynamodb:*:*:table/{TABLE}*",
    "secretsmanager:GetSecretValue": "arn:aws:secretsmanager:*:*:secret:fileferry/*",
    "lambda:InvokeFunction": "arn:aws:lambda:*:*:function:FileFerry-*",
}


class Silent:
    """An Observer."""

    def moved(self, transfer: Transfer, delivery: Delivery) -> None:
        """Nobody watches."""


@dataclass
class Stack:
    """Everything that `fileferry deploy` makes, and a service beside it."""

    aws: EmbeddedAws
    servicenow: ServiceNow
    ca_file: Path
    partner: OpenSSH
    port: int
    directory: Path
    collector: str
    machines: dict[str, str] = field(default_factory=dict)

    def make(self) -> None:
        self.secrets = {
            "servicenow": SEEDED.client_secret,
            "partner-key": self.partner.private_key,
        }
        path = self.directory / "fileferry.yaml"
        path.write_text(plain_yaml(self._configuration()))
        self.settings = load(path)
        self.visitor = Visitor(self._addresses())
        self._make_stores()
        self._make_functions()
        self._make_machines()
        self._make_service()

    def close(self) -> None:
        self.visitor.close()
        self.house.close()

    def put(self, key: str, data: bytes) -> None:
        self.aws.client("s3").put_object(Bucket=BUCKET, Key=key, Body=data)

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
            time.sleep(0.05)
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
        self.aws.client("s3").create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": self.aws.region}
        )
        dynamodb_shelf(self.aws.client("dynamodb"), TABLE).init()
        vault = self.aws.client("secretsmanager")
        for name, text in self.secrets.items():
            vault.create_secret(Name=f"fileferry/{name}", SecretString=text)

    def _make_functions(self) -> None:
        package = build(self.settings, self.directory / "functions.zip", kept=KEPT)
        self.aws.client("s3").upload_file(str(package.path), BUCKET, "functions.zip")
        role = self._make_role()
        for each in FUNCTIONS:
            self.aws.client("lambda").create_function(
                FunctionName=each.full_name,
                Runtime=package.runtime,
                Handler=each.handler,
                Role=role,
                Code={"S3Bucket": BUCKET, "S3Key": "functions.zip"},
                Timeout=LIMITS.get(each.name, each.seconds),
                MemorySize=each.memory,
            )

    def _make_role(self) -> str:
        iam = self.aws.client("iam")
        document = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
        role = iam.create_role(RoleName="FileFerry", AssumeRolePolicyDocument=document)
        allowed = [
            {"Effect": "Allow", "Action": action, "Resource": resource}
            for action, resource in RIGHTS.items()
        ]
        policy = json.dumps({"Version": "2012-10-17", "Statement": allowed})
        iam.put_role_policy(RoleName="FileFerry", PolicyName="work", PolicyDocument=policy)
        return str(role["Role"]["Arn"])

    def _make_machines(self) -> None:
        """The machine, and the same one that begins at ChunkedTransfer, for a small file."""
        client = self.aws.client("stepfunctions")
        role = self.aws.client("iam").get_role(RoleName="FileFerry")["Role"]["Arn"]
        where = f"arn:aws:lambda:{self.aws.region}:{self.aws.account}:function:"
        machine = definition(self.settings.transfers, lambda each: where + each.full_name)
        for name, start in (("Transfers", "ValidateInput"), ("Chunked", "ChunkedTransfer")):
            made = client.create_state_machine(
                name=f"FileFerry-{name}",
                definition=as_text({**machine, "StartAt": start}),
                roleArn=role,
            )
            self.machines[name] = made["stateMachineArn"]

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
            "aws": {**here, "sts_endpoint_url": self.aws.endpoint_url},
            "ledger": {**here, "kind": "dynamodb", "table": TABLE},
            "cloud": here,
            # Long enough for a busy machine: what a call has done is told before it answers.
            "traces": {"endpoint": self.collector, "timeout": 60},
            "transfers": {"retry_wait": 0.5},
            "destinations": {
                "partner": {
                    "host": self.partner.host,
                    "port": self.port,
                    "username": self.partner.username,
                    "private_key": "partner-key",
                    "host_keys": [self.partner.host_key],
                    "root": str(self.partner.root),
                }
            },
            "grants": [
                {
                    "requesters": ["anna.berg"],
                    "sources": [f"s3://{BUCKET}/"],
                    "destinations": ["partner"],
                }
            ],
        }
