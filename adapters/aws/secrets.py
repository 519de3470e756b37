"""Secrets from AWS Secrets Manager, kept for a while: a call costs money and 20 ms."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from adapters.aws import client as aws
from transfer.errors import Code, FerryError, Permanent, Transient

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient

ABSENT = frozenset({"ResourceNotFoundException", "InvalidRequestException"})
"""It is not there, or it is marked for deletion."""


def make_client(
    region: str, endpoint_url: str | None = None, timeout: float = 30.0
) -> SecretsManagerClient:
    """A client with the credentials of the process. Raises Permanent `config.invalid`."""
    import boto3  # noqa: PLC0415  as in adapters/s3/store.py

    with aws.settings_checked():
        session = boto3.session.Session(region_name=region)
        config = aws.client_config(endpoint_url, timeout)
        return aws.guarded(
            session.client("secretsmanager", endpoint_url=endpoint_url, config=config)
        )


class Vault:
    """Called with a name, returns the text of the secret `prefix` + name.

    One that was changed is known after `keep` seconds. For all threads. Raises Permanent and
    Transient `secret.missing`.
    """

    def __init__(
        self,
        client: SecretsManagerClient,
        prefix: str,
        keep: float,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._prefix = prefix
        self._keep = keep
        self._now = now
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, str]] = {}

    def __repr__(self) -> str:
        return "Vault()"

    def __call__(self, name: str) -> str:
        with self._lock:
            read_at, text = self._known.get(name, (0.0, ""))
            if not text or self._now() - read_at > self._keep:
                read_at, text = self._now(), self._read(name)
                self._known[name] = (read_at, text)
            return text

    def _read(self, name: str) -> str:
        try:
            with aws.no_answer_translated("Secrets Manager", f"read the secret {name}"):
                found = self._client.get_secret_value(SecretId=self._prefix + name)
        except ClientError as error:
            raise self._refusal(name, error) from error
        except FerryError as error:
            raise self._silence(name) from error
        if not found.get("SecretString"):
            raise self._missing(name, "has no text")
        return found["SecretString"]

    def _refusal(self, name: str, error: ClientError) -> FerryError:
        if aws.is_busy(error):
            return self._silence(name)
        code = aws.code_of(error)
        if code in ABSENT:
            return self._missing(name, f"is not there ({code})")
        return self._missing(name, f"may not be read by this function's role ({code})")

    def _silence(self, name: str) -> Transient:
        return Transient(
            Code.SECRET_MISSING,
            f"AWS Secrets Manager gave no whole answer about {self._prefix}{name}.",
            action="Check AWS Secrets Manager, and the network of the functions.",
        )

    def _missing(self, name: str, how: str) -> Permanent:
        return Permanent(
            Code.SECRET_MISSING,
            f"The secret {self._prefix}{name} {how}.",
            action=f"Put it into AWS Secrets Manager as {self._prefix}{name}, for the functions to "
            "read.",
        )
