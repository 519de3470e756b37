"""The Table API: verbs, codes, headers, paging, and what it does with odd input."""

from __future__ import annotations

import gzip
import http.client
import json

import pytest

from sandbox.servicenow import ServiceNow
from tests.sandbox.servicenow.clients import Api, error

INCIDENT = "/api/now/table/incident"
OWN_ID = "00aaae01db4013004a4576efbf96197f"
MISSING = (404, "No Record found", "Record doesn't exist or ACL restricts the record retrieval")


def test_a_record_is_created_read_changed_and_deleted(admin: Api) -> None:
    made = admin.post("incident", {"short_description": "A", "u_typo": "dropped"})
    record = made.json()["result"]
    assert made.status_code == 201
    assert made.headers["Location"].endswith(f"/api/now/v2/table/incident/{record['sys_id']}")
    assert "u_typo" not in record
    path = f"{INCIDENT}/{record['sys_id']}"
    assert admin.get(path).json()["result"]["short_description"] == "A"
    changed = admin.call("PUT", path, json={"description": "B"}).json()["result"]
    assert (changed["short_description"], changed["description"]) == ("A", "B")
    assert (changed["sys_mod_count"], changed["sys_updated_by"]) == ("1", "admin")
    gone = admin.call("DELETE", path)
    assert (gone.status_code, gone.content, "Content-Type" in gone.headers) == (204, b"", False)
    assert error(admin.get(path)) == MISSING


def test_a_change_that_changes_nothing_leaves_the_stamps_alone(ferry: Api) -> None:
    record = ferry.post("incident", {"short_description": "A"}).json()["result"]
    again = ferry.patch("incident", record["sys_id"], {"short_description": "A"}).json()["result"]
    assert again["sys_mod_count"] == "0"


def test_an_empty_body_makes_an_empty_record(ferry: Api) -> None:
    answer = ferry.call("POST", INCIDENT)
    assert answer.status_code == 201
    assert answer.json()["result"]["number"] == "INC0010001"


def test_a_method_override_header_turns_post_into_patch(ferry: Api) -> None:
    record = ferry.post("incident", {}).json()["result"]
    path = f"{INCIDENT}/{record['sys_id']}"
    headers = {"X-HTTP-Method-Override": "PATCH"}
    answer = ferry.call("POST", path, json={"description": "B"}, headers=headers)
    assert (answer.status_code, answer.json()["result"]["description"]) == (200, "B")


def test_no_response_body_keeps_the_location_only(ferry: Api) -> None:
    answer = ferry.post("incident", {}, headers={"X-no-response-body": "true"})
    assert (answer.status_code, answer.content) == (201, b"")
    assert "Content-Type" not in answer.headers
    assert "Cache-Control" not in answer.headers
    assert "/api/now/v2/table/incident/" in answer.headers["Location"]


def test_an_own_sys_id_is_honoured_once(ferry: Api) -> None:
    body = {"sys_id": OWN_ID, "number": "2135483521432"}
    assert ferry.post("incident", body).json()["result"]["sys_id"] == OWN_ID
    assert error(ferry.post("incident", body)) == (
        403, "Operation Failed", "Error during insert of incident (2135483521432)",
    )  # fmt: skip


def test_system_fields_are_read_only(ferry: Api) -> None:
    body = {"sys_created_by": "me", "sys_mod_count": "9", "sys_created_on": "2020-01-01 00:00:00"}
    record = ferry.post("incident", body).json()["result"]
    assert (record["sys_created_by"], record["sys_mod_count"]) == ("fileferry", "0")
    assert not record["sys_created_on"].startswith("2020")


def test_references_are_kept_unchecked_and_cut_to_32_characters(ferry: Api) -> None:
    body = {"caller_id": "no value", "assignment_group": {"link": "https://instance.service-now"}}
    record = ferry.post("incident", body).json()["result"]
    assert record["caller_id"]["value"] == "no value"
    assert record["caller_id"]["link"].endswith("/api/now/table/sys_user/no value")
    assert record["assignment_group"]["value"] == "{link=https://instance.service-n"


