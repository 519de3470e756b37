"""Every odd answer that an instance was seen to give, and the error that it becomes."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

import pytest
import responses

from adapters.servicenow.line.client import Client
from adapters.servicenow.line.credentials import Basic
from adapters.servicenow.line.query import Query
from transfer.errors import Code, FerryError, Permanent

URL = "https://example.service-now.com"
TABLE = f"{URL}/api/now/table/incident"
ID = "0" * 31 + "1"
HTML = "text/html;charset=UTF-8"
JSON = "application/json;charset=UTF-8"


@dataclass(frozen=True, kw_only=True)
class Odd:
    name: str
    status: int
    body: str = ""
    kind: str | None = JSON
    code: Code
    permanent: bool
    says: str = ""
    headers: dict[str, str] = field(default_factory=dict)


def refusal(message: str, detail: str | None) -> str:
    return json.dumps({"error": {"message": message, "detail": detail}, "status": "failure"})


HIBERNATING = (
    '<html><body class="instance-hibernating-page">Your instance is hibernating</body></html>'
)
LOGIN = '<html><form action="login.do"><input name="user_password"></form></html>'
CUT = '{"result":[{"sys_id":"aaaa'
BOTH = '{"result":[],"error":{"message":"Transaction cancelled: maximum execution time exceeded"}}'
LARGE = "Rejected large REST payload with content-length = 15105102 bytes."
DEEP = "[" * 200_000
POLICY = (
    "Data Policy Exception: \n\tThe following fields are mandatory: Resolution code, Close notes"
)
RULE = (
    "Operation against file 'incident' was aborted by Business Rule 'No^1'. Business Rule Stack:No"
)

T, P = False, True
REFUSED, DENIED = Code.SERVICENOW_REFUSED, Code.SERVICENOW_DENIED
NOT_JSON, UNREACHABLE = Code.SERVICENOW_NOT_JSON, Code.SERVICENOW_UNREACHABLE
AUTH, NOT_FOUND = Code.SERVICENOW_AUTH, Code.SERVICENOW_NOT_FOUND
SLEEPS, LOGIN_PAGE = Code.SERVICENOW_HIBERNATING, Code.SERVICENOW_LOGIN_PAGE
CUT_OFF, EMPTY = Code.SERVICENOW_CUT_OFF, Code.SERVICENOW_EMPTY
DROPPED = Code.SERVICENOW_DROPPED


def page(name: str, status: int, body: str, code: Code, permanent: bool, *, says: str = "") -> Odd:
    return Odd(
        name=name, status=status, body=body, kind=HTML, code=code, permanent=permanent, says=says
    )


def error(status: int, message: str, detail: str | None, code: Code, says: str = "") -> Odd:
    return Odd(
        name=f"{status} {(detail or message)[:40]}",
        status=status,
        body=refusal(message, detail),
        code=code,
        permanent=P,
        says=says or message,
    )


ODD = [
    error(401, "User is not authenticated", "Required to provide Auth information", AUTH),
    error(401, "User Not Authenticated", "Required to provide Auth information", AUTH),
    error(403, "User Not Authorized", "User is unauthorized to access table: X", DENIED),
    error(403, "User Not Authorized", "Failed API level ACL Validation", DENIED),
    error(403, "User Not Authorized", "Access to unscoped api is not allowed", DENIED),
    error(
        403, "Operation Failed", "ACL Exception Update Failed due to security constraints", DENIED
    ),
    error(403, "Operation Failed", RULE, REFUSED, "aborted by Business Rule"),
    error(403, "Operation Failed", POLICY, REFUSED, "Resolution code, Close notes"),
    error(403, "Operation Failed", "Error during insert of incident (INC1)", REFUSED),
    error(404, "No Record found", "Record doesn't exist or ACL restricts the record", NOT_FOUND),
    error(400, "Invalid table X", None, REFUSED),
    error(400, "Requested URI does not represent any resource", None, REFUSED),
    error(400, "Exception while reading request", LARGE, REFUSED),
    error(405, "Method not supported", None, REFUSED),
    error(406, "Not acceptable", None, REFUSED),
    error(415, "Unsupported media type", None, REFUSED),
    page("414", 414, "<html>URI Too Long</html>", REFUSED, P, says="address too long"),
    page("hibernating", 200, HIBERNATING, SLEEPS, T, says="hibernates"),
    page("hibernating 503", 503, HIBERNATING, SLEEPS, T),
    page("login page", 200, LOGIN, LOGIN_PAGE, P, says="login page"),
    page("login page 401", 401, LOGIN, AUTH, P),
    page("maintenance", 200, "<html>We are back soon</html>", NOT_JSON, T),
    page("403 page", 403, "<html>Access restricted by IP</html>", NOT_JSON, P),
    page("404 page", 404, "<html>not here</html>", NOT_JSON, P),
    page("500 page", 500, "<html>oops</html>", UNREACHABLE, T),
    page("502", 502, "<html>bad gateway</html>", UNREACHABLE, T),
    page("504", 504, "<html>gateway timeout</html>", UNREACHABLE, T),
    Odd(name="500", status=500, body=refusal("x", None), code=UNREACHABLE, permanent=T),
    Odd(name="xml", status=200, body="<r/>", kind="application/xml", code=NOT_JSON, permanent=T),
    Odd(name="202", status=202, code=DROPPED, permanent=T, says="dropped"),
    Odd(name="204", status=204, kind=None, code=EMPTY, permanent=T),
    Odd(name="empty", status=200, kind=None, code=EMPTY, permanent=T, says="with nothing"),
    Odd(name="truncated", status=200, body=CUT, code=CUT_OFF, permanent=T, says="breaks off"),
    Odd(name="deep", status=200, body=DEEP, code=CUT_OFF, permanent=T),
    Odd(name="no object", status=200, body="[]", code=CUT_OFF, permanent=T),
    Odd(name="both", status=200, body=BOTH, code=CUT_OFF, permanent=T, says="maximum execution"),
    Odd(name="no result", status=200, body="{}", code=CUT_OFF, permanent=T),
    Odd(name="201 for 200", status=201, body='{"result":[]}', code=NOT_JSON, permanent=T),
    Odd(
        name="sso",
        status=302,
        kind=HTML,
        headers={"Location": f"{URL}/login_with_sso.do"},
        code=LOGIN_PAGE,
        permanent=P,
        says="login page",
    ),
]


@pytest.fixture
def client() -> Client:
    return Client(URL, Basic(user="fileferry", password="canary"), timeout=60)


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd.name)
def test_an_odd_answer_becomes_its_error(client: Client, odd: Odd) -> None:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as instance:
        headers = {"X-Transaction-ID": "096cc61b9736", **odd.headers}
        instance.get(
            TABLE, body=odd.body, status=odd.status, headers=headers, content_type=odd.kind
        )
        with pytest.raises(FerryError) as caught:
            client.rows("incident", Query(), ("sys_id",), limit=5)
    error = caught.value
    assert (error.code, error.permanent) == (odd.code, odd.permanent)
    assert odd.says in error.message
    assert "example.service-now.com" in error.message
    assert "GET incident" in error.message
    assert error.message.endswith("(transaction 096cc61b9736).")
    assert "canary" not in str(error)
    assert len(error.message) < 500
    assert error.message.isprintable()


@pytest.mark.parametrize(
    ("detail", "advice"),
    [
        ("Access to unscoped api is not allowed", "broadly scoped"),
        ("Failed API level ACL Validation", "web services"),
        ("User is unauthorized to access table: X", "the right that is named"),
    ],
)
@responses.activate
def test_a_refusal_says_what_helps(client: Client, detail: str, advice: str) -> None:
    responses.get(TABLE, body=refusal("User Not Authorized", detail), status=403, content_type=JSON)
    with pytest.raises(Permanent) as caught:
        client.rows("incident", Query(), ("sys_id",), limit=5)
    assert advice in caught.value.action


@pytest.mark.parametrize("body", ['{"result":{}}', '{"result":["x"]}'])
@responses.activate
def test_rows_of_another_shape_are_not_trusted(client: Client, body: str) -> None:
    responses.get(TABLE, body=body, status=200, content_type=JSON)
    with pytest.raises(Permanent) as caught:
        client.rows("incident", Query(), ("sys_id",), limit=5)
    assert caught.value.code is Code.SERVICENOW_UNTRUSTED


@responses.activate
def test_more_rows_than_were_asked_for_are_not_trusted(client: Client) -> None:
    responses.get(
        TABLE, body=json.dumps({"result": [{"sys_id": ID}] * 2}), status=200, content_type=JSON
    )
    with pytest.raises(Permanent) as caught:
        client.rows("incident", Query(), ("sys_id",), limit=1)
    assert caught.value.code is Code.SERVICENOW_UNTRUSTED


@responses.activate
def test_another_record_than_was_asked_for_is_not_trusted(client: Client) -> None:
    other = json.dumps({"result": {"sys_id": "f" * 32}})
    responses.get(f"{TABLE}/{ID}", body=other, status=200, content_type=JSON)
    responses.patch(f"{TABLE}/{ID}", body=other, status=200, content_type=JSON)
    with pytest.raises(Permanent) as read:
        client.row("incident", ID, ("sys_id",))
    with pytest.raises(Permanent) as written:
        client.update("incident", ID, {"state": "2"}, ("sys_id",))
    assert {read.value.code, written.value.code} == {Code.SERVICENOW_UNTRUSTED}


@responses.activate
def test_references_come_as_plain_sys_ids(client: Client) -> None:
    row = {"sys_id": ID, "caller_id": {"link": f"{URL}/api/now/table/sys_user/{ID}", "value": ID}}
    responses.get(f"{TABLE}/{ID}", body=json.dumps({"result": row}), status=200, content_type=JSON)
    found = client.row("incident", ID, ("sys_id", "caller_id"))
    assert found is not None
    assert found.reference("caller_id") == ID


def parse_params(url: str | None) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url or "").query))


@responses.activate
def test_a_call_names_itself_and_asks_for_plain_values(client: Client) -> None:
    responses.get(TABLE, body='{"result":[]}', status=200, content_type=JSON)
    query = Query().flag("active", True).ascending("sys_created_on")
    client.rows("incident", query, ("sys_id", "state"), limit=7)
    sent = responses.calls[0].request
    assert sent.headers["User-Agent"].startswith("fileferry/")
    assert sent.headers["Accept"] == "application/json"
    assert parse_params(sent.url) == {
        "sysparm_display_value": "false",
        "sysparm_exclude_reference_link": "true",
        "sysparm_query": "active=true^ORDERBYsys_created_on",
        "sysparm_fields": "sys_id,state",
        "sysparm_limit": "7",
        "sysparm_no_count": "true",
        "sysparm_suppress_pagination_header": "true",
    }


@responses.activate
def test_cookies_are_sent_back_until_they_are_taken_away(client: Client) -> None:
    first, last = "JSESSIONID=A1; Path=/; Secure; HttpOnly", "JSESSIONID=; Max-Age=0; Path=/"
    for cookie in (first, "", "node=B2; Path=/", last):
        headers = {"Set-Cookie": cookie} if cookie else {}
        responses.get(TABLE, body='{"result":[]}', headers=headers, content_type=JSON)
    responses.get(TABLE, body='{"result":[]}', content_type=JSON)
    for _ in range(5):
        client.rows("incident", Query(), ("sys_id",), limit=7)
    sent = [call.request.headers.get("Cookie") for call in responses.calls]
    assert sent == [None, "JSESSIONID=A1", "JSESSIONID=A1", "JSESSIONID=A1; node=B2", "node=B2"]


@responses.activate
def test_a_cookie_is_sent_no_longer_than_it_lasts(client: Client) -> None:
    for cookie in ("JSESSIONID=A1; Path=/; Max-Age=1", "node=B2; Path=/"):
        headers = {"Set-Cookie": cookie}
        responses.get(TABLE, body='{"result":[]}', headers=headers, content_type=JSON)
    responses.get(TABLE, body='{"result":[]}', content_type=JSON)
    sent: list[str | None] = []
    deadline = time.monotonic() + 60
    while sent[-1:] != ["node=B2"] and time.monotonic() < deadline:
        client.rows("incident", Query(), ("sys_id",), limit=7)
        sent = [call.request.headers.get("Cookie") for call in responses.calls]
        time.sleep(0.05)
    assert sent[-1] == "node=B2"


def test_a_sys_id_that_is_none_never_gets_into_an_address(client: Client) -> None:
    with pytest.raises(ValueError, match="no sys_id"):
        client.row("incident", "../sys_user/1", ("sys_id",))
    with pytest.raises(ValueError, match="no table name"):
        client.row("incident?x=", ID, ("sys_id",))
