"""What stands in a fresh instance: the file transfer item, its groups, its people, its logins."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sandbox.servicenow.schema import Table

Record = dict[str, str]
Seed = Mapping[str, Sequence[Mapping[str, str]]]

_NAMESPACE = uuid.UUID("5f3c2f9e-6a0d-4b7e-9d54-0f1e2d3c4b5a")

_ADMIN = "6816f79cc0a8016401c5a33be04be441"
"""The administrator of every instance; suites of other clients look for him."""


STANDING = "u_fileferry_standing"
"""The table of standing approvals."""


def fixed_id(name: str) -> str:
    """The 32 hex digits of a seeded record, the same in every run."""
    return uuid.uuid5(_NAMESPACE, name).hex


@dataclass(frozen=True)
class Person:
    """Somebody who can log in; `password` is public by design."""

    user_name: str
    name: str
    roles: str = ""
    password: str = "sandbox"

    @property
    def sys_id(self) -> str:
        return _ADMIN if self.user_name == "admin" else fixed_id(self.user_name)

    @property
    def email(self) -> str:
        return f"{self.user_name}@example.com"


_PEOPLE = (
    Person("admin", "System Administrator", "admin", "admin"),
    Person("fileferry", "FileFerry Integration", "itil", "ferry-secret"),
    Person("anna.berg", "Anna Berg"),
    Person("tom.reyes", "Tom Reyes"),
    Person("carla.moss", "Carla Moss", "approver_user"),
    Person("otto.lind", "Otto Lind", "approver_user"),
)


@dataclass(frozen=True)
class Seeded:
    """The fixed sys_ids and credentials of a fresh instance."""

    catalog_item: str = fixed_id("File transfer")
    group: str = fixed_id("FileFerry automation")
    approver_group: str = fixed_id("File transfer approvers")
    user: str = "fileferry"
    password: str = "ferry-secret"
    client_id: str = fixed_id("oauth client")
    client_secret: str = "ferry-client-secret"
    admin_user: str = "admin"
    admin_password: str = "admin"
    users: Mapping[str, Person] = field(default_factory=lambda: {p.user_name: p for p in _PEOPLE})


SEEDED = Seeded()


def _user(person: Person) -> Record:
    first, _, last = person.name.partition(" ")
    return {
        "sys_id": person.sys_id,
        "user_name": person.user_name,
        "name": person.name,
        "first_name": first,
        "last_name": last,
        "email": person.email,
        "roles": person.roles,
        "user_password": person.password,
    }


def people(*names: str) -> list[Record]:
    return [_user(SEEDED.users[name]) for name in names]


def _variable(name: str, kind: str, question: str, *, mandatory: bool, order: int) -> Record:
    return {
        "sys_id": fixed_id(f"variable {name}"),
        "cat_item": SEEDED.catalog_item,
        "name": name,
        "type": kind,
        "question_text": question,
        "mandatory": str(mandatory).lower(),
        "order": str(order),
    }


def _membership(user_name: str, group: str) -> Record:
    return {
        "sys_id": fixed_id(f"{user_name} in {group}"),
        "user": SEEDED.users[user_name].sys_id,
        "group": group,
    }


def default_seed() -> dict[str, list[Record]]:
    """{table: [record]} of a fresh instance, in the order in which they are created."""
    return {
        "sys_user": people(*SEEDED.users),
        "sys_user_group": [
            {"sys_id": SEEDED.group, "name": "FileFerry automation"},
            {"sys_id": SEEDED.approver_group, "name": "File transfer approvers"},
        ],
        "sys_user_grmember": [
            _membership("carla.moss", SEEDED.approver_group),
            _membership("fileferry", SEEDED.group),
        ],
        "sc_cat_item": [
            {
                "sys_id": SEEDED.catalog_item,
                "name": "File transfer",
                "short_description": "Send files from S3 to a partner",
                "group": SEEDED.group,
            }
        ],
        "item_option_new": [
            _variable("source", "2", "S3 objects, one a line", mandatory=True, order=100),
            _variable("destination", "6", "Destination name", mandatory=True, order=200),
            _variable("path", "6", "Path at the destination", mandatory=False, order=300),
        ],
    }


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What stands in an instance before anybody works on it, and who does what in its flows.

    `asked` are the groups whose members are asked about an order, `asked_standing` those about a
    standing approval; `task` are fields of the catalog task. `gone` are tables that it lacks.
    """

    catalog_item: str = SEEDED.catalog_item
    group: str = SEEDED.group
    approver_group: str = SEEDED.approver_group
    asked: Sequence[str] = (SEEDED.approver_group,)
    asked_standing: Sequence[str] = (SEEDED.approver_group,)
    task: Mapping[str, str] = field(default_factory=dict)
    standing: str = STANDING
    application: str = ""
    tables: Sequence[Table] = ()
    gone: frozenset[str] = frozenset()
    records: Seed = field(default_factory=default_seed)
