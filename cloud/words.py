"""What the state machine says to a function, and what a function answers.

The machine passes on all that it knows, as `input`: what it was started with, the `last` answer,
and the `cause` once a function could give none. Nothing of it is believed before it is compared
with the ledger.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from transfer.books import Beat
from transfer.errors import Code, Permanent
from transfer.model import Transfer
from transfer.visible import visible

LONGEST = 500
"""Characters of a text that came by the machine, and of one that goes there."""


class Foreign(Permanent):
    """None of FileFerry's own executions would ask so: nothing is done for it."""

    def __init__(self, why: str) -> None:
        super().__init__(Code.EXECUTION_FOREIGN, why)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`execution` is AWS's word. `waited` are the seconds that the machine waited last, `moved` the
    bytes that had gone until then; `seen` is who had the claim before that wait.
    `shard` is what the call is about, where it is not the whole transfer, as it was `opened`.
    """

    transfer: str
    generation: int
    execution: str
    door: str = ""
    waited: int = 0
    moved: int = 0
    seen: Beat | None = None
    cause: str = ""
    shard: int | None = None
    opened: int = 0

    @classmethod
    def of(cls, event: object) -> Self:
        """Raises Foreign."""
        data = _section(event, "input")
        last = _section(data, "last")
        asked = cls(
            transfer=_value(data, "transfer", str, ""),
            generation=_value(data, "generation", int, 0),
            execution=_value(event, "execution", str, ""),
            door=_value(data, "door", str, ""),
            waited=_value(last, "wait", int, 0),
            moved=_value(last, "moved", int, 0),
            seen=_beat(_section(last, "seen")),
            cause=_cause(_section(data, "cause")),
            shard=_value(data, "shard", int, None),
            opened=_value(data, "opened", int, 0),
        )
        if not (asked.transfer and asked.generation and asked.execution):
            raise Foreign("The execution was started without the id and generation of a transfer.")
        return asked

    @property
    def holder(self) -> str:
        """Who has connections to a partner: a call that died is the same as the one after it."""
        return self.transfer if self.shard is None else f"{self.transfer}#{self.shard}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`whole`: the step has nothing left to do. `wait`: seconds before it is to be called again.

    `small`: a file of up to a gigabyte is left, for TransferFTP. `refused`: the execution is none
    of ours. `why` it was refused or has failed, for who reads the execution's output. `shared`: the
    rest is for `shards`, `lanes` of them at a time, as they were `opened`.
    """

    stage: str = ""
    failed: bool = False
    whole: bool = False
    wait: int = 0
    moved: int = 0
    small: bool = False
    seen: Beat | None = None
    refused: bool = False
    why: str = ""
    shared: bool = False
    shards: tuple[int, ...] = ()
    lanes: int = 1
    opened: int = 0

    @classmethod
    def of(cls, transfer: Transfer) -> Self:
        failure = transfer.failure
        why = visible(f"[{failure.code}] {failure.message}")[:LONGEST] if failure else ""
        return cls(stage=transfer.stage, failed=failure is not None, why=why)

    @classmethod
    def refusal(cls, error: Foreign) -> Self:
        return cls(refused=True, why=str(error)[:LONGEST])

    def told(self) -> dict[str, Any]:
        return asdict(self)


def _section(data: object, name: str) -> Mapping[str, object]:
    found = data.get(name) if isinstance(data, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _value(data: object, name: str, kind: type[Any], default: Any) -> Any:
    found = data.get(name) if isinstance(data, Mapping) else None
    return found if isinstance(found, kind) and not isinstance(found, bool) else default


def _beat(data: Mapping[str, object]) -> Beat | None:
    epoch, count = _value(data, "epoch", int, -1), _value(data, "count", int, -1)
    owner = _value(data, "owner", str, "")
    return Beat(epoch=epoch, count=count, owner=owner) if min(epoch, count) >= 0 else None


def _cause(data: Mapping[str, object]) -> str:
    """AWS's name of the error, and our own words where it was ours."""
    text = _value(data, "Cause", str, "")
    try:
        said = _value(json.loads(text), "errorMessage", str, "")
    except ValueError:
        said = ""
    name = _value(data, "Error", str, "")
    return visible(f"{name}: {said}" if said else name)[:LONGEST]
