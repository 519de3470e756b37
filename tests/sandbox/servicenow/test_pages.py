"""The pages that a person watches, and the buttons on them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import pytest

from sandbox.servicenow import ServiceNow
from tests.sandbox.servicenow.clients import Api

ANSWERS = {
    "source": "s3://a/<b>one</b>\ns3://a/Übersicht.pdf",
    "destination": "acme",
    "path": "in/",
}


@pytest.fixture
def browser(servicenow: ServiceNow) -> Iterator[Api]:
    with Api(servicenow) as api:
        yield api


def text(page: str) -> str:
    """What a reader sees, in one line."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def test_an_empty_instance_has_a_page(browser: Api) -> None:
    page = browser.get("/")
    assert page.status_code == 200
    assert "Nobody has ordered a transfer." in page.text
    assert '<meta http-equiv="refresh" content="2">' in page.text


def test_a_person_approves_on_the_page(browser: Api, servicenow: ServiceNow) -> None:
    item = servicenow.instance.order(ANSWERS, by="anna.berg")
    page = browser.get("/").text
    assert "Anna Berg Requested Carla Moss decides" in text(page)
    assert "s3://a/&lt;b&gt;one&lt;/b&gt;" in page
    (action,) = re.findall(r'action="(/approve/[^"]+)"', page)
    assert browser.call("POST", action).status_code == 200
    approved = servicenow.instance.get("sc_req_item", item["sys_id"])
    assert approved["approval"] == "approved"
    shown = text(browser.get("/").text)
    assert "SCTASK0010001 Open" in shown
    assert "decides" not in shown


def test_a_person_rejects_on_the_page(browser: Api, servicenow: ServiceNow) -> None:
    servicenow.instance.order(ANSWERS, by="anna.berg")
    (action,) = re.findall(r'action="(/reject/[^"]+)"', browser.get("/").text)
    browser.call("POST", action)
    assert "Rejected" in text(browser.get("/").text)


def test_a_person_orders_on_the_page(browser: Api, servicenow: ServiceNow) -> None:
    assert 'href="/order"' in browser.get("/").text
    form = browser.get("/order").text
    assert re.findall(r'name="(\w+)"', form) == ["viewport", "by", "source", "destination", "path"]
    assert "refresh" not in form
    typed = {**ANSWERS, "source": "s3://a/one\r\ns3://a/two", "by": "tom.reyes"}
    assert "RITM0010001" in browser.call("POST", "/order", data=typed).text
    [option] = servicenow.instance.query("sc_item_option", "valueLIKEs3://a/two")
    assert (option["value"], option["sys_created_by"]) == ("s3://a/one\ns3://a/two", "tom.reyes")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"by": "anna.berg", "destination": "acme"}, "Mandatory Variables are required"),
        ({**ANSWERS, "by": "fileferry"}, "There is no requester fileferry."),
    ],
)
def test_what_the_instance_refuses_stays_typed(
    browser: Api, typed: dict[str, str], said: str
) -> None:
    answer = browser.call("POST", "/order", data=typed)
    assert answer.status_code == 400
    assert said in answer.text
    assert 'value="acme"' in answer.text


def test_a_page_of_another_site_cannot_approve(browser: Api, servicenow: ServiceNow) -> None:
    item = servicenow.instance.order(ANSWERS, by="anna.berg")
    (row,) = servicenow.instance.query("sysapproval_approver")
    headers = {"Origin": "https://elsewhere.example"}
    for action in (f"/approve/{row['sys_id']}", "/order"):
        assert browser.call("POST", action, headers=headers).status_code == 403
    assert servicenow.instance.get("sc_req_item", item["sys_id"])["approval"] == "requested"


def test_tickets_stand_with_their_request(browser: Api, servicenow: ServiceNow) -> None:
    item = servicenow.instance.order(ANSWERS, by="anna.berg")
    ticket = {"correlation_id": item["number"], "urgency": "2", "short_description": "Transfer"}
    servicenow.instance.create("incident", {**ticket, "work_notes": "Half way there"})
    servicenow.instance.create("incident", {"short_description": "Printer on fire"})
    shown = text(browser.get("/").text)
    assert "INC0010001 2 - Medium New Transfer Half way there" in shown
    assert shown.index("Transfer Half way") < shown.index("Other incidents")
    assert shown.index("Other incidents") < shown.index("Printer on fire")


def test_the_receipt_is_a_link(browser: Api, servicenow: ServiceNow) -> None:
    item = servicenow.instance.order(ANSWERS, by="anna.berg")
    ticket = {"correlation_id": item["number"], "urgency": "3", "short_description": "Audit"}
    sys_id = servicenow.instance.create("incident", ticket)["sys_id"]
    place = {"table_name": "incident", "table_sys_id": sys_id, "file_name": "receipt.json"}
    with Api(servicenow, "admin") as admin:
        path, sent = "/api/now/attachment/file", {"Content-Type": "application/json"}
        admin.call("POST", path, params=place, data=b'{"a": 1}', headers=sent)
    links = {
        re.findall(r'<a href="(/file/\w+)">receipt.json</a>', browser.get(page).text)[0]
        for page in ("/", f"/record/incident/{sys_id}")
    }
    [link] = links
    answer = browser.get(link)
    assert (answer.json(), answer.headers["Content-Type"]) == ({"a": 1}, "application/json")
    assert answer.headers["Content-Security-Policy"] == "sandbox"
    assert browser.get("/file/0").status_code == 404


def test_a_record_has_a_page_with_fields_variables_and_journal(
    browser: Api, servicenow: ServiceNow
) -> None:
    item = servicenow.instance.order(ANSWERS, by="anna.berg")
    servicenow.instance.update("sc_req_item", item["sys_id"], {"work_notes": "<i>note</i>"})
    page = browser.get(f"/record/sc_req_item/{item['sys_id']}").text
    assert "Requested Item RITM0010001" in text(page)
    assert "&lt;i&gt;note&lt;/i&gt;" in page
    assert "destination acme" in text(page)
    assert f'<a href="/record/sc_request/{item["request"]}">REQ0010001</a>' in page
    assert browser.get("/record/sc_req_item/0").status_code == 404
    assert browser.get("/record/nothing/0").status_code == 404


@pytest.mark.parametrize(
    "link",
    ["/nav_to.do?uri=incident.do?sys_id={}", "/nav_to.do?uri=incident.do%3Fsys_id%3D{}",
     "/incident.do?sys_id={}"],
)  # fmt: skip
def test_printed_links_lead_to_the_record(browser: Api, servicenow: ServiceNow, link: str) -> None:
    sys_id = servicenow.instance.create("incident", {"short_description": "A"})["sys_id"]
    page = browser.get(link.format(sys_id))
    assert page.url.endswith(f"/record/incident/{sys_id}")
    assert "Incident INC0010001" in text(page.text)
    assert browser.get("/nav_to.do?uri=nowhere").status_code == 404
