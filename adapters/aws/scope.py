"""What a session may do: one thing in one bucket, and the session policy that says so."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from transfer.errors import Code, Permanent

LONGEST_POLICY = 2048
"""Characters of a session policy (STS API, GetScopedCredentials and AssumeRole)."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One object, in one version where one is pinned; or, `listing`, the names with that prefix."""

    bucket: str
    key: str
    version_id: str | None = None
    listing: bool = False

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


def policy(scope: Scope, partition: str, until: datetime | None = None) -> str:
    """The policy in JSON, with an end of its own where `until` says one, to the second.

    Raises Permanent `session.refused` for a key that does not fit into one.
    """
    ends = {"DateLessThan": {"aws:CurrentTime": f"{until:%Y-%m-%dT%H:%M:%SZ}"}} if until else {}
    statements = [_listing(scope, partition) if scope.listing else _reading(scope, partition)]
    if not scope.listing:
        # Which keys that may be is for the role to say; here: no use of them but by S3.
        through_s3 = {"StringLike": {"kms:ViaService": "s3.*"}}
        statements.append(_allow("kms:Decrypt", "*", through_s3))
    for statement in statements:
        statement["Condition"] = {**statement["Condition"], **ends}
        if not statement["Condition"]:
            del statement["Condition"]
    document = {"Version": "2012-10-17", "Statement": statements}
    text = _within_latin(json.dumps(document, ensure_ascii=False, separators=(",", ":")))
    if len(text) > LONGEST_POLICY:
        raise too_long(scope)
    return text


def too_long(scope: Scope) -> Permanent:
    return Permanent(
        Code.SESSION_REFUSED,
        f"The key of {scope.uri} is too long to open a session for this object alone.",
        action="Store the object under a shorter key, then order again.",
        file=scope.uri,
    )


def _reading(scope: Scope, partition: str) -> dict[str, Any]:
    """S3 asks for another right once a version is named: only the needed one is given."""
    resource = _arn(partition, scope.bucket, f"/{_literal(scope.key)}")
    if scope.version_id is None:
        return _allow("s3:GetObject", resource, {})
    version = {"StringEquals": {"s3:VersionId": scope.version_id}}
    return _allow("s3:GetObjectVersion", resource, version)


def _listing(scope: Scope, partition: str) -> dict[str, Any]:
    below = {"StringEquals": {"s3:prefix": scope.key.replace("$", "${$}")}}
    return _allow("s3:ListBucket", _arn(partition, scope.bucket, ""), below)


def _arn(partition: str, bucket: str, path: str) -> str:
    """An access point is named by its ARN already."""
    if bucket.startswith("arn:"):
        return f"{bucket}/object{path}" if path else bucket
    return f"arn:{partition}:s3:::{bucket}{path}"


def _allow(action: str, resource: str, condition: dict[str, Any]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, "Condition": condition}


def _literal(key: str) -> str:
    """IAM takes `*`, `?` and `${` of a resource for patterns (IAM User Guide, policy variables)."""
    return re.sub(r"[*?$]", lambda found: f"${{{found[0]}}}", key)


def _within_latin(text: str) -> str:
    """STS takes no character of a policy above U+00FF as it is."""
    return re.sub("[^\x00-\xff]", lambda found: json.dumps(found[0])[1:-1], text)
