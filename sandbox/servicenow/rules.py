"""Business rules that run before a record is stored: states, priority, data policy, closing."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.servicenow.instance import Instance
from sandbox.servicenow.refusal import data_policy
from sandbox.servicenow.seed import Record

CLOSED_TASK = frozenset({"3", "4", "7"})
RESOLVED, CLOSED, CANCELED = "6", "7", "8"
CANCELLED_STAGE = "Request Cancelled"

_PRIORITY = {
    ("1", "1"): "1", ("1", "2"): "2", ("1", "3"): "3",
    ("2", "1"): "2", ("2", "2"): "3", ("2", "3"): "4",
    ("3", "1"): "3", ("3", "2"): "4", ("3", "3"): "5",
}  # fmt: skip
"""(impact, urgency) → priority, as in the demo data's lookup table."""

_CLOSED_REQUEST = {
    "closed_complete": "3",
    "closed_incomplete": "4",
    "closed_cancelled": "4",
    "closed_rejected": "4",
    "closed_skipped": "7",
}

_OPEN_REQUEST = frozenset({"requested", "submitted", "in_process"})
_DECIDED_REQUEST = {
    "approved": "in_process",
    "rejected": "closed_rejected",
    "cancelled": "closed_cancelled",
}
"""approval → the request_state that it leads an open request to."""

Rule = Callable[[Instance, Record, Record, str], None]


def before(instance: Instance, table: str, old: Record, new: Record, by: str) -> None:
    """Change `new` in place, or raise Refusal. `old` is empty when the record is new."""
    standing = table == instance.setup.standing
    for rule in _PLAIN_TASK if standing else _RULES.get(table, ()):
        rule(instance, old, new, by)
    if own := instance.properties.own.get(table):
        own(instance, old, new, by)
    _mandatory(instance, table, new)


def _mandatory(instance: Instance, table: str, new: Record) -> None:
    lacking = [name for name in instance.properties.mandatory.get(table, ()) if not new[name]]
    if lacking and (table == "incident" or new["state"] in CLOSED_TASK):
        raise data_policy(", ".join(lacking))


def _opened(instance: Instance, old: Record, new: Record, by: str) -> None:
    if old:
        return
    new["opened_at"] = new["opened_at"] or instance.now()
    if not new["opened_by"]:
        opener = instance.user(by)
        new["opened_by"] = opener["sys_id"] if opener else ""


def _stamp_closing(instance: Instance, old: Record, new: Record, by: str) -> None:
    """closed_at and closed_by go with `active`, and are taken away when the record reopens.

    A time that was given with the closing stays as it was given.
    """
    if new["active"] == old.get("active", "true"):
        return
    closed = new["active"] == "false"
    closer = instance.user(by) if closed else None
    given = new["closed_at"] if new["closed_at"] != old.get("closed_at", "") else ""
    new["closed_at"] = (given or instance.now()) if closed else ""
    new["closed_by"] = closer["sys_id"] if closer else ""


def _task_state(instance: Instance, old: Record, new: Record, by: str) -> None:
    del instance, by
    if new["state"] != old.get("state"):
        new["active"] = str(new["state"] not in CLOSED_TASK).lower()


def _item_state(instance: Instance, old: Record, new: Record, by: str) -> None:
    """An item whose approval is refused or withdrawn, or that is made inactive, is cancelled."""
    withdrawn = new["approval"] in {"rejected", "cancelled"} and new["approval"] != old.get(
        "approval"
    )
    switched_off = new["active"] == "false" and old.get("active", "true") == "true"
    if (withdrawn or switched_off) and new["state"] not in CLOSED_TASK:
        new["state"] = "4"
        new["stage"] = CANCELLED_STAGE
    _task_state(instance, old, new, by)


def _request_state(instance: Instance, old: Record, new: Record, by: str) -> None:
    del instance, by
    switched_off = new["active"] == "false" and old.get("active", "true") == "true"
    if switched_off and new["request_state"] not in _CLOSED_REQUEST:
        new["request_state"] = "closed_cancelled"
    decided = new["approval"] if new["approval"] != old.get("approval") else ""
    if decided in _DECIDED_REQUEST and new["request_state"] in _OPEN_REQUEST:
        new["request_state"] = _DECIDED_REQUEST[decided]
    if new["request_state"] in _CLOSED_REQUEST:
        new["state"] = _CLOSED_REQUEST[new["request_state"]]
        new["active"] = "false"


def _incident_priority(instance: Instance, old: Record, new: Record, by: str) -> None:
    del instance, by
    new["priority"] = _PRIORITY.get((new["impact"], new["urgency"]), old.get("priority", "5"))


def _incident_state(instance: Instance, old: Record, new: Record, by: str) -> None:
    """`state` and `incident_state` mirror each other; the one that was changed wins."""
    if new["incident_state"] != old.get("incident_state", "1") and (
        new["state"] == old.get("state", "1")
    ):
        new["state"] = new["incident_state"]
    new["incident_state"] = new["state"]
    new["active"] = str(new["state"] not in {CLOSED, CANCELED}).lower()
    if new["state"] == RESOLVED and old.get("state") != RESOLVED:
        resolver = instance.user(by)
        new["resolved_at"] = instance.now()
        new["resolved_by"] = resolver["sys_id"] if resolver else ""


def _incident_policy(instance: Instance, old: Record, new: Record, by: str) -> None:
    """Data policy: resolution code and notes are wanted with state 6 and 7; often a caller is."""
    del old, by
    if instance.properties.callers and not new["caller_id"]:
        raise data_policy("Caller")
    wanted = {"close_code": "Resolution code", "close_notes": "Close notes"}
    lacking = [label for name, label in wanted.items() if not new[name]]
    if new["state"] in {RESOLVED, CLOSED} and lacking:
        raise data_policy(", ".join(lacking))


_PLAIN_TASK: tuple[Rule, ...] = (_opened, _task_state, _stamp_closing)
_RULES: dict[str, tuple[Rule, ...]] = {
    "incident": (_opened, _incident_priority, _incident_state, _incident_policy, _stamp_closing),
    "sc_request": (_opened, _request_state, _stamp_closing),
    "sc_req_item": (_opened, _item_state, _stamp_closing),
    "sc_task": _PLAIN_TASK,
    "task": _PLAIN_TASK,
    "problem": (_opened, _stamp_closing),
    "change_request": (_opened, _stamp_closing),
}
