"""What the sandbox is asked to start, and the form of its answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"

Addresses = dict[str, Any]
"""{"servicenow": {…}, "aws": {…}, "sftp": {…}}: what `fileferry sandbox` prints."""


class Part(StrEnum):
    """What can be started alone."""

    SERVICENOW = "servicenow"
    AWS = "aws"
    REMOTES = "remotes"


class Unusable(Exception):
    """The sandbox cannot be started as it was asked for; the message is a whole sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to start. A port of 0 is a free one; `directory` None is one that is removed at the end.

    `seed` is {table: [record]}, on top of the records that every instance has. `package`: of
    FileFerry's application, from which the instance is made.
    """

    parts: frozenset[Part] = frozenset(Part)
    ports: Mapping[Part, int] = field(default_factory=dict)
    tls: bool = False
    directory: Path | None = None
    package: Path | None = None
    seed: Mapping[str, Sequence[Mapping[str, str]]] = field(default_factory=dict)
