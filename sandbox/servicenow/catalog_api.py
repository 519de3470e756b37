"""The Service Catalog API: look at items and their variables, order one now."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify

from sandbox.servicenow import catalog
from sandbox.servicenow.refusal import Refusal
from sandbox.servicenow.seed import Record
from sandbox.servicenow.site import caller, site
from sandbox.servicenow.table_api import body
from sandbox.servicenow.values import plain

bp = Blueprint("catalog", __name__)


@bp.get("/items")
def items() -> Response:
    return jsonify(
        result=[_item(each) for each in site().instance.query("sc_cat_item", "active=true")]
    )


@bp.get("/items/<sys_id>")
def item(sys_id: str) -> Response:
    found = site().instance.get("sc_cat_item", sys_id)
    return jsonify(result={**_item(found), "variables": _variables(sys_id)})


@bp.get("/items/<sys_id>/variables")
def variables(sys_id: str) -> Response:
    site().instance.get("sc_cat_item", sys_id)
    return jsonify(result=_variables(sys_id))


@bp.post("/items/<sys_id>/order_now")
def order_now(sys_id: str) -> Response:
    sent = body()
    answers = sent.get("variables") or {}
    if not isinstance(answers, dict):
        raise Refusal(400, "Mandatory Variables are required")
    order = catalog.Order(
        sys_id,
        answers,
        quantity=sent.get("sysparm_quantity", ""),
        requested_for=plain(sent.get("sysparm_requested_for")),
    )
    request = catalog.place(site().instance, order, caller().name)
    number, request_id = request["number"], request["sys_id"]
    return jsonify(
        result={
            "sys_id": request_id,
            "number": number,
            "request_number": number,
            "request_id": request_id,
            "table": "sc_request",
        }
    )


def _item(record: Record) -> dict[str, Any]:
    return {
        "sys_id": record["sys_id"],
        "name": record["name"],
        "short_description": record["short_description"],
        "description": record["description"],
        "sys_class_name": "sc_cat_item",
        "type": record["type"],
        "price": record["price"],
        "order": record["order"],
        "mandatory_attachment": False,
    }


def _variables(cat_item: str) -> list[dict[str, Any]]:
    return [
        {
            "id": each["sys_id"],
            "name": each["name"],
            "label": each["question_text"],
            "type": int(each["type"]),
            "mandatory": each["mandatory"] == "true",
            "active": True,
            "value": each["default_value"],
            "order": int(each["order"] or 0),
        }
        for each in catalog.questions(site().instance, cat_item)
    ]
