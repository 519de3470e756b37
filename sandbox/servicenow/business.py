"""All that an instance does by itself: its rules, its history, its flow, its catalog."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.servicenow import catalog, flow, rules
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.seed import Record, Seed, Setup

AUDITED = frozenset({"sc_req_item", "sc_request"})
"""Tables of which, with that of standing approvals, sys_audit keeps each field that changes."""


class FileTransfers:
    """The Business of an instance on which file transfers are ordered."""

    def before(self, instance: Instance, table: str, old: Record, new: Record, by: str) -> None:
        rules.before(instance, table, old, new, by)

    def after(self, instance: Instance, table: str, old: Record, new: Record, by: str) -> None:
        if old:
            _keep_history(instance, table, old, new, by)
        flow.after(instance, table, old, new, by)

    def order(
        self, instance: Instance, cat_item: str, variables: Mapping[str, object], by: str
    ) -> Record:
        return catalog.place(instance, catalog.Order(cat_item, variables), by)


def furnished(seed: Seed | None = None, setup: Setup | None = None) -> Instance:
    """An instance with all of it; `seed` adds records to those of the `setup`."""
    return Instance(FileTransfers(), seed, setup)


def _keep_history(instance: Instance, table: str, old: Record, new: Record, by: str) -> None:
    """As with the usual properties of an instance, creating a record leaves no rows."""
    if table not in AUDITED | {instance.setup.standing} or not instance.properties.audited:
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
