"""A FileFerry configuration for a running sandbox, with its secrets beside it."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path
from typing import Any

import yaml

from sandbox.plan import Addresses

SECRETS = "credentials"
"""The directory beside the configuration in which FileFerry looks for its secrets."""
ADDRESSES = "sandbox.json"
"""The file beside the configuration that says where the sandbox is, for `sandbox order`."""
ENVIRONMENT = "env"
"""The file beside the configuration that a shell reads with `.` before it starts `fileferry`."""
VAULT = "vault"
REQUESTERS = ["anna.berg", "tom.reyes"]
"""User names that may send to `partner`; only otto.lind may send to `vault`."""


def write_configuration(
    directory: Path, addresses: Addresses, *, poll_seconds: float = 5.0
) -> Path:
    """Write fileferry.yaml and what lies beside it, for all three parts; returns the file's path.

    The destinations are `partner`, the SFTP server's root, and `vault`, a directory in it. Raises
    OSError when `directory` cannot be written.
    """
    directory = directory.resolve()
    secrets = directory / SECRETS
    secrets.mkdir(parents=True, exist_ok=True)
    secrets.chmod(0o700)
    _write_secret(secrets / "servicenow", addresses["servicenow"]["client_secret"])
    _write_secret(secrets / "partner", addresses["sftp"]["password"])
    Path(addresses["sftp"]["root"], VAULT).mkdir(exist_ok=True)
    file = directory / "fileferry.yaml"
    content = _settings(directory, addresses, poll_seconds)
    file.write_text(plain_yaml(content), "utf-8")
    file.chmod(0o640)
    told = {**addresses, "destinations": [*content["destinations"]]}
    _write_secret(directory / ADDRESSES, json.dumps(told, indent=2))
    _write_secret(directory / ENVIRONMENT, _exports(file, addresses))
    return file


class _Plain(yaml.SafeDumper):
    """FileFerry takes no aliases, with which the usual dumper writes what stands twice."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True


def plain_yaml(content: Any) -> str:
    """The content as a configuration may be written."""
    return yaml.dump(content, Dumper=_Plain, sort_keys=False, allow_unicode=True)


def environment(addresses: Addresses) -> dict[str, str]:
    """What a daemon with the written configuration needs in its environment."""
    return {
        "AWS_ACCESS_KEY_ID": addresses["aws"]["access_key"],
        "AWS_SECRET_ACCESS_KEY": addresses["aws"]["secret_key"],
    }


def _exports(file: Path, addresses: Addresses) -> str:
    """After it `fileferry` is this one, reads that file, and goes to nobody else's AWS or proxy."""
    here = {"NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}
    variables = {"FILEFERRY_CONFIG": str(file), **environment(addresses), **here}
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    place = shlex.quote(str(Path(sys.executable).parent))
    return "\n".join(
        ["unset AWS_PROFILE CREDENTIALS_DIRECTORY", *lines, f'export PATH={place}:"$PATH"', ""]
    )


def _write_secret(file: Path, value: str) -> None:
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(value)


def _settings(directory: Path, addresses: Addresses, poll_seconds: float) -> dict[str, Any]:
    aws, instance = addresses["aws"], _instance(addresses["servicenow"])
    if aws["queue_url"] and "application" in instance:
        # S3 events come by the queue alone.
        instance["standing"] = {"table": addresses["servicenow"]["standing"]}
    return {
        "servicenow": instance,
        "poll": {"every": poll_seconds},
        "queue": {"url": aws["queue_url"], "endpoint_url": aws["endpoint_url"]},
        "aws": {
            "region": aws["region"],
            "endpoint_url": aws["endpoint_url"],
            "sts_endpoint_url": aws["endpoint_url"],
        },
        "ledger": {"path": str(directory / "ledger.db")},
        "destinations": {
            "partner": _endpoint(addresses["sftp"], "/"),
            VAULT: _endpoint(addresses["sftp"], f"/{VAULT}"),
        },
        "grants": [
            _grant(REQUESTERS, aws["bucket"], "partner"),
            _grant(["otto.lind"], aws["bucket"], VAULT),
        ],
    }


def _instance(servicenow: dict[str, Any]) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "url": servicenow["url"],
        "auth": "oauth",
        "user": servicenow["client_id"],
        "secret": "servicenow",
        "group": servicenow["group"],
        "approver_group": servicenow["approver_group"],
        "catalog_items": [servicenow["catalog_item"]],
    }
    if servicenow["application"]:
        settings |= {"application": servicenow["application"], "known_as": "sandbox"}
    return settings | ({"ca_file": servicenow["ca_file"]} if servicenow["ca_file"] else {})


def _endpoint(sftp: dict[str, Any], root: str) -> dict[str, Any]:
    return {
        "protocol": "sftp",
        "host": sftp["host"],
        "port": sftp["port"],
        "username": sftp["username"],
        "password": "partner",
        "host_keys": [sftp["host_key"]],
        "root": root,
    }


def _grant(requesters: list[str], bucket: str, destination: str) -> dict[str, list[str]]:
    return {
        "requesters": list(requesters),
        "sources": [f"s3://{bucket}/"],
        "destinations": [destination],
    }
