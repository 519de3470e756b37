"""The Table API and the Aggregate API: `/api/now[/v1|/v2]/table/…` and `/api/now/stats/…`."""

from __future__ import annotations

from collections import Counter
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, request

from sandbox.servicenow.refusal import Refusal, missing
from sandbox.servicenow.seed import Record
from sandbox.servicenow.shapes import Renderer, Shape
from sandbox.servicenow.site import caller, site

bp = Blueprint("table", __name__)
_LIMIT = 10_000
_VERSIONS = ("/api/now", "/api/now/v1", "/api/now/v2")


def _api() -> str:
    """The base of links: the address that the caller used, with the version that he used."""
    version = next((v for v in _VERSIONS[1:] if request.path.startswith(v + "/")), "/api/now")
    return request.host_url.rstrip("/") + version


def renderer() -> Renderer:
    return Renderer(caller().walker, Shape.of(request.args, _api()))


def fields() -> list[str]:
    """The names of sysparm_fields, empty for all."""
    names = request.args.get("sysparm_fields", "").split(",")
    return [name.strip() for name in names if name.strip()]


def body() -> dict[str, object]:
    """The JSON object that was sent; of an array the first element counts. No body is empty."""
    if not request.get_data().strip():
        return {}
    sent = request.get_json(silent=True)
    if isinstance(sent, list) and sent:
        sent = sent[0]
    if not isinstance(sent, dict):
        raise Refusal(400, "Exception while reading request", "The payload is not valid JSON")
    return sent


def number(name: str, default: int) -> int:
    try:
        return max(0, int(request.args.get(name, default)))
    except ValueError:
        return default


def encoded_query() -> str:
    """sysparm_query, or else the `name=value` pairs that stand in its place."""
    given = request.args.get("sysparm_query")
    if given is not None:
        return given
    pairs = request.args.items()
    return "^".join(f"{key}={value}" for key, value in pairs if not key.startswith("sysparm_"))


@bp.get("/table/<table>")
def listing(table: str) -> Response:
    """The limit is applied before the row rules, so that a page may come back short."""
    instance, limit, offset = site().instance, number("sysparm_limit", _LIMIT), _offset()
    with instance.lock:
        chosen = instance.select(caller().walker, table, encoded_query())
        page = [row for row in chosen[offset : offset + limit] if caller().sees(*row)]
        render = renderer()
        rows = [render.record(actual, record, fields()) for actual, record in page]
    answer = jsonify(result=rows)
    if not rows and request.path.startswith("/api/now/v1/"):
        answer.status_code = 404
        answer.set_data(jsonify(missing().body).get_data())
    _paging(answer, len(chosen), limit, offset)
    return answer


def _offset() -> int:
    return number("sysparm_offset", 0)


def _flag(name: str) -> bool:
    return request.args.get(name, "false") == "true"


def _paging(answer: Response, total: int, limit: int, offset: int) -> None:
    if not _flag("sysparm_no_count"):
        answer.headers["X-Total-Count"] = str(total)
    if _flag("sysparm_suppress_pagination_header") or not limit or total <= limit:
        return
    last = (total - 1) // limit * limit
    targets = {"next": offset + limit, "first": 0, "prev": offset - limit, "last": last}
    if offset + limit >= total:
        del targets["next"]
    if offset <= 0:
        del targets["prev"]
    links = [f'<{_page_url(limit, at)}>;rel="{rel}"' for rel, at in targets.items()]
    answer.headers["Link"] = ",".join(links)


def _page_url(limit: int, offset: int) -> str:
    kept = {k: v for k, v in request.args.items() if k not in {"sysparm_limit", "sysparm_offset"}}
    query = urlencode({**kept, "sysparm_limit": limit, "sysparm_offset": max(0, offset)})
    return f"{request.base_url}?{query}"


@bp.get("/table/<table>/<sys_id>")
def one(table: str, sys_id: str) -> Response:
    with site().instance.lock:
        return _rendered(*caller().read(table, sys_id))


@bp.post("/table/<table>")
def create(table: str) -> Response:
    with site().instance.lock:
        record = caller().create(table, body())
        answer = _rendered(table, record)
    answer.status_code = 201
    version = _api() if request.path.startswith("/api/now/v") else f"{_api()}/v2"
    answer.headers["Location"] = f"{version}/table/{table}/{record['sys_id']}"
    if request.headers.get("X-no-response-body", "false") == "true":
        answer.set_data(b"")
        del answer.headers["Content-Type"]
    return answer


@bp.route("/table/<table>/<sys_id>", methods=["PATCH", "PUT"])
def update(table: str, sys_id: str) -> Response:
    with site().instance.lock:
        return _rendered(*caller().update(table, sys_id, body()))


@bp.delete("/table/<table>/<sys_id>")
def delete(table: str, sys_id: str) -> tuple[str, int]:
    caller().delete(table, sys_id)
    return "", 204


def _rendered(table: str, record: Record) -> Response:
    return jsonify(result=renderer().record(table, record, fields()))


@bp.get("/stats/<table>")
def stats(table: str) -> Response:
    """sysparm_count, whole or by sysparm_group_by."""
    with site().instance.lock:
        chosen = site().instance.select(caller().walker, table, encoded_query())
        group = request.args.get("sysparm_group_by", "")
        if not group:
            return jsonify(result={"stats": {"count": str(len(chosen))}})
        counts: Counter[str] = Counter(caller().walker.reader(*row)(group, "=") for row in chosen)
    return jsonify(result=[_counted(group, value, n) for value, n in counts.items()])


def _counted(field: str, value: str, count: int) -> dict[str, Any]:
    return {
        "stats": {"count": str(count)},
        "groupby_fields": [{"field": field, "value": value}],
    }
