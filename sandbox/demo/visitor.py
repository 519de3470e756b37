"""People at the simulated instance: they order, approve and look, over the public APIs only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests

from sandbox.demo.orders import Order
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

    def order(self, order: Order, for_whom: str = "", **answers: str) -> Placed:
        """Order through the catalog, as the requester, for himself or `for_whom`."""
        item = self._instance["catalog_item"]
        variables = {
            "source": "\n".join(map(self._line, order.keys)),
            "destination": order.destination,
            "path": order.path,
            **order.more,
            **answers,
        }
        body: dict[str, Any] = {"sysparm_quantity": 1, "variables": variables}
        if for_whom:
            body["sysparm_requested_for"] = self._instance["users"][for_whom]["sys_id"]
        path = f"/api/sn_sc/servicecatalog/items/{item}/order_now"
        request = self._call("POST", path, order.requester, json=body)["sys_id"]
        [row] = self.rows("sc_req_item", f"request={request}")
        return Placed(order, request, row["sys_id"], row["number"])

    def approve(self, placed: Placed, by: str = APPROVER) -> None:
        """Write the approver's decision, as himself or as somebody else."""
        approver = self._instance["users"][APPROVER]["sys_id"]
        query = f"sysapproval={placed.item_id}^approver={approver}^state=requested"
        [row] = self.rows("sysapproval_approver", query)
        self.write(by, "sysapproval_approver", row["sys_id"], state="approved")

    def appoint(self, user: str, delegate: str) -> None:
        """Name a delegate for approvals, as the user himself."""
        people = self._instance["users"]
        names = {"user": people[user]["sys_id"], "delegate": people[delegate]["sys_id"]}
        always = {"starts": "2020-01-01 00:00:00", "ends": "2099-12-31 00:00:00"}
        self._call("POST", "/api/now/table/sys_user_delegate", user, json={**names, **always})

    def write(self, who: str, table: str, sys_id: str, **fields: str) -> None:
        """Write these fields into a record, as `who`."""
        self._call("PATCH", f"/api/now/table/{table}/{sys_id}", who, json=fields)

    def add_task(self, placed: Placed, group: str) -> Row:
        """One more task of the order, as whoever works on it makes one; returns the record."""
        fields = {"request_item": placed.item_id, "request": placed.request_id, "state": "1"}
        body = fields | {"assignment_group": group}
        made: Row = self._call("POST", "/api/now/table/sc_task", ADMINISTRATOR, json=body)
        return made

    def work_on(self, table: str, sys_id: str) -> None:
        """Open it again, as Work in Progress."""
        path = f"/api/now/table/{table}/{sys_id}"
        self._call("PATCH", path, ADMINISTRATOR, json={"state": "2"})

    def stand(self, prefix: str, until: str, requester: str = "anna.berg", **terms: str) -> Row:
        """Ask for a standing approval, as the requester; returns the record."""
        fields = {"u_prefix": prefix, "u_destination": "partner", "u_until": until}
        body = {**fields, **{f"u_{name}": value for name, value in terms.items()}}
        table = self._instance["standing"]
        made: Row = self._call("POST", f"/api/now/table/{table}", requester, json=body)
        return made

    def agree(self, record: Row, approver: str = APPROVER, by: str = "") -> None:
        """Write the approver's decision on it, as himself or as somebody else."""
        someone = self._instance["users"][approver]["sys_id"]
        [row] = self.rows(
            "sysapproval_approver", f"sysapproval={record['sys_id']}^approver={someone}"
        )
        self.write(by or approver, "sysapproval_approver", row["sys_id"], state="approved")

    def alter(self, record: Row, requester: str = "anna.berg", **fields: str) -> None:
        """Write other fields into it, as the requester; `state="3"` closes it."""
        self.write(requester, self._instance["standing"], record["sys_id"], **fields)

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

    def _line(self, key: str) -> str:
        manifest = "@" if key.startswith("@") else ""
        return f"{manifest}s3://{self._bucket}/{key.removeprefix('@')}"

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
