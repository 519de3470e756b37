"""A simulated instance over TLS with an order in it, and the adapters that look at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from adapters.servicenow.desk.desk import ServiceNowDesk
from adapters.servicenow.desk.forms import TicketForm
from adapters.servicenow.line.client import Client
from adapters.servicenow.line.credentials import Basic, ClientCredentials, Credentials
from adapters.servicenow.reading.inbox import Intake, ServiceNowInbox
from sandbox.servicenow import SEEDED, Instance, ServiceNow
from sandbox.tls import Certificate, make_certificate

OAUTH = ClientCredentials(client_id=SEEDED.client_id, client_secret=SEEDED.client_secret)
BASIC = Basic(user=SEEDED.user, password=SEEDED.password)
VARIABLES = {"source": "s3://exports/a.csv", "destination": "partner", "path": "in/a.csv"}
INTAKE = Intake(group=SEEDED.group, approver_group=SEEDED.approver_group)


@dataclass(frozen=True)
class Stage:
    server: ServiceNow
    certificate: Certificate

    @property
    def instance(self) -> Instance:
        return self.server.instance

    def client(
        self, credentials: Credentials = OAUTH, timeout: float = 60, *, batches: bool = True
    ) -> Client:
        """With `batches` the modes of the instance meet the whole of what is asked together."""
        ca_file = str(self.certificate.ca_file)
        return Client(
            self.server.url, credentials, timeout=timeout, verify=ca_file, batches=batches
        )

    def inbox(self, intake: Intake = INTAKE) -> ServiceNowInbox:
        return ServiceNowInbox(self.client(), intake)

    def desk(self, form: TicketForm | None = None, timeout: float = 60) -> ServiceNowDesk:
        return ServiceNowDesk(self.client(timeout=timeout), form or TicketForm())

    def order(self, by: str = "anna.berg", **variables: str) -> str:
        """Order a transfer; returns the sys_id of the requested item."""
        url = f"{self.server.url}/api/sn_sc/servicecatalog/items/{SEEDED.catalog_item}/order_now"
        answer = requests.post(
            url,
            json={"sysparm_quantity": 1, "variables": {**VARIABLES, **variables}},
            auth=(by, SEEDED.users[by].password),
            verify=str(self.certificate.ca_file),
            timeout=60,
        )
        request = answer.json()["result"]["request_id"]
        self.server.site.served.clear()
        return self.instance.query("sc_req_item", f"request={request}")[0]["sys_id"]

    def approve(self, item: str) -> str:
        """Have the approver agree; returns the sys_id of the catalog task that comes of it."""
        for row in self.instance.query("sysapproval_approver", f"sysapproval={item}"):
            self.instance.approve(row["sys_id"])
        return self.instance.query("sc_task", f"request_item={item}")[0]["sys_id"]

    def task(self, **variables: str) -> str:
        return self.approve(self.order(**variables))

    def served(self, table: str) -> list[str]:
        """The methods of the calls that reached the table, in order."""
        path = f"/api/now/table/{table}"
        return [each.method for each in self.server.site.served if each.path.startswith(path)]


@contextmanager
def staged(directory: Path) -> Iterator[Stage]:
    certificate = make_certificate(directory)
    with ServiceNow(tls=certificate) as server:
        yield Stage(server, certificate)
