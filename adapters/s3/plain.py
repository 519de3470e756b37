"""S3 where nothing unusual is set: the address of a bucket without asking boto3 for it.

boto3, its client and awscrt take a third of a second and 25 MB to load. Whatever this module does
not know of an environment, or of a name, it leaves to them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from adapters.aws.keys import Keys
from adapters.aws.terms import TRIES, Terms
from adapters.s3.address import Address
from adapters.s3.signing import Signer

AGENT = "fileferry"
ACCESS, SECRET, TOKEN = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"
BUNDLES = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE")
"""The files of authorities that boto3 trusts instead of the usual ones, the first before the other.
"""
FILES = {"AWS_CONFIG_FILE": "~/.aws/config", "AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials"}
"""Where profiles and settings are, unless the variable says otherwise."""
MODELS = "~/.aws/models"
HARMLESS = frozenset(
    {*(ACCESS, SECRET, TOKEN), *("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_EC2_METADATA_DISABLED")}
)
"""Those of the region give way to the setting."""
UNUSUAL = re.compile("AWS_|BOTO|(?!NO_)[A-Z]+_PROXY", re.IGNORECASE)
"""Beginnings of names of variables that may change where and how boto3 asks."""
OF_LAMBDA = re.compile("AWS_(LAMBDA|XRAY)_|AWS_EXECUTION_ENV$")
"""What every Lambda function finds; boto3 asks no other place for it."""
REGION = re.compile(r"(af|ap|ca|eu|il|me|mx|sa|us)-[a-z]+-[0-9]+")
"""Regions of the partition `aws`."""
STORE = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]+)?")
OF_AWS = re.compile(r"\.(amazonaws|aws|api)\b")
BUCKET = re.compile(r"[a-z0-9](-?[a-z0-9])+")
"""Names that are one label of a host; others have rules of their own, e.g. directory buckets."""
LONGEST_LABEL = 63


@dataclass(frozen=True, slots=True)
class Plain:
    """`root` is the URL before a bucket's name, `rest` what comes behind it."""

    root: str
    rest: str
    signer: Signer

    def find(self, bucket: str) -> Address | None:
        """None for a name that boto3 must judge."""
        if not (BUCKET.fullmatch(bucket) and 3 <= len(bucket) <= LONGEST_LABEL):  # noqa: PLR2004
            return None
        return _address(self, bucket)


def plain(
    region: str,
    endpoint_url: str | None,
    profile: str | None,
    environ: Mapping[str, str] = os.environ,
) -> Plain | None:
    """None where a profile, a file or a variable may have a say of which only boto3 knows.

    Credentials are those of the environment.
    """
    keyed = environ.get(ACCESS) and environ.get(SECRET)
    if profile or not keyed or _is_unusual(environ):
        return None
    signer = Signer(region, "s3", _keys(environ))
    if endpoint_url is None and REGION.fullmatch(region):
        # boto3 still uses the oldest name of the oldest region.
        place = "" if region == "us-east-1" else f"{region}."
        return Plain("https://", f".s3.{place}amazonaws.com/", signer)
    if endpoint_url and STORE.fullmatch(endpoint_url) and not OF_AWS.search(endpoint_url):
        return Plain(f"{endpoint_url}/", "/", signer)
    return None


@lru_cache(maxsize=64)
def _address(place: Plain, bucket: str) -> Address:
    """Once for all objects of a bucket, as `place` is."""
    return Address(f"{place.root}{bucket}{place.rest}", AGENT, place.signer)


def _is_unusual(environ: Mapping[str, str]) -> bool:
    known = {*HARMLESS, *FILES, *BUNDLES}
    strange = [name for name in environ if UNUSUAL.match(name) and not OF_LAMBDA.match(name)]
    if not known.issuperset(strange):
        return True
    files = [environ.get(variable, usual) for variable, usual in FILES.items()]
    return Path(MODELS).expanduser().exists() or not all(map(_says_nothing, files))


def _says_nothing(name: str) -> bool:
    if name == os.devnull:
        return True
    path = Path(name).expanduser()
    return not path.exists() or (path.is_file() and path.stat().st_size == 0)


def usual_terms(timeout: float, environ: Mapping[str, str] = os.environ) -> Terms:
    """`timeout` is in seconds, as with boto3."""
    return Terms(connect_timeout=timeout, timeout=timeout, tries=TRIES, trust=_trust(environ))


def _trust(environ: Mapping[str, str]) -> str | None:
    """None, which leaves TLS to boto3, for a bundle without a name and where there is none."""
    named = [environ[variable] for variable in BUNDLES if variable in environ]
    if named:
        return named[0] or None
    try:
        import certifi  # noqa: PLC0415  boto3 does without it as well
    except ImportError:
        return None
    return certifi.where()


def _keys(environ: Mapping[str, str]) -> Callable[[], Keys]:
    def keys() -> Keys:
        return Keys(environ[ACCESS], environ[SECRET], environ.get(TOKEN) or None)

    return keys
