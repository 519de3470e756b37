"""Brings AWS to what the configuration asks for, and takes it away again.

    who are we ─ zip ─ prepare a change set ─ ask ─ carry it out ─ furnish the ledger

Nothing is remembered here: each run looks at what stands. A run that was killed, or whose answers
were lost, is completed by the next one, for a zip and a change set are named by what is in them,
and a change that is under way is waited for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from adapters.aws.control import Control, Identity
from adapters.aws.stacks import Change, Event, Plan, Resource, Stack, Stacks
from cloud.kinds import kind
from cloud.template import STACK, TAGS, as_text, capabilities, parameters
from config.settings import Settings
from transfer.errors import Code, Permanent

GOOD = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})
UNMADE = frozenset({"ROLLBACK_COMPLETE", "CREATE_FAILED"})
"""A first try that failed: nothing of it can be changed, only taken away."""
NAMED = 20
"""Executions that are named; of more, their number."""
CUT_OFF = (
    "The service carries their transfers on. To wait for them, set `route: in_process` for their "
    "destinations, and come back when none is left."
)
KEPT = frozenset({"AWS::DynamoDB::Table"})
"""What stays in the account when the stack goes."""


class Watcher(Protocol):
    """Who is told how it goes on. `total` changes are expected."""

    def stage(self, what: str, total: int = 0) -> None: ...

    def event(self, event: Event) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to stand: the template, and the zip of which it speaks. `sha256` is in hex."""

    template: dict[str, Any]
    bucket: str
    key: str
    zip: Path
    sha256: str
    role: str | None

    def asked(self, url: str) -> dict[str, object]:
        """In the words of CreateChangeSet; the template is at that address in S3."""
        values = parameters(self.template)
        return {
            "TemplateURL": url,
            "Parameters": [
                {"ParameterKey": name, "ParameterValue": value} for name, value in values.items()
            ],
            "Capabilities": capabilities(self.template),
            "Tags": [{"Key": key, "Value": value} for key, value in TAGS.items()],
            **({"RoleARN": self.role} if self.role else {}),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """`changes` were carried out; `ledger` is a sentence about it. `declined`: nothing was done."""

    changes: tuple[Change, ...] = ()
    ledger: str = ""
    outputs: dict[str, str] | None = None
    declined: bool = False


class Deployment:
    """`sure` is asked with what would be lost, `pause` waits between two looks.

    Raises Permanent `deploy.*`, `ledger.*`, Transient `deploy.unavailable`.
    """

    def __init__(  # noqa: PLR0913
        self,
        settings: Settings,
        control: Control,
        stacks: Stacks,
        *,
        furnish: Callable[[], str],
        watch: Watcher,
        sure: Callable[[Sequence[str]], bool],
        pause: Callable[[], object],
    ) -> None:
        self._settings = settings
        self._control = control
        self._stacks = stacks
        self._furnish = furnish
        self._watch = watch
        self._sure = sure
        self._pause = pause

    def deploy(self, order: Order) -> Done:
        self.insist()
        stack = self._settled()
        self._watch.stage("Put the zip of the functions into its bucket")
        self._control.put(order.bucket, order.key, order.zip, order.sha256)
        name, plan = self._prepared(order, stack)
        if plan.changes and not self._agreed(plan):
            self._drop(name)
            return Done(declined=True)
        if plan.changes:
            self._carry_out(name, plan)
        else:
            self._drop(name)
        self._watch.stage("Furnish the ledger")
        said = self._furnish()
        return Done(changes=plan.changes, ledger=said, outputs=self.outputs())

    def plan(self, order: Order) -> tuple[Change, ...]:
        """What a deploy would do now; nothing is left of having asked but the template in S3."""
        self.insist()
        stack = self._settled(mend=False)
        name, plan = self._prepared(order, stack)
        self._drop(name)
        return plan.changes

    def destroy(self) -> list[Resource] | None:
        """What was taken away, None where a person did not want it."""
        self.insist()
        stack = self.own()
        if stack and stack.moving:
            stack = self._ended(stack)
        if stack is None:
            return []
        gone = [each for each in self._stacks.resources() if each.kind not in KEPT]
        named = [f"{kind(each.kind)} {each.physical or each.name}" for each in gone]
        if gone and not self._sure([*named, *self._carried(stack)]):
            return None
        self._watch.stage("Take the stack away", len(gone))
        self._stacks.delete(self._settings.cloud.deploy.cloudformation_role)
        left = self._ended(stack)
        if left:
            raise self._failure(left)
        return gone

    def _carried(self, stack: Stack) -> list[str]:
        """What the executions that run would lose, in sentences; nothing is stopped for it."""
        machine = stack.outputs.get("StateMachine")
        names = self._control.running(machine) if machine else []
        if not names:
            return []
        told = [f"execution {name}, which is running" for name in names[:NAMED]]
        return [*told, f"{len(names):,} executions are cut off. {CUT_OFF}"]

    def outputs(self) -> dict[str, str]:
        stack = self.own()
        return dict(stack.outputs) if stack else {}

    def own(self) -> Stack | None:
        """The stack, where `fileferry deploy` has made it. Raises Permanent `deploy.foreign`."""
        stack = self._stacks.look()
        if stack is None or all(stack.tags.get(key) == value for key, value in TAGS.items()):
            return stack
        made = [each.physical or each.name for each in self._stacks.resources()]
        names = f", with {', '.join(made[:5])}{' and more' if len(made) > 5 else ''}"  # noqa: PLR2004
        raise Permanent(
            Code.DEPLOY_FOREIGN,
            f"There is a stack {STACK} ({stack.status}) that `fileferry deploy` has not made"
            f"{names if made else ''}.",
        )

    def insist(self) -> Identity:
        """Raises Permanent `deploy.elsewhere` unless this is the place that is meant."""
        found, part = self._control.identity(), self._settings.cloud.deploy
        wanted = f"account {part.account} of {part.partition}"
        if (found.partition, found.account) != (part.partition, part.account):
            raise _elsewhere(
                f"The credentials are for account {found.account} of {found.partition} "
                f"({found.arn}), and the configuration is for {wanted}"
            )
        region = self._settings.aws.region
        for name, other in self._regions(found.account):
            if other and other != region:
                raise _elsewhere(f"{name} is in {other}, and aws.region is {region}")
        return found

    def _regions(self, account: str) -> list[tuple[str, str | None]]:
        settings = self._settings
        bucket = settings.cloud.deploy.bucket or ""
        machine = (settings.cloud.state_machine or "").split(":")
        if len(machine) > 1 and machine[4] != account:
            raise _elsewhere(f"cloud.state_machine is in account {machine[4]}, not {account}")
        return [
            ("ledger.region", settings.ledger.region),
            ("cloud.state_machine", machine[3] if len(machine) > 1 else None),
            (f"The bucket {bucket}", self._control.region_of(bucket, account)),
        ]

    def _settled(self, *, mend: bool = True) -> Stack | None:
        """What stands, once nothing moves; a first try that failed is taken away before."""
        stack = self.own()
        if stack and stack.moving:
            self._watch.stage("Wait for a change that is under way")
            stack = self._ended(stack)
        if stack and stack.status in UNMADE:
            if not mend:
                return None
            self._watch.stage("Take away what a first try has left")
            self._stacks.delete(self._settings.cloud.deploy.cloudformation_role)
            stack = self._ended(stack)
        if stack and stack.status.endswith("_FAILED"):
            raise self._failure(stack)
        return stack

    def _prepared(self, order: Order, stack: Stack | None) -> tuple[str, Plan]:
        """A change set that can be carried out; one that a killed run has left is as good."""
        self._watch.stage("Find out what changes")
        fresh = stack is None or stack.reviewed
        basis = "" if stack is None or stack.reviewed else f"{stack.id} {stack.since.isoformat()}"
        asked = order.asked(self._control.put_text(order.bucket, as_text(order.template)))
        said = json.dumps([asked, basis], sort_keys=True)
        name = f"fileferry-{hashlib.sha256(said.encode()).hexdigest()[:24]}"
        made = self._stacks.prepare(name, asked, fresh=fresh)
        plan = self._thought(name)
        if not (made or plan.ready):
            self._stacks.discard(name)
            self._stacks.prepare(name, asked, fresh=fresh)
            plan = self._thought(name)
        if not plan.ready:
            self._drop(name)
            why = plan.fault.rstrip(".") or "it says no reason"
            words = f"CloudFormation cannot make the stack {STACK} so: {why}."
            raise Permanent(Code.DEPLOY_FAILED, words)
        return name, plan

    def _thought(self, name: str) -> Plan:
        while (plan := self._stacks.plan(name)) is None:
            self._pause()
        return plan

    def _agreed(self, plan: Plan) -> bool:
        lost = losses(plan.changes)
        return not lost or self._sure(lost)

    def _drop(self, name: str) -> None:
        """The change set, and the empty stack that AWS makes for one of a stack that is new."""
        self._stacks.discard(name)
        stack = self.own()
        if stack and stack.reviewed:
            self._stacks.delete(None)

    def _carry_out(self, name: str, plan: Plan) -> None:
        self._watch.stage("Change what stands", len(plan.changes))
        self._stacks.execute(name)
        stack = self.own()
        if stack:
            stack = self._ended(stack)
        if stack is None or stack.status not in GOOD:
            raise self._failure(stack)

    def _ended(self, stack: Stack) -> Stack | None:
        """The stack at rest, None when it is gone; what happens meanwhile is told."""
        told: set[str] = set()
        while True:
            now = self._stacks.look()
            for event in self._stacks.events(stack.id, (now or stack).since):
                if event.id not in told:
                    told.add(event.id)
                    self._watch.event(event)
            if now is None or not (now.moving or now.reviewed):
                return now
            self._pause()

    def _failure(self, stack: Stack | None) -> Permanent:
        if stack is None:
            words = f"The stack {STACK} was taken away by someone else meanwhile."
            return Permanent(Code.DEPLOY_FAILED, words)
        events = self._stacks.events(stack.id, stack.since)
        why = next((each for each in events if _is_cause(each)), None)
        cause = f": {why.resource} ({why.kind}): {why.reason.rstrip('.')}" if why else ""
        words = f"The stack {STACK} is in the state {stack.status}{cause}."
        return Permanent(Code.DEPLOY_FAILED, words)


def losses(changes: Sequence[Change]) -> list[str]:
    """What a person must agree to: what goes, what is replaced, what was another's until now."""
    verbs = {"Remove": "is taken away", "Import": "is there already, and is taken into the stack"}
    lost = [
        each
        for each in changes
        if (each.action in verbs or each.replaced == "True") and not each.kept
    ]
    return [
        f"{kind(each.kind)} {each.physical or each.resource} "
        f"{verbs.get(each.action, 'is replaced')}"
        for each in lost
    ]


def _is_cause(event: Event) -> bool:
    return event.status.endswith("_FAILED") and "cancelled" not in event.reason.lower()


def _elsewhere(what: str) -> Permanent:
    return Permanent(Code.DEPLOY_ELSEWHERE, f"{what}. Nothing was changed.")
