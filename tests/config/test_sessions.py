"""Combinations of the sessions' settings that nothing could work with are refused at the start."""

from __future__ import annotations

import pytest

from config.loading import load
from tests.config.conftest import GOOD, Faults, Write

READER = "role_arn: arn:aws:iam::123456789012:role/reader"
SCOPED = f"sessions: scoped, {READER}"
DEPLOY = 'account: "123456789012", bucket: artefacts'


def text(aws: str, deploy: str = "") -> str:
    return f"{GOOD}aws: {{{aws}}}\ncloud: {{deploy: {{{deploy}}}}}\n"


WRONG = {
    "sessions: scoped": "aws.role_arn must name the role",
    "sessions: role": "aws.role_arn must name the role",
    READER: "aws.sessions must be scoped or role",
    f"sessions: process, {READER}": "aws.sessions must be scoped or role",
    f"{SCOPED}, region: cn-north-1": "aws.role_arn must be in aws-cn",
    f"{SCOPED}, region: us-gov-west-1": "aws.role_arn must be in aws-us-gov",
    "sessions: role, role_arn: arn:aws-cn:iam::123456789012:role/reader": "must be in aws, where",
    f"{SCOPED}, sts_endpoint_url: https://sts.amazonaws.com/": "must be that of a region",
}


@pytest.mark.parametrize("aws", WRONG)
def test_a_bad_combination_is_refused_in_one_sentence(faults: Faults, aws: str) -> None:
    (only,) = faults(text=text(aws))
    assert WRONG[aws] in only.replace(": ", " ", 1)
    assert len(only.splitlines()) == 1


ELSEWHERE = [
    'account: "999999999999"',
    f"{DEPLOY}, role_path: /fileferry/",
    f"{DEPLOY}, partition: aws-cn",
]


@pytest.mark.parametrize("deploy", ELSEWHERE)
def test_a_role_that_is_to_be_made_stands_where_all_else_is_made(
    faults: Faults, write: Write, deploy: str
) -> None:
    (only,) = faults(text=text(SCOPED, deploy))
    assert "make_reader: false" in only
    settings = load(write(text(SCOPED, f"{deploy}, make_reader: false")))
    assert settings.aws.role_arn


def test_hosts_are_trusted_by_a_role_of_sessions_only(faults: Faults) -> None:
    hosts = "hosts: [arn:aws:iam::123456789012:role/bastion]"
    (only,) = faults(text=text("sessions: process", hosts))
    assert "aws.sessions: scoped and role only" in only


@pytest.mark.parametrize(
    ("aws", "deploy"),
    [
        ("sessions: process", DEPLOY),
        (SCOPED, ""),
        (SCOPED, DEPLOY),
        (f"{SCOPED}, sts_endpoint_url: https://sts.eu-central-1.amazonaws.com", DEPLOY),
        (f"sessions: role, {READER}, sts_endpoint_url: https://sts.amazonaws.com", DEPLOY),
        (
            f"sessions: scoped, {READER.replace('role/', 'role/ferry/')}",
            f"{DEPLOY}, role_path: /ferry/",
        ),
        ("sessions: role, role_arn: arn:aws-cn:iam::123456789012:role/r, region: cn-north-1", ""),
    ],
)
def test_what_fits_is_taken(write: Write, aws: str, deploy: str) -> None:
    assert load(write(text(aws, deploy))).aws.sessions in aws
