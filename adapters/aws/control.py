"""What deploying asks beside CloudFormation: who we are, a place for the zip, functions, roles."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from adapters.aws import client as aws
from transfer.errors import Code, FerryError, Permanent, Transient
from transfer.visible import visible

LONGEST_REASON = 500
NOT_THERE = frozenset({"404", "NoSuchKey", "NotFound", "ResourceNotFoundException"})


class Place:
    """One of AWS's regions, by the credentials of a profile or of the process. `timeout` in
    seconds. Raises Permanent `config.invalid`.
    """

    def __init__(self, region: str, profile: str | None, timeout: float) -> None:
        self._timeout = timeout
        with aws.settings_checked():
            self._session: Any = boto3.session.Session(profile_name=profile, region_name=region)

    def client(self, service: str, endpoint_url: str | None) -> Any:
        with aws.settings_checked():
            config = aws.client_config(endpoint_url, self._timeout)
            made = self._session.client(service, endpoint_url=endpoint_url, config=config)
            return aws.guarded(made)


@dataclass(frozen=True, slots=True)
class Identity:
    partition: str
    account: str
    arn: str


@dataclass(frozen=True, slots=True)
class Said:
    """What a function answered. `died` is AWS's word for why it did not; `log` ends its log."""

    answer: Any
    died: str
    log: str


class Control:
    """Raises Permanent `deploy.refused` and Transient `deploy.unavailable`."""

    def __init__(self, sts: Any, s3: Any, functions: Any, iam: Any, machines: Any) -> None:
        self._sts, self._s3, self._functions = sts, s3, functions
        self._iam, self._machines = iam, machines

    def identity(self) -> Identity:
        with asked("STS", "ask who it is"):
            told = self._sts.get_caller_identity()
        arn = str(told["Arn"])
        return Identity(arn.split(":")[1], str(told["Account"]), arn)

    def region_of(self, bucket: str, owner: str) -> str:
        """Raises also where another account than `owner` has the bucket."""
        with asked("S3", f"look at the bucket {bucket}"):
            told = self._s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=owner)
        headers = told["ResponseMetadata"]["HTTPHeaders"]
        return str(told.get("BucketRegion") or headers.get("x-amz-bucket-region") or "")

    def put(self, bucket: str, key: str, path: Path, sha256: str) -> bool:
        """False: it is there. The key says what is in it, and S3 checks the digest (hex)."""
        if self._has(bucket, key):
            return False
        digest = base64.b64encode(bytes.fromhex(sha256)).decode()
        with asked("S3", f"put {key} into the bucket {bucket}"), path.open("rb") as body:
            self._s3.put_object(Bucket=bucket, Key=key, Body=body, ChecksumSHA256=digest)
        return True

    def put_text(self, bucket: str, text: str) -> str:
        """The address of a template under its own digest, as CloudFormation wants it; by a change
        set itself no more than 51,200 bytes can be sent.
        """
        body = text.encode()
        digest = hashlib.sha256(body)
        key = f"fileferry/{digest.hexdigest()}.template.json"
        if not self._has(bucket, key):
            checksum = base64.b64encode(digest.digest()).decode()
            with asked("S3", f"put {key} into the bucket {bucket}"):
                self._s3.put_object(Bucket=bucket, Key=key, Body=body, ChecksumSHA256=checksum)
        return f"{self._s3.meta.endpoint_url}/{bucket}/{key}"

    def _has(self, bucket: str, key: str) -> bool:
        with asked("S3", f"look for {key} in the bucket {bucket}"):
            try:
                self._s3.head_object(Bucket=bucket, Key=key)
            except ClientError as error:
                if aws.code_of(error) in NOT_THERE:
                    return False
                raise
        return True

    def digest_of(self, function: str) -> str | None:
        """SHA-256 (hex) of the zip that the function has; None where there is no function."""
        with asked("Lambda", f"look at the function {function}"):
            try:
                told = self._functions.get_function_configuration(FunctionName=function)
            except ClientError as error:
                if aws.code_of(error) in NOT_THERE:
                    return None
                raise
        return base64.b64decode(told["CodeSha256"]).hex()

    def role_of(self, function: str) -> str:
        """The ARN of the role that the function has, whoever gave it to it."""
        with asked("Lambda", f"look at the function {function}"):
            return str(self._functions.get_function_configuration(FunctionName=function)["Role"])

    def may(self, role: str, actions: Sequence[str], resource: str) -> dict[str, bool]:
        """By action, whether IAM would let the role do it; nothing is done."""
        with asked("IAM", f"ask what {role} may do"):
            told = self._iam.simulate_principal_policy(
                PolicySourceArn=role, ActionNames=list(actions), ResourceArns=[resource]
            )
        found = told["EvaluationResults"]
        return {each["EvalActionName"]: each["EvalDecision"] == "allowed" for each in found}

    def running(self, machine: str) -> list[str]:
        """The names of the executions of that state machine (ARN) that run; none: no machine."""
        with asked("Step Functions", f"look for executions of {machine}"):
            pages = self._machines.get_paginator("list_executions")
            try:
                found = list(pages.paginate(stateMachineArn=machine, statusFilter="RUNNING"))
            except ClientError as error:
                if aws.code_of(error) == "StateMachineDoesNotExist":
                    return []
                raise
        return [str(each["name"]) for page in found for each in page["executions"]]

    def call(self, function: str, event: object) -> Said:
        with asked("Lambda", f"call the function {function}"):
            told = self._functions.invoke(
                FunctionName=function, Payload=json.dumps(event), LogType="Tail"
            )
            answer = json.loads(told["Payload"].read() or "null")
        died = str(told.get("FunctionError") or "")
        log = base64.b64decode(told.get("LogResult") or "").decode(errors="replace")
        return Said(answer, died, log)


@contextmanager
def asked(service: str, errand: str) -> Iterator[None]:
    """Around a call: what AWS says, or does not say, as an error of ours."""
    try:
        with aws.no_answer_translated(service, errand):
            yield
    except ClientError as error:
        raise _refusal(service, errand, error) from error
    except Transient as error:
        raise Transient(Code.DEPLOY_UNAVAILABLE, error.message) from error
    except Permanent as error:
        if error.code in (Code.SESSION_REFUSED, Code.SOURCE_MALFORMED):
            raise Permanent(Code.DEPLOY_REFUSED, error.message) from error
        raise


def _refusal(service: str, errand: str, error: ClientError) -> FerryError:
    code, said = aws.code_of(error), str(error.response.get("Error", {}).get("Message", ""))
    if aws.is_busy(error):
        words = f"FileFerry could not {errand}: {service} was not ready ({code})."
        return Transient(Code.DEPLOY_UNAVAILABLE, words)
    why = visible(said)[:LONGEST_REASON].rstrip(".")
    return Permanent(
        Code.DEPLOY_REFUSED, f"FileFerry could not {errand}: {service} says {code}: {why}."
    )
