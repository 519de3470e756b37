"""A mail server (aiosmtpd) with STARTTLS, or TLS from the first byte, that keeps its mail."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult

from sandbox.tls import Certificate


@dataclass
class Mail:
    """`refused` are the recipients that it takes no mail for."""

    ca_file: Path
    port: int = 0
    refused: frozenset[str] = frozenset()
    user: str = "ferry"
    password: str = "password-c4n4ry"
    got: list[EmailMessage] = field(default_factory=list)
    to: list[list[str]] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802  aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address in self.refused:
            return "550 5.1.1 c4n4ry is not known here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.got.append(message_from_bytes(envelope.content, policy=default))
        self.to.append(list(envelope.rcpt_tos))
        return "250 OK"

    def authenticate(
        self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any
    ) -> AuthResult:
        right = (data.login, data.password) == (self.user.encode(), self.password.encode())
        return AuthResult(success=right, handled=False)


@contextmanager
def mail_server(
    certificate: Certificate, *, implicit: bool = False, starttls: bool = True, login: bool = False
) -> Iterator[Mail]:
    made, loop = Mail(certificate.ca_file), asyncio.new_event_loop()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate.cert_file, certificate.key_file)

    def protocol() -> SMTP:
        return SMTP(
            made,
            tls_context=context if starttls and not implicit else None,
            require_starttls=starttls and not implicit,
            authenticator=made.authenticate,
            # It does not know of the TLS around it.
            auth_required=login and not implicit,
            auth_require_tls=not implicit,
            loop=loop,
            hostname="localhost",
        )

    def serve() -> None:
        asyncio.set_event_loop(loop)
        loop.run_forever()

    listening = loop.create_server(protocol, "127.0.0.1", 0, ssl=context if implicit else None)
    server = loop.run_until_complete(listening)
    made.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        asyncio.run_coroutine_threadsafe(_ended(server), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


async def _ended(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
