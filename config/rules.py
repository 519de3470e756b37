"""What must hold between settings; looked for in the plain data, so that one run finds all faults.

The data may be wrong in any way here: the model's own complaints are collected beside these.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from config import sessions
from config.destination_rules import complaints
from config.doors import StandingSettings
from config.faults import Fault, Place
from config.instance import Auth
from config.notices import complaints as of_notice
from config.settings import PollSettings
from transfer.visible import hidden

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
NEEDS = {
    "refresh_token": ("refresh_token",),
    "jwt": ("jwt.subject", "jwt.private_key"),
    "certificate": ("certificate",),
}
"""What a login needs beside `user` and `secret`."""
_ELSEWHERE = ("refresh_token", "jwt.subject", "jwt.private_key")
"""Settings that no other login uses; a certificate can be shown beside each of them."""
_STANDING = ("prefix", "destination", "until", "path", "requester")


def faults(data: dict[str, Any]) -> Iterator[Fault]:
    """Every rule that the data breaks."""
    yield from _texts(data, ())
    yield from _login(data)
    yield from _items_as_found(data)
    yield from _doors(data)
    yield from _destinations(data)
    yield from _routes(data)
    yield from _approvals(data)
    yield from _grants(data)
    yield from _notices(data)
    yield from _patience(data)
    yield from sessions.faults(data)
    yield from _second_door(data)
    yield from _signers(data)


def _signers(data: dict[str, Any]) -> Iterator[Fault]:
    part = data.get("audit")
    if isinstance(part, dict) and part.get("key") and part.get("kms_key"):
        yield Fault(("audit", "kms_key"), "must not be set beside key: one of them signs")


def _texts(value: Any, place: Place) -> Iterator[Fault]:
    for step, item in _items(value):
        yield from _texts(item, (*place, step))
    if isinstance(value, str) and "-----BEGIN" in value:
        yield Fault(place, "must not be a key or a certificate; secrets never stand in this file")
    elif isinstance(value, str) and _CONTROL.search(value):
        yield Fault(place, "must be one line without control characters")
    elif isinstance(value, str) and (found := hidden(value)):
        yield Fault(place, f"must not have {found}, which does not show: write it anew, by hand")


def _login(data: dict[str, Any]) -> Iterator[Fault]:
    part = data.get("servicenow")
    if isinstance(part, dict):
        for setting, words in _of_the_login(part):
            yield Fault(("servicenow", *setting.split(".")), words)


def _items_as_found(data: dict[str, Any]) -> Iterator[Fault]:
    part = data.get("servicenow")
    known = part.get("catalog_items") if isinstance(part, dict) else None
    if not isinstance(part, dict) or not isinstance(known, list):
        return
    for at, item in _items(part.get("content_as_found")):
        if isinstance(item, str) and item not in known:
            yield Fault(("servicenow", "content_as_found", at), "must be one of catalog_items")


def _doors(data: dict[str, Any]) -> Iterator[Fault]:
    for setting, words in _of_the_doors(data):
        yield Fault(("servicenow", "standing", setting), words)


def _destinations(data: dict[str, Any]) -> Iterator[Fault]:
    for name, destination in _items(data.get("destinations")):
        if isinstance(destination, dict):
            for setting, words in complaints(destination):
                place = ("destinations", name, *filter(None, setting.split(".")))
                yield Fault(place, words)


def _routes(data: dict[str, Any]) -> Iterator[Fault]:
    """What AWS may carry needs somewhere to go, and a ledger that both doors share."""
    machine = _section(data, "cloud").get("state_machine")
    shared = _section(data, "ledger").get("kind") == "dynamodb"
    for name, destination in _items(data.get("destinations")):
        asked = destination.get("route") if isinstance(destination, dict) else None
        if asked in ("step_functions", "auto") and not (machine and shared):
            words = "needs cloud.state_machine, and ledger.kind: dynamodb, which both doors share"
            yield Fault(("destinations", name, "route"), words)


def _approvals(data: dict[str, Any]) -> Iterator[Fault]:
    part = data.get("approvals")
    accounts = part.get("accounts") if isinstance(part, dict) else None
    for index, name in _items(accounts):
        if isinstance(name, str) and name.casefold() == "guest":
            words = "must not be guest: ServiceNow writes so what an unknown sender's e-mail says"
            yield Fault(("approvals", "accounts", index), words)


def _grants(data: dict[str, Any]) -> Iterator[Fault]:
    known = data.get("destinations")
    if not isinstance(known, dict) or not known:
        return
    for index, grant in _items(data.get("grants")):
        for at, name in _items(grant.get("destinations") if isinstance(grant, dict) else None):
            if isinstance(name, str) and name not in known:
                names = ", ".join(map(str, known))
                yield Fault(
                    ("grants", index, "destinations", at),
                    f"must be a configured destination: {names}",
                )


def _notices(data: dict[str, Any]) -> Iterator[Fault]:
    for name, notice in _items(data.get("notices")):
        if isinstance(notice, dict):
            for setting, words in of_notice(notice, data.get("destinations")):
                yield Fault(("notices", name, setting), words)


def _patience(data: dict[str, Any]) -> Iterator[Fault]:
    poll = data.get("poll")
    if not isinstance(poll, dict):
        return
    default = PollSettings()
    every = poll.get("every", default.every)
    longest = poll.get("max_backoff", default.max_backoff)
    if isinstance(every, int | float) and isinstance(longest, int | float) and longest < every:
        yield Fault(("poll", "max_backoff"), "must be at least poll.every")


def _second_door(data: dict[str, Any]) -> Iterator[Fault]:
    part, ledger = data.get("cloud"), data.get("ledger")
    kind = ledger.get("kind") if isinstance(ledger, dict) else None
    if isinstance(part, dict) and part.get("state_machine") and kind != "dynamodb":
        words = "needs ledger.kind: dynamodb, for both doors share one ledger"
        yield Fault(("cloud", "state_machine"), words)
    deploy = part.get("deploy") if isinstance(part, dict) else None
    if isinstance(deploy, dict) and bool(deploy.get("subnets")) != bool(
        deploy.get("security_groups")
    ):
        yield Fault(("cloud", "deploy", "subnets"), "goes with cloud.deploy.security_groups")


def _items(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, dict):
        yield from ((str(key), item) for key, item in value.items())
    if isinstance(value, list):
        yield from enumerate(value)


def _of_the_login(servicenow: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(setting, what is wrong with it); a login that does not exist breaks no rule."""
    auth = servicenow.get("auth", "oauth")
    if auth not in get_args(Auth):
        return
    needed = NEEDS.get(auth, ())
    for setting in needed:
        if not _stated(servicenow, setting):
            yield setting, f"must be given with auth: {auth}"
    for setting in _ELSEWHERE:
        if setting not in needed and _stated(servicenow, setting):
            yield setting, f"is for auth: {setting.partition('.')[0]} only, not for auth: {auth}"


def _stated(servicenow: Mapping[str, Any], setting: str) -> bool:
    section, _, name = setting.partition(".")
    value = servicenow.get(section)
    if name:
        value = value.get(name) if isinstance(value, dict) else None
    return value is not None


def _of_the_doors(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(setting below `servicenow.standing`, what is wrong with it)."""
    part = _section(_section(data, "servicenow"), "standing")
    if part.get("table") and not _section(data, "queue").get("url"):
        yield "table", "needs queue.url, for S3 events come by that queue"
    seen: set[str] = set()
    for setting in _STANDING:
        field = part.get(setting, StandingSettings.model_fields[setting].default)
        if isinstance(field, str) and field in seen:
            yield setting, "must be a field of its own"
        seen |= {field} if isinstance(field, str) else set()


def _section(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = data.get(name)
    return part if isinstance(part, dict) else {}
