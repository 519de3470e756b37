"""Misbehaviour on demand: which behaviours hold for which of the next requests."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from sandbox.servicenow.behaviours import BEHAVIOURS, Call
from sandbox.servicenow.wire import answer_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from sandbox.servicenow.tokens import Tokens

_API = r"^/(api/|oauth_token\.do)"
_OF_ROWS = frozenset({"hidden_field", "read_only_field", "row_acl"})
"""What befalls the rows of a table, by whatever request they are reached."""


@dataclass
class Mode:
    """One behaviour that is switched on.

    `count`: how many matching requests it holds for, None until it is cleared. `skip`: how many
    matching requests are spared before. `method`: empty for all. `path`: a regular expression that
    is searched in path and query string.
    """

    id: int
    name: str
    count: int | None = None
    skip: int = 0
    method: str = ""
    path: str = _API
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def of_parts(self) -> bool:
        return self.path != _API or self.name in _OF_ROWS

    def applies(self, method: str, target: str) -> bool:
        """Whether this request is hit; counts it down."""
        if self.method not in {"", method} or not re.search(self.path, target):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.count is None:
            return True
        self.count -= 1
        return self.count >= 0


class Modes:
    """The switched-on behaviours, in the order in which they were set; the first is outermost."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._active: list[Mode] = []
        self._ids = itertools.count(1)
        self.stopping = threading.Event()

    def set(
        self,
        name: str,
        *,
        count: int | None = None,
        skip: int = 0,
        method: str = "",
        path: str = _API,
        **options: Any,
    ) -> Mode:
        """Switch a behaviour of `BEHAVIOURS` on. Raises KeyError for an unknown name."""
        if name not in BEHAVIOURS:
            raise KeyError(name)
        with self._lock:
            mode = Mode(next(self._ids), name, count, skip, method.upper(), path, options)
            self._active.append(mode)
            return mode

    def clear(self, name: str = "") -> None:
        """Switch one behaviour off, or all."""
        with self._lock:
            self._active = [mode for mode in self._active if name not in {"", mode.name}]

    def active(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(mode) for mode in self._active]

    def hits(self, method: str, target: str, *, part: bool = False) -> list[Mode]:
        """The modes that this request meets; a part of a batch those that name its path or rows."""
        with self._lock:
            meant = [mode for mode in self._active if not part or mode.of_parts]
            hit = [mode for mode in meant if mode.applies(method, target)]
            self._active = [mode for mode in self._active if mode.count is None or mode.count > 0]
            return hit


class Misbehaving:
    """WSGI middleware that lets the active modes have their way with each request, or `part`."""

    def __init__(
        self, app: WSGIApplication, modes: Modes, tokens: Tokens, *, part: bool = False
    ) -> None:
        self._app = app
        self._modes = modes
        self._part = part
        self._tokens = tokens

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        override = request.headers.get("X-HTTP-Method-Override", "")
        if request.method == "POST" and override:
            environ["REQUEST_METHOD"] = override.upper()
        target = request.full_path.rstrip("?")
        hits = self._modes.hits(request.method, target, part=self._part)
        if not hits:
            return self._app(environ, start_response)
        return self._answer(environ, hits)()(environ, start_response)

    def _answer(self, environ: WSGIEnvironment, hits: list[Mode]) -> Callable[[], Response]:
        def proper() -> Response:
            return answer_of(self._app, environ)

        answer: Callable[[], Response] = proper
        for mode in reversed(hits):
            call = Call(environ, mode.options, answer, self._tokens, self._modes.stopping)
            answer = _bind(mode.name, call)
        return answer


def _bind(name: str, call: Call) -> Callable[[], Response]:
    return lambda: BEHAVIOURS[name](call)
