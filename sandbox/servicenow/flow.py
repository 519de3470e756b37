"""The flow of a catalog item: approval → catalog task → item → request, each closing the next."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.servicenow.instance import Instance
from sandbox.servicenow.rules import CANCELLED_STAGE, CLOSED_TASK
from sandbox.servicenow.seed import Record

_BY = "system"

Reaction = Callable[[Instance, Record, Record], None]


def after(instance: Instance, table: str, old: Record, new: Record, by: str) -> None:
    """What the instance does once a record is stored; `old` is empty when it is new."""
    del by
    standing = table == instance.setup.standing
    reaction = _on_standing if standing else _REACTIONS.get(table)
    if reaction is not None:
        reaction(instance, old, new)


def _on_approval(instance: Instance, old: Record, new: Record) -> None:
    if new["state"] == old.get("state", "requested"):
        return
    item = instance.find("sc_req_item", new["sysapproval"])
    if instance.find(instance.setup.standing, new["sysapproval"]):
        _decide_standing(instance, new["sysapproval"], new["state"])
    if item is None or item["approval"] != "requested" or item["active"] != "true":
        return
    if new["state"] == "approved":
        _accept(instance, item)
    elif new["state"] == "rejected":
        instance.update("sc_req_item", item["sys_id"], {"approval": "rejected"}, by=_BY)


def _decide_standing(instance: Instance, record: str, state: str) -> None:
    """The record follows the first decision, in an update of its own."""
    if state in ("approved", "rejected"):
        fields = {"approval": state, "approval_set": instance.now()}
        instance.update(instance.setup.standing, record, fields, by=_BY)


def _on_standing(instance: Instance, old: Record, new: Record) -> None:
    """A new standing approval is put before the approvers; nobody asks them again by himself."""
    if old:
        return
    table = instance.setup.standing
    for member in instance.members_of(instance.setup.asked_standing):
        row = {"sysapproval": new["sys_id"], "document_id": new["sys_id"], "approver": member}
        instance.create("sysapproval_approver", {**row, "source_table": table}, by=_BY)
    instance.update(table, new["sys_id"], {"approval": "requested"}, by=_BY)


def _accept(instance: Instance, item: Record) -> None:
    now = instance.now()
    approved = {"approval": "approved", "approval_set": now}
    _settle_approvals(instance, item, "not_required")
    instance.update("sc_req_item", item["sys_id"], {**approved, "stage": "fulfillment"}, by=_BY)
    siblings = instance.query("sc_req_item", f"request={item['request']}")
    if all(each["approval"] == "approved" for each in siblings):
        request = {**approved, "request_state": "in_process"}
        instance.update("sc_request", item["request"], request, by=_BY)
    _create_task(instance, item)


def _create_task(instance: Instance, item: Record) -> None:
    catalog_item = instance.find("sc_cat_item", item["cat_item"]) or {}
    fields = {
        "short_description": item["short_description"],
        "assignment_group": catalog_item.get("group") or instance.setup.group,
        "request_item": item["sys_id"],
        "request": item["request"],
        "parent": item["sys_id"],
        "cat_item": item["cat_item"],
        "opened_by": item["opened_by"],
        **instance.setup.task,
    }
    instance.create("sc_task", fields, by=_BY)


def _settle_approvals(instance: Instance, item: Record, state: str) -> None:
    waiting = f"sysapproval={item['sys_id']}^state=requested"
    for row in instance.query("sysapproval_approver", waiting):
        instance.update("sysapproval_approver", row["sys_id"], {"state": state}, by=_BY)


def _on_task(instance: Instance, old: Record, new: Record) -> None:
    """The flow waits for its tasks; when the last one is closed it closes the item."""
    item = instance.find("sc_req_item", new["request_item"])
    if not _closed(old, new) or item is None or item["active"] != "true":
        return
    states = {task["state"] for task in instance.query("sc_task", f"request_item={item['sys_id']}")}
    if states <= CLOSED_TASK:
        fields = {"state": _rolled_up(states), "stage": "completed"}
        instance.update("sc_req_item", item["sys_id"], fields, by=_BY)


def _on_item(instance: Instance, old: Record, new: Record) -> None:
    if not _closed(old, new):
        return
    _settle_approvals(instance, new, "cancelled")
    if not instance.properties.leave_tasks_open:
        for task in instance.query("sc_task", f"request_item={new['sys_id']}^active=true"):
            instance.update("sc_task", task["sys_id"], {"state": "7"}, by=_BY)
    _close_request(instance, new["request"])


def _close_request(instance: Instance, sys_id: str) -> None:
    request = instance.find("sc_request", sys_id)
    items = instance.query("sc_req_item", f"request={sys_id}")
    if request is None or request["active"] != "true" or any(_active(each) for each in items):
        return
    fields = {"request_state": _request_state(items), "stage": "closed_complete"}
    if fields["request_state"] == "closed_rejected":
        fields["approval"] = "rejected"
    instance.update("sc_request", sys_id, fields, by=_BY)


def _request_state(items: list[Record]) -> str:
    if any(item["approval"] == "rejected" for item in items):
        return "closed_rejected"
    if any(item["stage"] == CANCELLED_STAGE for item in items):
        return "closed_cancelled"
    state = _rolled_up({item["state"] for item in items})
    return {"3": "closed_complete", "4": "closed_incomplete", "7": "closed_skipped"}[state]


def _on_request(instance: Instance, old: Record, new: Record) -> None:
    """A cancelled request cancels its items."""
    if not _closed(old, new):
        return
    for item in instance.query("sc_req_item", f"request={new['sys_id']}^active=true"):
        fields = {"state": "4", "stage": CANCELLED_STAGE}
        if item["approval"] == "requested":
            fields["approval"] = "cancelled"
        instance.update("sc_req_item", item["sys_id"], fields, by=_BY)


def _rolled_up(states: set[str]) -> str:
    """Any incomplete makes the whole incomplete; all skipped make it skipped."""
    if "4" in states:
        return "4"
    return "7" if states == {"7"} else "3"


def _closed(old: Record, new: Record) -> bool:
    return new["active"] == "false" and old.get("active", "true") == "true"


def _active(record: Record) -> bool:
    return record["active"] == "true"


_REACTIONS: dict[str, Reaction] = {
    "sysapproval_approver": _on_approval,
    "sc_task": _on_task,
    "sc_req_item": _on_item,
    "sc_request": _on_request,
}
