"""/oauth_token.do and its revocation: form body only."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from sandbox.servicenow.site import site

bp = Blueprint("oauth", __name__)
_FORM = "application/x-www-form-urlencoded"


@bp.post("/oauth_token.do")
def token() -> tuple[Response, int]:
    given = request.form if request.mimetype == _FORM else {}
    answer = site().tokens.grant(given)
    if answer is None:
        return jsonify(error_description="access_denied", error="server_error"), 401
    return jsonify(answer), 200


@bp.route("/oauth_revoke_token.do", methods=["GET", "POST"])
def revoke() -> str:
    """Needs no login, as on an instance."""
    site().tokens.revoke(request.values.get("token", ""))
    return ""
