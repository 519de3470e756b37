"""The pages that a person watches: every request with its approval, task and tickets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from sandbox.servicenow import catalog, journal
from sandbox.servicenow.control import only_loopback
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.refusal import Refusal
from sandbox.servicenow.schema import Field
from sandbox.servicenow.seed import SEEDED, Record
from sandbox.servicenow.shapes import Renderer, Shape
from sandbox.servicenow.site import site
from sandbox.servicenow.walk import Walker

bp = Blueprint("pages", __name__)
_TARGET = re.compile(r"([a-z0-9_]+)\.do\?sys_id=([0-9a-zA-Z]+)")
_SHOWN = 50
_FIRST = (
    "number", "short_description", "description", "state", "urgency", "priority", "approval",
    "requested_for", "caller_id", "assignment_group", "assigned_to", "correlation_id",
    "close_code", "close_notes",
)  # fmt: skip

bp.before_request(only_loopback)


@dataclass(frozen=True)
class View:
    """Shows records of one instance as a person reads them."""

    instance: Instance
    renderer: Renderer

    @classmethod
    def now(cls) -> View:
        instance = site().instance
        shape = Shape("", display="true", links=False)
        return cls(instance, Renderer(Walker(instance), shape))

    def row(self, table: str, record: Record, *names: str) -> dict[str, str]:
        """Display values by name, with the raw state for the colour and the address of its page."""
        shown: dict[str, str] = self.renderer.record(table, record, names)
        address = url_for("pages.record", table=table, sys_id=record["sys_id"])
        return {**shown, "url": address, "raw": record.get("state", ""), "id": record["sys_id"]}

    def item(self, item: Record) -> dict[str, Any]:
        """One requested item with all that hangs on it."""
        names = ("number", "approval", "state", "stage", "requested_for")
        variables = ("variables.source", "variables.destination", "variables.path")
        shown: dict[str, Any] = self.row("sc_req_item", item, *names, *variables)
        tasks = self.instance.query("sc_task", f"request_item={item['sys_id']}")
        return {
            **shown,
            "raw_approval": item["approval"],
            "ordered": item["sys_created_on"],
            "request": self._request(item),
            "sources": shown.get("variables.source", "").split("\n"),
            "destination": shown.get("variables.destination", ""),
            "path": shown.get("variables.path", ""),
            "approvals": self._approvals(item),
            "tasks": [self.row("sc_task", task, "number", "state") for task in tasks],
            "tickets": [self.ticket(each) for each in self._tickets(item, tasks)],
        }

    def _request(self, item: Record) -> dict[str, str]:
        request_row = self.instance.find("sc_request", item["request"])
        return self.row("sc_request", request_row, "number") if request_row else {}

    def _approvals(self, item: Record) -> list[dict[str, str]]:
        rows = self.instance.query("sysapproval_approver", f"sysapproval={item['sys_id']}")
        return [self.row("sysapproval_approver", row, "approver", "state") for row in rows]

    def _tickets(self, item: Record, tasks: list[Record]) -> list[Record]:
        """The incidents that name the item or its task, the urgent first."""
        keys = {each[name] for each in (item, *tasks) for name in ("sys_id", "number")}
        incidents = self.instance.query("incident", "ORDERBYurgency^ORDERBYnumber")
        return [each for each in incidents if keys & _named(each)]

    def ticket(self, incident: Record) -> dict[str, Any]:
        names = ("number", "urgency", "state", "short_description")
        notes = journal.entries(self.instance.store, incident["sys_id"], "comments_and_work_notes")
        latest = notes[0]["value"] if notes else ""
        shown: dict[str, Any] = self.row("incident", incident, *names)
        return {**shown, "latest": latest, "files": attached(self.instance, incident["sys_id"])}


def attached(instance: Instance, sys_id: str) -> list[Record]:
    """The files that hang on a record."""
    return instance.query("sys_attachment", f"table_sys_id={sys_id}")


def _named(incident: Record) -> set[str]:
    """The words of a ticket that may name the request that it is about."""
    fields = ("correlation_id", "correlation_display", "short_description", "parent")
    return set(re.findall(r"\w+", " ".join(incident[name] for name in fields)))


@bp.get("/")
def index() -> str:
    with site().instance.lock:
        view = View.now()
        newest = site().instance.query("sc_req_item")[::-1][:_SHOWN]
        items = [view.item(item) for item in newest]
        linked = {ticket["id"] for item in items for ticket in item["tickets"]}
        incidents = site().instance.query("incident")[::-1][:_SHOWN]
        loose = [view.ticket(each) for each in incidents if each["sys_id"] not in linked]
    modes = site().modes.active()
    return render_template("index.html", items=items, loose=loose, modes=modes)


@bp.get("/record/<table>/<sys_id>")
def record(table: str, sys_id: str) -> str:
    instance = site().instance
    found = instance.find(table, sys_id) if table in instance.store.tables else None
    if found is None:
        abort(404)
    with instance.lock:
        actual = instance.store.table_of(table, sys_id)
        fields = _fields(actual, found)
        entries = journal.entries(instance.store, sys_id, "comments_and_work_notes")
        files = attached(instance, sys_id)
        variables = _variables(actual, found)
    title = found.get(instance.store.tables[actual].display) or sys_id
    label = instance.store.tables[actual].label
    return render_template(
        "record.html",
        title=title,
        label=label,
        fields=fields,
        entries=entries,
        files=files,
        variables=variables,
    )


def _fields(table: str, found: Record) -> list[dict[str, str]]:
    """The fields that hold something, the telling ones first, with links behind references."""
    instance = site().instance
    shown = View.now().renderer.record(table, found)
    columns = instance.store.columns(table)
    names = [*_FIRST, *sorted(set(shown) - set(_FIRST))]
    return [
        {
            "name": name,
            "value": _text(columns[name], shown[name], found[name]),
            "url": _address(columns[name].reference, found[name]),
        }
        for name in names
        if found.get(name)
    ]


def _text(column: Field, shown: str, stored: str) -> str:
    """Times stay in UTC here, so that a page never mixes two zones."""
    return stored if column.kind == "datetime" else shown or stored


def _variables(table: str, found: Record) -> list[tuple[str, str]]:
    """(name, value) of the catalog variables of an item or its task."""
    item = {"sc_req_item": "sys_id", "sc_task": "request_item"}.get(table)
    if item is None:
        return []
    walker = Walker(site().instance)
    links = site().instance.query("sc_item_option_mtom", f"request_item={found[item]}")
    pairs = ("sc_item_option.item_option_new.name", "sc_item_option.value")
    readers = [walker.reader("sc_item_option_mtom", link) for link in links]
    return [(read(pairs[0], "="), read(pairs[1], "=")) for read in readers]


def _address(table: str, sys_id: str) -> str:
    if not table or site().instance.find(table, sys_id) is None:
        return ""
    return url_for("pages.record", table=table, sys_id=sys_id)


@bp.get("/file/<sys_id>")
def file(sys_id: str) -> Response:
    """An attachment, such as the receipt.json of an audit ticket."""
    found = site().instance.find("sys_attachment", sys_id)
    if found is None:
        abort(404)
    answer = Response(site().instance.files.get(sys_id, b""), content_type=found["content_type"])
    # Whatever it is, it has no say on the other pages.
    answer.headers["Content-Security-Policy"] = "sandbox"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


@bp.get("/order")
def form_of_order() -> str:
    return _form("")


@bp.post("/order")
def order() -> Answer | tuple[str, int]:
    instance, by = site().instance, request.form.get("by", "")
    if by not in _buyers():
        return _form(f"There is no requester {by}."), 400
    answers = {name: value.replace("\r\n", "\n") for name, value in request.form.items()}
    try:
        instance.order(answers, by=by)
    except Refusal as refusal:
        return _form(refusal.message), refusal.status
    return redirect(url_for("pages.index"), 303)


def _form(trouble: str) -> str:
    """The catalog item as a page; it keeps what was typed when the instance refuses it."""
    asked = catalog.questions(site().instance, SEEDED.catalog_item)
    return render_template("order.html", asked=asked, buyers=_buyers(), trouble=trouble)


def _buyers() -> list[str]:
    """Who may order: everybody but the accounts that no person has."""
    return [name for name in SEEDED.users if name not in (SEEDED.user, SEEDED.admin_user)]


@bp.post("/approve/<sys_id>")
def approve(sys_id: str) -> Answer:
    site().instance.approve(sys_id)
    return redirect(url_for("pages.index"), 303)


@bp.post("/reject/<sys_id>")
def reject(sys_id: str) -> Answer:
    site().instance.reject(sys_id)
    return redirect(url_for("pages.index"), 303)


@bp.get("/nav_to.do")
def navigate() -> Answer:
    """The address that stands in mails and logs: `/nav_to.do?uri=incident.do?sys_id=…`."""
    return _to_record(request.args.get("uri", ""))


@bp.get("/<table>.do")
def form(table: str) -> Answer:
    return _to_record(f"{table}.do?sys_id={request.args.get('sys_id', '')}")


def _to_record(uri: str) -> Answer:
    target = _TARGET.search(uri)
    if target is None:
        abort(404)
    return redirect(url_for("pages.record", table=target[1], sys_id=target[2]))


@bp.get("/login_with_sso.do")
def login() -> str:
    """Where a redirect to the identity provider would end."""
    return render_template("login.html")
