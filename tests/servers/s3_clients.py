"""S3 clients for the tests: FileFerry's own settings, given credentials, and quick to give up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config

from adapters.aws.client import client_config

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

REGION: Final = "eu-central-1"


def s3_client(
    endpoint_url: str,
    key: str = "KEY",
    secret: str = "secret",
    *,
    tries: int = 1,
    timeout: float = 10.0,
) -> S3Client:
    session = boto3.session.Session(
        aws_access_key_id=key, aws_secret_access_key=secret, region_name=REGION
    )
    quick = Config(retries={"mode": "standard", "total_max_attempts": tries}, proxies={})
    return session.client(
        "s3", endpoint_url=endpoint_url, config=client_config(endpoint_url, timeout).merge(quick)
    )
