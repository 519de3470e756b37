"""Whether it is AWS that answers: only AWS's word on an object is ever believed."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from adapters.s3.pin import Headers

S3_OF_AWS = re.compile(
    r"([a-z0-9.-]+\.)?s3(-fips|-accelerate)?(\.dualstack)?(\.[a-z]{2}(-[a-z]+)+-[0-9]+)?(\.vpce)?"
    r"\.amazonaws\.(com|com\.cn|eu)"
)
"""The hosts of general-purpose buckets. Others below these names are rented out: to API Gateway and
EC2 somebody else's store may answer.
"""
SERVER = "AmazonS3"


def by_aws(url: str, headers: Headers) -> bool:
    """Of an answer to a request to `url`: over TLS, whose certificate was checked for that host."""
    parts = urlsplit(url)
    if parts.scheme != "https" or parts.port not in (None, 443):
        return False
    return bool(S3_OF_AWS.fullmatch(parts.hostname or "")) and headers.get("server") == SERVER
