"""The Attachment API: upload a file to a record, list, describe, download and delete it."""

from __future__ import annotations

import gzip
import hashlib
import json

from flask import Blueprint, Response, jsonify, request

from sandbox.servicenow.refusal import Refusal, missing
from sandbox.servicenow.seed import Record
from sandbox.servicenow.site import caller, site
from sandbox.servicenow.table_api import encoded_query, number

bp = Blueprint("attachment", __name__)
_TABLE = "sys_attachment"


@bp.post("/file")
def upload() -> Response:
    """The answer still says `pending`; the record is `available` at once, by the system."""
    table = request.args.get("table_name", "")
    sys_id = request.args.get("table_sys_id", "")
    if not request.args.get("file_name"):
        raise Refusal(400, "Missing parameter", "file_name is required")
    content, fate = request.get_data(), request.environ.get("sandbox.attachment", "available")
    if fate == "altered":
        content += b"\n"
    with site().instance.lock:
        caller().read(table, sys_id)
        described = _described(table, sys_id, content)
        if fate == "unhashed":
            described["hash"] = ""
        record = site().instance.create(_TABLE, described, caller().name)
        site().instance.files[record["sys_id"]] = content
        state = {"altered": "available", "unhashed": "available"}.get(fate, fate)
        done = {"state": state, "download_link": _file_url(record["sys_id"])}
        site().instance.update(_TABLE, record["sys_id"], done, by="system")
    answer = jsonify(result={**record, "download_link": done["download_link"]})
    answer.status_code = 201
    answer.headers["Location"] = done["download_link"]
    return answer


def _described(table: str, sys_id: str, content: bytes) -> dict[str, str]:
    return {
        "file_name": request.args["file_name"],
        "content_type": request.content_type or "application/octet-stream",
        "table_name": table,
        "table_sys_id": sys_id,
        "size_bytes": str(len(content)),
        "size_compressed": str(len(gzip.compress(content))),
        "hash": hashlib.sha256(content).hexdigest(),
        "state": "pending",
    }


def _file_url(sys_id: str) -> str:
    return f"{request.host_url}api/now/attachment/{sys_id}/file"


@bp.get("")
def listing() -> Response:
    chosen = site().instance.select(caller().walker, _TABLE, encoded_query())
    start = number("sysparm_offset", 0)
    page = chosen[start : start + number("sysparm_limit", 1000)]
    answer = jsonify(result=[record for _, record in page if _visible(record)])
    answer.headers["X-Total-Count"] = str(len(chosen))
    return answer


@bp.get("/<sys_id>")
def describe(sys_id: str) -> Response:
    return jsonify(result=_read(sys_id))


@bp.get("/<sys_id>/file")
def download(sys_id: str) -> Response:
    record = _read(sys_id)
    content = site().instance.files.get(sys_id, b"")
    answer = Response(content, content_type=record["content_type"])
    answer.headers["X-Attachment-Metadata"] = json.dumps(record)
    return answer


@bp.delete("/<sys_id>")
def delete(sys_id: str) -> tuple[str, int]:
    caller().delete(_TABLE, sys_id)
    return "", 204


def _read(sys_id: str) -> Record:
    record = site().instance.get(_TABLE, sys_id)
    if not _visible(record):
        raise missing()
    return record


def _visible(record: Record) -> bool:
    """Who may read the record may read its attachments."""
    owner = site().instance.find(record["table_name"], record["table_sys_id"])
    return owner is not None and caller().sees(record["table_name"], owner)
