"""boto3 clients of the sandbox's AWS that nothing in the surroundings leads elsewhere."""

from __future__ import annotations

import os
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

_ALONE = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
"""botocore's session variables: neither AWS_PROFILE nor a file of the user's has a say."""


def make_client(service: str, aws: dict[str, str]) -> Any:
    """`aws` has endpoint_url, access_key, secret_key and region, as the sandbox prints them."""
    core = botocore.session.Session(session_vars=_ALONE)
    session: Any = boto3.Session(
        aws_access_key_id=aws["access_key"],
        aws_secret_access_key=aws["secret_key"],
        region_name=aws["region"],
        botocore_session=core,
    )
    direct = Config(proxies={}, retries={"total_max_attempts": 1}, connect_timeout=5)
    return session.client(service, endpoint_url=aws["endpoint_url"], config=direct)
