"""What the HTTP surface of one simulator shares: instance, tokens, modes, log of requests."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import cast

from flask import current_app, g

from sandbox.servicenow.access import Caller
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.modes import Modes
from sandbox.servicenow.tokens import Tokens

NAME = "servicenow"
PART = "sandbox.part"
"""In the environment of a request that came within a batch."""
_LOGGED = 2000


@dataclass(frozen=True)
class Served:
    """One request that reached the API; where a behaviour answers in its place, none is noted.

    `part` says that it came within a batch, which is noted as well.
    """

    method: str
    path: str
    query: str
    status: int
    user: str
    part: bool = False


@dataclass
class Site:
    instance: Instance
    tokens: Tokens
    modes: Modes
    served: deque[Served] = field(default_factory=lambda: deque(maxlen=_LOGGED))


def site() -> Site:
    return cast("Site", current_app.extensions[NAME])


def caller() -> Caller:
    """Who makes the present request; only below /api/."""
    return cast("Caller", g.caller)