def test_json_scalars_come_back_as_strings_and_long_text_is_cut(ferry: Api) -> None:
    body = {"urgency": 2, "knowledge": True, "description": None, "short_description": "x" * 300}
    record = ferry.post("incident", body).json()["result"]
    assert (record["urgency"], record["knowledge"], record["description"]) == ("2", "true", "")
    assert len(record["short_description"]) == 160


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("GET", "/api/now/table/nothing", 400, "Invalid table nothing"),
        ("POST", "/api/now/table/nothing", 400, "Invalid table nothing"),
        ("GET", "/api/now/tables", 400, "Requested URI does not represent any resource"),
        ("POST", f"{INCIDENT}/{OWN_ID}", 405, "Method not supported"),
        ("PATCH", f"{INCIDENT}/{OWN_ID}", 404, "No Record found"),
    ],
)
def test_errors_have_the_bodies_of_an_instance(
    admin: Api, method: str, path: str, status: int, message: str
) -> None:
    assert error(admin.call(method, path))[:2] == (status, message)


def test_bad_bodies_are_refused(ferry: Api) -> None:
    text = {"data": "{", "headers": {"Content-Type": "application/json"}}
    assert error(ferry.call("POST", INCIDENT, **text))[:2] == (
        400,
        "Exception while reading request",
    )
    assert ferry.call("POST", INCIDENT, data={"a": "b"}).status_code == 415
    assert ferry.call("GET", INCIDENT, headers={"Accept": "text/html"}).status_code == 406
    large = ferry.post("incident", {"description": "x" * 10_485_760})
    assert error(large)[2] == (
        "Rejected large REST payload with content-length = 10485779 bytes. "
        "Max allowed: 10485760 bytes."
    )


def test_v1_answers_404_where_the_list_is_empty(ferry: Api) -> None:
    assert error(ferry.get("/api/now/v1/table/incident")) == MISSING
    assert ferry.get("/api/now/v2/table/incident").json() == {"result": []}


def test_the_headers_are_those_of_an_instance(ferry: Api) -> None:
    answer = ferry.get(INCIDENT)
    assert answer.headers["Server"] == "ServiceNow"
    assert answer.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Connection"] == "keep-alive"
    assert answer.headers["X-Total-Count"] == "0"
    assert len(answer.headers["X-Transaction-ID"]) == 12
    assert "JSESSIONID" in answer.cookies
    head = ferry.call("HEAD", INCIDENT)
    assert (head.status_code, head.content) == (200, b"")


def test_a_connection_is_kept_for_the_next_request(servicenow: ServiceNow) -> None:
    connection = http.client.HTTPConnection(servicenow.url.removeprefix("http://"), timeout=60)
    sockets = set()
    for _ in range(2):
        connection.request("GET", "/")
        connection.getresponse().read()
        sockets.add(connection.sock)
    assert len(sockets) == 1
    connection.request("GET", "/", headers={"Connection": "close"})
    assert connection.getresponse().getheader("Connection") == "close"
    connection.close()


def test_pages_link_to_their_neighbours(ferry: Api, servicenow: ServiceNow) -> None:
    for number in range(5):
        servicenow.instance.create("incident", {"short_description": str(number)})
    params = {"sysparm_limit": 2, "sysparm_offset": 2, "sysparm_query": "ORDERBYnumber"}
    answer = ferry.get(INCIDENT, **params, sysparm_fields="short_description")
    assert [row["short_description"] for row in answer.json()["result"]] == ["2", "3"]
    assert answer.headers["X-Total-Count"] == "5"
    assert set(answer.links) == {"next", "prev", "first", "last"}
    last = ferry.session.get(answer.links["last"]["url"], timeout=60).json()["result"]
    assert [row["short_description"] for row in last] == ["4"]
    bare = {"sysparm_no_count": "true", "sysparm_suppress_pagination_header": "true"}
    quiet = ferry.get(INCIDENT, **params, **bare)
    assert not {"X-Total-Count", "Link"} & set(quiet.headers)


