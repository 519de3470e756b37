"""A world in which seven requests ended as they should, without a daemon: for tests to spoil."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox.demo.orders import Content, orders
from sandbox.demo.report import REQUEST_STATES, TASK_STATES, Inspector
from sandbox.demo.visitor import Placed, Visitor
from sandbox.servicenow import SEEDED, Instance, ServiceNow
from transfer.books import Record
from transfer.errors import ACTIONS
from transfer.model import (
    Delivery,
    DeliveryState,
    Failure,
    Outcome,
    Pin,
    Receipt,
    Request,
    Source,
    Stage,
    Transfer,
)
from transfer.tickets import Ticket, TicketRole

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


@dataclass
class World:
    """`records` is what the ledger says, by item; a test changes any of it, then asks `faults`."""

    instance: Instance
    visitor: Visitor
    root: Path
    placed: list[Placed] = field(default_factory=list)
    contents: dict[str, Content] = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)

    def faults(self) -> list[str]:
        return Inspector(self.visitor, self.root, self.contents).faults(self.placed, self.records)

    def labelled(self, label: str) -> Placed:
        [found] = [each for each in self.placed if each.order.label == label]
        return found

    def change(self, label: str, **changes: Any) -> None:
        """Give the record of a request other values."""
        item = self.labelled(label).item_id
        self.records[item] = replace(self.records[item], **changes)

    def ticket(self, label: str, role: TicketRole) -> str:
        """The sys_id of a ticket."""
        return self.records[self.labelled(label).item_id].tickets[role].sys_id

    def play(self) -> None:
        self.placed = [self.visitor.order(order) for order in orders(1)]
        for key in {key for each in self.placed for key in each.order.keys}:
            body = key.encode()
            self.contents[key] = Content(len(body), hashlib.sha256(body).hexdigest())
        for each in self.placed:
            if each.order.outcome:
                self.visitor.approve(each)
                self._carry(each, each.order.outcome)

    def _carry(self, placed: Placed, outcome: Outcome) -> None:
        code = placed.order.code
        failure = Failure(code=code, message="It is gone.", action=ACTIONS[code]) if code else None
        deliveries = tuple(self._deliver(path, key) for path, key in placed.order.paths.items())
        text = failure.message if failure else " ".join(self._sums(placed))
        self.records[placed.item_id] = Record(
            transfer=Transfer(
                request=_request(placed), stage=Stage.CLOSED, outcome=outcome, failure=failure
            ),
            deliveries=deliveries,
            tickets={
                role: self._ticket(role, outcome, text)
                for role in (TicketRole.USER, TicketRole.AUDIT)
            },
            unsent=0,
            last_error=None,
            updated_at=NOON,
        )
        [task] = self.instance.query("sc_task", f"request_item={placed.item_id}")
        self.instance.update("sc_task", task["sys_id"], {"state": TASK_STATES[outcome]})
        request = self.instance.get("sc_request", placed.request_id)
        assert request["request_state"] == REQUEST_STATES[outcome]

    def _sums(self, placed: Placed) -> Iterator[str]:
        return (self.contents[key].sha256 for key in placed.order.paths.values())

    def _deliver(self, path: str, key: str) -> Delivery:
        file, content = self.root / path, self.contents[key]
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(key.encode())
        receipt = Receipt(
            path=f"/{path}",
            size=content.size,
            md5="",
            sha256=content.sha256,
            tier="T0",
            source_check="MD5",
            server="ssh",
            started_at=NOON,
            rechecked_at=NOON,
            published_at=NOON,
        )
        return Delivery(
            number=1,
            source=Source(bucket="fileferry-exports", key=key),
            final=f"/{path}",
            state=DeliveryState.PUBLISHED,
            pin=Pin(size=content.size, etag="e"),
            moved=content.size,
            receipt=receipt,
        )

    def _ticket(self, role: TicketRole, outcome: Outcome, text: str) -> Ticket:
        audit = role is TicketRole.AUDIT
        stays = outcome is Outcome.FAILED and not audit
        ending = {"close_notes": text, "close_code": "Solution provided"}
        fields = {"work_notes": text} if stays else {**ending, "state": "7" if audit else "6"}
        made = self.instance.create("incident", {"urgency": "3" if audit else "2", **fields})
        return Ticket(
            role=role, sys_id=made["sys_id"], number=made["number"], url="", state=made["state"]
        )


def _request(placed: Placed) -> Request:
    return Request(
        id=f"here:sc_task:{placed.item_id}",
        number=placed.number,
        requester=placed.order.requester,
        destination=placed.order.destination,
        sources=tuple(f"s3://fileferry-exports/{key}" for key in placed.order.keys),
        target=placed.order.path,
        fingerprint="f",
        item_id=placed.item_id,
    )


@contextmanager
def good_world(root: Path) -> Iterator[World]:
    with ServiceNow() as server:
        users = {
            name: {"sys_id": person.sys_id, "password": person.password}
            for name, person in SEEDED.users.items()
        }
        instance = {
            "url": server.url,
            "ca_file": None,
            "catalog_item": SEEDED.catalog_item,
            "users": users,
        }
        addresses = {"servicenow": instance, "aws": {"bucket": "fileferry-exports"}}
        with closing(Visitor(addresses)) as visitor:
            world = World(server.instance, visitor, root)
            world.play()
            yield world
