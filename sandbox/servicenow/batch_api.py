"""The Batch API: several requests in one, served one after the other and not atomically."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Response as PlainResponse

from sandbox.servicenow.modes import Misbehaving
from sandbox.servicenow.site import PART, site
from sandbox.servicenow.table_api import body
from sandbox.servicenow.values import plain

bp = Blueprint("batch", __name__)
_KEPT = ("Authorization",)


@bp.post("/batch")
def batch() -> Response:
    """The outer 200 says nothing about the parts."""
    sent: Mapping[str, Any] = body()
    parts = [_serve(part) for part in sent.get("rest_requests") or []]
    return jsonify(
        batch_request_id=plain(sent.get("batch_request_id")),
        serviced_requests=parts,
        unserviced_requests=[],
    )


def _serve(part: Mapping[str, Any]) -> dict[str, Any]:
    given = {each["name"]: each["value"] for each in part.get("headers") or []}
    headers = {"Accept": "application/json", **given}  # clients that batch rarely repeat it
    headers.pop("Accept-Encoding", None)  # only the outer answer is ever compressed
    headers |= {name: request.headers[name] for name in _KEPT if name in request.headers}
    builder = EnvironBuilder(
        path=part["url"],
        base_url=request.host_url,
        method=part.get("method", "GET"),
        headers=headers,
        environ_base={PART: True},
        data=base64.b64decode(part.get("body") or ""),
    )
    app = Misbehaving(current_app.wsgi_app, site().modes, site().tokens, part=True)
    answer = PlainResponse.from_app(app, builder.get_environ(), buffered=True)
    bare = part.get("exclude_response_headers", False)
    shown = [{"name": name, "value": value} for name, value in answer.headers.items()]
    return {
        "id": plain(part.get("id")),
        "body": base64.b64encode(answer.get_data()).decode(),
        "status_code": answer.status_code,
        "status_text": answer.status.partition(" ")[2],
        "headers": [] if bare else shown,
        "execution_time": 1,
    }
