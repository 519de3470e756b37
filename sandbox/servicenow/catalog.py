"""Ordering a catalog item: request, requested item, variables and the approvals it waits for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.servicenow.instance import Instance
from sandbox.servicenow.refusal import Refusal, missing
from sandbox.servicenow.seed import Record
from sandbox.servicenow.values import plain


def questions(instance: Instance, cat_item: str) -> list[Record]:
    """The active variables of a catalog item, in their order on the form."""
    return instance.query("item_option_new", f"cat_item={cat_item}^active=true^ORDERBYorder")


@dataclass(frozen=True)
class Order:
    """One catalog item with its answers; `requested_for` is a sys_id, empty for the buyer."""

    cat_item: str
    variables: Mapping[str, object]
    quantity: object = 1
    requested_for: str = ""


def place(instance: Instance, order: Order, by: str) -> Record:
    """Order now as the user `by`; returns the new sc_request. Raises Refusal 400 or 404."""
    with instance.lock:
        item = _orderable(instance, order.cat_item, by)
        count = _quantity(order.quantity)
        asked = questions(instance, order.cat_item)
        _refuse_gaps(asked, order.variables)
        buyer = instance.user(by) or {}
        request = _request(instance, order.requested_for or buyer.get("sys_id", ""), by)
        ritm = _item(instance, request, item, count, by)
        for question in asked:
            _answer(instance, ritm, question, order.variables, by)
        _ask_approvers(instance, ritm)
        return instance.get("sc_request", request["sys_id"])


def _orderable(instance: Instance, cat_item: str, by: str) -> Record:
    item = instance.find("sc_cat_item", cat_item)
    if item is None:
        raise missing()
    if item["active"] != "true" or not _may_order(instance, cat_item, by):
        raise Refusal(400, "Security constraints prevent ordering of Item")
    return item


def _may_order(instance: Instance, cat_item: str, by: str) -> bool:
    """By the item's user criteria, of which groups are known here; without an application all."""
    if not instance.setup.application:
        return True
    links = instance.query("sc_cat_item_user_criteria_mtom", f"sc_cat_item={cat_item}")
    buyer = (instance.user(by) or {}).get("sys_id", "")
    criteria = [instance.find("user_criteria", each["user_criteria"]) or {} for each in links]
    groups = [name for each in criteria for name in each.get("group", "").split(",") if name]
    return buyer in instance.members_of(groups)


def _quantity(quantity: object) -> str:
    text = plain(quantity)
    if not text.isdigit() or int(text) < 1:
        raise Refusal(400, "Invalid quantity value")
    return text


def _refuse_gaps(asked: list[Record], variables: Mapping[str, object]) -> None:
    wanted = [each["name"] for each in asked if each["mandatory"] == "true"]
    if any(not plain(variables.get(name)).strip() for name in wanted):
        raise Refusal(400, "Mandatory Variables are required")


def _request(instance: Instance, requested_for: str, by: str) -> Record:
    fields = {"requested_for": requested_for, "approval": "requested"}
    return instance.create("sc_request", fields, by=by)


def _item(instance: Instance, request: Record, item: Record, quantity: str, by: str) -> Record:
    fields = {
        "request": request["sys_id"],
        "parent": request["sys_id"],
        "requested_for": request["requested_for"],
        "cat_item": item["sys_id"],
        "short_description": item["name"],
        "quantity": quantity,
        "price": item["price"],
        "approval": "requested",
    }
    return instance.create("sc_req_item", fields, by=by)


def _answer(
    instance: Instance, ritm: Record, question: Record, variables: Mapping[str, object], by: str
) -> None:
    """A sc_item_option and its owner row, whether the question was answered or not."""
    value = variables.get(question["name"], question["default_value"])
    fields = {
        "item_option_new": question["sys_id"],
        "value": plain(value),
        "order": question["order"],
    }
    option = instance.create("sc_item_option", fields, by=by)
    link = {"request_item": ritm["sys_id"], "sc_item_option": option["sys_id"]}
    instance.create("sc_item_option_mtom", link, by=by)


def _ask_approvers(instance: Instance, ritm: Record) -> None:
    for member in instance.members_of(instance.setup.asked):
        fields = {
            "sysapproval": ritm["sys_id"],
            "document_id": ritm["sys_id"],
            "source_table": "sc_req_item",
            "approver": member,
            "state": "requested",
        }
        instance.create("sysapproval_approver", fields, by="system")
