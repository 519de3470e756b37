"""The states, close codes and urgencies of the settings, looked for among the instance's own."""

from __future__ import annotations

from collections import defaultdict

from adapters.servicenow.desk.forms import (
    TASK_COMPLETE,
    TASK_INCOMPLETE,
    TASK_TABLE,
    WORKING,
    TicketForm,
)
from adapters.servicenow.line.answers import OF_THE_RIGHTS
from adapters.servicenow.line.client import Client
from adapters.servicenow.line.query import Query
from adapters.servicenow.look.findings import Finding, Findings, degraded, ok
from transfer.errors import Permanent

_FIELDS = ("sys_id", "name", "element", "value", "inactive")
_MOST = 2000
_PARENT = "task"
"""Both tables are its children, and have its choices where they have none of their own."""

Chosen = dict[tuple[str, str], list[str]]
"""The values of each (table, field)."""


def look(client: Client, form: TicketForm) -> Findings:
    """A finding for each field whose values stand in the settings; one call."""
    try:
        chosen = _read(client, form)
    except Permanent as error:
        if error.code not in OF_THE_RIGHTS:
            raise
        yield degraded(
            "choices",
            f"{error.message} A wrong state or close code shows at the first ticket only.",
            "Give read access to sys_choice.",
        )
        return
    for (table, element), wanted in _wanted(form).items():
        known = chosen.get((table, element)) or chosen.get((_PARENT, element), [])
        yield _compared(f"{table}.{element}", wanted, known)


def _wanted(form: TicketForm) -> dict[tuple[str, str], dict[str, str]]:
    """Setting → value, under the table and field that it is written to."""
    tickets = "servicenow.tickets."
    return {
        (form.table, "state"): {
            f"{tickets}resolved_state": form.resolved_state,
            f"{tickets}closed_state": form.closed_state,
        },
        (form.table, "close_code"): {
            f"{tickets}close_code_delivered": form.close_code_delivered,
            f"{tickets}close_code_failed": form.close_code_failed,
        },
        (form.table, "urgency"): {
            f"{tickets}user_urgency": form.user_urgency,
            f"{tickets}audit_urgency": form.audit_urgency,
        },
        (form.table, "impact"): {f"{tickets}impact": form.impact},
        (form.table, "category"): {f"{tickets}category": form.category},
        (TASK_TABLE, "state"): {
            "the state of a task in work": WORKING,
            "the state of a task that is done": TASK_COMPLETE,
            "the state of a task that is not": TASK_INCOMPLETE,
        },
    }


def _read(client: Client, form: TicketForm) -> Chosen:
    query = (
        Query()
        .words("name", [form.table, TASK_TABLE, _PARENT])
        .words("element", sorted({element for _, element in _wanted(form)}))
        .flag("inactive", False)
    )
    chosen: Chosen = defaultdict(list)
    for row in client.rows("sys_choice", query, _FIELDS, limit=_MOST):
        # The same value comes once for each language.
        if not row.flag("inactive") and row["value"] not in chosen[row["name"], row["element"]]:
            chosen[row["name"], row["element"]].append(row["value"])
    return chosen


def _compared(name: str, wanted: dict[str, str], known: list[str]) -> Finding:
    if not known:
        text = f"No choice of {name} is shown, so the settings cannot be compared."
        return degraded(f"choices of {name}", text, "Give read access to sys_choice.")
    exist = f"The instance has {', '.join(known)}."
    wrong = [f"{setting} ({value!r})" for setting, value in wanted.items() if value not in known]
    if not wrong:
        return ok(f"choices of {name}", exist)
    verb = "is" if len(wrong) == 1 else "are"
    text = f"{' and '.join(wrong)} {verb} not among the choices of {name}. {exist}"
    return degraded(f"choices of {name}", text, "Set it to one of these.")
