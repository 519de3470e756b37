"""boto3 clients of the sandbox's AWS that nothing in the surroundings leads elsewhere."""

from __future__ import annotations

import os
import threading
from functools import cache
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
_LOCK = threading.Lock()


def make_client(service: str, aws: dict[str, str]) -> Any:
    """`aws` has endpoint_url, access_key, secret_key and region, as the sandbox prints them."""
    direct = Config(proxies={}, retries={"total_max_attempts": 1}, connect_timeout=5)
    with _LOCK:
        return _session().client(
            service,
            region_name=aws["region"],
            endpoint_url=aws["endpoint_url"],
            aws_access_key_id=aws["access_key"],
            aws_secret_access_key=aws["secret_key"],
            config=direct,
        )


@cache
def _session() -> Any:
    """One for all: each would read the services' descriptions anew."""
    core = botocore.session.Session(session_vars=_ALONE)
    return boto3.Session(botocore_session=core)
