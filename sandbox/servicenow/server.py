"""Serves an instance over HTTP or TLS from a daemon thread."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

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
from sandbox.servicenow.business import furnished
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.modes import Misbehaving, Modes
from sandbox.servicenow.seed import Setup
from sandbox.servicenow.site import NAME, Site
from sandbox.servicenow.tokens import Tokens
from sandbox.servicenow.wire import Server
from sandbox.tls import Certificate

_POLL = 0.02
_JOIN = 5.0


class ServiceNow:
    """A ServiceNow instance on loopback.

    `seed` adds records to those of the `setup`, or overrides those with the same sys_id. Port 0
    takes a free port, which is known once `start` has returned. `client_ca`: a client certificate
    of that authority logs in the user that its common name names. `modes` switches misbehaviour on
    and off, `site.served` has the latest requests.
    """

    def __init__(  # noqa: PLR0913 what an instance may be asked to be
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: Certificate | None = None,
        client_ca: Path | None = None,
        seed: Mapping[str, Sequence[Mapping[str, str]]] | None = None,
        setup: Setup | None = None,
    ) -> None:
        self._host, self._port, self._tls = host, port, tls
        self._client_ca = client_ca
        instance = furnished(seed, setup)
        self.site = Site(instance, Tokens(instance), Modes())
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def instance(self) -> Instance:
        return self.site.instance

    @property
    def modes(self) -> Modes:
        return self.site.modes

    @property
    def url(self) -> str:
        """Without a slash at the end."""
        return f"{'https' if self._tls else 'http'}://{self._host}:{self._port}"

    def start(self) -> None:
        """Raises OSError when the port is taken. A stopped one starts on the same port again."""
        app = Misbehaving(_create_app(self.site), self.modes, self.site.tokens)
        self._server = Server(self._host, self._port, app, self._tls, self._client_ca)
        self._port = self._server.port
        self.modes.stopping.clear()
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL,), name="servicenow", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and hang up on everybody; the records stay. Stopping twice is fine."""
        if self._server is None or self._thread is None:
            return
        self.modes.stopping.set()
        self._server.shutdown()
        self._thread.join(_JOIN)
        self._server.hang_up()
        self._server.server_close()
        self._server = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()


def _create_app(site: Site) -> Flask:
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
