"""One stack of AWS CloudFormation: what stands, what would change, and the change itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, takewhile
from typing import Any

from botocore.exceptions import ClientError

from adapters.aws import client as aws
from adapters.aws.control import asked
from transfer.errors import Code, Permanent
from transfer.visible import visible

SERVICE = "CloudFormation"
UNCHANGED = ("didn't contain changes", "No updates are to be performed")
"""By these words alone AWS tells a change set without a change from one that failed."""
BEGUN = frozenset({"InvalidChangeSetStatus", "InvalidChangeSetStatusException"})
"""An execution whose answer was lost, asked for once more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """`since` is when AWS last began to change it."""

    id: str
    status: str
    reason: str
    tags: Mapping[str, str]
    outputs: Mapping[str, str]
    since: datetime

    @property
    def reviewed(self) -> bool:
        """A name only: a change set waits for being carried out, and nothing was made yet."""
        return self.status == "REVIEW_IN_PROGRESS"

    @property
    def moving(self) -> bool:
        return self.status.endswith("_IN_PROGRESS") and not self.reviewed


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """`action` is AWS's word. `kept`: what is taken out of the stack stays in the account."""

    action: str
    resource: str
    kind: str
    physical: str = ""
    replaced: str = "False"
    kept: bool = False
    properties: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """`ready`: it can be carried out, and was not yet. `fault`: why there can be none."""

    changes: tuple[Change, ...] = ()
    ready: bool = False
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    id: str
    at: datetime
    resource: str
    kind: str
    status: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    name: str
    kind: str
    physical: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """`differences` are properties that are not as the template says; none: it is gone."""

    name: str
    kind: str
    differences: tuple[str, ...]


