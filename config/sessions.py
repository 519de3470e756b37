"""What must hold between the settings of the sessions: who reads, by which role, told by whom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from config.faults import Fault

GLOBAL = "https://sts.amazonaws.com"
"""Does not offer GetScopedCredentials (STS API)."""
PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "eusc-": "aws-eusc"}
"""By how the names of their regions begin."""


def faults(data: dict[str, Any]) -> Iterator[Fault]:
    part, deploy = data.get("aws"), _part(_part(data, "cloud"), "deploy")
    part = part if isinstance(part, dict) else {}
    role = part.get("role_arn")
    if part.get("sessions", "process") == "process":
        if role:
            yield Fault(("aws", "sessions"), "must be scoped or role where aws.role_arn is set")
        if deploy.get("hosts"):
            words = "is for aws.sessions: scoped and role only"
            yield Fault(("cloud", "deploy", "hosts"), words)
        return
    if not role:
        yield Fault(("aws", "role_arn"), "must name the role that reads, for aws.sessions")
    elif isinstance(role, str):
        yield from _of_the_role(role, part, deploy)
    address = part.get("sts_endpoint_url")
    if part.get("sessions") == "scoped" and str(address).rstrip("/") == GLOBAL:
        words = "must be that of a region: the global one has no sts:GetScopedCredentials"
        yield Fault(("aws", "sts_endpoint_url"), words)


def _of_the_role(role: str, part: dict[str, Any], deploy: dict[str, Any]) -> Iterator[Fault]:
    region = str(part.get("region") or "")
    partition = next((PARTITIONS[one] for one in PARTITIONS if region.startswith(one)), "aws")
    if not role.startswith(f"arn:{partition}:"):
        yield Fault(("aws", "role_arn"), f"must be in {partition}, where aws.region is")
    account = deploy.get("account")
    if not account or deploy.get("make_reader") is False:
        return
    path = str(deploy.get("role_path") or "/")
    above, _, name = role.partition(f":iam::{account}:role{path}")
    if above != f"arn:{deploy.get('partition', 'aws')}" or not name or "/" in name:
        words = (
            "must be in the account, partition and role_path of cloud.deploy, which makes it, or "
            "be there already (cloud.deploy.make_reader: false)"
        )
        yield Fault(("aws", "role_arn"), words)


def _part(data: dict[str, Any], name: str) -> dict[str, Any]:
    found = data.get(name)
    return found if isinstance(found, dict) else {}
