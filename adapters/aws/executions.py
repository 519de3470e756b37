"""Executions of one state machine of AWS Step Functions."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError

from adapters.aws import client as aws
from transfer.errors import Code, FerryError, Permanent, Transient
from transfer.routing import ExecutionState
from transfer.visible import visible

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient

LONGEST_CAUSE = 1000
"""Characters; the API takes 32,768 (StopExecution)."""
ERRAND = "use the state machine"
ABSENT = "ExecutionDoesNotExist"
OVER = "ExecutionAlreadyExists"
"""The name was used within 90 days, by one that has ended or was told something else."""

Said = TypeVar("Said")


def make_client(
    region: str, endpoint_url: str | None = None, profile: str | None = None, timeout: float = 30.0
) -> SFNClient:
    """A client safe to share between threads. Raises Permanent `config.invalid`."""
    import boto3  # noqa: PLC0415  as in adapters/s3/store.py

    with aws.settings_checked():
        session = boto3.session.Session(profile_name=profile, region_name=region)
        config = aws.client_config(endpoint_url, timeout)
        return aws.guarded(
            session.client("stepfunctions", endpoint_url=endpoint_url, config=config)
        )


class StepFunctions:
    """The Executions port over the state machine with the ARN `machine`."""

    def __init__(self, client: SFNClient, machine: str) -> None:
        self._client = client
        self._machine = machine

    def start(self, name: str, told: Mapping[str, object], trace: str = "") -> None:
        # Idempotent while it runs, for the same name and input (StartExecution).
        text = json.dumps(told, sort_keys=True)
        more: Any = {"traceHeader": trace} if trace else {}
        self._asked(
            lambda: self._client.start_execution(
                stateMachineArn=self._machine, name=name, input=text, **more
            ),
            unless=OVER,
        )

    def state(self, name: str) -> ExecutionState:
        found = self._asked(
            lambda: self._client.describe_execution(executionArn=self._arn(name))["status"],
            unless=ABSENT,
        )
        if found is None:
            return ExecutionState.ABSENT
        return ExecutionState.RUNNING if found in RUNNING else ExecutionState.ENDED

    def stop(self, name: str, why: str) -> None:
        self._asked(
            lambda: self._client.stop_execution(
                executionArn=self._arn(name), error="Stopped", cause=visible(why)[:LONGEST_CAUSE]
            ),
            unless=ABSENT,
        )

    def _arn(self, name: str) -> str:
        """arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME."""
        return f"{self._machine.replace(':stateMachine:', ':execution:', 1)}:{name}"

    def _asked(self, call: Callable[[], Said], *, unless: str) -> Said | None:
        """What was answered; None for the error that is an answer as well."""
        try:
            with aws.no_answer_translated("Step Functions", ERRAND):
                return call()
        except ClientError as error:
            code = aws.code_of(error)
            if code == unless:
                return None
            known = aws.answer_translated(error, "Step Functions", ERRAND)
            raise _named(known, code) from error
        except FerryError as error:
            raise _named(error, "") from error


def _named(error: FerryError | None, code: str) -> FerryError:
    if error is not None and not error.permanent:
        return Transient(Code.EXECUTION_UNAVAILABLE, error.message, retry_after=error.retry_after)
    said = error.message if error else f"Step Functions refused it ({visible(code)})."
    return Permanent(Code.EXECUTION_REFUSED, said)


RUNNING = frozenset({"RUNNING", "PENDING_REDRIVE"})
