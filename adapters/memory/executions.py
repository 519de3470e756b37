"""Executions in memory: they are started and stopped, and carry nothing by themselves."""

from __future__ import annotations

from collections.abc import Mapping

from transfer.routing import ExecutionState


class MemoryExecutions:
    """The Executions port; `told` has what each was started with, `stopped` why it was stopped."""

    def __init__(self) -> None:
        self.told: dict[str, Mapping[str, object]] = {}
        self.traces: dict[str, str] = {}
        self.ended: set[str] = set()
        self.stopped: dict[str, str] = {}

    def start(self, name: str, told: Mapping[str, object], trace: str = "") -> None:
        self.traces.setdefault(name, trace)
        self.told.setdefault(name, told)

    def state(self, name: str) -> ExecutionState:
        if name not in self.told:
            return ExecutionState.ABSENT
        return ExecutionState.ENDED if name in self.ended else ExecutionState.RUNNING

    def stop(self, name: str, why: str) -> None:
        if self.state(name) is ExecutionState.RUNNING:
            self.stopped[name] = why
            self.ended.add(name)
