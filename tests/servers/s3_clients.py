"""S3 clients for the tests: FileFerry's own settings, given credentials, and quick to give up."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config

from adapters.aws.client import client_config

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

REGION: Final = "eu-central-1"
# Each session reads the service's description anew, which is most of what a client costs.
_SESSION = boto3.session.Session()
_LOCK = threading.Lock()


def s3_client(
    endpoint_url: str,
    key: str = "KEY",
    secret: str = "secret",
    *,
    tries: int = 1,
    timeout: float = 10.0,
) -> S3Client:
    quick = Config(retries={"mode": "standard", "total_max_attempts": tries}, proxies={})
    with _LOCK:
        return _SESSION.client(
            "s3",
            region_name=REGION,
            endpoint_url=endpoint_url,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            config=client_config(endpoint_url, timeout).merge(quick),
        )
