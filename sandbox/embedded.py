"""The sandbox as a whole: starts the named parts, and says where they are and who may come in."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sandbox.aws import Aws
from sandbox.plan import HOST, Addresses, Part, Plan, Unusable
from sandbox.remotes import SftpServer
from sandbox.servicenow import ServiceNow
from sandbox.servicenow.installed import setup_of
from sandbox.servicenow.package.reading import read
from sandbox.servicenow.refusal import Refusal
from sandbox.servicenow.seed import SEEDED, Setup
from sandbox.tls import make_certificate


@contextmanager
def running(plan: Plan) -> Iterator[Addresses]:
    """The addresses of the parts, which stand until the block is left. Raises Unusable."""
    addresses: Addresses = {}
    with ExitStack() as stack:
        directory = plan.directory or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="fileferry-sandbox-"))
        )
        for part in Part:
            if part in plan.parts:
                addresses |= _start(part, plan, directory, stack)
        yield addresses


def _start(part: Part, plan: Plan, directory: Path, stack: ExitStack) -> Addresses:
    starters: dict[Part, Callable[[Plan, Path, ExitStack], Addresses]] = {
        Part.SERVICENOW: _servicenow,
        Part.AWS: _aws,
        Part.REMOTES: _remotes,
    }
    port = plan.ports.get(part, 0)
    try:
        # werkzeug ends the process, rather than raise, when it cannot bind.
        socket.create_server((HOST, port)).close()
        return starters[part](plan, directory, stack)
    except OSError as error:
        where = f"on port {port} of {HOST}" if port else f"in {directory}"
        reason = os.strerror(error.errno or 0)
        raise Unusable(f"The part {part} cannot start {where}: {reason}.") from error


def _servicenow(plan: Plan, directory: Path, stack: ExitStack) -> Addresses:
    certificate = make_certificate(directory / "tls") if plan.tls else None
    port = plan.ports.get(Part.SERVICENOW, 0)
    setup = _setup(plan.package)
    try:
        server = ServiceNow(host=HOST, port=port, tls=certificate, seed=plan.seed, setup=setup)
    except (Refusal, LookupError, ValueError) as error:
        raise Unusable(f"ServiceNow does not take a record of the seed: {error}.") from error
    server.start()
    stack.callback(server.stop)
    return {
        "servicenow": {
            "url": server.url,
            "page": f"{server.url}/",
            "user": SEEDED.user,
            "password": SEEDED.password,
            "client_id": SEEDED.client_id,
            "client_secret": SEEDED.client_secret,
            "ca_file": str(certificate.ca_file) if certificate else None,
            "catalog_item": setup.catalog_item,
            "group": setup.group,
            "approver_group": setup.approver_group,
            "standing": setup.standing,
            "application": setup.application or None,
            "users": {
                name: {"sys_id": person.sys_id, "password": person.password}
                for name, person in SEEDED.users.items()
            },
        }
    }


def _setup(package: Path | None) -> Setup:
    """Raises Unusable, with what is wrong with the package."""
    if package is None:
        return Setup()
    try:
        return setup_of(read(package))
    except (OSError, ValueError, KeyError) as error:
        raise Unusable(f"{package} is no package of FileFerry's application: {error}.") from error


def _aws(plan: Plan, _directory: Path, stack: ExitStack) -> Addresses:
    aws = stack.enter_context(Aws(host=HOST, port=plan.ports.get(Part.AWS, 0)))
    names = ("endpoint_url", "access_key", "secret_key", "region", "bucket")
    queues = ("queue_url", "dead_letters_url")
    return {"aws": {name: getattr(aws, name) for name in (*names, *queues)}}


def _remotes(plan: Plan, directory: Path, stack: ExitStack) -> Addresses:
    port = plan.ports.get(Part.REMOTES, 0)
    sftp = stack.enter_context(SftpServer(root=directory / "partner", host=HOST, port=port))
    names = ("host", "port", "username", "password", "host_key")
    return {"sftp": {name: getattr(sftp, name) for name in names} | {"root": str(sftp.root)}}
