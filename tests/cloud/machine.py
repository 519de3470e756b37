"""A small Step Functions: as much of its language as the machine uses, and its count of events.

`invoke` is asked with the name of the function and its event; what it raises is the function's
error.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Data = dict[str, Any]
Invoke = Callable[[str, Data], Data]
EVENTS = {"Task": 5, "Choice": 2, "Wait": 2, "Succeed": 2, "Fail": 1, "Map": 6, "Pass": 2}
"""Events that one pass through a state writes into the history; a retry writes three more."""
LONGEST_HISTORY = 25_000
LONGEST_PAYLOAD = 262_144


@dataclass
class Execution:
    """One run of `definition` to its end. `waits` are the seconds of the Wait states, in order."""

    definition: Mapping[str, Any]
    name: str
    invoke: Invoke
    status: str = "RUNNING"
    error: str = ""
    cause: str = ""
    waits: list[float] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    events: int = 2
    largest: int = 0
    shards: list[Execution] = field(default_factory=list)
    order: Callable[[list[int]], list[int]] = list
    pause: Callable[[float], object] = lambda _: None

    def run(self, data: Data) -> Data:
        where: str | None = self.definition["StartAt"]
        while where:
            state = self.definition["States"][where]
            self.states.append(where)
            self.events += EVENTS[state["Type"]]
            assert self.events < LONGEST_HISTORY
            data, where = getattr(self, f"_{state['Type'].lower()}")(state, data, where)
            self.largest = max(self.largest, len(json.dumps(data)))
        return data

    def _task(self, state: Data, data: Data, name: str) -> tuple[Data, str | None]:
        tried: Counter[int] = Counter()
        while True:
            event = {"input": data, "execution": data.get("execution", self.name)}
            path = "$.execution" if "execution" in data else "$$.Execution.Name"
            assert state["Parameters"] == {"input.$": "$", "execution.$": path}
            name = state["Resource"].rpartition(":")[2].removeprefix("FileFerry-")
            try:
                answer = self.invoke(name, json.loads(json.dumps(event)))
            except Exception as error:  # noqa: BLE001  whatever it is, it is the function's
                if self._again(state, tried):
                    continue
                told = {"Error": type(error).__name__, "Cause": self._cause(error)}
                if "Catch" not in state:
                    self.status, self.error = "FAILED", told["Error"]
                    return data, None
                catcher = state["Catch"][0]
                assert catcher["ErrorEquals"] == ["States.ALL"]
                return {**data, catcher["ResultPath"][2:]: told}, catcher["Next"]
            return {**data, "last": json.loads(json.dumps(answer))}, state["Next"]

    def _again(self, state: Data, tried: Counter[int]) -> bool:
        for number, retrier in enumerate(state["Retry"]):
            if tried[number] < retrier["MaxAttempts"]:
                tried[number] += 1
                self.events += 3
                return True
        return False

    def _cause(self, error: Exception) -> str:
        return json.dumps({"errorMessage": str(error), "errorType": type(error).__name__})

    def _map(self, state: Data, data: Data, _: str) -> tuple[Data, str]:
        """Each item an execution of its own, whose failure is tolerated; one after the other."""
        assert state["ToleratedFailurePercentage"] == 100
        assert _at(state["MaxConcurrencyPath"], data) > 0
        for item in self.order(_at(state["ItemsPath"], data)):
            context = {"$$.Execution.Name": self.name, "$$.Map.Item.Value": item}
            told = {
                key.removesuffix(".$"): context[path] if path in context else _at(path, data)
                for key, path in state["ItemSelector"].items()
            }
            shard = Execution(
                state["ItemProcessor"], f"{self.name}-{item}", self.invoke, pause=self.pause
            )
            self.shards.append(shard)
            shard.run(told)
            self.largest = max(self.largest, shard.largest)
        assert state["ResultPath"] == "$.shards"
        return {**data, "shards": state["ResultSelector"]}, state["Next"]

    def _pass(self, state: Data, data: Data, _: str) -> tuple[Data, None]:
        del data
        self.status = "SUCCEEDED"
        return state["Result"], None

    def _choice(self, state: Data, data: Data, _: str) -> tuple[Data, str]:
        found = next((each["Next"] for each in state["Choices"] if _holds(each, data)), None)
        return data, found or state["Default"]

    def _wait(self, state: Data, data: Data, _: str) -> tuple[Data, str]:
        self.waits.append(_at(state["SecondsPath"], data))
        self.pause(self.waits[-1])
        return data, state["Next"]

    def _succeed(self, _state: Data, data: Data, _: str) -> tuple[Data, None]:
        self.status = "SUCCEEDED"
        return data, None

    def _fail(self, state: Data, data: Data, _: str) -> tuple[Data, None]:
        self.status, self.error = "FAILED", state["Error"]
        self.cause = _at(state["CausePath"], data) if "CausePath" in state else state["Cause"]
        return data, None


def _at(path: str, data: Data) -> Any:
    value: Any = data
    for part in path.removeprefix("$.").split("."):
        value = value[part]
    return value


def _holds(rule: Data, data: Data) -> bool:
    if "And" in rule:
        return all(_holds(each, data) for each in rule["And"])
    value = _at(rule["Variable"], data)
    if "BooleanEquals" in rule:
        return value is rule["BooleanEquals"]
    if "NumericGreaterThan" in rule:
        return bool(value > rule["NumericGreaterThan"])
    return bool(value == rule["StringEquals"])
