"""The control surface of the simulator, below /sandbox/: modes, properties and what was served."""

from __future__ import annotations

import ipaddress
from collections import Counter
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request

from sandbox.servicenow.behaviours import BEHAVIOURS
from sandbox.servicenow.site import site

bp = Blueprint("control", __name__)


def only_loopback() -> None:
    """403 for anybody elsewhere, and for another origin's page in a browser on this host."""
    address = ipaddress.ip_address(request.remote_addr or "0.0.0.0")  # noqa: S104 — not bound to
    origin = request.headers.get("Origin")
    if not address.is_loopback or (origin and origin != request.host_url.rstrip("/")):
        abort(403)


bp.before_request(only_loopback)


@bp.get("/modes")
def modes() -> Response:
    return jsonify(active=site().modes.active(), available=sorted(BEHAVIOURS))


@bp.post("/modes")
def switch_on() -> tuple[Response, int]:
    """`{"name": …, "count": …, "skip": …, "method": …, "path": …, "options": {…}}`."""
    sent = _object()
    if sent.get("name") not in BEHAVIOURS:
        return jsonify(error="unknown mode", available=sorted(BEHAVIOURS)), 400
    given = {key: sent[key] for key in ("count", "skip", "method", "path") if key in sent}
    try:
        mode = site().modes.set(sent["name"], **{**sent.get("options", {}), **given})
    except TypeError as error:
        return jsonify(error=str(error)), 400
    return jsonify(asdict(mode)), 201


@bp.delete("/modes")
@bp.delete("/modes/<name>")
def switch_off(name: str = "") -> tuple[str, int]:
    site().modes.clear(name)
    return "", 204


@bp.get("/properties")
def properties() -> Response:
    return jsonify(asdict(site().instance.properties))


@bp.patch("/properties")
def configure() -> tuple[Response, int]:
    known = asdict(site().instance.properties)
    for name, value in _object().items():
        if name not in known:
            return jsonify(error=f"unknown property {name}", available=sorted(known)), 400
        setattr(site().instance.properties, name, value)
    return properties(), 200


@bp.get("/state")
def state() -> Response:
    """Counts of records a table, of answers, and the latest requests."""
    with site().instance.lock:
        store = site().instance.store
        tables = {
            name: sum(1 for kind, _ in store.rows(name) if kind == name) for name in store.tables
        }
    served = list(site().served)
    return jsonify(
        records={name: count for name, count in tables.items() if count},
        requests=dict(Counter(f"{each.method} {each.status}" for each in served)),
        latest=[asdict(each) for each in served[-20:]],
        modes=site().modes.active(),
    )


def _object() -> dict[str, Any]:
    sent = request.get_json()
    if not isinstance(sent, dict):
        abort(400)
    return sent
