"""Puts the parts of the HTTP surface together."""

from __future__ import annotations

from flask import Flask

from sandbox.servicenow import (
    attachment_api,
    batch_api,
    catalog_api,
    control,
    gate,
    oauth,
    pages,
    table_api,
)
from sandbox.servicenow.site import NAME, Site


def create_app(site: Site) -> Flask:
    app = Flask("sandbox.servicenow")
    app.extensions[NAME] = site
    app.json.sort_keys = False  # type: ignore[attr-defined]
    gate.install(app)
    for version in ("", "/v1", "/v2"):
        name = version.strip("/") or "latest"
        app.register_blueprint(table_api.bp, url_prefix=f"/api/now{version}", name=f"table_{name}")
        app.register_blueprint(batch_api.bp, url_prefix=f"/api/now{version}", name=f"batch_{name}")
        app.register_blueprint(
            attachment_api.bp, url_prefix=f"/api/now{version}/attachment", name=f"files_{name}"
        )
        app.register_blueprint(
            catalog_api.bp, url_prefix=f"/api/sn_sc{version}/servicecatalog", name=f"sc_{name}"
        )
    app.register_blueprint(oauth.bp)
    app.register_blueprint(control.bp, url_prefix="/sandbox")
    app.register_blueprint(pages.bp)
    return app
