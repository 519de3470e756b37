"""People at the simulated instance: they order, approve and look, over the public APIs only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests

from sandbox.demo_orders import Order
from sandbox.plan import Addresses

TIMEOUT = 30.0
"""Seconds for one answer."""
APPROVER = "carla.moss"
ADMINISTRATOR = "admin"

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Placed:
    """An order that stands in ServiceNow."""

    order: Order
    request_id: str
    item_id: str
    number: str


class Visitor:
    """Everybody who is not FileFerry. Raises requests.RequestException."""

    def __init__(self, addresses: Addresses) -> None:
        self._instance = addresses["servicenow"]
        self._bucket = addresses["aws"]["bucket"]
        self._session = requests.Session()
        # Neither a proxy nor REQUESTS_CA_BUNDLE of the surroundings may come between.
        self._session.trust_env = False
        self._session.verify = self._instance["ca_file"] or True

    def close(self) -> None:
        self._session.close()

    def order(self, order: Order) -> Placed:
        """Order through the catalog, as the requester."""
        item = self._instance["catalog_item"]
        variables = {
            "source": "\n".join(f"s3://{self._bucket}/{key}" for key in order.keys),
            "destination": order.destination,
            "path": order.path,
        }
        body = {"sysparm_quantity": 1, "variables": variables}
        path = f"/api/sn_sc/servicecatalog/items/{item}/order_now"
        request = self._call("POST", path, order.requester, json=body)["sys_id"]
        [row] = self.rows("sc_req_item", f"request={request}")
        return Placed(order, request, row["sys_id"], row["number"])

    def approve(self, placed: Placed) -> None:
        """Approve it, as the approver."""
        approver = self._instance["users"][APPROVER]["sys_id"]
        query = f"sysapproval={placed.item_id}^approver={approver}^state=requested"
        [row] = self.rows("sysapproval_approver", query)
        path = f"/api/now/table/sysapproval_approver/{row['sys_id']}"
        self._call("PATCH", path, APPROVER, json={"state": "approved"})

    def rows(self, table: str, query: str) -> list[Row]:
        """The rows that the encoded query selects, as the administrator sees them."""
        parameters = {"sysparm_query": query, "sysparm_exclude_reference_link": "true"}
        path = f"/api/now/table/{table}"
        found: list[Row] = self._call("GET", path, ADMINISTRATOR, params=parameters)
        return found

    def journal(self, sys_id: str) -> str:
        """Every note and comment on a record, oldest first."""
        rows = self.rows("sys_journal_field", f"element_id={sys_id}^ORDERBYsys_created_on")
        return "\n".join(row["value"] for row in rows)

    def _call(self, method: str, path: str, user: str, **more: Any) -> Any:
        response = self._session.request(
            method,
            self._instance["url"] + path,
            auth=(user, self._instance["users"][user]["password"]),
            timeout=TIMEOUT,
            **more,
        )
        if not response.ok:
            text = response.text[:300].strip()
            raise requests.HTTPError(f"{method} {path} as {user}: {response.status_code} {text}")
        return response.json()["result"]
