"""What is wrong in the configuration: where, in words for a person, and never a value of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from transfer.errors import Code, Permanent

Place = tuple[str | int, ...]
"""The way from the top of the file to a value: keys of sections, indices of lists from 0."""

_PLAIN = re.compile(r"[A-Za-z0-9_-]+")


def dotted(place: Place) -> str:
    """`("destinations", "bank", "host_keys", 0)` as `destinations.bank.host_keys[0]`."""
    text = ""
    for step in place:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step if _PLAIN.fullmatch(step) else ascii(step)}"
    return text.removeprefix(".")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to mend. `line` counts from 1; it is None where the fault is not in the file."""

    place: Place
    words: str
    line: int | None = None

    def __str__(self) -> str:
        where = f" (line {self.line})" if self.line else ""
        return f"{dotted(self.place) or 'the file'}: {self.words}{where}"


class ConfigError(Permanent):
    """The configuration cannot be used. `faults` is empty when it could not even be read.

    The message of an error names all of them in one line; `lines` are for a person and a journal.
    """

    def __init__(
        self, message: str, faults: Iterable[Fault] = (), *, action: str | None = None
    ) -> None:
        self.faults = tuple(faults)
        listed = "; ".join(map(str, self.faults))
        whole = f"{message}: {listed}." if self.faults else message
        super().__init__(Code.CONFIG_INVALID, whole, action=action)
        head = f"[{self.code}] {message}: {self.action}" if self.faults else str(self)
        self.lines = (head, *map(str, self.faults))
