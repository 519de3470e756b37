"""The history of audited tables: a row of sys_audit for each field that an update changes.

As on an instance with its usual properties, creating a record leaves no rows.
"""

from __future__ import annotations

from sandbox.servicenow.instance import Instance
from sandbox.servicenow.seed import STANDING, Record

AUDITED = frozenset({STANDING, "sc_req_item", "sc_request"})


def keep(instance: Instance, table: str, old: Record, new: Record, by: str) -> None:
    """Write down what an update changed, unless auditing is switched off."""
    if table not in AUDITED or not instance.properties.audited:
        return
    for name in sorted(new):
        if new[name] != old.get(name, "") and not name.startswith("sys_"):
            row = {
                "tablename": table,
                "documentkey": new["sys_id"],
                "fieldname": name,
                "oldvalue": old.get(name, ""),
                "newvalue": new[name],
                "user": by,
                "record_checkpoint": new["sys_mod_count"],
            }
            instance.create("sys_audit", row, by="system")