class Stacks:
    """Raises Permanent `deploy.refused`, `deploy.failed`; Transient `deploy.unavailable`."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def look(self) -> Stack | None:
        with asked(SERVICE, f"look at the stack {self._name}"):
            try:
                told = self._client.describe_stacks(StackName=self._name)["Stacks"][0]
            except ClientError as error:
                if "does not exist" in str(error):
                    return None
                raise
        return Stack(
            id=told["StackId"],
            status=told["StackStatus"],
            reason=visible(told.get("StackStatusReason", "")),
            tags={each["Key"]: each["Value"] for each in told.get("Tags", ())},
            outputs={each["OutputKey"]: each["OutputValue"] for each in told.get("Outputs", ())},
            since=told.get("LastUpdatedTime") or told["CreationTime"],
        )

    def prepare(self, name: str, order: Mapping[str, Any], *, fresh: bool) -> bool:
        """Ask for a change set; one of that name is left as it is (False). `order` is AWS's own."""
        with asked(SERVICE, f"prepare a change of the stack {self._name}"):
            try:
                self._client.create_change_set(
                    StackName=self._name,
                    ChangeSetName=name,
                    ChangeSetType="CREATE" if fresh else "UPDATE",
                    ImportExistingResources=True,
                    **order,
                )
            except ClientError as error:
                if aws.code_of(error) != "AlreadyExistsException":
                    raise
                return False
        return True

    def plan(self, name: str) -> Plan | None:
        """None while AWS still thinks."""
        told = self._described(name)
        if told["Status"] in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
            return None
        reason = str(told.get("StatusReason", ""))
        if told["Status"] == "FAILED" and any(words in reason for words in UNCHANGED):
            return Plan(ready=True)
        if told["Status"] != "CREATE_COMPLETE":
            return Plan(fault=visible(reason) or told["Status"])
        changes = tuple(_change(each["ResourceChange"]) for each in told["Changes"])
        return Plan(changes, told.get("ExecutionStatus") == "AVAILABLE")

    def _described(self, name: str) -> dict[str, Any]:
        """With the changes of all pages."""
        with asked(SERVICE, f"read what would change in the stack {self._name}"):
            pages = self._client.get_paginator("describe_change_set").paginate(
                StackName=self._name, ChangeSetName=name
            )
            whole: dict[str, Any] = {}
            for page in pages:
                page["Changes"] = [*whole.get("Changes", ()), *page.get("Changes", ())]
                whole = page
        return whole

    def discard(self, name: str) -> None:
        with asked(SERVICE, f"drop a prepared change of the stack {self._name}"):
            self._client.delete_change_set(StackName=self._name, ChangeSetName=name)

    def execute(self, name: str) -> None:
        with asked(SERVICE, f"change the stack {self._name}"):
            try:
                self._client.execute_change_set(
                    StackName=self._name, ChangeSetName=name, ClientRequestToken=name
                )
            except ClientError as error:
                if aws.code_of(error) not in BEGUN:
                    raise

    def delete(self, role: str | None) -> None:
        more = {"RoleARN": role} if role else {}
        with asked(SERVICE, f"delete the stack {self._name}"):
            self._client.delete_stack(StackName=self._name, **more)

    def events(self, stack: str, since: datetime) -> list[Event]:
        """The latest of that stack (its id), oldest first."""
        with asked(SERVICE, f"read what happens in the stack {self._name}"):
            pages = self._client.get_paginator("describe_stack_events").paginate(StackName=stack)
            # The newest come first, a hundred a page; those of earlier changes are not asked for.
            told = chain.from_iterable(page["StackEvents"] for page in pages)
            found = [
                _event(each) for each in takewhile(lambda one: one["Timestamp"] >= since, told)
            ]
        return found[::-1]

    def resources(self) -> list[Resource]:
        with asked(SERVICE, f"read what the stack {self._name} is made of"):
            told = self._client.describe_stack_resources(StackName=self._name)["StackResources"]
        return [
            Resource(
                name=each["LogicalResourceId"],
                kind=each["ResourceType"],
                physical=each.get("PhysicalResourceId", ""),
                status=each["ResourceStatus"],
            )
            for each in told
        ]

    def detect(self) -> str:
        """Begin to compare what stands with the template; returns the name of that."""
        with asked(SERVICE, f"compare the stack {self._name} with what stands"):
            told = self._client.detect_stack_drift(StackName=self._name)
        return str(told["StackDriftDetectionId"])

    def detected(self, name: str) -> bool:
        with asked(SERVICE, f"compare the stack {self._name} with what stands"):
            told = self._client.describe_stack_drift_detection_status(StackDriftDetectionId=name)
        if told["DetectionStatus"] == "DETECTION_FAILED":
            why = visible(str(told.get("DetectionStatusReason", "")))
            words = f"CloudFormation could not compare the stack {self._name}: {why}."
            raise Permanent(Code.DEPLOY_FAILED, words)
        return str(told["DetectionStatus"]) == "DETECTION_COMPLETE"

    def drifts(self) -> Iterator[Drift]:
        with asked(SERVICE, f"read how the stack {self._name} differs"):
            told = list(self._drifts())
        for each in told:
            paths = [one["PropertyPath"] for one in each.get("PropertyDifferences", ())]
            yield Drift(
                name=each.get("PhysicalResourceId") or each["LogicalResourceId"],
                kind=each["ResourceType"],
                differences=tuple(visible(path) for path in paths),
            )

    def _drifts(self) -> Iterator[Mapping[str, Any]]:
        """Of all pages; botocore does not know that there are any."""
        more: dict[str, str] = {}
        while True:
            page = self._client.describe_stack_resource_drifts(
                StackName=self._name,
                StackResourceDriftStatusFilters=["MODIFIED", "DELETED"],
                **more,
            )
            yield from page["StackResourceDrifts"]
            if "NextToken" not in page:
                return
            more = {"NextToken": page["NextToken"]}


def _change(told: Mapping[str, Any]) -> Change:
    details = [each.get("Target", {}).get("Name", "") for each in told.get("Details", ())]
    return Change(
        action=told["Action"],
        resource=told["LogicalResourceId"],
        kind=told["ResourceType"],
        physical=told.get("PhysicalResourceId", ""),
        replaced=str(told.get("Replacement", "False")),
        kept="Retain" in told.get("PolicyAction", ""),
        properties=tuple(sorted({each for each in details if each})),
    )


def _event(told: Mapping[str, Any]) -> Event:
    return Event(
        id=told["EventId"],
        at=told["Timestamp"],
        resource=told["LogicalResourceId"],
        kind=told["ResourceType"],
        status=told["ResourceStatus"],
        reason=visible(told.get("ResourceStatusReason", "")),
    )
