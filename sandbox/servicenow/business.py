"""All that an instance does by itself: its rules, its history, its flow, its catalog."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.servicenow import audit, catalog, flow, rules
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.seed import Record, Seed


class FileTransfers:
    """The Business of an instance on which file transfers are ordered."""

    def before(self, instance: Instance, table: str, old: Record, new: Record, by: str) -> None:
        rules.before(instance, table, old, new, by)

    def after(self, instance: Instance, table: str, old: Record, new: Record, by: str) -> None:
        if old:
            audit.keep(instance, table, old, new, by)
        flow.after(instance, table, old, new, by)

    def order(
        self, instance: Instance, cat_item: str, variables: Mapping[str, object], by: str
    ) -> Record:
        return catalog.place(instance, catalog.Order(cat_item, variables), by)


def furnished(seed: Seed | None = None) -> Instance:
    """An instance with all of it; `seed` adds records to the default ones."""
    return Instance(FileTransfers(), seed)
