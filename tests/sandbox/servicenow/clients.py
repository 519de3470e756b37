"""A thin client that hides nothing of the answers."""

from __future__ import annotations

from typing import Any, Self

import requests

from sandbox.servicenow import SEEDED, ServiceNow

Row = dict[str, Any]


class Api:
    """One user's session; every path is below the address of the server."""

    def __init__(self, server: ServiceNow, user_name: str = "") -> None:
        self._base = server.url
        self.session = requests.Session()
        self.session.trust_env = False
        if user_name:
            self.session.auth = (user_name, SEEDED.users[user_name].password)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.session.close()

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        options.setdefault("timeout", 60)
        return self.session.request(method, self._base + path, **options)

    def get(self, path: str, **params: Any) -> requests.Response:
        return self.call("GET", path, params=params)

    def rows(self, table: str, query: str = "", fields: str = "", **params: Any) -> list[Row]:
        given = {"sysparm_query": query, "sysparm_fields": fields, **params}
        answer = self.get(f"/api/now/table/{table}", **given)
        assert answer.status_code == 200, answer.text
        rows: list[Row] = answer.json()["result"]
        return rows

    def post(self, table: str, body: Any, **options: Any) -> requests.Response:
        return self.call("POST", f"/api/now/table/{table}", json=body, **options)

    def patch(self, table: str, sys_id: str, body: Any) -> requests.Response:
        return self.call("PATCH", f"/api/now/table/{table}/{sys_id}", json=body)

    def order(self, body: Any, cat_item: str = SEEDED.catalog_item) -> requests.Response:
        path = f"/api/sn_sc/servicecatalog/items/{cat_item}/order_now"
        return self.call("POST", path, json=body)


def error(answer: requests.Response) -> tuple[int, str, str | None]:
    """(status, message, detail) of an error body."""
    body = answer.json()
    assert body["status"] == "failure"
    return answer.status_code, body["error"]["message"], body["error"]["detail"]
