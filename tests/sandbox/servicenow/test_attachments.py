"""The smaller APIs: attachments, counting, batches."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import requests

from sandbox.servicenow import ServiceNow
from tests.sandbox.servicenow.clients import Api

CONTENT = b"a manifest\n" * 100


def upload(api: Api, sys_id: str) -> requests.Response:
    where = {"table_name": "incident", "table_sys_id": sys_id, "file_name": "manifest.txt"}
    return api.call(
        "POST", "/api/now/attachment/file", params=where, data=CONTENT,
        headers={"Content-Type": "text/plain"},
    )  # fmt: skip


def test_a_file_goes_up_and_comes_down(ferry: Api) -> None:
    record = ferry.post("incident", {}).json()["result"]
    answer = upload(ferry, record["sys_id"])
    made = answer.json()["result"]
    assert (answer.status_code, made["state"], made["size_bytes"]) == (201, "pending", "1100")
    assert made["hash"] == hashlib.sha256(CONTENT).hexdigest()
    assert answer.headers["Location"] == made["download_link"]
    path = f"/api/now/attachment/{made['sys_id']}"
    assert ferry.get(path).json()["result"]["state"] == "available"
    file = ferry.get(f"{path}/file")
    assert file.content == CONTENT
    metadata = json.loads(file.headers["X-Attachment-Metadata"])
    assert (metadata["file_name"], metadata["size_bytes"]) == ("manifest.txt", "1100")
    found = ferry.get("/api/now/attachment", sysparm_query=f"table_sys_id={record['sys_id']}")
    assert [each["file_name"] for each in found.json()["result"]] == ["manifest.txt"]


def test_attachments_go_with_their_record(admin: Api, servicenow: ServiceNow) -> None:
    record = admin.post("incident", {}).json()["result"]
    made = upload(admin, record["sys_id"]).json()["result"]
    admin.call("DELETE", f"/api/now/table/incident/{record['sys_id']}")
    assert admin.get(f"/api/now/attachment/{made['sys_id']}").status_code == 404
    assert servicenow.instance.files == {}
    assert upload(admin, record["sys_id"]).status_code == 404


def test_counting(ferry: Api) -> None:
    for urgency in ("2", "3", "3"):
        ferry.post("incident", {"urgency": urgency})
    count = {"sysparm_count": "true", "sysparm_query": "urgency=3"}
    assert ferry.get("/api/now/stats/incident", **count).json() == {
        "result": {"stats": {"count": "2"}}
    }
    groups = ferry.get("/api/now/stats/incident", sysparm_group_by="urgency").json()["result"]
    assert [(g["groupby_fields"][0]["value"], g["stats"]["count"]) for g in groups] == [
        ("2", "1"), ("3", "2"),
    ]  # fmt: skip


def part(number: str, method: str, url: str, body: Any = None) -> dict[str, Any]:
    headers = [
        {"name": "Content-Type", "value": "application/json"},
        {"name": "Accept", "value": "application/json"},
    ]
    data = base64.b64encode(json.dumps(body).encode()).decode() if body else ""
    return {"id": number, "method": method, "url": url, "headers": headers, "body": data}


def test_a_batch_serves_its_parts_one_by_one(ferry: Api) -> None:
    sent = {
        "batch_request_id": "7",
        "rest_requests": [
            part("1", "POST", "/api/now/table/incident", {"short_description": "A"}),
            part("2", "GET", "/api/now/table/incident?sysparm_fields=short_description"),
            part("3", "GET", "/api/now/table/nothing"),
        ],
    }
    answer = ferry.call("POST", "/api/now/v1/batch", json=sent)
    assert (answer.status_code, answer.json()["batch_request_id"]) == (200, "7")
    served = answer.json()["serviced_requests"]
    assert [each["status_code"] for each in served] == [201, 200, 400]
    assert json.loads(base64.b64decode(served[1]["body"])) == {
        "result": [{"short_description": "A"}]
    }
