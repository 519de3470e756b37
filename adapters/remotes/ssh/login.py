"""Logging in over a proven line, once, with the destination's own credential and no other.

No agent and no key file of the operator is ever looked at.
"""

from __future__ import annotations

from collections.abc import Callable

import paramiko
from paramiko.ssh_exception import AuthenticationException, BadAuthenticationType

from adapters.remotes.dial import name_of, plain, without
from adapters.remotes.ssh.credentials import Credential
from adapters.remotes.ssh.line import Line
from adapters.remotes.ssh.transport import ExpiredError
from transfer.errors import Code, Permanent


def log_in(line: Line, credential: Credential) -> None:
    """In the order that the server asks for; what it wants is known once it has refused a method.

    Until then the key comes first. A credential that was refused is never followed by another:
    that could lock the account. Raises Permanent `auth.refused`; Transient.
    """
    line.watchdog.demand()
    left = _methods(line, credential)
    wanted, passed_over = list(left), set[str]()
    while name := next((one for one in wanted if one in left and one not in passed_over), ""):
        try:
            wanted = left[name]()
        except BadAuthenticationType as error:
            # The server has not looked at the credential, so the next one is no second try.
            wanted = error.allowed_types
            passed_over.add(name)
            continue
        except ExpiredError as error:
            reason = "the password has expired, and the server wants a new one"
            raise _refused(line, credential, reason, str(error)) from None
        except _BeyondError as error:
            raise _refused(
                line, credential, "it asks for more than a password", str(error)
            ) from None
        except AuthenticationException as error:
            if _was_refused(line):
                raise _refused(line, credential) from error
            raise
        if line.transport.is_authenticated():
            return
        del left[name]
        passed_over.clear()
    more = plain(", ".join(one for one in wanted if one)) or "something else"
    raise _refused(line, credential, f"it asks for {more}, which is not at hand")


def _methods(line: Line, credential: Credential) -> dict[str, Callable[[], list[str]]]:
    """By their names in RFC 4252; each returns what the server wants as well."""
    transport, user = line.transport, line.destination.username
    key, password = credential.key, credential.password
    methods: dict[str, Callable[[], list[str]]] = {}
    if key is not None:
        methods["publickey"] = lambda: transport.auth_publickey(user, key)
    if password is not None:
        # paramiko's own fallback to a dialogue would answer any question with the password.
        methods["password"] = lambda: transport.auth_password(user, password, fallback=False)
        methods["keyboard-interactive"] = Dialogue(line, password)
    return methods


class _BeyondError(Exception):
    """The dialogue asks for more than we have."""


class Dialogue:
    """Login by keyboard-interactive (RFC 4256): the password for one hidden question, once."""

    def __init__(self, line: Line, password: str) -> None:
        self._line = line
        self._password: str | None = password
        self._beyond: str | None = None

    def __call__(self) -> list[str]:
        user = self._line.destination.username
        try:
            return self._line.transport.auth_interactive(user, self._answer)
        except AuthenticationException:
            raise
        except paramiko.SSHException as error:
            if self._beyond is None:
                raise
            raise _BeyondError(self._beyond) from error

    def _answer(self, title: str, words: str, questions: list[tuple[str, bool]]) -> list[str]:
        """Called by paramiko's thread, which ends the connection when this raises."""
        if not questions:
            self._line.transport.banner = f"{title} {words}".strip() or self._line.transport.banner
            return []
        (_, echoes), password = questions[0], self._password
        self._password = None
        if len(questions) > 1 or echoes or password is None:
            self._beyond = " ".join([title, words, *(question for question, _ in questions)])
            raise paramiko.SSHException("it asks for more than a password")
        return [password]


def _was_refused(line: Line) -> bool:
    """Whether the server said no, rather than that the line broke or time ran out.

    Many servers hang up right after the no; paramiko reports both alike, but it forgets the user
    name only when a refusal has come.
    """
    transport, handler = line.transport, line.transport.auth_handler
    if line.watchdog.bitten:
        return False
    said_no = handler is not None and handler.get_username() is None
    return said_no or bool(transport.parting and not line.crowded) or transport.is_active()


def _refused(line: Line, own: Credential, reason: str = "", said: str = "") -> Permanent:
    """With all that the server has said, but for our password where it repeats that."""
    transport, user = line.transport, line.destination.username
    heard = (
        plain(without(own.password, one)) for one in (said, transport.parting, transport.banner)
    )
    words = dict.fromkeys(f"it said {one!r}" for one in heard if one)
    why = "; ".join([*([reason] if reason else []), *words])
    message = f"The server of {name_of(line.destination)} refused the login of {user}"
    return Permanent(Code.AUTH_REFUSED, f"{message}{f': {why}' if why else ''}.")