@pytest.mark.parametrize(
    "accept", ["", "*/*", "application/json;q=.2", "text/html, image/gif, *; q=.2, */*; q=.2"]
)
def test_who_does_not_ask_for_xml_gets_json(servicenow: ServiceNow, accept: str) -> None:
    """Nothing at all, and what Java's own client sends (RFC 9110, 12.4.2 allows `.2`)."""
    host = servicenow.url.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=60)
    headers = {"Accept-Encoding": "gzip"} | ({"Accept": accept} if accept else {})
    connection.request("GET", INCIDENT, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.getheader("Content-Type") == "application/json;charset=UTF-8"
    assert answer.getheader("X-Transaction-ID") is None  # a 401 has none
    assert json.loads(gzip.decompress(body))["error"]["message"] == "User is not authenticated"


def test_who_asks_for_xml_gets_it(ferry: Api) -> None:
    answer = ferry.call("GET", INCIDENT, headers={"Accept": "application/xml"})
    assert answer.headers["Content-Type"] == "application/xml;charset=UTF-8"
    assert answer.headers["X-Transaction-ID"]
    assert answer.text.startswith('<?xml version="1.0" encoding="UTF-8"?><response>')


@pytest.mark.parametrize(("asked", "said"), [("v1", "v1"), ("v2", "v2"), ("", "v2")])
def test_the_location_keeps_the_version(ferry: Api, asked: str, said: str) -> None:
    path = f"/api/now/{asked}/table/incident".replace("//", "/")
    made = ferry.call("POST", path, json={})
    assert f"/api/now/{said}/table/incident/" in made.headers["Location"]


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("2026-03-01 10:30:00", "2026-03-01 10:30:00"),
        ("2026-03-01", "2026-03-01 00:00:00"),
        ("next Tuesday", ""),
        ("2026-02-30 00:00:00", ""),
    ],
)
def test_a_date_and_time_column_stores_nothing_else(ferry: Api, given: str, stored: str) -> None:
    made = ferry.post("incident", {"due_date": given}).json()["result"]
    assert made["due_date"] == stored


def test_a_closing_keeps_the_time_that_it_was_given(ferry: Api) -> None:
    made = ferry.post("incident", {}).json()["result"]
    closing = {"state": "7", "close_code": "Solved", "close_notes": "x"}
    given = {**closing, "closed_at": "2026-01-01 00:00:00"}
    closed = ferry.patch("incident", made["sys_id"], given).json()["result"]
    assert closed["closed_at"] == "2026-01-01 00:00:00"
    assert (
        ferry.patch("incident", made["sys_id"], {"state": "2"}).json()["result"]["closed_at"] == ""
    )


@pytest.mark.parametrize(
    ("approval", "state", "active"),
    [
        ("approved", "in_process", "true"),
        ("rejected", "closed_rejected", "false"),
        ("cancelled", "closed_cancelled", "false"),
    ],
)
def test_a_request_follows_its_approval(admin: Api, approval: str, state: str, active: str) -> None:
    made = admin.post("sc_request", {"request_state": "submitted"}).json()["result"]
    told = admin.patch("sc_request", made["sys_id"], {"approval": approval}).json()["result"]
    assert (told["request_state"], told["active"]) == (state, active)


def test_references_of_people_and_of_open_tables_are_walked(admin: Api) -> None:
    place = admin.post("cmn_location", {"name": "Oslo"}).json()["result"]["sys_id"]
    [anna] = admin.rows("sys_user", "user_name=anna.berg", "sys_id")
    told = admin.patch("sys_user", anna["sys_id"], {"location": place}).json()["result"]
    assert told["location"]["link"].endswith(f"/table/cmn_location/{place}")
    held = admin.post("sys_user_has_role", {"user": anna["sys_id"]}).json()["result"]
    assert held["user"]["link"].endswith(f"/table/sys_user/{anna['sys_id']}")
    fields = "user.user_name,user.location.name"
    query = "user.location.name=Oslo"
    assert admin.rows("sys_user_has_role", query, fields) == [
        {"user.user_name": "anna.berg", "user.location.name": "Oslo"}
    ]


def test_an_administrator_founds_custom_tables(admin: Api, ferry: Api) -> None:
    assert ferry.get("/api/now/table/u_partner").status_code == 400
    made = admin.post("u_partner", {"name": "ACME", "u_port": 22})
    assert made.json()["result"]["u_port"] == "22"
    assert ferry.rows("u_partner", "u_port=22", "name,u_port") == [{"name": "ACME", "u_port": "22"}]


def test_the_parent_table_shows_the_records_of_its_children(ferry: Api) -> None:
    made = ferry.post("incident", {}).json()["result"]
    (row,) = ferry.rows("task", f"sys_id={made['sys_id']}", "number,sys_class_name")
    assert row == {"number": made["number"], "sys_class_name": "incident"}
    assert ferry.patch("task", made["sys_id"], {"description": "B"}).status_code == 200


def test_a_seed_adds_and_overrides_records() -> None:
    seed = {
        "u_partner": [{"name": "ACME"}],
        "sys_user": [{"user_name": "eve", "name": "Eve", "roles": "itil", "user_password": "pw"}],
    }
    with ServiceNow(seed=seed) as server, Api(server) as api:
        api.session.auth = ("eve", "pw")
        assert api.rows("u_partner", "", "name") == [{"name": "ACME"}]
