"""Looks over what was deployed, and changes nothing: what drifted, and whether it answers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from adapters.aws.control import Control, Identity
from adapters.aws.stacks import Stacks
from cloud.deploy import GOOD, Deployment, Order
from cloud.functions import FUNCTIONS, Function
from cloud.rights import questions
from config.settings import Settings
from transfer.errors import Permanent
from transfer.visible import visible

UNKNOWN = {"input": {}, "execution": "fileferry-verify"}
"""An order that no execution gives: a function that is well refuses it before it does anything."""
COLD = re.compile(r"Init Duration: ([0-9.]+) ms")


@dataclass(frozen=True, slots=True)
class Finding:
    """Of one look: what was looked at, whether it is well, and what there is to say."""

    what: str
    good: bool
    said: str


class Looking:
    """Raises what Deployment raises."""

    def __init__(
        self,
        settings: Settings,
        deployment: Deployment,
        control: Control,
        stacks: Stacks,
        pause: Callable[[], object],
    ) -> None:
        self._settings = settings
        self._deployment = deployment
        self._control = control
        self._stacks = stacks
        self._pause = pause

    def check(self, order: Order) -> Iterator[Finding]:
        """What is not as the template and this configuration say."""
        yield from self._stands()
        yield from self._drifts()
        yield from self._codes(order)
        waiting = self._deployment.plan(order)
        words = f"{len(waiting)} changes are not deployed" if waiting else "all of it is deployed"
        yield Finding("configuration", not waiting, words)
        yield from self._addresses()

    def verify(self, ledger: Callable[[], tuple[str, ...]]) -> Iterator[Finding]:
        """Whether it works; `ledger` returns the faults of the ledger. Safe where transfers run."""
        yield from self._stands()
        for function in FUNCTIONS:
            yield self._answers(function)
        yield from self._rights()
        faults = ledger()
        yield Finding("ledger", not faults, " ".join(faults) or "is furnished and guarded")
        yield from self._addresses()

    def _stands(self) -> Iterator[Finding]:
        who = self._deployment.insist()
        yield Finding("account", True, f"{who.account} of {who.partition}, as {who.arn}")
        stack = self._deployment.own()
        status = stack.status if stack else "is not there: run `fileferry deploy`"
        yield Finding("stack", status in GOOD, status)

    def _drifts(self) -> Iterator[Finding]:
        stack = self._deployment.own()
        if stack is None or stack.status not in GOOD:
            return
        name = self._stacks.detect()
        while not self._stacks.detected(name):
            self._pause()
        for each in self._stacks.drifts():
            differs = ", ".join(each.differences)
            said = f"differs from the template in {differs}" if differs else "is gone"
            yield Finding(f"{each.kind} {each.name}", False, said)

    def _codes(self, order: Order) -> Iterator[Finding]:
        """CloudFormation does not see a zip that somebody put into a function by hand."""
        for function in FUNCTIONS:
            found = self._control.digest_of(function.full_name)
            if found != order.sha256:
                said = f"has the zip {found[:12]}, not {order.sha256[:12]}" if found else "is gone"
                yield Finding(function.full_name, False, said)

    def _answers(self, function: Function) -> Finding:
        said = self._control.call(function.full_name, UNKNOWN)
        cold = COLD.search(said.log)
        started = f", started in {float(cold[1]):,.0f} ms" if cold else ""
        told = said.answer if isinstance(said.answer, dict) else {}
        well = not said.died and told.get("refused") is True
        words = (
            f"refuses an unknown order{started}"
            if well
            else f"says {visible(str(told.get('errorMessage') or said.answer))[:300]}"
        )
        return Finding(function.full_name, well, words)

    def _rights(self) -> Iterator[Finding]:
        """Of each function's role: whether it may what it needs, and nothing that it must not."""
        who = self._deployment.insist()
        try:
            for function in FUNCTIONS:
                yield self._right(function, who)
        except Permanent as error:
            yield Finding("rights", False, error.message)

    def _right(self, function: Function, who: Identity) -> Finding:
        role, counts, wrong = self._control.role_of(function.full_name), Counter[bool](), []
        for each in questions(function, self._settings, who):
            for action, may in self._control.may(role, each.actions, each.resource).items():
                counts[each.ought] += 1
                if may is not each.ought:
                    wrong.append(f"{'may not' if each.ought else 'may'} {action} {each.resource}")
        said = f"may {counts[True]} calls that it needs, and none of {counts[False]} others"
        return Finding(f"role of {function.full_name}", not wrong, "; ".join(wrong) or said)

    def _addresses(self) -> Iterator[Finding]:
        """Whether the service on this host is told where its second door is."""
        found = self._deployment.outputs()
        settings = self._settings
        for name, ours, key in (
            ("cloud.state_machine", settings.cloud.state_machine, "StateMachine"),
            ("queue.url", settings.queue.url, "Queue"),
        ):
            theirs = found.get(key)
            if theirs and ours != theirs:
                yield Finding(name, False, f"is {ours or 'not set'}; set it to {theirs}")
